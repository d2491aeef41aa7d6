//! What a move of a Task does to others: the Task that the hub gets back, the episode, and the referral,
//! <https://hl7.org/fhir/R4/task.html>.

use fhir::{Instant, Issue, IssueType, Resource, ResourceType};
use serde_json::json;

use crate::element::{concept, put, reference, same_reference};
use crate::service_request::{self, Kind};
use crate::task_output::{Contact, contact_text, outcome};
use crate::{Effect, Related, episode_of_care, extension, fulfilment, handover, rule};

/// The Task that the hub gets when a team says no, unless another Task of the referral is open or the hub itself said it.
pub(super) fn redirect(
    previous: &Resource,
    task: &Resource,
    related: &Related,
    now: Instant,
) -> Option<Resource> {
    if task.text("status") != Some("rejected") || previous.text("status") == Some("rejected") {
        return None;
    }
    let (referral, hub) = (related.referral.as_ref()?, related.hub.as_deref()?);
    let by_hub = reference(task.get("owner")).is_some_and(|owner| same_reference(owner, hub));
    if by_hub || others(task, related).any(fulfilment::is_open) || referral.text("status") != Some("active") {
        return None;
    }
    fulfilment::redirected(task, referral, hub, related, now)
}

/// The hub's Tasks that a new Task, redirected from the same one, takes the place of.
pub(super) fn superseded<'a>(
    task: &'a Resource,
    from: &'a str,
    related: &'a Related,
    now: Instant,
) -> impl Iterator<Item = Effect> + 'a {
    let reason = concept("ic-status-reason", "redirected");
    others(task, related)
        .filter(move |task| {
            fulfilment::waits(task)
                && fulfilment::redirect_from(task).is_some_and(|there| same_reference(there, from))
                && reference(task.get("owner"))
                    .zip(related.hub.as_deref())
                    .is_some_and(|(a, b)| same_reference(a, b))
        })
        .map(move |task| Effect::Update(fulfilment::ended(task, "cancelled", &reason, related, now)))
}

fn others<'a>(task: &'a Resource, related: &'a Related) -> impl Iterator<Item = &'a Resource> {
    related.tasks.iter().filter(|other| other.id() != task.id())
}

/// What the move does to the episode of the Task: it is planned, begun, paused or ended.
pub(super) fn episode_effect(
    previous: &Resource,
    task: &Resource,
    contact: Option<&Contact>,
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Option<Effect> {
    let (from, to) = (previous.text("status").unwrap_or_default(), task.text("status").unwrap_or_default());
    let corrected = to == "in-progress" && contact_text(previous) != contact_text(task);
    if from == to && !corrected {
        return None;
    }
    let referral = related.referral.as_ref().filter(|r| service_request::kind(r) == Some(Kind::Referral));
    let existing = episode_of_care::of_task(task, related);
    let begins = to == "in-progress" && from != "on-hold";
    if begins && existing.is_none_or(|episode| extension::find(episode, "ic-bed").is_none()) {
        warnings.extend(referral.and_then(missing_bed));
    }
    let mut planned = || {
        let episode = episode_of_care::planned(task, referral?, related, now);
        if episode.get("managingOrganization").is_none() {
            let sentence = "The organization behind the Task's owner is not known, so the episode has no managingOrganization.";
            warnings.push(Issue::warning(IssueType::BusinessRule, sentence).at("Task.owner"));
        }
        Some(episode)
    };
    match (to, existing) {
        // Who takes over a person who is in care begins at once.
        ("accepted", None) if handover::offered(task, related).is_some() => {
            Some(Effect::Create(episode_of_care::begun(&planned()?, &now.to_string(), now)))
        }
        ("accepted", None) => planned().map(Effect::Create),
        ("in-progress", None) => {
            Some(Effect::Create(episode_of_care::begun(&planned()?, &contact?.text, now)))
        }
        ("in-progress", Some(episode)) => {
            // Going on after a pause leaves the start alone, unless the contact itself was corrected.
            if episode.text("status") == Some("onhold") && !corrected {
                return Some(Effect::Update(episode_of_care::moved(episode, "active", now)));
            }
            // Taken over, it began before the new team's own first contact.
            if episode.text("status") == Some("active") && fulfilment::redirect_from(task).is_some() {
                return None;
            }
            Some(Effect::Update(episode_of_care::begun(episode, &contact?.text, now)))
        }
        ("on-hold", Some(episode)) if episode.text("status") == Some("active") => {
            Some(Effect::Update(episode_of_care::moved(episode, "onhold", now)))
        }
        ("entered-in-error", Some(episode)) => {
            Some(Effect::Update(episode_of_care::moved(episode, "entered-in-error", now)))
        }
        ("completed" | "failed" | "cancelled", Some(episode)) => {
            let outcome =
                outcome(task).cloned().or_else(|| episode_of_care::outcome_of(task.get("statusReason")));
            Some(Effect::Update(episode_of_care::ended(
                episode,
                outcome,
                &end(task, episode, related, now),
                related,
                now,
            )))
        }
        _ => None,
    }
}

/// That an episode in a bed begins, and nobody has said in which: the Task has no place for it.
fn missing_bed(referral: &Resource) -> Option<Issue> {
    let sentence = "The episode of bed-based care begins, and it does not say in which bed. Update the EpisodeOfCare of this Task with the \
                    extension ic-bed, a reference to the Location.";
    (service_request::service_line(referral) == Some("bed-based-intermediate-care")).then(|| {
        Issue::warning(IssueType::BusinessRule, sentence).by_rule(rule::EPISODE_BED).at("Task.focus")
    })
}

/// When the work ended: as the Task says, if that is possible, else now.
fn end(task: &Resource, episode: &Resource, related: &Related, now: Instant) -> String {
    let bound = |of: &Resource, element: &str, bound: &str| {
        let text = of.get(element)?.get(bound)?.as_str()?.to_owned();
        let interval = related.settings.interval(&text)?;
        Some((text, interval))
    };
    let start = bound(episode, "period", "start").map_or(i64::MIN, |(_, start)| start.low);
    match bound(task, "executionPeriod", "end") {
        Some((text, end)) if end.high > start && end.low <= now.microseconds() => text,
        _ => now.to_string(),
    }
}

/// The referral completed, when with this Task all of its Tasks have ended and one is completed.
pub(super) fn completed_referral(task: &Resource, effects: &[Effect], related: &Related) -> Option<Effect> {
    let referral = related.referral.as_ref()?;
    let creates_task = effects
        .iter()
        .any(|e| matches!(e, Effect::Create(created) if created.resource_type() == ResourceType::TASK));
    let all_ended =
        !fulfilment::is_open(task) && !others(task, related).any(fulfilment::is_open) && !creates_task;
    let completed =
        || [task].into_iter().chain(others(task, related)).any(|t| t.text("status") == Some("completed"));
    let waits =
        service_request::kind(referral) == Some(Kind::Referral) && referral.text("status") == Some("active");
    (waits && all_ended && completed()).then(|| {
        let mut referral = referral.clone();
        put(&mut referral, "status", Some(json!("completed")));
        Effect::Update(referral)
    })
}
