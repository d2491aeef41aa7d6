//! Fulfilment by one team: allowed moves, what each needs, and the first contact, <https://hl7.org/fhir/R4/task.html>.
//!
//! Only a Task with code `fulfill` whose focus is a request of intermediate care is looked at. How the server itself makes, holds
//! and ends Tasks is in `fulfilment`, and what a move does to the episode and the referral in `effect`.

mod effect;

use fhir::{Error, Instant, Issue, IssueType, Resource};
use serde_json::json;

use self::effect::{completed_referral, episode_effect, redirect, superseded};
use crate::clock::Clock;
use crate::element::{fill, is_reference_to, items, put, reference, same_reference};
use crate::fulfilment::{self, focus, is_fulfilment};
use crate::moves::Machine;
use crate::service_request;
use crate::task_output::{Contact, contact, contact_mode, contact_text, outcome};
use crate::{Effect, Needs, Outcome, Related, extension, handover, outcome_check, rule};

/// The moves that a client may make. The server also holds, resumes and cancels Tasks with their referral.
pub const MACHINE: Machine = Machine {
    resource_type: "Task",
    first: &["draft", "requested"],
    moves: &[
        ("draft", &["requested", "entered-in-error"]),
        ("requested", &["received", "accepted", "rejected", "cancelled", "entered-in-error"]),
        ("received", &["accepted", "rejected", "cancelled", "entered-in-error"]),
        ("accepted", &["ready", "in-progress", "failed", "cancelled", "entered-in-error"]),
        ("ready", &["in-progress", "failed", "cancelled", "entered-in-error"]),
        ("in-progress", &["on-hold", "completed", "failed", "entered-in-error"]),
        ("on-hold", &["in-progress", "failed", "cancelled", "entered-in-error"]),
        ("rejected", &["entered-in-error"]),
        ("completed", &["entered-in-error"]),
        ("failed", &["entered-in-error"]),
        ("cancelled", &["entered-in-error"]),
        ("entered-in-error", &[]),
    ],
    instead: "Make a new Task with an input 'redirect-from' instead.",
};

/// What a client may not change once the Task is there.
const FIXED: [&str; 6] = ["code", "focus", "for", "requester", "authoredOn", "intent"];

pub(crate) fn needs(task: &Resource, previous: Option<&Resource>) -> Needs {
    let person = |is_needed: bool| reference(task.get("for")).filter(|_| is_needed).map(str::to_owned);
    let is_new = previous.is_none() && (is_fulfilment(task) || fulfilment::is_activity(task));
    let fulfilment = [Some(task), previous].into_iter().flatten().find(|task| is_fulfilment(task));
    let Some(focus) = fulfilment.and_then(focus) else {
        return Needs { patient: person(is_new), ..Needs::default() };
    };
    let owner = reference(task.get("owner")).filter(|text| !is_reference_to(text, "Organization"));
    let moves = previous.is_some_and(|previous| previous.text("status") != task.text("status"));
    let completes = moves && task.text("status") == Some("completed");
    let mut requests = items(task, "basedOn").iter().filter_map(|item| reference(Some(item)));
    let plan = requests
        .find(|text| completes && is_reference_to(text, "ServiceRequest") && !same_reference(text, focus));
    Needs {
        based_on: plan.map(str::to_owned),
        patient: person(is_new || completes),
        focus: Some(focus.to_owned()),
        tasks_of: Some(focus.to_owned()),
        episodes_of: previous.is_some().then(|| focus.to_owned()),
        owner: owner.filter(|_| moves).map(str::to_owned),
        ..Needs::default()
    }
}

pub(crate) fn create(mut task: Resource, related: &Related, now: Instant) -> Result<Outcome, Error> {
    extension::put(&mut task, "ic-reminder", None);
    if !applies_to(&task, related) {
        return Ok(Outcome::unchanged(task));
    }
    MACHINE.check_first(&task)?;
    check_referral(&task, related)?;
    let sent = extension::find(&task, "ic-clock").cloned();
    extension::put(&mut task, "ic-clock", None);
    extension::put(&mut task, "ic-hold", None);
    let mut warnings = Vec::new();
    let mut effects = Vec::new();
    if let (Some(referral), Some(address)) = (&related.referral, focus(&task).map(str::to_owned)) {
        fulfilment::complete(&mut task, referral, &address, related, now);
        if let Some(from) = fulfilment::redirect_from(&task) {
            effects.extend(superseded(&task, from, related, now));
        }
    }
    if sent.is_some() && sent.as_ref() != extension::find(&task, "ic-clock") {
        warnings.push(read_only(Issue::warning));
    }
    Ok(Outcome { resource: task, effects, warnings })
}

pub(crate) fn update(
    previous: &Resource,
    mut task: Resource,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    if !applies_to(previous, related) && !applies_to(&task, related) {
        extension::restore_reminders(previous, &mut task);
        return Ok(Outcome::unchanged(task));
    }
    let sent_clock = extension::find(&task, "ic-clock").cloned();
    restore(previous, &mut task);
    MACHINE.check_move(previous, &task)?;
    let wrong_clock = || sent_clock.is_some() && sent_clock.as_ref() != extension::find(previous, "ic-clock");
    if previous.same_content(&task) && !wrong_clock() {
        return Ok(Outcome::unchanged(task));
    }
    let mut issues = check_fixed(previous, &task);
    issues.extend(check_facts(&task));
    let contact = contact(&task, related);
    let other_contact =
        contact_text(previous) != contact_text(&task) || contact_mode(previous) != contact_mode(&task);
    if other_contact || previous.text("status") != task.text("status") {
        issues.extend(check_contact(previous, &task, contact.as_ref(), related, now));
    }
    put(&mut task, "lastModified", Some(json!(now.to_string())));
    if task.text("status") != Some("on-hold") {
        extension::put(&mut task, "ic-hold", None);
    }
    if let Some(referral) = &related.referral {
        let begins = previous.text("status") == Some("draft") && task.text("status") == Some("requested");
        if let (true, Some(address)) = (begins, focus(&task).map(str::to_owned)) {
            fulfilment::complete(&mut task, referral, &address, related, now);
        }
    }
    let redirect = redirect(previous, &task, related, now);
    set_clock(&mut task, contact.as_ref(), redirect.is_some(), related, now);
    if wrong_clock() && sent_clock.as_ref() != extension::find(&task, "ic-clock") {
        issues.push(read_only(Issue::error));
    }
    rule::unless_refused(issues)?;
    let mut warnings = Vec::new();
    let mut effects: Vec<Effect> = redirect.map(Effect::Create).into_iter().collect();
    effects.extend(episode_effect(previous, &task, contact.as_ref(), related, now, &mut warnings));
    effects.extend(handover::answered(previous, &task, related, now));
    effects.extend(completed_referral(&task, &effects, related));
    if previous.text("status") != task.text("status") && task.text("status") == Some("completed") {
        effects.extend(outcome_check::planned(&task, related, now));
    }
    Ok(Outcome { resource: task, effects, warnings })
}

/// A team's own moves are made by the team: the owner before, or the owner after.
pub(crate) fn movers(previous: &Resource, task: &Resource) -> Option<Vec<String>> {
    let is_teams = matches!(
        task.text("status"),
        Some(
            "received"
                | "accepted"
                | "rejected"
                | "ready"
                | "in-progress"
                | "on-hold"
                | "completed"
                | "failed"
        )
    );
    let is_ours = is_fulfilment(previous) && extension::find(previous, "ic-clock").is_some();
    let owners =
        [previous, task].into_iter().filter_map(|task| reference(task.get("owner"))).map(str::to_owned);
    let owners: Vec<String> = owners.collect();
    (is_teams && is_ours && !owners.is_empty()).then_some(owners)
}

/// Whether it fulfils a request of intermediate care. A request of this server that the caller could not load counts as one, so
/// that the rules cannot be passed by hiding it.
fn applies_to(task: &Resource, related: &Related) -> bool {
    is_fulfilment(task)
        && match &related.referral {
            Some(referral) => service_request::kind(referral).is_some(),
            None => focus(task).is_some_and(|text| !text.contains("://")),
        }
}

/// Refuses a Task about another person than its referral, or for a referral that does not wait for an answer.
fn check_referral(task: &Resource, related: &Related) -> Result<(), Error> {
    let Some(referral) = &related.referral else {
        return Ok(());
    };
    let mut issues = Vec::new();
    if let (Some(person), Some(subject)) = (reference(task.get("for")), reference(referral.get("subject")))
        && !same_reference(person, subject)
    {
        let sentence = "Task.for is another person than the referral's subject. Send the same, or leave it out: it is filled in.";
        issues.push(
            Issue::error(IssueType::BusinessRule, sentence).by_rule(rule::REFERRAL_TASK).at("Task.for"),
        );
    }
    let status = referral.text("status").unwrap_or_default();
    let waits = status == "active" || (status == "draft" && task.text("status") == Some("draft"));
    if !waits {
        let sentence = format!(
            "The referral in Task.focus is '{status}', so that no team can be asked for it. Only an 'active' one can: move the \
             referral first, or make a new one with 'replaces'."
        );
        issues.push(
            Issue::error(IssueType::BusinessRule, sentence).by_rule(rule::REFERRAL_TASK).at("Task.focus"),
        );
    }
    rule::unless_refused(issues)
}

/// Puts back what the server keeps in a Task, where the client left it out.
fn restore(previous: &Resource, task: &mut Resource) {
    for element in ["groupIdentifier", "basedOn", "restriction"] {
        fill(task, previous.get(element), element);
    }
    put(task, "lastModified", previous.get("lastModified").cloned());
    for name in ["ic-clock", "ic-hold"] {
        extension::put(task, name, extension::find(previous, name).cloned());
    }
    extension::restore_reminders(previous, task);
    if extension::find(task, "ic-redirect").is_none() {
        for kept in extension::all_of(previous, "ic-redirect") {
            extension::add(task, kept.clone());
        }
    }
}

fn check_fixed(previous: &Resource, task: &Resource) -> Vec<Issue> {
    let changed = FIXED.iter().filter(|element| {
        let (was, is) = (previous.get(element), task.get(element));
        let same = match (reference(was), reference(is)) {
            (Some(was), Some(is)) => same_reference(was, is),
            _ => was == is,
        };
        was.is_some() && !same
    });
    let issue = |element: &&str| {
        let sentence = format!(
            "Task.{element} cannot change after the Task was made. Send it as it was{}.",
            match reference(previous.get(element)).or(previous.text(element)) {
                Some(text) => format!(", '{text}'"),
                None => String::new(),
            }
        );
        Issue::error(IssueType::BusinessRule, sentence)
            .by_rule(rule::STATE_FIXED)
            .at(format!("Task.{element}"))
    };
    changed.map(issue).collect()
}

/// The facts that a status needs beside it.
fn check_facts(task: &Resource) -> Option<Issue> {
    let status = task.text("status").unwrap_or_default();
    let (missing, sentence, at) = match status {
        "rejected" | "failed" | "cancelled" | "on-hold" => (
            task.get("statusReason").is_none(),
            "says why: send statusReason with a code of ic-status-reason, such as 'capacity' or 'out-of-area'",
            "Task.statusReason",
        ),
        "in-progress" => (
            contact_text(task).is_none(),
            "has had a first contact: send an output of the type ic-task-output#first-contact with valueDateTime",
            "Task.output",
        ),
        "completed" => (
            outcome(task).is_none(),
            "says how it ended: send an output of the type ic-task-output#outcome with a valueCodeableConcept of \
             ic-episode-outcome",
            "Task.output",
        ),
        _ => return None,
    };
    missing.then(|| {
        let sentence = format!("A Task that is '{status}' {sentence}.");
        Issue::error(IssueType::Required, sentence).by_rule(rule::STATE_FACT).at(at)
    })
}

const MINUTE: i64 = 60_000_000;

fn check_contact(
    previous: &Resource,
    task: &Resource,
    contact: Option<&Contact>,
    related: &Related,
    now: Instant,
) -> Vec<Issue> {
    let Some(contact) = contact else {
        return Vec::new();
    };
    let urgent = related.referral.as_ref().is_some_and(service_request::is_urgent_response);
    let mut issues = Vec::new();
    let mut refuse = |rule, diagnostics: String| {
        issues.push(Issue::error(IssueType::BusinessRule, diagnostics).by_rule(rule).at("Task.output"));
    };
    if contact.at.low > now.microseconds() + MINUTE {
        refuse(
            rule::CLOCK_FUTURE,
            format!(
                "The first contact, {}, lies in the future. Send the time at which the person was seen.",
                contact.text
            ),
        );
    }
    if let Some(start) = clock_start(task, related)
        && contact.at.high <= start - MINUTE
    {
        refuse(
            rule::CLOCK_BEFORE_START,
            format!(
                "The first contact, {}, is before the clock's start, {}. Correct the time of the contact, or the referral's \
                 ic-clock-start when it was received earlier than it says.",
                contact.text,
                Instant::from_microseconds(start)
            ),
        );
    } else if urgent && !contact.text.contains('T') {
        let sentence = "The first contact has no time of day, so nobody can tell whether it was within two hours. Send the time.";
        refuse(rule::CLOCK_BEFORE_START, sentence.to_owned());
    }
    // What a clock has counted before is not counted anew.
    let is_counted = contact_mode(previous) == contact_mode(task)
        && Clock::of(previous, &related.settings)
            .is_some_and(|clock| clock.stop.as_ref() == Some(&contact.text));
    if urgent && !related.settings.ucr_accept_remote && !is_counted {
        match contact_mode(task) {
            Some("01") => {}
            Some(mode) => refuse(
                rule::CLOCK_REMOTE,
                format!(
                    "A contact of the mechanism '{mode}' does not stop the clock of a two-hour response; only one face to face ('01') \
                     does. Send as first contact the visit, once it has taken place."
                ),
            ),
            None => refuse(
                rule::CLOCK_REMOTE,
                "The first contact does not say how it was made, and only one face to face stops the clock of a two-hour response. Send \
                 with it an output of the type ic-task-output#first-contact-mode with the valueCodeableConcept ic-contact-mechanism#01, \
                 once the visit has taken place."
                    .to_owned(),
            ),
        }
    }
    issues
}

/// From when on a contact is possible. A clock that started only because we then received the referral does not rule out an earlier
/// contact that is entered late, so the time of writing counts if that is earlier.
fn clock_start(task: &Resource, related: &Related) -> Option<i64> {
    let interval = |text: &str| related.settings.interval(text);
    let referral = related.referral.as_ref();
    if let Some(stated) = referral.and_then(|r| extension::text(r, "ic-clock-start")).and_then(interval) {
        return Some(stated.low);
    }
    let clock = Clock::of(task, &related.settings)?.start.microseconds();
    let authored = referral.and_then(|r| r.text("authoredOn")).and_then(interval);
    Some(authored.map_or(clock, |authored| authored.low.min(clock)))
}

fn set_clock(
    task: &mut Resource,
    contact: Option<&Contact>,
    redirected: bool,
    related: &Related,
    now: Instant,
) {
    let Some(mut clock) = Clock::of(task, &related.settings) else {
        return;
    };
    match contact {
        Some(contact) => clock.stop(&contact.text, contact.at.low),
        None => clock.resume(now),
    }
    let reason = task.get("statusReason");
    match task.text("status") {
        Some("entered-in-error") => clock.exclude("cancelled", reason),
        Some("failed" | "cancelled") => clock.exclude("excluded", reason),
        // Without a hub the clock of a rejected Task runs on, so that a breach is still told to the requester.
        Some("rejected") if redirected => clock.exclude("excluded", reason),
        _ => {}
    }
    if Some(&clock) != Clock::of(task, &related.settings).as_ref() {
        clock.write(task);
    }
}

fn read_only(severity: fn(IssueType, String) -> Issue) -> Issue {
    let sentence =
        "The extension ic-clock is written by the server alone. Leave it out, or send it as it was read.";
    severity(IssueType::BusinessRule, sentence.to_owned()).by_rule(rule::CLOCK_READ_ONLY).at("Task.extension")
}
