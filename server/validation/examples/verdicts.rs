//! What the validation says of the JSON files in these folders, for others to compare: the path, a tab, and the findings with
//! U+001F between them, each begun with its severity. Files above a megabyte, in which HL7 repeats its definitions, are left out.
//! `cargo run -p validation --example verdicts -- [--without TYPE]… FOLDER…`

use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
};

use fhir::Resource;
use validation::{Settings, validate};

const MOST_BYTES: usize = 1_000_000;

fn main() {
    let (mut paths, mut without) = (Vec::new(), HashSet::new());
    let mut arguments = env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--without" {
            without.extend(arguments.next());
        } else {
            paths.extend(files(Path::new(&argument)));
        }
    }
    // Only what is claimed: another validator knows no other profiles.
    let settings = Settings { required_profiles: HashSet::new() };
    for path in paths {
        let Some(text) = fs::read(&path).ok().filter(|text| text.len() <= MOST_BYTES) else { continue };
        let Some(resource) = fhir::json::parse(&text).ok().and_then(|value| Resource::new(value).ok()) else {
            continue;
        };
        if without.contains(std::ffi::OsStr::new(resource.resource_type().name())) {
            continue;
        }
        let findings: Vec<String> = validate(&resource, &settings)
            .into_iter()
            .map(|finding| {
                let severity = if finding.issue.is_error() { "error" } else { "warning" };
                format!("{severity} {} {}", finding.issue.expression.join(" "), finding.issue.diagnostics)
            })
            .collect();
        println!("{}\t{}", path.display(), findings.join("\u{1f}").replace(['\n', '\t'], " "));
    }
}

/// The JSON files of a folder in the order of their names; none where there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    files.sort();
    files
}
