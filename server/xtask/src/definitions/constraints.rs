//! HL7's own profiles and extensions for R4, without what the server does not use, <https://hl7.org/fhir/R4/profilelist.html>.
//!
//! Profiles of data types are in the tables, with the elements that name them; examples are left behind.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::profiles::lean::lean;

const HL7: &str = "http://hl7.org/fhir/StructureDefinition/";
/// What is kept of the definition as a whole.
const KEPT: [&str; 10] = [
    "resourceType",
    "id",
    "url",
    "name",
    "kind",
    "type",
    "context",
    "baseDefinition",
    "derivation",
    "snapshot",
];
/// What is left out of each element and constraint: prose, and another language.
const PROSE: [&str; 3] = ["definition", "comment", "xpath"];

/// The JSON array of all of them, one a line, by url.
pub fn array(folder: &Path) -> Result<String> {
    let mut lines = BTreeMap::new();
    super::each(folder, "StructureDefinition", |text| {
        let mut resource: Value = serde_json::from_str(text)?;
        if !is_held(&resource) {
            return Ok(());
        }
        let url = resource.get("url").and_then(Value::as_str).context("no url")?.to_owned();
        let elements = resource.pointer_mut("/snapshot/element").and_then(Value::as_array_mut);
        for element in elements.into_iter().flatten().filter_map(Value::as_object_mut) {
            PROSE.iter().for_each(|name| drop(element.shift_remove(*name)));
            let mut constraints = element.get_mut("constraint").and_then(Value::as_array_mut);
            if let Some(constraints) = &mut constraints {
                constraints.retain(|constraint| !is_of_type(constraint));
            }
            for constraint in constraints.into_iter().flatten().filter_map(Value::as_object_mut) {
                // What a profile states itself has no source.
                constraint.entry("source").or_insert_with(|| url.as_str().into());
                PROSE.iter().for_each(|name| drop(constraint.shift_remove(*name)));
            }
        }
        let mut resource = lean(resource);
        if let Some(members) = resource.as_object_mut() {
            members.retain(|name, _| KEPT.contains(&name.as_str()));
        }
        lines.insert(url, serde_json::to_string(&resource)?);
        Ok(())
    })?;
    let lines: Vec<_> = lines.into_values().collect();
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

/// Whether it is one of R4's types that states the constraint: their names begin with a capital, those of profiles do not.
fn is_of_type(constraint: &Value) -> bool {
    let source = constraint.get("source").and_then(Value::as_str).and_then(|source| source.strip_prefix(HL7));
    source.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn is_held(definition: &Value) -> bool {
    let text = |name: &str| definition.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = text("url").strip_prefix(HL7);
    text("derivation") == "constraint"
        && (text("kind") == "resource" || text("type") == "Extension")
        && name.is_some_and(|name| !name.starts_with("example"))
        && definition.get("snapshot").is_some()
}
