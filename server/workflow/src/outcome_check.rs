//! The checks 84 and 91 days after leaving hospital: where does the person live? <https://hl7.org/fhir/R4/task.html>.
//!
//! They are made when a team completes its work for somebody of 65 or more who came from hospital. That a check is due is told by the
//! timer.

use fhir::{Instant, Resource, Value};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

use crate::element::{code_in, concept, fill, items, put, reference_to};
use crate::{Effect, Related, discharge, fulfilment, patient, referral, task_output as fulfilling};

/// The checks, and the days after leaving on which they are due.
const CHECKS: [(&str, i32); 2] = [("84-day-check", 84), ("91-day-check", 91)];
/// From which age on the national measures count.
const AGE: i16 = 65;

/// Whether a Task is such a check.
pub(crate) fn is_check(task: &Resource) -> bool {
    let code = task.get("code").and_then(|code| code_in(code, "ic-activity-type"));
    CHECKS.iter().any(|(check, _)| code == Some(*check))
}

/// The checks that follow from a Task that is completed; none for who is younger, or did not come from hospital, or has died.
pub(crate) fn planned(task: &Resource, related: &Related, now: Instant) -> Vec<Effect> {
    let (Some(address), Some(from_hospital)) =
        (task.address(), related.referral.as_ref().filter(|r| referral::is_category(r, "step-down")))
    else {
        return Vec::new();
    };
    let Some(left) = left_hospital(task, related) else { return Vec::new() };
    let counts = related.patient.as_ref().is_some_and(|person| {
        !patient::has_died(person) && patient::age_on(person, left).is_some_and(|age| age >= AGE)
    });
    if !counts || fulfilling::outcome_code(task) == Some("died") {
        return Vec::new();
    }
    let check = |(code, days): &(&str, i32)| {
        let due = left.checked_add(days.days()).ok()?.to_string();
        let mut check = fulfilment::blank();
        put(&mut check, "status", Some(json!("requested")));
        put(&mut check, "intent", Some(json!("order")));
        put(&mut check, "code", Some(concept("ic-activity-type", code)));
        put(&mut check, "partOf", Some(json!([reference_to(&address)])));
        fill(&mut check, task.get("groupIdentifier").or(from_hospital.get("requisition")), "groupIdentifier");
        fill(&mut check, task.get("for"), "for");
        fill(&mut check, task.get("requester"), "requester");
        fill(&mut check, task.get("owner"), "owner");
        put(&mut check, "authoredOn", Some(json!(now.to_string())));
        put(&mut check, "lastModified", Some(json!(now.to_string())));
        put(&mut check, "restriction", Some(json!({"period": {"start": due, "end": due}})));
        check.get("owner").is_some().then_some(Effect::Create(check))
    };
    CHECKS.iter().filter_map(check).collect()
}

/// The check of somebody who has died: completed, because the answer is known.
pub(crate) fn closed_by_death(check: &Resource, died: &str, now: Instant) -> Resource {
    let mut closed = fulfilment::touched(check, now);
    put(&mut closed, "status", Some(json!("completed")));
    put(&mut closed, "executionPeriod", Some(json!({"start": died, "end": died})));
    let mut output = items(check, "output").to_vec();
    output.push(json!({
        "type": concept("ic-task-output", "whereabouts"),
        "valueCodeableConcept": concept("ic-day91-status", "died")
    }));
    put(&mut closed, "output", Some(Value::Array(output)));
    closed
}

/// The day on which the person left hospital: as the discharge plan says, else that of the first contact.
fn left_hospital(task: &Resource, related: &Related) -> Option<Date> {
    let settings = &related.settings;
    let plan = related.plan.as_ref().map(|plan| discharge::Discharge::of(plan, settings));
    let left = plan.and_then(|plan| plan.left).map(|left| left.low);
    let contact =
        || fulfilling::contact_text(task).and_then(|text| settings.interval(text)).map(|contact| contact.low);
    Some(settings.date(left.or_else(contact)?))
}

/// On which day a check is due, if it is one that waits.
pub(crate) fn due_day(task: &Resource) -> Option<&str> {
    let waits =
        matches!(task.text("status"), Some("draft" | "requested" | "received" | "accepted" | "ready"));
    let period = task.get("restriction")?.get("period")?;
    let day = period.get("start").or(period.get("end"))?.as_str()?;
    (waits && is_check(task)).then_some(day)
}
