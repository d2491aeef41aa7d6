//! The referral to one team: what it must say, its fulfilment Task, and what its own moves do to Tasks and episodes,
//! <https://hl7.org/fhir/R4/servicerequest.html>.
//!
//! Which elements a referral has is the profile's matter; here are the rules that need the time, the version before or the Tasks.

use fhir::{Cause, Error, Id, Instant, Issue, IssueType, Resource, Value};

use crate::clock::{DAY, Doubtful};
use crate::duplicate::suspected_twin;
use crate::element::{code_in, concept, items, put, reference, same_reference};
use crate::moves::same_but_meta;
use crate::service_request::{
    Kind, MACHINE, begins, check_death, check_journey, check_reason, join_journey, kind, performer,
    service_line, status_reason,
};
use crate::{
    Effect, Outcome, Related, directory, episode_of_care, extension, fulfilment, rule, step_down,
    urgent_response,
};

pub(crate) fn create(
    mut referral: Resource,
    id: &Id,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    MACHINE.check_first(&referral)?;
    let mut warnings = Vec::new();
    rule::unless_refused(check_content(&referral, None, related, now, &mut warnings))?;
    check_suspected(&referral, None, related, now, &mut warnings)?;
    join_journey(&mut referral, None, related);
    let mut effects = Vec::new();
    if referral.text("status") == Some("active") && !related.tasks.iter().any(fulfilment::is_open) {
        effects.push(new_task(&referral, &format!("ServiceRequest/{id}"), related, now, &mut warnings));
    }
    Ok(Outcome { resource: referral, effects, warnings })
}

pub(crate) fn update(
    previous: &Resource,
    mut referral: Resource,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    join_journey(&mut referral, Some(previous), related);
    check_completed_amendment(previous, &referral, related)?;
    MACHINE.check_move(previous, &referral)?;
    let mut warnings = Vec::new();
    if previous.same_content(&referral) {
        return Ok(Outcome::unchanged(referral));
    }
    check_amendment(previous, &referral, related)?;
    let mut issues = check_content(&referral, Some(previous), related, now, &mut warnings);
    issues.extend(check_journey(previous, &referral));
    issues.extend(check_reason(&referral));
    issues.extend(check_completed(previous, &referral, related));
    rule::unless_refused(issues)?;
    check_suspected(&referral, Some(previous), related, now, &mut warnings)?;
    let effects = effects(previous, &referral, related, now, &mut warnings);
    Ok(Outcome { resource: referral, effects, warnings })
}

/// What a team must know of every referral.
const FACTS: [&str; 6] = ["requester", "extension", "code", "priority", "reasonCode", "authoredOn"];

/// The rule that a profile's finding stands for, when it is that one of the facts of a referral is missing.
pub(crate) fn rule_of_missing(request: &Resource, issue: &Issue) -> Option<&'static str> {
    if issue.code != IssueType::Required || kind(request) != Some(Kind::Referral) {
        return None;
    }
    let at = issue.expression.first()?.strip_prefix("ServiceRequest.")?;
    if at.contains("/ic-clock-start") {
        return Some(rule::UCR_CLOCK_START);
    }
    let name = at.split(['.', '[', '(']).next()?;
    FACTS.contains(&name).then_some(rule::REFERRAL_FACTS)
}

/// What a referral must say once it is no draft, and before it has ended.
fn check_content(
    referral: &Resource,
    previous: Option<&Resource>,
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Vec<Issue> {
    let mut issues = Vec::new();
    if !matches!(referral.text("status"), Some("active" | "on-hold")) {
        return issues;
    }
    issues.extend(check_death(referral, previous, related));
    issues.extend(directory::check(referral, previous, related, warnings));
    issues.extend(step_down::check(referral, previous, related));
    issues.extend(check_authored(referral, previous, related, now, warnings));
    issues.extend(urgent_response::check(referral, previous, related, now, warnings));
    issues
}

/// When a request was written: not in the future, and what is entered late says why.
pub(crate) fn check_authored(
    request: &Resource,
    previous: Option<&Resource>,
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Option<Issue> {
    let settings = &related.settings;
    let authored = request.text("authoredOn")?;
    if previous.and_then(|previous| previous.text("authoredOn")) == Some(authored) {
        return None;
    }
    let written = settings.interval(authored)?;
    let issue = |severity: fn(IssueType, String) -> Issue, sentence: String| {
        severity(IssueType::BusinessRule, sentence)
            .by_rule(rule::REFERRAL_AUTHORED)
            .at("ServiceRequest.authoredOn")
    };
    if written.low > settings.latest(now) {
        let sentence = format!(
            "authoredOn, '{authored}', lies in the future. Send the time at which the request was written."
        );
        return Some(issue(Issue::error, sentence));
    }
    let is_late = written.high < now.microseconds() - 90 * DAY;
    if is_late && extension::find(request, "ic-late-entry-reason").is_none() {
        let sentence = format!(
            "authoredOn, '{authored}', is more than 90 days ago, and the extension ic-late-entry-reason does not say why."
        );
        warnings.push(issue(Issue::warning, sentence));
    }
    None
}

/// Tells of, or refuses (409), a second referral of the person to the same team and line within a day, unless its sender says that it
/// is meant.
fn check_suspected(
    referral: &Resource,
    previous: Option<&Resource>,
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Result<(), Error> {
    let handling = related.settings.suspected_duplicate;
    let is_meant =
        extension::text(referral, "ic-duplicate-override").is_some_and(|why| !why.trim().is_empty());
    if handling == Doubtful::Ignore || is_meant || !begins(referral, previous) {
        return Ok(());
    }
    let Some(twin) = suspected_twin(referral, related, now).and_then(Resource::address) else {
        return Ok(());
    };
    let sentence = format!(
        "{twin} is an active referral of this person to the same team for the same service line, less than 24 hours old. If this one is \
         meant as well, say why in the extension ic-duplicate-override."
    );
    if handling == Doubtful::Refuse {
        let issue = Issue::error(IssueType::Duplicate, sentence).by_rule(rule::DUPLICATE_SUSPECTED);
        return Err(Error::with_issue(Cause::Duplicate, issue.at("ServiceRequest")));
    }
    let issue = Issue::warning(IssueType::Duplicate, sentence).by_rule(rule::DUPLICATE_SUSPECTED);
    warnings.push(issue.at("ServiceRequest"));
    Ok(())
}

/// Refuses (409) to amend what a team has completed already, while another Task of the referral is open or after its end.
fn check_completed_amendment(
    previous: &Resource,
    referral: &Resource,
    related: &Related,
) -> Result<(), Error> {
    let is_completed = previous.text("status") == Some("completed")
        || related
            .tasks
            .iter()
            .any(|task| fulfilment::is_fulfilment(task) && task.text("status") == Some("completed"));
    let is_amended = previous.text("status") == referral.text("status") && !same_but_meta(previous, referral);
    if is_completed && is_amended {
        let sentence = "A team has completed its Task for this referral, so it cannot be amended any more. Make a new ServiceRequest with \
                        'replaces', or an onward referral on the same journey.";
        return Err(rule::forbidden(rule::AMENDMENT_LATE, "ServiceRequest", sentence));
    }
    Ok(())
}

/// Refuses (409) to change what a team has begun to work on.
fn check_amendment(previous: &Resource, referral: &Resource, related: &Related) -> Result<(), Error> {
    if previous.text("status") == Some("draft") || kind(previous).is_none() {
        return Ok(());
    }
    let same = |a: Option<&Value>, b: Option<&Value>| match (reference(a), reference(b)) {
        (Some(a), Some(b)) => same_reference(a, b),
        _ => a == b,
    };
    let refuse = |element: &str, why: &str| {
        let sentence = format!(
            "ServiceRequest.{element} cannot change, because {why}. Revoke this referral and make a new one with 'replaces'."
        );
        Err(rule::forbidden(rule::AMENDMENT, format!("ServiceRequest.{element}"), sentence))
    };
    if !same(previous.get("subject"), referral.get("subject")) {
        return refuse("subject", "the referral is no draft any more and its Tasks are about this person");
    }
    let begun = related
        .tasks
        .iter()
        .any(|task| fulfilment::is_open(task) && !fulfilment::waits(task) && !is_held_early(task));
    if begun && service_line(previous) != service_line(referral) {
        return refuse("code", "a team has accepted its Task for this service line");
    }
    if begun && !same(performer(previous), performer(referral)) {
        return refuse("performer", "a team has accepted its Task");
    }
    Ok(())
}

/// Whether a Task on hold had not been accepted before.
fn is_held_early(task: &Resource) -> bool {
    extension::find(task, "ic-hold")
        .and_then(|hold| extension::part_text(hold, "from"))
        .is_some_and(|from| matches!(from, "requested" | "received"))
}

fn check_completed(previous: &Resource, referral: &Resource, related: &Related) -> Option<Issue> {
    if referral.text("status") != Some("completed") || previous.text("status") == Some("completed") {
        return None;
    }
    let open: Vec<String> =
        related.tasks.iter().filter(|task| fulfilment::is_open(task)).filter_map(Resource::address).collect();
    let sentence = format!(
        "The referral cannot be completed while a Task of it is open: {}. It is completed by itself when all have ended and one is \
         completed.",
        open.join(", ")
    );
    (!open.is_empty()).then(|| {
        Issue::error(IssueType::BusinessRule, sentence).by_rule(rule::STATE_FACT).at("ServiceRequest.status")
    })
}

fn effects(
    previous: &Resource,
    referral: &Resource,
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Vec<Effect> {
    let Some(address) = previous.address() else {
        return Vec::new();
    };
    let from = previous.text("status").unwrap_or_default();
    let to = referral.text("status").unwrap_or_default();
    let open = || related.tasks.iter().filter(|task| fulfilment::is_open(task));
    let episodes = || related.episodes.iter().filter(|episode| episode_of_care::is_open(episode));
    let mut effects = Vec::new();
    match to {
        "active" | "on-hold" if from == to && kind(previous).is_some() => {
            let performer_changed = reference(performer(previous)) != reference(performer(referral));
            effects.extend(
                open().filter_map(|task| amended(task, previous, referral, related, now)).map(Effect::Update),
            );
            if to == "active" && performer_changed && open().next().is_none() {
                effects.push(new_task(referral, &address, related, now, warnings));
            }
        }
        "active" => {
            for task in open() {
                if let Some(resumed) = fulfilment::resumed(task, &address, now) {
                    if resumed.text("status") == Some("in-progress") {
                        let episode = episode_of_care::of_task(task, related);
                        let paused = episode.filter(|episode| episode.text("status") == Some("onhold"));
                        effects
                            .extend(paused.map(|e| Effect::Update(episode_of_care::moved(e, "active", now))));
                    }
                    effects.push(Effect::Update(resumed));
                }
            }
            if open().next().is_none() {
                effects.push(new_task(referral, &address, related, now, warnings));
            }
        }
        "on-hold" => {
            let reason = reason(referral, "other");
            effects.extend(
                open().filter_map(|task| fulfilment::held(task, &address, &reason, now)).map(Effect::Update),
            );
            let running = episodes().filter(|episode| episode.text("status") == Some("active"));
            effects.extend(
                running.map(|episode| Effect::Update(episode_of_care::moved(episode, "onhold", now))),
            );
        }
        "revoked" if from != to => {
            let reason = reason(referral, "other");
            let outcome = episode_of_care::outcome_of(Some(&reason));
            let end = now.to_string();
            effects.extend(
                open()
                    .map(|task| Effect::Update(fulfilment::ended(task, "cancelled", &reason, related, now))),
            );
            effects.extend(episodes().map(|episode| {
                Effect::Update(episode_of_care::ended(episode, outcome.clone(), &end, related, now))
            }));
        }
        "entered-in-error" if from != to => {
            let reason = reason(referral, "sent-in-error");
            effects.extend(open().map(|task| {
                Effect::Update(fulfilment::ended(task, "entered-in-error", &reason, related, now))
            }));
            effects.extend(
                episodes()
                    .map(|episode| Effect::Update(episode_of_care::moved(episode, "entered-in-error", now))),
            );
        }
        _ => {}
    }
    effects
}

/// The Task after an amendment: with the new performer as long as nobody has accepted, and with the new priority.
fn amended(
    task: &Resource,
    previous: &Resource,
    referral: &Resource,
    related: &Related,
    now: Instant,
) -> Option<Resource> {
    let mut amended = None;
    if previous.get("priority") != referral.get("priority") {
        amended = fulfilment::reprioritized(task, referral, related, now);
    }
    let owner = performer(referral);
    if fulfilment::waits(task) && reference(performer(previous)) != reference(owner) && owner.is_some() {
        let mut moved = amended.unwrap_or_else(|| fulfilment::touched(task, now));
        put(&mut moved, "owner", owner.cloned());
        put(&mut moved, "businessStatus", None);
        if task.text("status") == Some("received") {
            put(&mut moved, "status", Some(Value::from("requested")));
        }
        amended = Some(moved);
    }
    amended
}

fn new_task(
    referral: &Resource,
    address: &str,
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Effect {
    let task = fulfilment::requested(referral, address, related, now);
    if task.get("owner").is_none() {
        let sentence = "The referral names no performer, and this server has no care-transfer hub to give it to: its Task has no \
                        owner, and is in nobody's inbox. Update the referral with a performer.";
        let issue = Issue::warning(IssueType::BusinessRule, sentence).by_rule(rule::REFERRAL_OWNER);
        warnings.push(issue.at("ServiceRequest.performer"));
    }
    Effect::Create(task)
}

fn reason(referral: &Resource, otherwise: &str) -> Value {
    status_reason(referral).cloned().unwrap_or_else(|| concept("ic-status-reason", otherwise))
}

pub(crate) fn is_category(referral: &Resource, code: &str) -> bool {
    items(referral, "category").iter().any(|concept| code_in(concept, "ic-referral-category") == Some(code))
}
