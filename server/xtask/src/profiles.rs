//! `cargo xtask profiles`: the FSH sources of `profiles/` as conformance resources, and those with the subscription topics
//! as the two files that crate `canonical` embeds, <https://hl7.org/fhir/uv/shorthand/>: what the server works with, without
//! all that it does not use, and what it publishes, whole.
//!
//! The output is a function of the sources alone: sorted, without dates. Nothing is validated beyond what SUSHI does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub mod lean;
mod sushi;
#[cfg(test)]
mod tests;
mod topic;

const PROFILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles");
const GENERATED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/fsh-generated/resources");
const TOPICS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/topics");
const OUTPUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../canonical/data/profiles.json");
const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../canonical/data/published.json.zst");
const COMPRESSION_LEVEL: i32 = 19;

/// File name and text of each resource.
type Files = BTreeMap<String, String>;

#[derive(clap::Args)]
pub struct Arguments {
    /// Write nothing; fail if the committed files are not what the sources make.
    #[arg(long)]
    check: bool,
}

/// Builds and writes or checks both the generated resources and the embedded files; says on standard output how many
/// there are.
pub fn run(arguments: &Arguments) -> Result<()> {
    let generated = sushi::build(Path::new(PROFILES))?;
    let topics = read(Path::new(TOPICS))?;
    let embedded = embedded(&generated, &topics)?;
    let published = published(&generated, &topics)?;
    if arguments.check {
        check(&generated, &embedded, &published)?;
    } else {
        write(Path::new(GENERATED), &generated)?;
        fs::write(OUTPUT, &embedded).context(OUTPUT)?;
        fs::write(PUBLISHED, zstd::encode_all(published.as_bytes(), COMPRESSION_LEVEL)?)
            .context(PUBLISHED)?;
    }
    println!("{} resources; {} bytes of JSON", embedded.lines().count() - 2, embedded.len());
    Ok(())
}

/// The JSON array of all resources without what the server does not use.
fn embedded(generated: &Files, topics: &Files) -> Result<String> {
    array(generated, topics, |resource| Ok(lean::lean(resource)))
}

/// The JSON array of all resources as they are published: whole, and the topics in the form that R4 has for them.
fn published(generated: &Files, topics: &Files) -> Result<String> {
    array(generated, topics, |resource| match resource.as_object() {
        Some(topic) if topic.get("resourceType").is_some_and(|name| name == "SubscriptionTopic") => {
            topic::basic(topic)
        }
        _ => Ok(resource),
    })
}

/// All resources as `shape` makes them, one a line, by type and id.
fn array(generated: &Files, topics: &Files, shape: impl Fn(Value) -> Result<Value>) -> Result<String> {
    let mut lines = BTreeMap::new();
    for (name, text) in generated.iter().chain(topics) {
        let resource: Value = serde_json::from_str(text).with_context(|| name.clone())?;
        let resource = shape(resource).with_context(|| name.clone())?;
        let part = |key| resource.get(key).and_then(Value::as_str).map(str::to_owned);
        let key =
            part("resourceType").zip(part("id")).with_context(|| format!("{name} has no type or no id"))?;
        let line = serde_json::to_string(&resource)?;
        if lines.insert(key, line).is_some() {
            bail!("{name} has the type and the id of another resource");
        }
    }
    let lines: Vec<_> = lines.into_values().collect();
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

/// The JSON files of a folder; none when there is no such folder.
fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            files.extend(name.map(|name| (name, text)));
        }
    }
    Ok(files)
}

/// Makes the folder hold these files and no others of their kind.
fn write(folder: &Path, files: &Files) -> Result<()> {
    fs::create_dir_all(folder)?;
    for stale in read(folder)?.keys().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(folder.join(stale))?;
    }
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn check(generated: &Files, embedded: &str, published: &str) -> Result<()> {
    let committed = read(Path::new(GENERATED))?;
    let names: BTreeSet<_> = committed.keys().chain(generated.keys()).collect();
    let mut different: Vec<&str> = names
        .into_iter()
        .filter(|name| committed.get(*name) != generated.get(*name))
        .map(String::as_str)
        .collect();
    if fs::read_to_string(OUTPUT).context(OUTPUT)? != embedded {
        different.push("server/canonical/data/profiles.json");
    }
    if zstd::decode_all(fs::File::open(PUBLISHED).context(PUBLISHED)?)? != published.as_bytes() {
        different.push("server/canonical/data/published.json.zst");
    }
    if !different.is_empty() {
        bail!("not what the sources make: {}; run `cargo xtask profiles`", different.join(", "));
    }
    Ok(())
}
