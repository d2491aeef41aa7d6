//! The two-hour response: when its clock started, for whom and where it is, and why it becomes more or less urgent (IC-UCR-01 to 04),
//! <https://hl7.org/fhir/R4/servicerequest.html>.
//!
//! What stops the clock is in `task`.

use fhir::{Instant, Issue, IssueType, Resource};

use crate::clock::{DAY, Doubtful};
use crate::patient::age_on;
use crate::service_request::{begins, is_urgent_response, status_reason};
use crate::{Related, extension, rule};

/// What is wrong with a referral for urgent community response that is no draft any more.
pub(crate) fn check(
    referral: &Resource,
    previous: Option<&Resource>,
    related: &Related,
    now: Instant,
    warnings: &mut Vec<Issue>,
) -> Vec<Issue> {
    let mut issues = Vec::new();
    if !is_urgent_response(referral) {
        return issues;
    }
    let settings = &related.settings;
    let late_reason = extension::find(referral, "ic-late-entry-reason").is_some();
    let a_day_ago = now.microseconds() - DAY;
    let clock_start = extension::text(referral, "ic-clock-start");
    let changed = clock_start != previous.and_then(|p| extension::text(p, "ic-clock-start"));
    match clock_start.map(|text| settings.interval(text)) {
        None | Some(None) => issues.push(
            Issue::error(
                IssueType::Required,
                "A referral for urgent community response says when its clock starts: send the extension ic-clock-start \
                 with the time at which the service or its single point of access received it.",
            )
            .by_rule(rule::UCR_CLOCK_START)
            .at("ServiceRequest.extension"),
        ),
        Some(Some(start)) if changed && start.low > settings.latest(now) => issues.push(
            Issue::error(
                IssueType::BusinessRule,
                format!(
                    "The clock of urgent community response cannot start in the future, and ic-clock-start is '{}'. Send the time at which \
                     the referral was received.",
                    clock_start.unwrap_or_default()
                ),
            )
            .by_rule(rule::UCR_CLOCK_TIME)
            .at("ServiceRequest.extension"),
        ),
        Some(Some(start)) if changed && start.high < a_day_ago && !late_reason => warnings.push(
            Issue::warning(
                IssueType::BusinessRule,
                "The clock started more than 24 hours ago, and the extension ic-late-entry-reason does not say why.",
            )
            .by_rule(rule::UCR_CLOCK_TIME)
            .at("ServiceRequest.extension"),
        ),
        Some(Some(_)) => {}
    }
    issues.extend(check_first_priority(referral, previous));
    issues.extend(previous.and_then(|previous| check_priority(previous, referral)));
    let doubts = outside_standard(referral, related, now);
    match settings.ucr_outside_standard {
        Doubtful::Refuse => issues.extend(doubts),
        Doubtful::Warn => warnings
            .extend(doubts.into_iter().map(|doubt| Issue { severity: fhir::Severity::Warning, ..doubt })),
        Doubtful::Ignore => {}
    }
    issues
}

/// For whom, and where, the two-hour standard does not apply.
fn outside_standard(referral: &Resource, related: &Related, now: Instant) -> Vec<Issue> {
    let mut doubts = Vec::new();
    let mut doubt = |sentence: String, at: &str| {
        doubts.push(Issue::error(IssueType::BusinessRule, sentence).by_rule(rule::UCR_PLACE).at(at));
    };
    let today = related.settings.date(now.microseconds());
    let age = related.patient.as_ref().and_then(|person| age_on(person, today));
    if let Some(age) = age.filter(|age| *age < 18) {
        doubt(
            format!("A two-hour response is for adults from 18, and this person is {age}."),
            "ServiceRequest.subject",
        );
    }
    let place = extension::text(referral, "ic-place-of-care");
    if !matches!(place, Some("home" | "care-home" | "temporary")) {
        let received = match place {
            Some(place) => format!("and ic-place-of-care is '{place}'"),
            None => "and the referral does not say where".to_owned(),
        };
        let sentence = format!(
            "A two-hour response is given at home, in a care home or in a temporary residence, {received}. Send the extension \
             ic-place-of-care with 'home', 'care-home' or 'temporary'."
        );
        doubt(sentence, "ServiceRequest.extension");
    }
    doubts
}

/// Refuses an urgent response that begins with another priority than 'stat': later it may become less urgent, for a reason.
fn check_first_priority(referral: &Resource, previous: Option<&Resource>) -> Option<Issue> {
    let priority = referral.text("priority").filter(|priority| *priority != "stat")?;
    let sentence = format!(
        "A referral for urgent community response begins as 'stat', and its priority is '{priority}'. Send 'stat' if the person is to be seen \
         within two hours; else refer to another service line, such as 'rehab-therapy'."
    );
    begins(referral, previous).then(|| {
        Issue::error(IssueType::BusinessRule, sentence)
            .by_rule(rule::UCR_PRIORITY)
            .at("ServiceRequest.priority")
    })
}

/// Refuses to make an active urgent response more or less urgent without saying why.
fn check_priority(previous: &Resource, referral: &Resource) -> Option<Issue> {
    let is_stat = |request: &Resource| request.text("priority") == Some("stat");
    let changed = previous.text("status") == Some("active") && is_stat(previous) != is_stat(referral);
    let explained = status_reason(referral).is_some() && status_reason(referral) != status_reason(previous);
    let sentence = "An urgent response that becomes 'stat', or is it no more, says why: send the extension \
                    http://hl7.org/fhir/StructureDefinition/request-statusReason with the reason for the new priority. The clock follows it.";
    (changed && !explained).then(|| {
        Issue::error(IssueType::BusinessRule, sentence)
            .by_rule(rule::UCR_PRIORITY)
            .at("ServiceRequest.priority")
    })
}
