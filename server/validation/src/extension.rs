//! Extensions, <https://hl7.org/fhir/R4/extensibility.html>: a value or extensions (ext-1), an absolute url, and the rules
//! of the extension's own definition when it is one that the server knows.
//!
//! Unknown extensions are kept as they are.

use fhir::{IssueType, Map, Value};

use crate::{
    contained::Contained,
    expression::At,
    profile,
    report::{Report, short},
};

/// Reports what is wrong with one extension; `nested` when it is part of another one, which then names it.
pub(crate) fn check(
    members: &Map<String, Value>,
    nested: bool,
    contained: &Contained<'_>,
    at: &At<'_>,
    report: &mut Report,
) {
    let has_value = members.keys().any(|name| name.trim_start_matches('_').starts_with("value"));
    let has_extensions = members.contains_key("extension");
    if has_value == has_extensions {
        let text = if has_value {
            "An extension has either a value or extensions, not both (ext-1). Remove one of them."
        } else {
            "An extension must have a value or extensions (ext-1). Add a value[x], or remove the extension."
        };
        report.unprocessable(at, IssueType::Invariant, text);
    }
    let Some(url) = members.get("url").and_then(Value::as_str) else { return };
    if !nested && !url.contains(':') {
        let text = format!("The url '{}' is relative. The url of an extension is absolute.", short(url));
        report.unprocessable(at.member("url"), IssueType::Extension, text);
    }
    if let Some(definition) = canonical::definitions().profile(url)
        && definition.type_name == "Extension"
    {
        profile::check(definition, members, at, contained, report);
    }
}
