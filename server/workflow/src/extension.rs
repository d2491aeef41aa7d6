//! Reading and writing our own extensions, <https://hl7.org/fhir/R4/extensibility.html>.
//!
//! Modifier extensions are not looked at: none of ours is one.

use fhir::{Instant, Resource, Value};
use serde_json::json;

use crate::element::{extension_url, is_ours};

/// What the server has told by itself when a time had come, so that it tells it once: our own extension, one for each kind.
const REMINDER: &str = "ic-reminder";

/// Whether this was told.
pub(crate) fn is_reminded(of: &Resource, kind: &str) -> bool {
    reminders(of).any(|reminder| part_text(reminder, "kind") == Some(kind))
}

/// Keeps that this was told now.
pub(crate) fn remind(resource: &mut Resource, kind: &str, now: Instant) {
    let mut reminder = json!({"url": extension_url(REMINDER)});
    put_part(&mut reminder, "kind", "valueCode", Some(json!(kind)));
    put_part(&mut reminder, "at", "valueDateTime", Some(json!(now.to_string())));
    let kept: Vec<Value> = reminders(resource).cloned().chain([reminder]).collect();
    set_reminders(resource, kept);
}

/// Forgets that this was told, because what it was about is no more.
pub(crate) fn forget_reminder(resource: &mut Resource, kind: &str) {
    if is_reminded(resource, kind) {
        let kept = reminders(resource).filter(|reminder| part_text(reminder, "kind") != Some(kind)).cloned();
        let kept = kept.collect();
        set_reminders(resource, kept);
    }
}

/// Puts back what was told, whatever a client sent for it.
pub(crate) fn restore_reminders(previous: &Resource, resource: &mut Resource) {
    if !reminders(previous).eq(reminders(resource)) {
        set_reminders(resource, reminders(previous).cloned().collect());
    }
}

fn reminders(of: &Resource) -> impl Iterator<Item = &Value> {
    all_of(of, REMINDER)
}

/// All of our own extensions of this name.
pub(crate) fn all_of<'a>(of: &'a Resource, name: &'static str) -> impl Iterator<Item = &'a Value> {
    all(of.value()).filter(move |extension| is_ours(url(extension), "StructureDefinition", name))
}

fn set_reminders(resource: &mut Resource, reminders: Vec<Value>) {
    put(resource, REMINDER, None);
    for reminder in reminders {
        add(resource, reminder);
    }
}

/// Adds an extension after those that are there.
pub(crate) fn add(resource: &mut Resource, extension: Value) {
    let members = resource.members_mut();
    match members.get_mut("extension").and_then(Value::as_array_mut) {
        Some(list) => list.push(extension),
        None => {
            members.insert("extension".to_owned(), json!([extension]));
        }
    }
}

/// The extensions of a resource, element or extension.
fn all(of: &Value) -> impl Iterator<Item = &Value> {
    of.get("extension").and_then(Value::as_array).into_iter().flatten()
}

fn url(extension: &Value) -> &str {
    extension.get("url").and_then(Value::as_str).unwrap_or_default()
}

/// Our own extension of this name, as `ic-discharge`.
#[must_use]
pub fn find<'a>(of: &'a Resource, name: &str) -> Option<&'a Value> {
    all(of.value()).find(|extension| is_ours(url(extension), "StructureDefinition", name))
}

/// The extension with this full url.
#[must_use]
pub fn find_url<'a>(of: &'a Value, full: &str) -> Option<&'a Value> {
    all(of).find(|extension| url(extension) == full)
}

/// The parts of a complex extension with this name.
pub fn parts<'a>(extension: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    all(extension).filter(move |part| url(part) == name)
}

/// The value of an extension, whatever its type.
#[must_use]
pub fn value(extension: &Value) -> Option<&Value> {
    extension.as_object()?.iter().find(|(name, _)| name.starts_with("value")).map(|(_, value)| value)
}

/// The value of the first part with this name.
#[must_use]
pub fn part<'a>(extension: &'a Value, name: &str) -> Option<&'a Value> {
    parts(extension, name).find_map(value)
}

/// The value of the first part with this name, as text.
#[must_use]
pub fn part_text<'a>(extension: &'a Value, name: &str) -> Option<&'a str> {
    part(extension, name).and_then(Value::as_str)
}

/// The text value of our own simple extension of this name.
#[must_use]
pub fn text<'a>(of: &'a Resource, name: &str) -> Option<&'a str> {
    find(of, name).and_then(value).and_then(Value::as_str)
}

/// Our own simple extension of this name.
#[must_use]
pub fn simple(name: &str, value_name: &str, value: Value) -> Value {
    json!({"url": extension_url(name), value_name: value})
}

/// Puts our own extension of this name in place of the one there, or last; `None` takes it away.
pub fn put(resource: &mut Resource, name: &str, extension: Option<Value>) {
    let members = resource.members_mut();
    let mut list = match members.get_mut("extension").map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    place(&mut list, |there| is_ours(url(there), "StructureDefinition", name), extension);
    if list.is_empty() {
        members.shift_remove("extension");
    } else {
        members.insert("extension".to_owned(), Value::Array(list));
    }
}

/// Puts a part with this name and value into a complex extension; `None` takes it away.
pub fn put_part(extension: &mut Value, name: &str, value_name: &str, value: Option<Value>) {
    let mut list = match extension.get_mut("extension").map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    place(&mut list, |there| url(there) == name, value.map(|value| json!({"url": name, value_name: value})));
    if let Some(members) = extension.as_object_mut() {
        if list.is_empty() {
            members.shift_remove("extension");
        } else {
            members.insert("extension".to_owned(), Value::Array(list));
        }
    }
}

/// Puts the extension with this full url in place of the one there, or last.
pub fn put_url(resource: &mut Resource, full: &str, extension: Value) {
    let members = resource.members_mut();
    let mut list = match members.get_mut("extension").map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    place(&mut list, |there| url(there) == full, Some(extension));
    members.insert("extension".to_owned(), Value::Array(list));
}

/// Replaces the first match and drops the others.
fn place(list: &mut Vec<Value>, matches: impl Fn(&Value) -> bool, with: Option<Value>) {
    let at = list.iter().position(&matches).unwrap_or(list.len());
    list.retain(|there| !matches(there));
    if let Some(with) = with {
        list.insert(at.min(list.len()), with);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_keeps_its_place_and_other_extensions_stay() {
        let mut task = Resource::new(json!({"resourceType": "Task", "extension": [
            {"url": extension_url("ic-a"), "valueCode": "1"}, {"url": "http://other", "valueCode": "2"}]}))
        .unwrap();
        put(&mut task, "ic-a", Some(simple("ic-a", "valueCode", json!("3"))));
        put(&mut task, "ic-b", Some(simple("ic-b", "valueCode", json!("4"))));
        let codes: Vec<_> = all(task.value()).filter_map(|e| value(e)?.as_str()).collect();
        assert_eq!(codes, ["3", "2", "4"]);
        put(&mut task, "ic-a", None);
        put(&mut task, "ic-b", None);
        assert_eq!(text(&task, "ic-a"), None);
        assert_eq!(all(task.value()).count(), 1);
    }

    #[test]
    fn the_last_extension_leaves_no_empty_list() {
        let mut task = Resource::new(json!({"resourceType": "Task"})).unwrap();
        put(&mut task, "ic-a", None);
        assert_eq!(task.get("extension"), None);
        let mut complex = json!({"url": "u"});
        put_part(&mut complex, "state", "valueCode", Some(json!("ready")));
        assert_eq!(part_text(&complex, "state"), Some("ready"));
        put_part(&mut complex, "state", "valueCode", None);
        assert_eq!(complex, json!({"url": "u"}));
    }
}
