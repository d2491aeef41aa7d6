//! `memberOf()`, <https://hl7.org/fhir/R4/fhirpath.html#functions>, for the value sets that are held in full.

use canonical::{ValueSet, definitions};
use serde_json::Value;

use super::{Invocation, Items, boolean};
use crate::{EvaluateError, item::Item};

/// Whether a code, a Coding, or any Coding of a CodeableConcept is in the value set.
pub(super) fn member_of<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some((item, url)) = call.item()?.zip(call.text_argument(0)?) else { return Ok(Vec::new()) };
    let Some(set) = definitions().value_set(&url) else {
        return Err(EvaluateError::NotSupported(format!("memberOf() does not know the value set {url}.")));
    };
    let code = match item {
        Item::Node(node) => match node.value() {
            Some(Value::Object(members)) => {
                let codings = members.get("coding").and_then(Value::as_array);
                return boolean(match codings {
                    Some(codings) => codings.iter().any(|coding| has(set, coding)),
                    None => node.value().is_some_and(|coding| has(set, coding)),
                });
            }
            _ => node.text(),
        },
        Item::String(text) => Some(&**text),
        _ => None,
    };
    boolean(code.is_some_and(|code| set.contains(None, code)))
}

fn has(set: &ValueSet, coding: &Value) -> bool {
    let text = |name| coding.get(name).and_then(Value::as_str);
    text("system").zip(text("code")).is_some_and(|(system, code)| set.contains(Some(system), code))
}
