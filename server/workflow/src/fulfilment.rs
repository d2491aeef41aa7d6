//! The fulfilment Task that the server itself writes: how it is made for a referral, held and resumed with it, and ended with it,
//! <https://hl7.org/fhir/R4/task.html>, <https://hl7.org/fhir/R4/request.html#fulfillment>.
//!
//! What a team may do with its Task is in `task`.

use fhir::{Instant, Resource, Value};
use serde_json::json;

use crate::clock::{Clock, RESPONSE, UCR};
use crate::element::{
    code_in, concept, fill, is_reference_to, items, put, reference, reference_to, same_reference,
};
use crate::service_request::{is_urgent_response, performer, status_reason};
use crate::{Related, extension, task, timer};

const TASK_CODE: &str = "http://hl7.org/fhir/CodeSystem/task-code";

/// Whether a Task has the form of a fulfilment Task: code `fulfill` and a ServiceRequest in its focus.
pub(crate) fn is_fulfilment(task: &Resource) -> bool {
    let fulfils = task.get("code").is_some_and(|code| {
        crate::element::codings(code).any(|coding| {
            coding.get("system").and_then(Value::as_str) == Some(TASK_CODE)
                && coding.get("code").and_then(Value::as_str) == Some("fulfill")
        })
    });
    fulfils && focus(task).is_some()
}

/// Whether a Task is an activity: a visit, a delivery, a review.
pub(crate) fn is_activity(task: &Resource) -> bool {
    task.get("code").is_some_and(|code| crate::element::code_in(code, "ic-activity-type").is_some())
}

/// The text of the reference to the ServiceRequest in the Task's focus.
pub(crate) fn focus(task: &Resource) -> Option<&str> {
    reference(task.get("focus")).filter(|text| is_reference_to(text, "ServiceRequest"))
}

/// Whether a Task has not ended.
pub(crate) fn is_open(task: &Resource) -> bool {
    task::MACHINE.is_open(task.text("status").unwrap_or_default())
}

/// A new Task, `requested`, of a referral with this address: for its performer, or for the hub where it has none.
pub(crate) fn requested(referral: &Resource, address: &str, related: &Related, now: Instant) -> Resource {
    let mut task = blank();
    put(&mut task, "status", Some(json!("requested")));
    put(&mut task, "intent", Some(json!("order")));
    put(&mut task, "code", Some(json!({"coding": [{"system": TASK_CODE, "code": "fulfill"}]})));
    put(&mut task, "focus", Some(reference_to(address)));
    let owner = performer(referral).cloned().or_else(|| {
        put(&mut task, "businessStatus", Some(concept("ic-task-business-status", "awaiting-triage")));
        related.hub.as_deref().map(reference_to)
    });
    put(&mut task, "owner", owner);
    complete(&mut task, referral, address, related, now);
    task
}

/// A new Task for the hub, because a team has rejected its own: the referral stays somebody's, and its clock goes on.
pub(crate) fn redirected(
    rejected: &Resource,
    referral: &Resource,
    hub: &str,
    related: &Related,
    now: Instant,
) -> Option<Resource> {
    let focus = focus(rejected)?;
    let mut task = blank();
    put(&mut task, "status", Some(json!("requested")));
    put(&mut task, "intent", Some(json!("order")));
    for element in ["code", "focus", "for", "requester"] {
        fill(&mut task, rejected.get(element), element);
    }
    put(&mut task, "businessStatus", Some(concept("ic-task-business-status", "awaiting-triage")));
    put(&mut task, "owner", Some(reference_to(hub)));
    if let Some(from) = rejected.address() {
        let kind = concept("ic-task-input", "redirect-from");
        put(&mut task, "input", Some(json!([{"type": kind, "valueReference": {"reference": from}}])));
    }
    if let Some(clock) = Clock::of(rejected, &related.settings) {
        Clock::started(&clock.kind, clock.start, clock.due).write(&mut task);
    }
    complete(&mut task, referral, focus, related, now);
    Some(task)
}

/// Fills in what a fulfilment Task has from its referral, and starts its clock. What is there stays.
pub(crate) fn complete(
    task: &mut Resource,
    referral: &Resource,
    address: &str,
    related: &Related,
    now: Instant,
) {
    fill(task, Some(&json!("order")), "intent");
    fill(task, referral.get("subject"), "for");
    fill(task, referral.get("requester"), "requester");
    fill(task, referral.get("priority"), "priority");
    fill(task, referral.get("requisition"), "groupIdentifier");
    fill(task, items(referral, "reasonCode").first(), "reasonCode");
    fill(task, Some(&json!(now.to_string())), "authoredOn");
    // The plan stands beside the referral, so that the Tasks of a discharge are found by it.
    let mut based_on = vec![reference_to(address)];
    based_on.extend(items(referral, "basedOn").iter().cloned());
    fill(task, Some(&json!(based_on)), "basedOn");
    put(task, "lastModified", Some(json!(now.to_string())));
    if task.text("status") != Some("draft") {
        start_clock(task, referral, related, now);
    }
}

/// Starts the clock of a Task that has none. A referral's clock starts once: a later Task takes the start of the first.
pub(crate) fn start_clock(task: &mut Resource, referral: &Resource, related: &Related, now: Instant) {
    let settings = &related.settings;
    let clock = Clock::of(task, settings).unwrap_or_else(|| {
        let stated = extension::text(referral, "ic-clock-start")
            .and_then(|text| settings.interval(text))
            .map(|interval| Instant::from_microseconds(interval.low));
        let earlier = || {
            related.tasks.iter().filter_map(|task| Clock::of(task, settings)).map(|clock| clock.start).min()
        };
        let start = stated.or_else(earlier).unwrap_or(now);
        let kind = if is_urgent_response(referral) { UCR } else { RESPONSE };
        Clock::started(kind, start, settings.due(start, referral.text("priority")))
    });
    clock.write(task);
    let due = clock.due.to_string();
    let mut restriction = task.get("restriction").and_then(Value::as_object).cloned().unwrap_or_default();
    let period = restriction.entry("period").or_insert_with(|| json!({}));
    if let Some(period) = period.as_object_mut() {
        period.entry("end").or_insert_with(|| json!(due));
    }
    put(task, "restriction", Some(Value::Object(restriction)));
}

/// The Task with a new priority and the due time that follows from it, as long as there was no contact.
pub(crate) fn reprioritized(
    task: &Resource,
    referral: &Resource,
    related: &Related,
    now: Instant,
) -> Option<Resource> {
    let mut clock = Clock::of(task, &related.settings)?;
    if clock.stop.is_some() {
        return None;
    }
    let mut task = touched(task, now);
    put(&mut task, "priority", referral.get("priority").cloned());
    let is_stat = referral.text("priority") == Some("stat");
    match (is_urgent_response(referral), is_stat) {
        // It becomes a two-hour response now, and is no more one (IC-UCR-04).
        (true, true) => clock = Clock::started(UCR, now, related.settings.due(now, Some("stat"))),
        (true, false) => {
            clock.due = related.settings.due(clock.start, referral.text("priority"));
            clock.exclude("excluded", status_reason(referral));
        }
        _ => {
            clock.due = related.settings.due(clock.start, referral.text("priority"));
            clock.status = if now > clock.due { "breached" } else { "running" }.to_owned();
        }
    }
    extension::forget_reminder(&mut task, timer::CLOCK_WARNING);
    clock.write(&mut task);
    let mut restriction = task.get("restriction").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut period = restriction.get("period").and_then(Value::as_object).cloned().unwrap_or_default();
    period.insert("end".to_owned(), json!(clock.due.to_string()));
    restriction.insert("period".to_owned(), Value::Object(period));
    put(&mut task, "restriction", Some(Value::Object(restriction)));
    Some(task)
}

/// The Task on hold, because the referral or plan with this address is; what it was before is kept, so that it can go on there.
/// Nothing when the Task has ended, is only a draft, or is on hold already.
pub(crate) fn held(task: &Resource, by: &str, reason: &Value, now: Instant) -> Option<Resource> {
    let status = task.text("status").unwrap_or_default();
    if !is_open(task) || matches!(status, "on-hold" | "draft") {
        return None;
    }
    let mut hold = json!({"url": crate::element::extension_url("ic-hold")});
    extension::put_part(&mut hold, "from", "valueCode", Some(json!(status)));
    extension::put_part(&mut hold, "by", "valueReference", Some(reference_to(by)));
    let mut task = touched(task, now);
    put(&mut task, "status", Some(json!("on-hold")));
    put(&mut task, "statusReason", Some(reason.clone()));
    extension::put(&mut task, "ic-hold", Some(hold));
    Some(task)
}

/// The status in which the Task goes on when the referral or plan with this address does: nothing unless that held it.
pub(crate) fn held_from<'a>(task: &'a Resource, by: &str) -> Option<&'a str> {
    let hold = extension::find(task, "ic-hold")?;
    let holder = reference(extension::part(hold, "by"))?;
    let on_hold = task.text("status") == Some("on-hold");
    (on_hold && same_reference(holder, by)).then(|| extension::part_text(hold, "from"))?
}

/// The Task as it was before the referral or plan with this address held it.
pub(crate) fn resumed(task: &Resource, by: &str, now: Instant) -> Option<Resource> {
    let status = held_from(task, by)?.to_owned();
    let mut task = touched(task, now);
    put(&mut task, "status", Some(json!(status)));
    put(&mut task, "statusReason", None);
    extension::put(&mut task, "ic-hold", None);
    Some(task)
}

/// The Task ended for this reason: `cancelled` or `entered-in-error`.
pub(crate) fn ended(
    task: &Resource,
    status: &str,
    reason: &Value,
    related: &Related,
    now: Instant,
) -> Resource {
    let mut ended = touched(task, now);
    put(&mut ended, "status", Some(json!(status)));
    put(&mut ended, "statusReason", Some(reason.clone()));
    extension::put(&mut ended, "ic-hold", None);
    if let Some(mut clock) = Clock::of(&ended, &related.settings) {
        let status = if status == "entered-in-error" { "cancelled" } else { "excluded" };
        clock.exclude(status, Some(reason));
        clock.write(&mut ended);
    }
    ended
}

/// The Task that this one was redirected from, if it says so.
pub(crate) fn redirect_from(task: &Resource) -> Option<&str> {
    let input = items(task, "input").iter().find(|input| {
        input.get("type").is_some_and(|kind| code_in(kind, "ic-task-input") == Some("redirect-from"))
    })?;
    reference(input.get("valueReference"))
}

/// Whether a first look at the Task is still to come.
pub(crate) fn waits(task: &Resource) -> bool {
    matches!(task.text("status"), Some("draft" | "requested" | "received"))
}

/// Whether a team has said yes to it, and has not withdrawn.
pub(crate) fn is_accepted(status: &str) -> bool {
    matches!(status, "accepted" | "ready" | "in-progress" | "completed")
}

/// A copy that was modified now.
pub(crate) fn touched(task: &Resource, now: Instant) -> Resource {
    let mut task = task.clone();
    put(&mut task, "lastModified", Some(json!(now.to_string())));
    task
}

pub(crate) fn blank() -> Resource {
    Resource::new(json!({"resourceType": "Task"})).unwrap_or_else(|_| unreachable!("Task is a resource type"))
}
