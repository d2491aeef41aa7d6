//! HL7's code systems, value sets and concept maps without their prose, <https://hl7.org/fhir/R4/terminologies.html>.
//!
//! Examples, and what HL7 publishes for others, are left behind.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// The resources whose elements are kept, and these elements.
const KEPT: [(&str, &[&str]); 3] = [
    (
        "CodeSystem",
        &[
            "version",
            "name",
            "title",
            "status",
            "content",
            "caseSensitive",
            "hierarchyMeaning",
            "valueSet",
            "supplements",
            "concept",
        ],
    ),
    ("ValueSet", &["version", "name", "title", "status", "compose", "expansion"]),
    (
        "ConceptMap",
        &[
            "version",
            "name",
            "title",
            "status",
            "sourceUri",
            "sourceCanonical",
            "targetUri",
            "targetCanonical",
            "group",
        ],
    ),
];
/// Whose definitions R4 uses.
const PUBLISHERS: [&str; 4] =
    ["http://hl7.org/fhir/", "http://terminology.hl7.org/", "http://dicom.nema.org/", "urn:iso-astm:"];

/// The JSON array of all of them, one a line, by type and url.
pub fn array(folder: &Path) -> Result<String> {
    let mut lines = BTreeMap::new();
    let mut versions = BTreeMap::new();
    for (resource_type, elements) in KEPT {
        super::each(folder, resource_type, |text| {
            let resource: Value = serde_json::from_str(text)?;
            let url = resource.get("url").and_then(Value::as_str).context("no url")?.to_owned();
            let is_example = url.rsplit('/').next().is_some_and(|name| name.starts_with("example"));
            if is_example || !PUBLISHERS.iter().any(|publisher| url.starts_with(publisher)) {
                return Ok(());
            }
            let mut kept = serde_json::Map::new();
            kept.insert("resourceType".to_owned(), resource_type.into());
            kept.insert("url".to_owned(), url.clone().into());
            for element in elements {
                kept.extend(resource.get(*element).map(|value| ((*element).to_owned(), lean(value))));
            }
            if resource_type == "CodeSystem" {
                versions.insert(url.clone(), kept.get("version").cloned());
            }
            if let Some(includes) = kept.get_mut("compose").and_then(|compose| compose.get_mut("include")) {
                includes.as_array_mut().into_iter().flatten().for_each(|one| correct_version(one, &versions));
            }
            lines.insert((resource_type, url), serde_json::to_string(&kept)?);
            Ok(())
        })?;
    }
    let lines: Vec<_> = lines.into_values().collect();
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

/// Takes away the version of a code system that R4 publishes in another one, as of `task-code`: there is no such version.
fn correct_version(include: &mut Value, versions: &BTreeMap<String, Option<Value>>) {
    let published = include.get("system").and_then(Value::as_str).and_then(|system| versions.get(system));
    if let (Some(published), Some(members)) = (published, include.as_object_mut())
        && members.get("version").is_some_and(|version| Some(version) != published.as_ref())
    {
        members.remove("version");
    }
}

/// The value without extensions.
fn lean(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(lean).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !name.starts_with('_') && *name != "extension");
            Value::Object(kept.map(|(name, value)| (name.clone(), lean(value))).collect())
        }
        other => other.clone(),
    }
}
