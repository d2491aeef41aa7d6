//! The ids of the rules that this crate applies, as they stand in `issue.details.coding`, and the two ways to refuse by them,
//! <https://hl7.org/fhir/R4/operationoutcome.html>.
//!
//! What a rule says is decided where it is applied; here is only its name.

use fhir::{Cause, Error, Issue};

/// A status may only move along the listed ways, and what has ended is not changed any more.
pub const STATE_MOVE: &str = "IC-STATE-01";
/// The status `unknown` says nothing that a team could act on.
pub const STATE_UNKNOWN: &str = "IC-STATE-02";
/// A move needs a fact (a reason, a contact, an outcome) that is not there.
pub const STATE_FACT: &str = "IC-STATE-03";
/// An element that may not change has changed.
pub const STATE_FIXED: &str = "IC-STATE-04";

/// An NHS number has a check digit.
pub const REFERRAL_NHS_NUMBER: &str = "IC-REF-02";
/// A step-down referral names its discharge plan.
pub const REFERRAL_PLAN: &str = "IC-REF-03";
/// A referral names what a team must know.
pub const REFERRAL_FACTS: &str = "IC-REF-01";
/// Whoever asks and whoever is asked is active; a referral that no team has goes to the care-transfer hub.
pub const REFERRAL_OWNER: &str = "IC-REF-04";
/// The performer offers what is asked for.
pub const REFERRAL_LINE: &str = "IC-REF-05";
/// A referral is not written in the future, and a late one says why.
pub const REFERRAL_AUTHORED: &str = "IC-REF-06";
/// A referral and a Task are about the record of a person that is in use.
pub const REFERRAL_RECORD: &str = "IC-REF-07";
/// A referral and its Task are about the same person, and about a referral that waits for an answer.
pub const REFERRAL_TASK: &str = "IC-TASK-01";

/// A request is sent once: its requester's identifier of it tells.
pub const DUPLICATE: &str = "IC-DUP-01";
/// A second referral of the same person to the same team within a day is meant.
pub const DUPLICATE_SUSPECTED: &str = "IC-DUP-02";

/// A two-hour referral says when its clock started.
pub const UCR_CLOCK_START: &str = "IC-UCR-01";
/// That clock did not start in the future, and a late entry says why.
pub const UCR_CLOCK_TIME: &str = "IC-UCR-02";
/// A two-hour response is for adults, where they live.
pub const UCR_PLACE: &str = "IC-UCR-03";
/// An urgent response becomes more or less urgent for a reason.
pub const UCR_PRIORITY: &str = "IC-UCR-04";

/// Clocks, the discharge-ready date and the discharge state are written by the server alone.
pub const CLOCK_READ_ONLY: &str = "IC-CLK-01";
/// No contact before the clock's start.
pub const CLOCK_BEFORE_START: &str = "IC-CLK-02";
/// No contact in the future.
pub const CLOCK_FUTURE: &str = "IC-CLK-03";
/// Only a contact that is known to be face to face stops the clock of the two-hour standard.
pub const CLOCK_REMOTE: &str = "IC-CLK-04";

/// One open episode for one line, provider and referral.
pub const EPISODE_TWICE: &str = "IC-EP-01";
/// An episode that has begun has a start; a finished one has an outcome, and an end that is not before its start.
pub const EPISODE_END: &str = "IC-EP-03";

/// An episode in a bed says which.
pub const EPISODE_BED: &str = "IC-EP-04";

/// An episode belongs to its referral, and a score to its episode.
pub const EPISODE_WHOLE: &str = "IC-EP-05";

/// What has happened lies in the past.
pub const PAST: &str = "IC-TIME-01";

/// An actual discharge has a destination and a method.
pub const DISCHARGE_FACTS: &str = "IC-DIS-01";
/// Nobody is ready after having left, leaves before having come, or leaves in the future.
pub const DISCHARGE_ORDER: &str = "IC-DIS-02";
/// Nobody is scheduled to leave who needs the hospital.
pub const DISCHARGE_CRITERIA: &str = "IC-DIS-03";
/// Nobody is scheduled to leave before every team has accepted.
pub const DISCHARGE_ACCEPTED: &str = "IC-DIS-04";
/// A delay has a reason.
pub const DISCHARGE_DELAY: &str = "IC-DIS-05";

/// What a team works on is not changed under its hands.
pub const AMENDMENT: &str = "IC-AMD-01";
/// What a team has completed is not changed afterwards.
pub const AMENDMENT_LATE: &str = "IC-AMD-02";

/// Nobody is referred who has died.
pub const DEATH: &str = "IC-DEATH-01";

/// An active plan has a goal or an activity.
pub const PLAN_EMPTY: &str = "IC-CP-01";
/// A journey has one active plan.
pub const PLAN_TWICE: &str = "IC-CP-02";

/// Whether a refusal by this rule says something of another resource than the one that is written.
#[must_use]
pub fn tells_of_another(rule: &str) -> bool {
    [REFERRAL_PLAN, REFERRAL_TASK, EPISODE_WHOLE].contains(&rule)
}

/// Refuses (422) when there is an issue.
pub(crate) fn unless_refused(issues: Vec<Issue>) -> Result<(), Error> {
    if issues.is_empty() { Ok(()) } else { Err(Error::with_issues(Cause::Unprocessable, issues)) }
}

/// Refuses (409) for this one reason.
pub(crate) fn forbidden(
    rule: &'static str,
    expression: impl Into<String>,
    diagnostics: impl Into<String>,
) -> Error {
    let code = Cause::ForbiddenMove.issue_type();
    Error::with_issue(Cause::ForbiddenMove, Issue::error(code, diagnostics).by_rule(rule).at(expression))
}
