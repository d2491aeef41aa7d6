//! `resolve()`, <https://hl7.org/fhir/R4/fhirpath.html#functions>, without looking anything up.
//!
//! A contained resource, or one of the same Bundle, is found. Of any other only the type is known, from the reference's text
//! or its `type`: enough for `where(resolve() is Patient)`, while its elements are empty.

use fhir::ResourceType;
use serde_json::Value;

use super::{Invocation, Items};
use crate::{
    item::Item,
    node::{ElementType, Node},
};

pub(super) fn resolve<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let mut found = Vec::new();
    for item in call.input {
        call.evaluation.budget.spend(1)?;
        let reference = item.node().and_then(|node| node.value()).filter(|value| value.is_object());
        let text = match reference {
            Some(value) => value.get("reference").and_then(Value::as_str),
            None => match item {
                Item::String(text) => Some(&**text),
                _ => item.node().and_then(|node| node.text()),
            },
        };
        let here = call.evaluation.context.root_resource();
        let resolved = text.and_then(|text| within(here?, text)).or_else(|| {
            let declared = || ResourceType::find(reference?.get("type")?.as_str()?);
            text.and_then(type_of).or_else(declared).map(Node::of_type)
        });
        found.extend(resolved.map(Item::Node));
    }
    Ok(found)
}

/// The resource that is contained in this one, or another entry of this Bundle.
fn within<'a>(resource: Node<'a>, text: &str) -> Option<Node<'a>> {
    let object = resource.value()?;
    let list = |name: &str| object.get(name).and_then(Value::as_array).into_iter().flatten();
    if let Some(id) = text.strip_prefix('#') {
        if id.is_empty() {
            return Some(resource);
        }
        let contained = list("contained").find(|c| c.get("id").and_then(Value::as_str) == Some(id))?;
        return Some(Node::new(Some(contained), None, ElementType::RESOURCE));
    }
    // A relative reference is to the entry whose address ends so, when there is one only.
    let is_relative = !text.contains(':');
    let is_meant = |url: &str| {
        url == text || (is_relative && url.strip_suffix(text).is_some_and(|base| base.ends_with('/')))
    };
    let mut entries = list("entry").filter(|entry| {
        entry.get("fullUrl").and_then(Value::as_str).is_some_and(is_meant) && entry.get("resource").is_some()
    });
    let (entry, None) = (entries.next()?, entries.next().filter(|_| is_relative)) else { return None };
    Some(Node::new(entry.get("resource"), None, ElementType::RESOURCE))
}

/// The type in `Type/id`, `Type/id/_history/version`, `Type?query`, or in the same after a base address.
fn type_of(text: &str) -> Option<ResourceType> {
    let path = text.split(['?', '#', '|']).next().unwrap_or(text);
    let path = path.split_once("/_history/").map_or(path, |(path, _)| path);
    let mut segments = path.rsplit('/');
    let last = segments.next()?;
    if text.contains('?') { ResourceType::find(last) } else { ResourceType::find(segments.next()?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_in_the_text_of_a_reference() {
        for (text, expected) in [
            ("Patient/1", Some("Patient")),
            ("http://a/fhir/Patient/1", Some("Patient")),
            ("Patient/1/_history/2", Some("Patient")),
            ("Patient?identifier=http://a/b|1", Some("Patient")),
            ("http://a/Questionnaire/q|1.0", Some("Questionnaire")),
            ("urn:uuid:1", None),
            ("patient/1", None),
            ("Patient", None),
            ("", None),
        ] {
            assert_eq!(type_of(text).map(ResourceType::name), expected, "{text}");
        }
    }
}
