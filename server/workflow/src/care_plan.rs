//! The joint recovery plan: allowed moves, and that an active plan plans something, <https://hl7.org/fhir/R4/careplan.html>.
//!
//! That a journey has one active plan is not checked here: it takes a search over all plans of the person.

use fhir::{Error, Issue, IssueType, Resource};

use crate::element::{code_in, items};
use crate::moves::Machine;
use crate::{Outcome, rule};

/// The moves of a plan.
pub const MACHINE: Machine = Machine {
    resource_type: "CarePlan",
    first: &["draft", "active"],
    moves: &[
        ("draft", &["active", "revoked", "entered-in-error"]),
        ("active", &["on-hold", "completed", "revoked", "entered-in-error"]),
        ("on-hold", &["active", "revoked", "entered-in-error"]),
        ("completed", &["entered-in-error"]),
        ("revoked", &["entered-in-error"]),
        ("entered-in-error", &[]),
    ],
    instead: "Make a new CarePlan with 'replaces' instead.",
};

/// Whether the rules of intermediate care apply: it is a recovery plan.
#[must_use]
pub fn applies_to(plan: &Resource) -> bool {
    items(plan, "category").iter().any(|concept| code_in(concept, "ic-careplan-category") == Some("recovery"))
}

pub(crate) fn create(plan: Resource) -> Result<Outcome, Error> {
    if applies_to(&plan) {
        MACHINE.check_first(&plan)?;
        check_content(&plan)?;
    }
    Ok(Outcome::unchanged(plan))
}

pub(crate) fn update(previous: &Resource, plan: Resource) -> Result<Outcome, Error> {
    if applies_to(previous) || applies_to(&plan) {
        MACHINE.check_move(previous, &plan)?;
        check_content(&plan)?;
    }
    Ok(Outcome::unchanged(plan))
}

fn check_content(plan: &Resource) -> Result<(), Error> {
    if plan.text("status") != Some("active")
        || !items(plan, "goal").is_empty()
        || !items(plan, "activity").is_empty()
    {
        return Ok(());
    }
    let sentence =
        "An active plan has at least one goal or activity. Add one, or leave the plan in the status 'draft'.";
    let issue = Issue::error(IssueType::Invariant, sentence).by_rule(rule::PLAN_EMPTY);
    rule::unless_refused(vec![issue.at("CarePlan.goal").at("CarePlan.activity")])
}
