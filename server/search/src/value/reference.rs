//! Reference parameters, <https://hl7.org/fhir/R4/search.html#reference>.
//!
//! References within a type are hierarchies (`Location.partOf`), in which `:above` and `:below` look. Of canonicals they compare versions.
//!
//! References to resources of this server are compared by the resource's key, so that relative and absolute forms, with
//! and without a version, are the same. Everything else is compared as text, and `:identifier` by `Reference.identifier`.

use fhir::{Key, Reference, ResourceType, id::is_id};
use serde_json::Value;

use crate::{
    criterion::Condition,
    hot::Hot,
    index::{IndexRows, ReferenceRow},
    parameter::{Kind, Parameter, registry},
    query::{Criterion, Towards},
    refusal::{Refusal, shown},
    value::token::{self, Asked},
};

/// Adds the rows of one element, which may be a Reference, a canonical or a uri.
pub(crate) fn add(parameter: &Parameter, value: &Value, base: &str, rows: &mut IndexRows) {
    if let Some(canonical) = value.as_str() {
        text(parameter, canonical, base, rows);
        if let Some((unversioned, version)) = canonical.split_once('|') {
            text(parameter, unversioned, base, rows);
            for version in versions(version) {
                rows.keys.push(version_key(parameter, unversioned, version));
            }
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
                Some(column) if column.is_none() => *column = Some(target),
                Some(column) if *column == Some(target) || !parameter.may_have_more() => {}
                _ => rows.references.push(ReferenceRow { parameter: parameter.number, target }),
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

/// The key of a canonical whose version begins so.
fn version_key(parameter: &Parameter, url: &str, version: &str) -> Key {
    parameter.key("uv", &[url, version])
}

/// A version and what it is a part of: `1.2.3`, `1` and `1.2`.
fn versions(version: &str) -> impl Iterator<Item = &str> {
    let parts = version.match_indices('.').map(|(at, _)| &version[..at]);
    [version].into_iter().chain(parts.take(8))
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
    if let Some(modifier @ ("above" | "below")) = condition.modifier {
        return in_hierarchy(condition, modifier, base);
    }
    let negated = condition.modifier == Some("not");
    let only = match condition.modifier {
        None | Some("not") => None,
        Some(name) => {
            Some(target(parameter, name).ok_or_else(|| condition.no_modifier(name, &modifiers(parameter)))?)
        }
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

/// `:above` and `:below`.
fn in_hierarchy(condition: &Condition<'_>, modifier: &str, base: &str) -> Result<Criterion, Refusal> {
    let parameter = condition.parameter;
    let towards = if modifier == "above" { Towards::Above } else { Towards::Below };
    let (mut local, mut by, mut other) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |target: ResourceType, id: &str| {
        if let Some(above) = hierarchy(target) {
            local.push(Key::of_resource(target, id));
            if !by.contains(&above) {
                by.push(above);
            }
        }
    };
    if !modifiers(parameter).contains(&modifier) {
        return Err(condition.no_modifier(modifier, &modifiers(parameter)));
    }
    for value in condition.values()? {
        match Reference::parse(&value, base) {
            Reference::Local { resource_type, .. } if hierarchy(resource_type).is_none() => {
                return Err(Refusal::invalid(format!(
                    "There is no hierarchy of {resource_type}, so ':{modifier}' has no meaning for '{}'.",
                    shown(&value)
                )));
            }
            Reference::Local { resource_type, id, .. } => add(resource_type, &id),
            Reference::Foreign(text) if is_id(&text) => {
                parameter.targets.iter().for_each(|target| add(*target, &text));
            }
            Reference::Foreign(text) | Reference::Urn(text) => match (text.split_once('|'), towards) {
                (Some((url, version)), Towards::Below) => other.push(version_key(parameter, url, version)),
                (Some((url, version)), Towards::Above) => other.extend(
                    versions(version).map(|version| text_key(parameter, &format!("{url}|{version}"))),
                ),
                (None, _) => return Err(no_hierarchy(&value, modifier)),
            },
            Reference::Conditional { .. } | Reference::Contained(_) => {
                return Err(no_hierarchy(&value, modifier));
            }
        }
    }
    let mut alternatives = Vec::new();
    if !local.is_empty() {
        alternatives.push(Criterion::Hierarchy { parameter, local, by, towards });
    }
    if !other.is_empty() {
        alternatives.push(Criterion::Keys { parameter, keys: other, negated: false });
    }
    Ok(match alternatives.pop() {
        Some(only) if alternatives.is_empty() => only,
        last => Criterion::Any(alternatives.into_iter().chain(last).collect()),
    })
}

fn no_hierarchy(value: &str, modifier: &str) -> Refusal {
    Refusal::invalid(format!(
        "'{}' has no place in a hierarchy. With ':{modifier}' write an id, Type/id, or a canonical url with a version: url|1.2.",
        shown(value)
    ))
}

/// The reference from a resource of this type to the one above it: of the same type, and one at most.
fn hierarchy(resource_type: ResourceType) -> Option<&'static Parameter> {
    let parameter =
        ["partof", "part-of"].iter().find_map(|code| registry().parameter(resource_type, code))?;
    let fits = parameter.indexed && parameter.hot.is_none() && parameter.kind == Kind::Reference;
    (fits && parameter.targets.contains(&resource_type)).then_some(parameter)
}

/// The modifiers that can be used with a reference parameter.
fn modifiers(parameter: &Parameter) -> Vec<&'static str> {
    let mut modifiers = vec!["missing", "not", "identifier", "[a target type, such as ':Patient']"];
    let has_versions = parameter.selected.may_be(&["canonical"]);
    if !parameter.is_component
        && (has_versions || parameter.targets.iter().any(|of| hierarchy(*of).is_some()))
    {
        modifiers.extend(["above", "below"]);
    }
    modifiers
}

/// The target type with this name, if the parameter may point to it.
pub(crate) fn target(parameter: &Parameter, name: &str) -> Option<ResourceType> {
    ResourceType::find(name).filter(|target| parameter.targets.contains(target))
}
