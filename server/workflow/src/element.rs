//! Reading the elements that the rules look at: codings of our own code systems and references,
//! <https://hl7.org/fhir/R4/datatypes.html#CodeableConcept>, <https://hl7.org/fhir/R4/references.html>.
//!
//! Content may be malformed in any way: what cannot be read is absent, and validation says so elsewhere.

use fhir::{CANONICAL_BASE, Resource, Value};
use serde_json::json;

/// The code system of this name that this project defines.
#[must_use]
pub fn code_system(name: &str) -> String {
    format!("{CANONICAL_BASE}/CodeSystem/{name}")
}

/// The extension url of this name that this project defines.
#[must_use]
pub fn extension_url(name: &str) -> String {
    format!("{CANONICAL_BASE}/StructureDefinition/{name}")
}

/// Whether `url` is our own `{base}/{kind}/{name}`.
pub(crate) fn is_ours(url: &str, kind: &str, name: &str) -> bool {
    url.strip_prefix(CANONICAL_BASE)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|rest| rest.strip_prefix(kind))
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|rest| rest == name)
}

/// The items of a repeating element; none when it is absent or no list.
pub(crate) fn items<'a>(resource: &'a Resource, element: &str) -> &'a [Value] {
    resource.get(element).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The codings of a CodeableConcept.
pub(crate) fn codings(concept: &Value) -> impl Iterator<Item = &Value> {
    concept.get("coding").and_then(Value::as_array).into_iter().flatten()
}

/// The first code that a CodeableConcept has in our own code system of this name.
pub(crate) fn code_in<'a>(concept: &'a Value, name: &str) -> Option<&'a str> {
    codings(concept)
        .find(|coding| system_of(coding).is_some_and(|system| is_ours(system, "CodeSystem", name)))
        .and_then(|coding| coding.get("code"))
        .and_then(Value::as_str)
}

/// Whether a CodeableConcept has one of these codes, in whichever code system.
pub(crate) fn code_in_any(concept: &Value, codes: &[&str]) -> bool {
    codings(concept).filter_map(|coding| coding.get("code")?.as_str()).any(|code| codes.contains(&code))
}

fn system_of(coding: &Value) -> Option<&str> {
    coding.get("system").and_then(Value::as_str)
}

/// A CodeableConcept with one coding of our own.
pub(crate) fn concept(name: &str, code: &str) -> Value {
    json!({"coding": [{"system": code_system(name), "code": code}]})
}

/// The text of a Reference.
pub(crate) fn reference(value: Option<&Value>) -> Option<&str> {
    value?.get("reference").and_then(Value::as_str)
}

/// A Reference with this text.
pub(crate) fn reference_to(text: &str) -> Value {
    json!({"reference": text})
}

/// Whether two reference texts name the same resource: versions are left out, and an absolute address equals a relative one
/// that it ends with.
#[must_use]
pub fn same_reference(a: &str, b: &str) -> bool {
    let (a, b) = (without_version(a), without_version(b));
    let ends_with = |long: &str, short: &str| {
        !short.contains("://") && long.strip_suffix(short).is_some_and(|head| head.ends_with('/'))
    };
    a == b || ends_with(a, b) || ends_with(b, a)
}

/// Whether a reference text names a resource of this type, on this server or another.
pub(crate) fn is_reference_to(text: &str, resource_type: &str) -> bool {
    let mut segments = without_version(text).rsplit('/');
    segments.next().is_some_and(|id| !id.is_empty()) && segments.next() == Some(resource_type)
}

fn without_version(text: &str) -> &str {
    text.split_once("/_history/").map_or(text, |(resource, _)| resource)
}

/// Puts an element in place; `None` takes it away.
pub(crate) fn put(resource: &mut Resource, element: &str, value: Option<Value>) {
    match value {
        Some(value) => resource.members_mut().insert(element.to_owned(), value),
        None => resource.members_mut().shift_remove(element),
    };
}

/// Puts the value of `from` where `to` has none.
pub(crate) fn fill(to: &mut Resource, from: Option<&Value>, element: &str) {
    if let (None, Some(value)) = (to.get(element), from) {
        put(to, element, Some(value.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_compared_by_what_they_name() {
        for (a, b, same) in [
            ("Task/1", "Task/1", true),
            ("Task/1/_history/2", "Task/1", true),
            ("https://here/fhir/Task/1", "Task/1", true),
            ("https://here/fhir/Task/1", "https://there/fhir/Task/1", false),
            ("Task/1", "Task/11", false),
            ("Task/11", "1", false),
            ("urn:uuid:1", "urn:uuid:1", true),
        ] {
            assert_eq!(same_reference(a, b), same, "{a} {b}");
            assert_eq!(same_reference(b, a), same, "{b} {a}");
        }
        assert!(is_reference_to("http://x/ServiceRequest/1/_history/1", "ServiceRequest"));
        assert!(!is_reference_to("ServiceRequest/", "ServiceRequest"));
        assert!(!is_reference_to("ServiceRequest", "ServiceRequest"));
    }

    #[test]
    fn only_our_own_codes_are_read() {
        let of = |system: &str| json!({"coding": [{"system": "http://snomed.info/sct", "code": "1"}, {"system": system, "code": "x"}]});
        assert_eq!(code_in(&of(&code_system("ic-service-line")), "ic-service-line"), Some("x"));
        assert_eq!(code_in(&of("http://other/CodeSystem/ic-service-line"), "ic-service-line"), None);
        assert_eq!(code_in(&json!({"coding": "x"}), "ic-service-line"), None);
    }
}
