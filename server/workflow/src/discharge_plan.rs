//! The discharge plan: its derived facts written, its moves checked, and the Tasks of its referrals held and resumed with it,
//! <https://hl7.org/fhir/R4/servicerequest.html>.
//!
//! How the facts are derived is in `discharge`. The referrals based on a plan are not ended with it: that is the hub's decision.

use fhir::primitive::date::Interval;
use fhir::{Error, Instant, Issue, IssueType, Resource, Value};
use jiff::civil::Date;
use serde_json::json;

use crate::clock::Settings;
use crate::discharge::Discharge;
use crate::element::{concept, extension_url, put, same_reference};
use crate::referral::check_authored;
use crate::service_request::{Kind, MACHINE, check_death, check_journey, check_reason, join_journey, kind};
use crate::{Effect, Outcome, Related, directory, extension, fulfilment, rule, timer};

pub(crate) fn create(mut plan: Resource, related: &Related, now: Instant) -> Result<Outcome, Error> {
    MACHINE.check_first(&plan)?;
    join_journey(&mut plan, None, related);
    let sent = Derived::of(&plan);
    let discharge = Discharge::of(&plan, &related.settings);
    extension::put(&mut plan, "ic-reminder", None);
    let derived = Derived::write(&mut plan, &discharge, None, related, now);
    let mut warnings = Vec::new();
    for (name, sent, derived) in sent.beside(&derived) {
        if sent.is_some() && sent != derived {
            warnings.push(read_only(Issue::warning, name, derived));
        }
    }
    let mut issues = check_facts(&plan, &discharge, related, now);
    issues.extend(check_death(&plan, None, related));
    issues.extend(check_asked(&plan, None, related, now, &mut warnings));
    rule::unless_refused(issues)?;
    complete(&mut plan, &discharge);
    Ok(Outcome { resource: plan, effects: Vec::new(), warnings })
}

pub(crate) fn update(
    previous: &Resource,
    mut plan: Resource,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    let mut warnings = Vec::new();
    join_journey(&mut plan, Some(previous), related);
    let (sent, kept) = (Derived::of(&plan), Derived::of(previous));
    let before = Discharge::of(previous, &related.settings);
    let stopped = is_stopped(&before, &Discharge::of(&plan, &related.settings));
    if stopped {
        withdraw(&mut plan, &mut warnings);
    }
    let discharge = Discharge::of(&plan, &related.settings);
    extension::restore_reminders(previous, &mut plan);
    let derived = Derived::write(&mut plan, &discharge, kept.state.as_deref(), related, now);
    MACHINE.check_move(previous, &plan)?;
    let mut issues = Vec::new();
    for ((name, sent, derived), (_, _, kept)) in sent.beside(&derived).into_iter().zip(sent.beside(&kept)) {
        if sent.is_some() && sent != derived && sent != kept {
            issues.push(read_only(Issue::error, name, derived));
        }
    }
    issues.extend(check_journey(previous, &plan));
    issues.extend(check_reason(&plan));
    issues.extend(check_facts(&plan, &discharge, related, now));
    issues.extend(check_death(&plan, Some(previous), related));
    issues.extend(check_asked(&plan, Some(previous), related, now, &mut warnings));
    let (from, to) = (before.state(status(previous)), discharge.state(status(&plan)));
    if from != "scheduled" && to == "scheduled" && !is_overridden(&plan) {
        issues.extend(check_accepted(previous, related));
    }
    if from == "scheduled" && to == "ready" && !stopped {
        issues.extend(check_delay(previous, &plan));
    }
    rule::unless_refused(issues)?;
    complete(&mut plan, &discharge);
    let effects = effects(previous, &plan, (from, to), related, now, &mut warnings);
    Ok(Outcome { resource: plan, effects, warnings })
}

/// Who asks the hub, which hub, and when it was written, as for a referral.
fn check_asked(
    plan: &Resource,
    previous: Option<&Resource>,
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Vec<Issue> {
    if !matches!(status(plan), "active" | "on-hold") {
        return Vec::new();
    }
    let mut issues = directory::check(plan, previous, related, warnings);
    issues.extend(check_authored(plan, previous, related, now, warnings));
    issues
}

/// The two facts that only the server writes.
#[derive(Default)]
struct Derived {
    ready_date: Option<String>,
    state: Option<String>,
}

impl Derived {
    fn of(plan: &Resource) -> Self {
        let part =
            |name| Some(extension::part_text(extension::find(plan, "ic-discharge")?, name)?.to_owned());
        Self { ready_date: part("dischargeReadyDate"), state: part("state") }
    }

    fn write(
        plan: &mut Resource,
        discharge: &Discharge,
        before: Option<&str>,
        related: &Related,
        now: Instant,
    ) -> Self {
        let derived = Self {
            ready_date: discharge.ready_date(&related.settings).map(|date| date.to_string()),
            state: Some(discharge.state_at(status(plan), before, &related.settings, now).to_owned()),
        };
        if derived.state.as_deref() != Some("delayed") {
            extension::forget_reminder(plan, timer::DELAY_UNEXPLAINED);
        }
        let found = extension::find(plan, "ic-discharge").cloned();
        let mut written = found.unwrap_or_else(|| json!({"url": extension_url("ic-discharge")}));
        let ready_date = derived.ready_date.as_ref().map(|date| json!(date));
        extension::put_part(&mut written, "dischargeReadyDate", "valueDate", ready_date);
        extension::put_part(
            &mut written,
            "state",
            "valueCode",
            derived.state.as_ref().map(|state| json!(state)),
        );
        extension::put(plan, "ic-discharge", Some(written));
        derived
    }

    /// Each fact with its name, here and there.
    fn beside<'a>(&'a self, other: &'a Self) -> [(&'static str, Option<&'a str>, Option<&'a str>); 2] {
        [
            ("dischargeReadyDate", self.ready_date.as_deref(), other.ready_date.as_deref()),
            ("state", self.state.as_deref(), other.state.as_deref()),
        ]
    }
}

/// Writes what follows from the facts when midnight has passed.
pub(crate) fn derive(plan: &mut Resource, related: &Related, now: Instant) {
    let discharge = Discharge::of(plan, &related.settings);
    Derived::write(plan, &discharge, Some("delayed"), related, now);
}

/// The plan of a discharge that has failed: the person was back within a day. What the plan says of the departure stays.
pub(crate) fn failed(
    plan: &Resource,
    admitted: &Interval,
    related: &Related,
    now: Instant,
) -> Option<Resource> {
    let discharge = Discharge::of(plan, &related.settings);
    let is_departed = kind(plan) == Some(Kind::DischargePlan)
        && status(plan) == "completed"
        && Derived::of(plan).state.as_deref() == Some("departed");
    (is_departed && discharge.is_undone_by(admitted)).then(|| {
        let mut plan = plan.clone();
        Derived::write(&mut plan, &discharge, Some("failed"), related, now);
        plan
    })
}

/// Since when somebody is ready to leave whose leaving is not confirmed, and the state that the plan says.
pub(crate) fn waiting_since<'a>(plan: &'a Resource, settings: &Settings) -> Option<(Date, &'a str)> {
    let waits = kind(plan) == Some(Kind::DischargePlan) && status(plan) == "active";
    let written = extension::find(plan, "ic-discharge").filter(|_| waits)?;
    let discharge = Discharge::of(plan, settings);
    let state = extension::part_text(written, "state").unwrap_or("ready");
    (discharge.state(status(plan)) == "ready").then_some((discharge.ready_date(settings)?, state))
}

/// Whether the plan says why the person is still there: a delay with a reason that has not ended.
pub(crate) fn is_explained(plan: &Resource) -> bool {
    extension::find(plan, "ic-discharge").is_some_and(|discharge| {
        extension::parts(discharge, "delay")
            .any(|delay| extension::part(delay, "reason").is_some() && extension::part(delay, "to").is_none())
    })
}

/// Whether somebody says why the person may leave although not every team has accepted.
fn is_overridden(plan: &Resource) -> bool {
    extension::find(plan, "ic-discharge")
        .and_then(|discharge| extension::part_text(discharge, "acceptanceOverride"))
        .is_some_and(|reason| !reason.trim().is_empty())
}

fn status(plan: &Resource) -> &str {
    plan.text("status").unwrap_or_default()
}

/// Whether a person who was to leave has become unwell since, and nobody has confirmed a new time.
fn is_stopped(before: &Discharge, after: &Discharge) -> bool {
    let known = before.decisions.last().map_or(i64::MIN, |decision| decision.asserted.low);
    let unwell = after.decisions.iter().any(|decision| decision.meets && decision.asserted.low > known);
    before.state("active") == "scheduled" && after.is_planned() && unwell && before.planned == after.planned
}

/// Takes back the confirmation of the planned time, so that it does not come to life again when the person is ready again.
fn withdraw(plan: &mut Resource, warnings: &mut Vec<Issue>) {
    if let Some(mut discharge) = extension::find(plan, "ic-discharge").cloned() {
        extension::put_part(&mut discharge, "plannedDischargeConfirmed", "valueBoolean", Some(json!(false)));
        extension::put(plan, "ic-discharge", Some(discharge));
    }
    let sentence = "The person meets the criteria to reside again, so plannedDischargeConfirmed is now false. Confirm a time anew \
                    when the person is ready.";
    warnings.push(
        Issue::warning(IssueType::BusinessRule, sentence)
            .by_rule(rule::DISCHARGE_CRITERIA)
            .at(at("plannedDischargeConfirmed")),
    );
}

/// The server completes a plan when the person has left.
fn complete(plan: &mut Resource, discharge: &Discharge) {
    if status(plan) == "active" && discharge.left.is_some() {
        put(plan, "status", Some(json!("completed")));
    }
}

fn check_facts(plan: &Resource, discharge: &Discharge, related: &Related, now: Instant) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut refuse = |code, rule, name: &str, sentence: &str| {
        issues.push(Issue::error(code, sentence).by_rule(rule).at(at(name)));
    };
    let settings = &related.settings;
    let has =
        |name| extension::find(plan, "ic-discharge").is_some_and(|d| extension::part(d, name).is_some());
    if discharge.unreadable > 0 {
        let sentence = "Every decision on the criteria to reside has 'meets', true or false, and 'asserted', when it was decided.";
        refuse(IssueType::Required, rule::STATE_FACT, "criteriaToReside", sentence);
    }
    if discharge.decisions.iter().any(|decision| decision.asserted.low > settings.latest(now)) {
        let sentence = "A decision on the criteria to reside lies in the future. Send in 'asserted' when it was decided.";
        refuse(IssueType::BusinessRule, rule::DISCHARGE_ORDER, "criteriaToReside", sentence);
    }
    let Some(left) = discharge.left else {
        if status(plan) == "completed" {
            let sentence = "A plan is completed when the person has left: send actualDischarge, dischargeMethod and destination.";
            refuse(IssueType::Required, rule::DISCHARGE_FACTS, "actualDischarge", sentence);
        }
        if discharge.is_planned() && discharge.meets_criteria() != Some(false) && status(plan) != "revoked" {
            let sentence = "A discharge cannot be scheduled unless the last decision says that the person does not meet the criteria \
                            to reside. Send that decision, or plannedDischargeConfirmed false.";
            refuse(IssueType::BusinessRule, rule::DISCHARGE_CRITERIA, "plannedDischargeConfirmed", sentence);
        }
        return issues;
    };
    for name in ["dischargeMethod", "destination"] {
        if !has(name) {
            let sentence = format!(
                "Who has left has left in some way and to somewhere: send {name} with actualDischarge."
            );
            refuse(IssueType::Required, rule::DISCHARGE_FACTS, name, &sentence);
        }
    }
    if matches!(status(plan), "draft" | "on-hold") {
        let sentence = "A person leaves under an active plan: send the status 'active' with actualDischarge. It is completed by itself.";
        refuse(IssueType::BusinessRule, rule::STATE_FACT, "actualDischarge", sentence);
    }
    if left.low > settings.latest(now) {
        let sentence = "actualDischarge lies in the future. Send it once the person has left; until then there is plannedDischarge.";
        refuse(IssueType::BusinessRule, rule::DISCHARGE_ORDER, "actualDischarge", sentence);
    }
    let admitted = related.encounter.as_ref().and_then(|stay| stay.get("period")?.get("start")?.as_str());
    if let Some(admitted) = admitted.and_then(|text| settings.interval(text))
        && left.high <= admitted.low
    {
        let sentence = "actualDischarge is before the admission, the start of the period of ServiceRequest.encounter. Correct one of them.";
        refuse(IssueType::BusinessRule, rule::DISCHARGE_ORDER, "actualDischarge", sentence);
    }
    let day = settings.date(left.low);
    if discharge
        .decisions
        .iter()
        .any(|decision| !decision.meets && settings.date(decision.asserted.low) > day)
    {
        let sentence = "The person cannot become ready after having left. Correct actualDischarge, or when the decision was asserted.";
        refuse(IssueType::BusinessRule, rule::DISCHARGE_ORDER, "actualDischarge", sentence);
    }
    issues
}

/// Refuses to schedule while a team that was asked has not accepted. A referral counts as accepted when one of its Tasks is.
fn check_accepted(plan: &Resource, related: &Related) -> Option<Issue> {
    let address = plan.address().unwrap_or_default();
    let tasks: Vec<(&Resource, &str, &str)> = related
        .tasks
        .iter()
        .filter(|task| fulfilment::is_fulfilment(task))
        .filter_map(|task| Some((task, fulfilment::focus(task)?, effective_status(task, &address))))
        .filter(|(_, focus, _)| !same_reference(focus, &address))
        .filter(|(_, _, status)| !matches!(*status, "draft" | "cancelled" | "entered-in-error"))
        .collect();
    let accepted = |focus: &str| {
        tasks.iter().any(|(_, f, status)| same_reference(f, focus) && fulfilment::is_accepted(status))
    };
    let waiting: Vec<String> = tasks
        .iter()
        .filter(|(_, focus, _)| !accepted(focus))
        .filter_map(|(task, focus, status)| Some(format!("{} of {focus} is '{status}'", task.address()?)))
        .collect();
    let sentence = format!(
        "The discharge cannot be scheduled before every team has accepted: {}. Wait for it, redirect or revoke the referral, \
         or say in acceptanceOverride why the person may leave all the same.",
        waiting.join("; ")
    );
    (!waiting.is_empty()).then(|| {
        Issue::error(IssueType::BusinessRule, sentence)
            .by_rule(rule::DISCHARGE_ACCEPTED)
            .at(at("plannedDischargeConfirmed"))
    })
}

/// The status that a Task has once the plan goes on.
fn effective_status<'a>(task: &'a Resource, plan: &str) -> &'a str {
    fulfilment::held_from(task, plan).or(task.text("status")).unwrap_or_default()
}

/// Refuses to withdraw a scheduled time without a reason: one that was not there before, or one that has not ended.
fn check_delay(previous: &Resource, plan: &Resource) -> Option<Issue> {
    let delays = |plan: &Resource| -> Vec<Value> {
        extension::find(plan, "ic-discharge")
            .map(|discharge| extension::parts(discharge, "delay").cloned().collect())
            .unwrap_or_default()
    };
    let known = delays(previous);
    let explained = delays(plan).iter().any(|delay| {
        extension::part(delay, "reason").is_some()
            && (extension::part(delay, "to").is_none() || !known.contains(delay))
    });
    let sentence = "A scheduled discharge that does not take place has a reason: send a delay with a reason of ic-delay-reason, such as \
                    'hospital-process.transport', or a new criteriaToReside decision if the person is unwell again.";
    (!explained)
        .then(|| Issue::error(IssueType::Required, sentence).by_rule(rule::DISCHARGE_DELAY).at(at("delay")))
}

fn effects(
    previous: &Resource,
    plan: &Resource,
    (from, to): (&str, &str),
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Vec<Effect> {
    let Some(address) = previous.address() else {
        return Vec::new();
    };
    let ended = |plan: &Resource| matches!(status(plan), "revoked" | "entered-in-error");
    let cancelled = ended(plan) && !ended(previous);
    if cancelled || (to == "planning" && from != to) {
        let reason = concept("ic-status-reason", "discharge-cancelled");
        // Who is in contact with a team already stays with it; the team is told, and decides.
        let waiting = related.tasks.iter().filter(|task| task.text("status") != Some("in-progress"));
        let held: Vec<Resource> =
            waiting.filter_map(|task| fulfilment::held(task, &address, &reason, now)).collect();
        if cancelled && related.tasks.iter().any(fulfilment::is_open) {
            let sentence = "Referrals based on this plan still have open Tasks, which are on hold now or in contact. Revoke the \
                            referrals that are not needed any more, and move the others on.";
            let issue = Issue::warning(IssueType::BusinessRule, sentence).by_rule(rule::STATE_FACT);
            warnings.push(issue.at("ServiceRequest.status"));
        }
        return held.into_iter().map(Effect::Update).collect();
    }
    if from == "planning" && matches!(to, "ready" | "scheduled" | "departed") {
        let resumed = related.tasks.iter().filter_map(|task| fulfilment::resumed(task, &address, now));
        return resumed.map(Effect::Update).collect();
    }
    Vec::new()
}

fn at(name: &str) -> String {
    format!(
        "ServiceRequest.extension.where(url='{}').extension.where(url='{name}')",
        extension_url("ic-discharge")
    )
}

fn read_only(severity: fn(IssueType, String) -> Issue, name: &str, derived: Option<&str>) -> Issue {
    let sentence = format!(
        "{name} is derived by the server from the decisions and times, and is {} here. Leave it out.",
        derived.map_or("absent".to_owned(), |derived| format!("'{derived}'"))
    );
    severity(IssueType::BusinessRule, sentence).by_rule(rule::CLOCK_READ_ONLY).at(at(name))
}
