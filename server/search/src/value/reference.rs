//! Reference parameters, <https://hl7.org/fhir/R4/search.html#reference>.
//!
//! References to resources of this server are compared by the resource's key, so that relative and absolute forms, with
//! and without a version, are the same. Everything else is compared as text, and `:identifier` by `Reference.identifier`.

use fhir::{Key, Reference, ResourceType, id::is_id};
use serde_json::Value;

use crate::{
    criterion::Condition,
    hot::Hot,
    index::{IndexRows, ReferenceRow},
    parameter::Parameter,
    query::Criterion,
    refusal::{Refusal, shown},
    value::token::{self, Asked},
};

/// Adds the rows of one element, which may be a Reference, a canonical or a uri.
pub(crate) fn add(parameter: &Parameter, value: &Value, base: &str, rows: &mut IndexRows) {
    if let Some(canonical) = value.as_str() {
        text(parameter, canonical, base, rows);
        if let Some((unversioned, _)) = canonical.split_once('|') {
            text(parameter, unversioned, base, rows);
        }
        return;
    }
    if let Some(reference) = value.get("reference").and_then(Value::as_str) {
        text(parameter, reference, base, rows);
    }
    if let Some(identifier) = value.get("identifier") {
        let text = |member: &str| identifier.get(member).and_then(Value::as_str);
        token::forms(text("system"), text("value"), |form| rows.keys.push(form.identifier_key(parameter)));
    }
}

fn text(parameter: &Parameter, text: &str, base: &str, rows: &mut IndexRows) {
    match Reference::parse(text, base) {
        Reference::Local { resource_type, id, .. } => {
            // Elements that allow other types are indexed under `patient` when they point to a patient.
            if parameter.code == "patient" && !parameter.targets.contains(&resource_type) {
                return;
            }
            let target = Key::of_resource(resource_type, &id);
            if parameter.is_component {
                rows.keys.push(target_key(parameter, target));
                return;
            }
            match column(parameter, rows) {
                Some(column) => *column = column.or(Some(target)),
                None => rows.references.push(ReferenceRow { parameter: parameter.number, target }),
            }
        }
        Reference::Urn(text) | Reference::Foreign(text) => rows.keys.push(text_key(parameter, &text)),
        Reference::Contained(_) | Reference::Conditional { .. } => {}
    }
}

/// The column of a hot parameter.
fn column<'r>(parameter: &Parameter, rows: &'r mut IndexRows) -> Option<&'r mut Option<Key>> {
    match parameter.hot? {
        Hot::Owner => Some(&mut rows.owner),
        Hot::Patient => Some(&mut rows.patient),
        Hot::Focus => Some(&mut rows.focus),
        Hot::Status | Hot::Date => None,
    }
}

fn text_key(parameter: &Parameter, text: &str) -> Key {
    parameter.key("u", &[text])
}

/// The key of a local target in a component, whose references are in no table.
fn target_key(parameter: &Parameter, target: Key) -> Key {
    parameter.key("t", &[&target.uuid().to_string()])
}

/// The criterion of a query: any of the targets, `:Type`, `:identifier`, or with `:not` none of them.
pub(crate) fn criterion(condition: &Condition<'_>, base: &str) -> Result<Criterion, Refusal> {
    let parameter = condition.parameter;
    let (mut local, mut other) = (Vec::new(), Vec::new());
    if condition.modifier == Some("identifier") {
        for value in condition.raw_values()? {
            other.push(Asked::parse(value)?.form().identifier_key(parameter));
        }
        return Ok(Criterion::Reference { parameter, local, other, negated: false });
    }
    let negated = condition.modifier == Some("not");
    let only = match condition.modifier {
        None | Some("not") => None,
        Some(name) => Some(target(parameter, name).ok_or_else(|| {
            condition
                .no_modifier(name, &["missing", "not", "identifier", "[a target type, such as ':Patient']"])
        })?),
    };
    for value in condition.values()? {
        match Reference::parse(&value, base) {
            Reference::Local { resource_type, id, .. } => {
                if only.is_none_or(|only| only == resource_type) {
                    local.push(Key::of_resource(resource_type, &id));
                }
            }
            Reference::Conditional { .. } | Reference::Contained(_) => {
                return Err(Refusal::invalid(format!(
                    "'{}' is no reference to search for. Write an id, Type/id or a url.",
                    shown(&value)
                )));
            }
            Reference::Urn(text) | Reference::Foreign(text) => {
                if is_id(&text) {
                    let targets = only.as_ref().map_or(parameter.targets.as_slice(), std::slice::from_ref);
                    local.extend(targets.iter().map(|target| Key::of_resource(*target, &text)));
                }
                other.push(text_key(parameter, &text));
            }
        }
    }
    if parameter.is_component {
        other.extend(local.drain(..).map(|target| target_key(parameter, target)));
    }
    Ok(Criterion::Reference { parameter, local, other, negated })
}

/// The target type with this name, if the parameter may point to it.
pub(crate) fn target(parameter: &Parameter, name: &str) -> Option<ResourceType> {
    ResourceType::find(name).filter(|target| parameter.targets.contains(target))
}
