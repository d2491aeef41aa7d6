//! What a team reports in its Task: the first contact and how it ended, by type from `ic-task-output`,
//! <https://hl7.org/fhir/R4/task-definitions.html#Task.output>.
//!
//! Whether it may say so is decided in `task`.

use fhir::primitive::date::Interval;
use fhir::{Resource, Value};
use serde_json::json;

use crate::Related;
use crate::element::{code_in, concept, items, put};

/// The first contact: its text as sent, and the time it stands for.
pub(crate) struct Contact {
    pub(crate) text: String,
    pub(crate) at: Interval,
}

pub(crate) fn output<'a>(task: &'a Resource, kind: &str) -> Option<&'a Value> {
    items(task, "output").iter().find(|output| {
        output.get("type").is_some_and(|concept| code_in(concept, "ic-task-output") == Some(kind))
    })
}

pub(crate) fn contact_text(task: &Resource) -> Option<&str> {
    output(task, "first-contact")?.get("valueDateTime").and_then(Value::as_str)
}

/// How the first contact was made: a code of `ic-contact-mechanism`.
pub(crate) fn contact_mode(task: &Resource) -> Option<&str> {
    code_in(output(task, "first-contact-mode")?.get("valueCodeableConcept")?, "ic-contact-mechanism")
}

pub(crate) fn contact(task: &Resource, related: &Related) -> Option<Contact> {
    let text = contact_text(task)?;
    Some(Contact { text: text.to_owned(), at: related.settings.interval(text)? })
}

pub(crate) fn outcome(task: &Resource) -> Option<&Value> {
    output(task, "outcome")?.get("valueCodeableConcept")
}

/// Whether the person was seen.
pub(crate) fn has_contact(task: &Resource) -> bool {
    contact_text(task).is_some()
}

/// Whether the Task says how it ended.
pub(crate) fn has_outcome(task: &Resource) -> bool {
    outcome(task).is_some()
}

/// Says in the Task how it ended.
pub(crate) fn add_outcome(task: &mut Resource, outcome: Value) {
    let mut output = items(task, "output").to_vec();
    output.push(json!({"type": concept("ic-task-output", "outcome"), "valueCodeableConcept": outcome}));
    put(task, "output", Some(Value::Array(output)));
}

/// The code of how the Task ended.
pub(crate) fn outcome_code(task: &Resource) -> Option<&str> {
    outcome(task).and_then(|outcome| code_in(outcome, "ic-episode-outcome"))
}
