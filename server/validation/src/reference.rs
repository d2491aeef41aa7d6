//! The type that a reference points to, <https://hl7.org/fhir/R4/references.html>.
//!
//! Whether the target exists is not asked here, but for contained ones, which are in the same resource.

use fhir::{IssueType, Map, ResourceType, Value};

use crate::{
    claim::CORE,
    contained::Contained,
    expression::At,
    report::{Report, short},
};

/// Reports a local reference without its contained resource, a `type` that contradicts the reference, and a target
/// whose type the element does not allow. Empty `allowed` is any.
pub(crate) fn check(
    members: &Map<String, Value>,
    allowed: &[String],
    contained: &Contained<'_>,
    at: &At<'_>,
    report: &mut Report,
) {
    let text = members.get("reference").and_then(Value::as_str);
    if let Some(id) = text.and_then(|text| text.strip_prefix('#'))
        && !id.is_empty()
        && contained.type_of(id).is_none()
    {
        let text = format!(
            "'#{}' refers to a contained resource, and none has that id (ref-1). Contain it, or refer to it otherwise.",
            short(id)
        );
        report.unprocessable(at.member("reference"), IssueType::Invariant, text);
        return;
    }
    let target = text.and_then(|text| target_type(text, contained));
    if let Some(target) = target
        && let Some(given) = members.get("type").and_then(Value::as_str)
        && given.strip_prefix(CORE).unwrap_or(given) != target
    {
        let text = format!("The type '{}' contradicts the reference, which is to {target}.", short(given));
        report.unprocessable(at.member("type"), IssueType::Structure, text);
    }
    check_target(members, allowed, contained, at, report, "");
}

/// Reports a target whose type is not allowed; `by` says who does not allow it, when it is not the base definition.
pub(crate) fn check_target<S: AsRef<str>>(
    members: &Map<String, Value>,
    allowed: &[S],
    contained: &Contained<'_>,
    at: &At<'_>,
    report: &mut Report,
    by: &str,
) {
    let allows = |name: &str| {
        allowed.is_empty() || allowed.iter().any(|a| a.as_ref() == name || a.as_ref() == "Resource")
    };
    let text = members.get("reference").and_then(Value::as_str);
    let (place, target, received) = match text {
        Some(text) => ("reference", target_type(text, contained), text),
        None => {
            let given = members.get("type").and_then(Value::as_str).unwrap_or_default();
            let name = given.strip_prefix(CORE).unwrap_or(given);
            ("type", ResourceType::find(name).map(ResourceType::name), given)
        }
    };
    if let Some(target) = target
        && !allows(target)
    {
        let names: Vec<_> = allowed.iter().map(AsRef::as_ref).collect();
        let text = format!(
            "'{}' refers to {target}. A reference to one of these is allowed here{by}: {}.",
            short(received),
            names.join(", ")
        );
        report.unprocessable(at.member(place), IssueType::Structure, text);
    }
}

/// The resource type that a literal reference names, if its text tells.
pub(crate) fn target_type(text: &str, contained: &Contained<'_>) -> Option<&'static str> {
    if let Some(id) = text.strip_prefix('#') {
        return contained.type_of(id).and_then(ResourceType::find).map(ResourceType::name);
    }
    named_type(text)
}

/// The resource type that a reference to another resource names in its text.
pub(crate) fn named_type(text: &str) -> Option<&'static str> {
    if text.starts_with("urn:") {
        return None;
    }
    let segment_of_type = match text.split_once('?') {
        Some((path, _)) => path.rsplit('/').next(),
        None => {
            let mut segments = text.split('#').next().unwrap_or(text).rsplit('/');
            let id = segments.next();
            match segments.next() {
                Some("_history") => {
                    segments.next();
                    segments.next()
                }
                before => id.and(before),
            }
        }
    };
    segment_of_type.and_then(ResourceType::find).map(ResourceType::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_told_by_the_text() {
        let none = Map::new();
        let contained = Contained::of(&none);
        let cases = [
            ("Patient/1", Some("Patient")),
            ("Patient/1/_history/2", Some("Patient")),
            ("https://there/fhir/Patient/1", Some("Patient")),
            ("https://there/fhir/Patient/1/_history/3", Some("Patient")),
            ("Patient?identifier=a|b", Some("Patient")),
            ("https://there/Patient?identifier=http://a/Task|b", Some("Patient")),
            ("urn:uuid:1/Patient/1", None),
            ("#x", None),
            ("patient/1", None),
            ("Patient", None),
            ("", None),
            ("_history", None),
        ];
        for (text, expected) in cases {
            assert_eq!(target_type(text, &contained), expected, "{text}");
        }
    }
}
