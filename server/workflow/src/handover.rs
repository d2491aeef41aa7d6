//! Handing a Task from one team to another: `$redirect` before anybody is in contact with the person, `$transfer` afterwards,
//! <https://hl7.org/fhir/R4/task.html>.
//!
//! A redirect ends the Task and asks the other team, with the same clock. A transfer asks the other team and leaves everything as it is
//! until that accepts: the person is never without a team.

use fhir::{Cause, Error, Id, Instant, Issue, IssueType, Resource, Value};
use serde_json::json;

use crate::clock::{Clock, RESPONSE};
use crate::element::{code_in, concept, extension_url, fill, put, reference, reference_to, same_reference};
use crate::task_output::{add_outcome, has_contact};
use crate::{Effect, Needs, Outcome, Related, episode_of_care, extension, fulfilment, rule};

/// How many times the work on one referral may be offered by transfer at a time.
const MOST_OPEN: usize = 3;

/// To whom work is handed, and why.
#[derive(Clone, Debug)]
pub struct HandOver {
    /// The text of the reference to the team that is asked.
    pub to: String,
    /// A CodeableConcept.
    pub reason: Option<Value>,
}

/// What [`redirect`] and [`transfer`] must see.
#[must_use]
pub fn needs(task: &Resource) -> Needs {
    let focus = fulfilment::focus(task).map(str::to_owned);
    Needs { focus: focus.clone(), tasks_of: focus.clone(), episodes_of: focus, ..Needs::default() }
}

/// The Task as a redirect leaves it; the Task of the other team, under this id, is among the effects.
///
/// # Errors
/// 409 for a Task that is in contact or has ended, 422 for what is no fulfilment Task or goes where it is.
pub fn redirect(
    task: &Resource,
    over: &HandOver,
    id: &Id,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    let (referral, from) = check(task, over, related)?;
    let status = task.text("status").unwrap_or_default();
    let is_hub = related.hub.as_deref().is_some_and(|hub| same_reference(hub, &from));
    let end = match status {
        "requested" | "received" if is_hub => "cancelled",
        "requested" | "received" => "rejected",
        "accepted" | "ready" if !has_contact(task) => "failed",
        _ => {
            let sentence = format!(
                "A Task that is '{status}' cannot be redirected: only one that is requested, received, accepted or ready. Use $transfer for \
                 a person who is in care, and a new ServiceRequest with 'replaces' for what has ended."
            );
            return Err(rule::forbidden(rule::STATE_MOVE, "Task.status", sentence));
        }
    };
    let reason = over.reason.clone().unwrap_or_else(|| concept("ic-status-reason", "redirected"));
    let mut old = fulfilment::ended(task, end, &reason, related, now);
    let mut new = asked(task, over, id, &reason, now);
    if let Some(clock) = Clock::of(task, &related.settings) {
        Clock::started(&clock.kind, clock.start, clock.due).write(&mut new);
    }
    complete(&mut new, task, referral, related, now);
    note(&mut old, &from, over, &reason, now);
    let mut effects = vec![Effect::Create(new)];
    if let Some(episode) = episode_of_care::of_task(task, related) {
        let outcome = episode_of_care::outcome_of(Some(&reason));
        effects.push(Effect::Update(episode_of_care::ended(
            episode,
            outcome,
            &now.to_string(),
            related,
            now,
        )));
    }
    Ok(Outcome { resource: old, effects, warnings: Vec::new() })
}

/// The Task as the offer of a transfer leaves it; the Task of the other team, under this id, is among the effects.
///
/// # Errors
/// 409 for a Task that is not in contact or is being transferred already, 422 for what is no fulfilment Task or goes where it is.
pub fn transfer(
    task: &Resource,
    over: &HandOver,
    id: &Id,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    let (referral, from) = check(task, over, related)?;
    let status = task.text("status").unwrap_or_default();
    if !matches!(status, "in-progress" | "on-hold") || !has_contact(task) {
        let sentence = format!(
            "A Task that is '{status}' cannot be transferred: only one that is in progress or on hold, with a first contact. Use $redirect before \
             that."
        );
        return Err(rule::forbidden(rule::STATE_MOVE, "Task.status", sentence));
    }
    let open = related
        .tasks
        .iter()
        .filter(|other| fulfilment::waits(other) && fulfilment::redirect_from(other).is_some());
    let open: Vec<String> = open.filter_map(Resource::address).collect();
    if is_offered(task) || open.len() >= MOST_OPEN {
        let sentence = format!(
            "This work is being handed over already: {} waits for an answer. Cancel that, or wait for it; then transfer again.",
            open.join(", ")
        );
        return Err(rule::forbidden(rule::STATE_MOVE, "Task.businessStatus", sentence));
    }
    let reason = over.reason.clone().unwrap_or_else(|| concept("ic-status-reason", "redirected"));
    let mut old = fulfilment::touched(task, now);
    put(&mut old, "businessStatus", Some(concept("ic-task-business-status", "handing-over")));
    note(&mut old, &from, over, &reason, now);
    let mut new = asked(task, over, id, &reason, now);
    // The person was seen within the time of the first clock; this one is for the answer of the other team.
    Clock::started(RESPONSE, now, related.settings.due(now, referral.text("priority"))).write(&mut new);
    complete(&mut new, task, referral, related, now);
    Ok(Outcome { resource: old, effects: vec![Effect::Create(new)], warnings: Vec::new() })
}

/// What the answer to a transfer does to the Task that was offered, and to its episode.
pub(crate) fn answered(previous: &Resource, task: &Resource, related: &Related, now: Instant) -> Vec<Effect> {
    let Some(offered) = offered(task, related) else { return Vec::new() };
    let (from, to) = (previous.text("status").unwrap_or_default(), task.text("status").unwrap_or_default());
    let mut old = fulfilment::touched(offered, now);
    match to {
        "accepted" | "ready" | "in-progress" if matches!(from, "requested" | "received") => {
            let outcome = concept("ic-episode-outcome", "transferred-service");
            put(&mut old, "status", Some(json!("completed")));
            put(&mut old, "businessStatus", None);
            add_outcome(&mut old, outcome.clone());
            let episode = episode_of_care::of_task(offered, related).map(|episode| {
                Effect::Update(episode_of_care::ended(episode, Some(outcome), &now.to_string(), related, now))
            });
            [Effect::Update(old)].into_iter().chain(episode).collect()
        }
        "rejected" | "cancelled" | "failed" | "entered-in-error" if from != to => {
            put(&mut old, "businessStatus", Some(concept("ic-task-business-status", "in-contact")));
            vec![Effect::Update(old)]
        }
        _ => Vec::new(),
    }
}

/// The Task that this one takes over by a transfer, while that is offered.
pub(crate) fn offered<'a>(task: &Resource, related: &'a Related) -> Option<&'a Resource> {
    let from = fulfilment::redirect_from(task)?;
    let is_it = |other: &&Resource| other.address().is_some_and(|address| same_reference(&address, from));
    related.tasks.iter().find(is_it).filter(|other| is_offered(other) && fulfilment::is_open(other))
}

fn is_offered(task: &Resource) -> bool {
    task.get("businessStatus").and_then(|status| code_in(status, "ic-task-business-status"))
        == Some("handing-over")
}

/// The referral, and the text of the reference to the present owner.
fn check<'a>(
    task: &Resource,
    over: &HandOver,
    related: &'a Related,
) -> Result<(&'a Resource, String), Error> {
    let refuse = |sentence: &str, at: &str| {
        let issue = Issue::error(IssueType::BusinessRule, sentence).by_rule(rule::REFERRAL_TASK);
        Err(Error::with_issue(Cause::Unprocessable, issue.at(at)))
    };
    let referral = related.referral.as_ref().filter(|_| fulfilment::is_fulfilment(task));
    let Some(referral) = referral.filter(|referral| crate::service_request::kind(referral).is_some()) else {
        return refuse(
            "Only the Task of a team for a referral of intermediate care is handed over.",
            "Task.focus",
        );
    };
    if referral.text("status") != Some("active") {
        return refuse(
            "The referral of this Task is not active, so that no other team can be asked for it.",
            "Task.focus",
        );
    }
    let owner = reference(task.get("owner")).unwrap_or_default();
    if same_reference(owner, &over.to) {
        return refuse("The Task has this owner already. Name another team in 'to'.", "Task.owner");
    }
    Ok((referral, owner.to_owned()))
}

/// A Task for the team that is asked.
fn asked(task: &Resource, over: &HandOver, id: &Id, reason: &Value, now: Instant) -> Resource {
    let mut new = fulfilment::blank();
    put(&mut new, "id", Some(json!(id.as_str())));
    put(&mut new, "status", Some(json!("requested")));
    put(&mut new, "intent", Some(json!("order")));
    for element in ["code", "focus", "for", "requester", "groupIdentifier", "basedOn"] {
        fill(&mut new, task.get(element), element);
    }
    put(&mut new, "owner", Some(reference_to(&over.to)));
    if let Some(address) = task.address() {
        let kind = concept("ic-task-input", "redirect-from");
        put(&mut new, "input", Some(json!([{"type": kind, "valueReference": {"reference": address}}])));
    }
    let from = reference(task.get("owner")).unwrap_or_default().to_owned();
    note(&mut new, &from, over, reason, now);
    new
}

fn complete(new: &mut Resource, task: &Resource, referral: &Resource, related: &Related, now: Instant) {
    if let Some(focus) = fulfilment::focus(task) {
        fulfilment::complete(new, referral, focus, related, now);
    }
}

/// Keeps who handed it to whom, and why.
fn note(task: &mut Resource, from: &str, over: &HandOver, reason: &Value, now: Instant) {
    if from.is_empty() {
        return;
    }
    let note = json!({"url": extension_url("ic-redirect"), "extension": [
        {"url": "from", "valueReference": reference_to(from)},
        {"url": "to", "valueReference": reference_to(&over.to)},
        {"url": "reason", "valueCodeableConcept": reason},
        {"url": "at", "valueDateTime": now.to_string()}
    ]});
    extension::add(task, note);
}
