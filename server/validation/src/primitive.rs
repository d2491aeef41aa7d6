//! Primitive values with their `_` siblings, <https://hl7.org/fhir/R4/json.html#primitive>: arrays that agree in length,
//! `null` as padding only, the format of each value, and what the sibling holds.
//!
//! The formats themselves are `fhir::primitive`'s.

use canonical::Child;
use fhir::{IssueType, Value};

use crate::{
    cardinality,
    contained::Contained,
    expression::At,
    narrative,
    report::kind_of,
    structure::{EMPTY_ARRAY, Walk},
};

/// Checks a primitive element: its value, the property with `_` before its name, or both.
pub(crate) fn check_element(
    walk: &mut Walk<'_>,
    child: &Child,
    value: Option<&Value>,
    sibling: Option<&Value>,
    at: &At<'_>,
    container: &Contained<'_>,
) {
    let element = child.element;
    let name = element.name.as_str();
    if element.max == Some(1) {
        match (value, sibling) {
            (Some(Value::Array(_)), _) | (_, Some(Value::Array(_))) => walk.not_repeating(element, at),
            _ => check_one(walk, child, value, sibling, &at.member(name), container),
        }
        return;
    }
    let (values, siblings) = match (items(value), items(sibling)) {
        (Ok(values), Ok(siblings)) => (values, siblings),
        (Err(received), _) | (_, Err(received)) => return walk.repeating(element, received, at),
    };
    let place = at.member(name);
    if (value.is_some() && values.is_empty()) || (sibling.is_some() && siblings.is_empty()) {
        walk.report.unparsable(&place, IssueType::Structure, EMPTY_ARRAY);
    }
    if value.is_some() && sibling.is_some() && values.len() != siblings.len() {
        let text = format!(
            "'{name}' has {} items and '_{name}' has {}. They must agree: fill the shorter one up with null.",
            values.len(),
            siblings.len()
        );
        walk.report.unparsable(&place, IssueType::Structure, text);
    }
    let count = values.len().max(siblings.len());
    for index in 0..count {
        let at = at.item(name, Some(index));
        let value = values.get(index).filter(|value| !value.is_null());
        let sibling = siblings.get(index).filter(|sibling| !sibling.is_null());
        if value.is_none() && sibling.is_none() {
            let text =
                format!("null is only allowed where '_{name}' has something at the same place. Remove it.");
            walk.report.unparsable(&at, IssueType::Structure, text);
        } else {
            check_one(walk, child, value, sibling, &at, container);
        }
    }
    cardinality::check_most(element, count, at, walk.report);
}

fn items(array: Option<&Value>) -> Result<&[Value], &Value> {
    match array {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(other),
    }
}

fn check_one(
    walk: &mut Walk<'_>,
    child: &Child,
    value: Option<&Value>,
    sibling: Option<&Value>,
    at: &At<'_>,
    container: &Contained<'_>,
) {
    if let Some(value) = value {
        check_value(walk, child, value, at);
    }
    let Some(sibling) = sibling else { return };
    let Some(members) = sibling.as_object().filter(|members| !members.is_empty()) else {
        let text = format!(
            "The sibling of {at} is an object with the element's id and extensions; {} was received.",
            if sibling.is_object() { "an empty object" } else { kind_of(sibling) }
        );
        walk.report.unparsable(at, IssueType::Structure, text);
        return;
    };
    if let Some(scope) = walk.definitions.scope_of_type("Element") {
        walk.object(members, scope, "Element", at, container);
    }
    if value.is_none() && !members.contains_key("extension") {
        let text =
            format!("{at} has neither a value nor an extension (ele-1). Add one, or leave the property out.");
        walk.report.unprocessable(at, IssueType::Invariant, text);
    }
}

fn check_value(walk: &mut Walk<'_>, child: &Child, value: &Value, at: &At<'_>) {
    if value.is_null() {
        let text = format!("{at} is null. Leave the property out.");
        walk.report.unparsable(at, IssueType::Structure, text);
        return;
    }
    match fhir::primitive::check(child.type_name, value) {
        Err(text) => walk.report.unparsable(at, IssueType::Value, text),
        Ok(()) if child.type_name == "xhtml" => narrative::check(value, at, walk.report),
        Ok(()) => walk.bound(child, value, at),
    }
}
