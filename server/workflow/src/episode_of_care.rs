//! The period under one service line: allowed moves, the history of statuses, and what a Task's moves do to the episode,
//! <https://hl7.org/fhir/R4/episodeofcare.html>.
//!
//! `statusHistory` is the server's alone. As in HL7's own example, its last entry is the present status and has no end. The link
//! `ic-task` to the Task is kept when an update leaves it out.
//! An episode longer than six weeks is not refused; the timer flags it.

use fhir::{Error, Instant, Issue, IssueType, Resource, Value};
use serde_json::json;

use crate::element::{
    code_in, codings, concept, is_ours, items, put, reference, reference_to, same_reference,
};
use crate::moves::Machine;
use crate::{Outcome, Related, extension, rule};

/// The moves of an episode. R4 spells `onhold` here without a hyphen.
pub const MACHINE: Machine = Machine {
    resource_type: "EpisodeOfCare",
    first: &["planned", "waitlist", "active"],
    moves: &[
        ("planned", &["waitlist", "active", "cancelled", "entered-in-error"]),
        ("waitlist", &["active", "cancelled", "entered-in-error"]),
        ("active", &["onhold", "finished", "entered-in-error"]),
        ("onhold", &["active", "finished", "entered-in-error"]),
        ("finished", &["entered-in-error"]),
        ("cancelled", &["entered-in-error"]),
        ("entered-in-error", &[]),
    ],
    instead: "Begin a new EpisodeOfCare instead.",
};

/// Whether the rules of intermediate care apply: its type is a service line.
#[must_use]
pub fn applies_to(episode: &Resource) -> bool {
    items(episode, "type").iter().any(|concept| code_in(concept, "ic-service-line").is_some())
}

/// The text of the reference to the first referral that led to it, if the rules of intermediate care apply.
pub(crate) fn referral(episode: &Resource) -> Option<String> {
    let first = reference(items(episode, "referralRequest").first())?;
    applies_to(episode).then(|| first.to_owned())
}

pub(crate) fn create(mut episode: Resource, related: &Related, now: Instant) -> Result<Outcome, Error> {
    if !applies_to(&episode) {
        return Ok(Outcome::unchanged(episode));
    }
    MACHINE.check_first(&episode)?;
    check_period(&episode, related)?;
    check_twice(&episode, related)?;
    let history = entry(episode.text("status").unwrap_or_default(), now);
    put(&mut episode, "statusHistory", Some(json!([history])));
    extension::put(&mut episode, "ic-reminder", None);
    Ok(Outcome::unchanged(episode))
}

pub(crate) fn update(
    previous: &Resource,
    mut episode: Resource,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    if !applies_to(previous) && !applies_to(&episode) {
        return Ok(Outcome::unchanged(episode));
    }
    let mut warnings = Vec::new();
    let sent = episode.get("statusHistory");
    if sent.is_some() && sent != previous.get("statusHistory") {
        let sentence = "statusHistory is kept by the server: what was sent for it was not stored.";
        let issue = Issue::warning(IssueType::BusinessRule, sentence).by_rule(rule::CLOCK_READ_ONLY);
        warnings.push(issue.at("EpisodeOfCare.statusHistory"));
    }
    put(&mut episode, "statusHistory", previous.get("statusHistory").cloned());
    if extension::find(&episode, "ic-task").is_none() {
        extension::put(&mut episode, "ic-task", extension::find(previous, "ic-task").cloned());
    }
    extension::restore_reminders(previous, &mut episode);
    MACHINE.check_move(previous, &episode)?;
    check_period(&episode, related)?;
    let (from, to) =
        (previous.text("status").unwrap_or_default(), episode.text("status").unwrap_or_default());
    if from != to {
        if to == "active" {
            check_twice(&episode, related)?;
        }
        let history = history(previous, to, now);
        put(&mut episode, "statusHistory", Some(history));
    }
    Ok(Outcome { resource: episode, effects: Vec::new(), warnings })
}

fn check_period(episode: &Resource, related: &Related) -> Result<(), Error> {
    let status = episode.text("status").unwrap_or_default();
    let bound = |name: &str| {
        let text = episode.get("period")?.get(name)?.as_str()?;
        related.settings.interval(text)
    };
    let mut issues = Vec::new();
    let mut refuse = |code, expression: &str, diagnostics: String| {
        issues.push(Issue::error(code, diagnostics).by_rule(rule::EPISODE_END).at(expression));
    };
    let start = bound("start");
    if matches!(status, "active" | "onhold" | "finished") && start.is_none() {
        refuse(
            IssueType::Required,
            "EpisodeOfCare.period.start",
            format!(
                "An episode that is '{status}' has begun: send period.start, the time of the first contact."
            ),
        );
    }
    if status == "finished" {
        if extension::find(episode, "ic-outcome").is_none() {
            refuse(
                IssueType::Required,
                "EpisodeOfCare.extension",
                "A finished episode says how it ended: send the extension ic-outcome with a code of ic-episode-outcome."
                    .to_owned(),
            );
        }
        if bound("end").is_none() {
            refuse(
                IssueType::Required,
                "EpisodeOfCare.period.end",
                "A finished episode has an end: send period.end.".to_owned(),
            );
        }
    }
    if let (Some(start), Some(end)) = (start, bound("end"))
        && end.high <= start.low
    {
        refuse(
            IssueType::Invariant,
            "EpisodeOfCare.period",
            "The episode ends before it starts: correct period.start or period.end.".to_owned(),
        );
    }
    rule::unless_refused(issues)
}

/// Refuses a second open episode of one provider for the same line and referral.
fn check_twice(episode: &Resource, related: &Related) -> Result<(), Error> {
    let organization = reference(episode.get("managingOrganization"));
    let line = |episode: &Resource| {
        items(episode, "type")
            .iter()
            .find_map(|concept| code_in(concept, "ic-service-line"))
            .map(str::to_owned)
    };
    let twin = related.episodes.iter().find(|other| {
        other.id() != episode.id()
            && is_open(other)
            && line(other) == line(episode)
            && matches!((reference(other.get("managingOrganization")), organization), (Some(a), Some(b)) if same_reference(a, b))
    });
    match twin.and_then(Resource::address) {
        Some(address) => Err(rule::forbidden(
            rule::EPISODE_TWICE,
            "EpisodeOfCare",
            format!(
                "{address} is already the open episode of this provider for this referral. Update it instead."
            ),
        )),
        None => Ok(()),
    }
}

/// Whether the episode has not ended.
pub(crate) fn is_open(episode: &Resource) -> bool {
    MACHINE.is_open(episode.text("status").unwrap_or_default())
}

/// The text of the reference to the Task whose episode it is.
pub(crate) fn task(episode: &Resource) -> Option<String> {
    reference(extension::find(episode, "ic-task").and_then(extension::value)).map(str::to_owned)
}

/// The planned episode of a team that has accepted a referral.
pub(crate) fn planned(task: &Resource, referral: &Resource, related: &Related, now: Instant) -> Resource {
    let mut episode = Resource::new(json!({"resourceType": "EpisodeOfCare"}))
        .unwrap_or_else(|_| unreachable!("EpisodeOfCare is a resource type"));
    put(&mut episode, "identifier", referral.get("requisition").map(|journey| json!([journey])));
    put(&mut episode, "status", Some(json!("planned")));
    put(&mut episode, "statusHistory", Some(json!([entry("planned", now)])));
    put(&mut episode, "type", referral.get("code").map(|code| json!([service_line(code)])));
    put(&mut episode, "patient", referral.get("subject").or(task.get("for")).cloned());
    put(&mut episode, "managingOrganization", organization(task, related));
    put(&mut episode, "referralRequest", task.get("focus").map(|focus| json!([focus])));
    if let Some(address) = task.address() {
        let link = extension::simple("ic-task", "valueReference", reference_to(&address));
        extension::put(&mut episode, "ic-task", Some(link));
    }
    if let Some(route) = entry_route(referral) {
        extension::put(
            &mut episode,
            "ic-entry-route",
            Some(extension::simple("ic-entry-route", "valueCode", json!(route))),
        );
    }
    extension::put(&mut episode, "ic-place-of-care", extension::find(referral, "ic-place-of-care").cloned());
    episode
}

/// The episode of a Task among those of its referral: by the link that the server sets, else by the provider, else the only one.
pub(crate) fn of_task<'a>(task: &Resource, related: &'a Related) -> Option<&'a Resource> {
    let open: Vec<&Resource> = related.episodes.iter().filter(|episode| is_open(episode)).collect();
    let address = task.address();
    let by_link = open.iter().find(|episode| {
        matches!((self::task(episode), &address), (Some(link), Some(address)) if same_reference(&link, address))
    });
    if let Some(episode) = by_link {
        return Some(episode);
    }
    let unlinked: Vec<&Resource> = open.into_iter().filter(|episode| self::task(episode).is_none()).collect();
    let provider = organization(task, related);
    let by_provider = unlinked.iter().find(|episode| {
        let theirs = reference(episode.get("managingOrganization"));
        matches!((theirs, reference(provider.as_ref())), (Some(a), Some(b)) if same_reference(a, b))
    });
    match (by_provider, unlinked.as_slice()) {
        (Some(episode), _) => Some(episode),
        (None, [only]) if provider.is_none() => Some(only),
        _ => None,
    }
}

/// The episode begun, or its start corrected, at the first contact.
pub(crate) fn begun(episode: &Resource, contact: &str, now: Instant) -> Resource {
    let mut begun = moved(episode, "active", now);
    let period = period_with(&begun, "start", contact);
    put(&mut begun, "period", Some(period));
    begun
}

/// The episode after its Task has ended: what had begun is finished with this outcome, what had not is cancelled. An end before
/// the start, which a sender's clock ahead of ours makes possible, is put at the start.
pub(crate) fn ended(
    episode: &Resource,
    outcome: Option<Value>,
    end: &str,
    related: &Related,
    now: Instant,
) -> Resource {
    if !matches!(episode.text("status"), Some("active" | "onhold")) {
        return moved(episode, "cancelled", now);
    }
    let mut ended = moved(episode, "finished", now);
    let start = ended.get("period").and_then(|period| period.get("start")).and_then(Value::as_str);
    let interval = |text: &str| related.settings.interval(text);
    let end = match (start, start.and_then(interval), interval(end)) {
        (Some(start), Some(begun), Some(over)) if over.high <= begun.low => start,
        _ => end,
    };
    let period = period_with(&ended, "end", end);
    put(&mut ended, "period", Some(period));
    if let Some(outcome) = outcome {
        let outcome = extension::simple("ic-outcome", "valueCodeableConcept", outcome);
        extension::put(&mut ended, "ic-outcome", Some(outcome));
    }
    ended
}

/// The episode with another status, and that written into its history.
pub(crate) fn moved(episode: &Resource, status: &str, now: Instant) -> Resource {
    let mut moved = episode.clone();
    if episode.text("status") != Some(status) {
        put(&mut moved, "statusHistory", Some(history(episode, status, now)));
        put(&mut moved, "status", Some(json!(status)));
    }
    moved
}

/// The outcome that a reason for ending stands for. Where the outcomes have no word for it, they say so, and the reason stands
/// beside that in the same concept: whoever counts outcomes reads one code system, and nothing is lost.
pub(crate) fn outcome_of(reason: Option<&Value>) -> Option<Value> {
    let reason = reason?;
    let code = match code_in(reason, "ic-status-reason") {
        Some("patient-died") => "died",
        Some("patient-readmitted") => "hospital-readmission",
        Some("patient-declined") => "declined",
        Some("redirected") => "transferred-service",
        Some("sent-in-error") => "entered-in-error",
        _ => return Some(with_reason(concept("ic-episode-outcome", "ended-other-reason"), reason)),
    };
    Some(concept("ic-episode-outcome", code))
}

/// The outcome with the codings and the text of a reason after its own.
fn with_reason(mut outcome: Value, reason: &Value) -> Value {
    if let Some(Value::Array(list)) = outcome.get_mut("coding") {
        list.extend(codings(reason).cloned());
    }
    if let (Some(members), Some(text)) = (outcome.as_object_mut(), reason.get("text")) {
        members.insert("text".to_owned(), text.clone());
    }
    outcome
}

fn history(previous: &Resource, status: &str, now: Instant) -> Value {
    let mut history = items(previous, "statusHistory").to_vec();
    let from = previous.text("status").unwrap_or_default();
    if history.last().and_then(|last| last.get("status")).and_then(Value::as_str) != Some(from) {
        // An episode from before these rules: all that is known is since when this version is there.
        let since = previous.get("meta").and_then(|meta| meta.get("lastUpdated")).and_then(Value::as_str);
        history.push(
            json!({"status": from, "period": since.map_or(json!({}), |since| json!({"start": since}))}),
        );
    }
    if let Some(last) = history.last_mut() {
        if !last.get("period").is_some_and(Value::is_object) {
            last["period"] = json!({});
        }
        last["period"]["end"] = json!(now.to_string());
    }
    history.push(entry(status, now));
    Value::Array(history)
}

fn period_with(episode: &Resource, bound: &str, time: &str) -> Value {
    let mut period = episode.get("period").and_then(Value::as_object).cloned().unwrap_or_default();
    period.insert(bound.to_owned(), json!(time));
    Value::Object(period)
}

fn entry(status: &str, now: Instant) -> Value {
    json!({"status": status, "period": {"start": now.to_string()}})
}

/// The Organization that answers for a Task: its owner, or the one that the caller found behind it.
fn organization(task: &Resource, related: &Related) -> Option<Value> {
    let owner = task.get("owner");
    if reference(owner).is_some_and(|text| crate::element::is_reference_to(text, "Organization")) {
        return owner.cloned();
    }
    related.owner_organization.as_deref().map(reference_to)
}

/// Only the coding of the service line, so that an episode has one type; the whole concept where there is none.
fn service_line(code: &Value) -> Value {
    let line = codings(code).find(|coding| {
        coding
            .get("system")
            .and_then(Value::as_str)
            .is_some_and(|system| is_ours(system, "CodeSystem", "ic-service-line"))
    });
    line.map_or_else(|| code.clone(), |coding| json!({"coding": [coding]}))
}

fn entry_route(referral: &Resource) -> Option<&str> {
    if let Some(route) = extension::text(referral, "ic-entry-route") {
        return Some(route);
    }
    let categories =
        items(referral, "category").iter().filter_map(|concept| code_in(concept, "ic-referral-category"));
    categories.into_iter().find(|category| matches!(*category, "step-up" | "step-down"))
}
