//! What the validation says of the JSON files in these folders, for others to compare: the path, a tab, and the errors
//! with U+001F between them.
//! `cargo run -p validation --example verdicts -- FOLDER…`

use std::{env, fs, path::PathBuf};

use fhir::Resource;
use validation::{Settings, validate};

fn main() {
    let mut paths: Vec<PathBuf> = env::args_os()
        .skip(1)
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    // Only what is claimed: another validator knows no other profiles.
    let settings = Settings { required_profiles: std::collections::HashSet::new() };
    for path in paths {
        let Ok(text) = fs::read(&path) else { continue };
        let Some(resource) = fhir::json::parse(&text).ok().and_then(|value| Resource::new(value).ok()) else {
            continue;
        };
        let errors: Vec<String> = validate(&resource, &settings)
            .into_iter()
            .filter(|finding| finding.issue.is_error())
            .map(|finding| format!("{} {}", finding.issue.expression.join(" "), finding.issue.diagnostics))
            .collect();
        println!("{}\t{}", path.display(), errors.join("\u{1f}").replace(['\n', '\t'], " "));
    }
}
