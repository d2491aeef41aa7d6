//! What ends when a person has died: nobody visits, calls or waits any more, <https://hl7.org/fhir/R4/patient.html#Patient.deceased_x_>.
//!
//! It all happens in the transaction that records the death. A death that is taken back reopens nothing: what goes on is for people to
//! decide. A visit that is under way is left to its team.

use fhir::{Instant, Resource, ResourceType, Value};
use serde_json::json;

use crate::element::{concept, items, put, reference, same_reference};
use crate::patient::has_died;
use crate::service_request::{Kind, kind, put_status_reason};
use crate::task_output::{add_outcome, has_contact, has_outcome};
use crate::{
    Effect, Needs, Outcome, Related, care_plan, discharge_plan, episode_of_care, fulfilment, outcome_check,
};

/// What is open at a death.
const OPEN: &[ResourceType] = &[
    ResourceType::SERVICE_REQUEST,
    ResourceType::TASK,
    ResourceType::EPISODE_OF_CARE,
    ResourceType::CARE_PLAN,
];

pub(crate) fn needs(patient: &Resource, previous: Option<&Resource>) -> Needs {
    let open_of = previous
        .filter(|previous| !has_died(previous) && has_died(patient))
        .and_then(Resource::address)
        .map(|address| (address, OPEN));
    Needs { open_of, ..Needs::default() }
}

/// The Patient as sent, and the end of everything that was open.
pub(crate) fn update(previous: &Resource, patient: Resource, related: &Related, now: Instant) -> Outcome {
    if has_died(previous) || !has_died(&patient) {
        return Outcome::unchanged(patient);
    }
    let reason = concept("ic-status-reason", "patient-died");
    let died = patient.text("deceasedDateTime").map_or_else(|| now.to_string(), str::to_owned);
    let mut effects = Vec::new();
    for task in &related.tasks {
        effects.extend(task_ended(task, &reason, &died, related, now));
    }
    let outcome = concept("ic-episode-outcome", "died");
    for episode in related.episodes.iter().filter(|episode| episode_of_care::applies_to(episode)) {
        effects.push(episode_of_care::ended(episode, Some(outcome.clone()), &died, related, now));
    }
    for request in &related.requests {
        effects.extend(request_ended(request, &reason, related, now));
    }
    for plan in related.care_plans.iter().filter(|plan| care_plan::applies_to(plan)) {
        let mut plan = plan.clone();
        put(&mut plan, "status", Some(json!("revoked")));
        effects.push(plan);
    }
    Outcome {
        resource: patient,
        effects: effects.into_iter().map(Effect::Update).collect(),
        warnings: Vec::new(),
    }
}

/// The Task as the death leaves it: work that had begun is completed, with that outcome; what had not is cancelled.
fn task_ended(
    task: &Resource,
    reason: &Value,
    died: &str,
    related: &Related,
    now: Instant,
) -> Option<Resource> {
    if outcome_check::is_check(task) {
        return Some(outcome_check::closed_by_death(task, died, now));
    }
    if !fulfilment::is_fulfilment(task) {
        // A visit that is under way is in somebody's hands.
        let is_activity = !items(task, "partOf").is_empty() && task.text("status") != Some("in-progress");
        return is_activity.then(|| fulfilment::ended(task, "cancelled", reason, related, now));
    }
    if !has_contact(task) {
        return Some(fulfilment::ended(task, "cancelled", reason, related, now));
    }
    let mut ended = fulfilment::ended(task, "completed", reason, related, now);
    if !has_outcome(&ended) {
        add_outcome(&mut ended, concept("ic-episode-outcome", "died"));
    }
    Some(ended)
}

/// The request as the death leaves it: completed when a team had begun, else revoked. A discharge plan is cancelled.
fn request_ended(request: &Resource, reason: &Value, related: &Related, now: Instant) -> Option<Resource> {
    let kind = kind(request)?;
    let address = request.address()?;
    let begun = related.tasks.iter().any(|task| {
        reference(task.get("focus")).is_some_and(|focus| same_reference(focus, &address)) && has_contact(task)
    });
    let mut ended = request.clone();
    let status = if begun && kind == Kind::Referral { "completed" } else { "revoked" };
    put(&mut ended, "status", Some(json!(status)));
    if status == "revoked" {
        put_status_reason(&mut ended, reason.clone());
    }
    if kind == Kind::DischargePlan {
        discharge_plan::derive(&mut ended, related, now);
    }
    Some(ended)
}
