//! Leaves out of a conformance resource what the server does not use, <https://hl7.org/fhir/R4/structuredefinition.html>.
//!
//! A snapshot repeats every definition of its base, which are HL7's and known already; what a profile says itself is kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What a snapshot element always keeps; besides, `fixed[x]`, `pattern[x]`, `minValue[x]` and `maxValue[x]`.
const KEPT: [&str; 13] = [
    "id",
    "path",
    "sliceName",
    "slicing",
    "short",
    "min",
    "max",
    "contentReference",
    "type",
    "maxLength",
    "mustSupport",
    "isModifier",
    "isSummary",
];
const KEPT_PREFIXES: [&str; 4] = ["fixed", "pattern", "minValue", "maxValue"];

/// The resource without narrative; a StructureDefinition also without differential, mappings and inherited prose.
pub fn lean(mut resource: Value) -> Value {
    let is_structure = resource.get("resourceType").is_some_and(|name| name == "StructureDefinition");
    if let Some(properties) = resource.as_object_mut() {
        properties.shift_remove("text");
        if is_structure {
            lean_structure(properties);
        }
    }
    resource
}

fn lean_structure(structure: &mut Map<String, Value>) {
    structure.shift_remove("mapping");
    let url = structure.get("url").and_then(Value::as_str).unwrap_or_default().to_owned();
    let differential = structure.shift_remove("differential").unwrap_or_default();
    let own: BTreeMap<&str, &Value> = elements(&differential)
        .iter()
        .filter_map(|element| Some((element.get("id")?.as_str()?, element)))
        .collect();
    let snapshot = structure.get_mut("snapshot").and_then(|snapshot| snapshot.get_mut("element"));
    for element in snapshot.and_then(Value::as_array_mut).into_iter().flatten() {
        let id = element.get("id").and_then(Value::as_str).unwrap_or_default();
        let said = own.get(id).copied().unwrap_or(&Value::Null);
        *element = lean_element(element, said, &url);
    }
}

fn elements(part: &Value) -> &[Value] {
    part.get("element").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The element as this definition needs it; `said` is what its differential says of it, `url` is its own address.
fn lean_element(element: &Value, said: &Value, url: &str) -> Value {
    let forbidden = element.get("max").is_some_and(|max| max == "0");
    let mut lean = Map::new();
    for (key, value) in element.as_object().into_iter().flatten() {
        let kept = match key.as_str() {
            "type" if forbidden => None,
            "definition" | "comment" => said.get(key).map(|_| value.clone()),
            "binding" => Some(lean_binding(value)),
            "constraint" => our_constraints(value, url),
            key => is_kept(key).then(|| value.clone()),
        };
        lean.extend(kept.map(|value| (key.clone(), value)));
    }
    Value::Object(lean)
}

fn is_kept(key: &str) -> bool {
    KEPT.contains(&key) || KEPT_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

fn lean_binding(binding: &Value) -> Value {
    let properties = binding.as_object().into_iter().flatten();
    let kept = properties.filter(|(key, _)| ["strength", "valueSet"].contains(&key.as_str()));
    Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Those of this definition and of the profiles of ours that it is made from, which a snapshot repeats with their source.
fn our_constraints(constraints: &Value, url: &str) -> Option<Value> {
    let base = url.rsplit_once('/').map_or(url, |(base, _)| base);
    let is_ours = |source: &str| source.strip_prefix(base).is_some_and(|name| name.starts_with('/'));
    let ours = constraints.as_array().into_iter().flatten();
    let ours: Vec<_> = ours
        .filter(|constraint| constraint.get("source").and_then(Value::as_str).is_some_and(is_ours))
        .cloned()
        .collect();
    (!ours.is_empty()).then_some(Value::Array(ours))
}
