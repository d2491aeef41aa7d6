//! Implementation guides of others: FHIR packages as npm unpacks them, `<folder>/<any name>/package/*.json`,
//! <https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>.
//!
//! Profiles, value sets, code systems, concept maps and search parameters are taken; they are used, and not served. Nothing is
//! fetched, and what a package depends on is to be put beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The types that are taken.
const TAKEN: [&str; 5] = ["StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "SearchParameter"];

/// Adds the packages of this folder to the definitions, and returns the names of those that were found. It has to be called
/// before anything else is done with definitions.
///
/// # Errors
/// When the folder cannot be read, or a package is for another version of FHIR or has something that cannot be used.
pub fn add(folder: &Path) -> Result<Vec<String>> {
    let (names, resources) = read(folder)?;
    canonical::add_packages(resources).map_err(|reason| anyhow::anyhow!("{}: {reason}", folder.display()))?;
    Ok(names)
}

/// The names of the packages, and the texts of what is taken from them.
fn read(folder: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let (mut names, mut resources) = (Vec::new(), Vec::new());
    for package in entries(folder)? {
        let package = package.join("package");
        let manifest = package.join("package.json");
        if !manifest.is_file() {
            continue;
        }
        let text = fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
        let manifest: Value = serde_json::from_str(&text).with_context(|| manifest.display().to_string())?;
        let text = |name: &str| manifest.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        names.push(format!("{} {}", text("name"), text("version")));
        let versions = manifest.get("fhirVersions").or(manifest.get("fhir-version-list"));
        let versions: Vec<&str> =
            versions.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        ensure!(
            versions.is_empty() || versions.iter().any(|version| version.starts_with("4.0")),
            "{} is for FHIR {}, and this server for 4.0.1",
            package.display(),
            versions.join(", ")
        );
        for file in entries(&package)? {
            if file.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
                let resource: Value =
                    serde_json::from_str(&text).with_context(|| file.display().to_string())?;
                let resource_type = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
                if TAKEN.contains(&resource_type) {
                    resources.push(text);
                }
            }
        }
    }
    Ok((names, resources))
}

/// What is in a folder, in the order of the names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_as_npm_unpacks_them() {
        let folder = std::env::temp_dir().join(format!("homefirst-packages-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let manifest = |versions: &str| {
            format!(r#"{{"name": "a.b", "version": "1.0.0", "fhirVersions": [{versions}]}}"#)
        };
        write("a.b#1.0.0/package/package.json", &manifest(r#""4.0.1""#));
        write("a.b#1.0.0/package/ValueSet-v.json", r#"{"resourceType": "ValueSet", "id": "v"}"#);
        write("a.b#1.0.0/package/Patient-p.json", r#"{"resourceType": "Patient", "id": "p"}"#);
        write("a.b#1.0.0/package/.index.json", r#"{"files": []}"#);
        write("notes/readme.md", "no package");
        let (names, resources) = read(&folder).unwrap();
        assert_eq!(names, ["a.b 1.0.0"]);
        assert_eq!(resources, [r#"{"resourceType": "ValueSet", "id": "v"}"#]);
        write("c/package/package.json", &manifest(r#""5.0.0""#));
        assert!(read(&folder).unwrap_err().to_string().contains("FHIR 5.0.0"));
        fs::remove_dir_all(&folder).unwrap();
        assert!(read(&folder).is_err());
    }
}
