//! The joint recovery plan: allowed moves, that an active plan plans something, and that a journey has one,
//! <https://hl7.org/fhir/R4/careplan.html>.
//!
//! Plans without the number of a journey are not told apart. Who has one open episode, or several of one journey, gets its number.

use fhir::{Error, Issue, IssueType, Resource, ResourceType, Value};
use serde_json::json;

use crate::element::{code_in, items, put, reference};
use crate::moves::Machine;
use crate::service_request::journey_system;
use crate::{Needs, Outcome, Related, episode_of_care, rule};

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

pub(crate) fn needs(plan: &Resource) -> Needs {
    let about = reference(plan.get("subject")).filter(|_| applies_to(plan));
    let open_of = about
        .map(|patient| (patient.to_owned(), &[ResourceType::CARE_PLAN, ResourceType::EPISODE_OF_CARE][..]));
    Needs { open_of, ..Needs::default() }
}

pub(crate) fn create(mut plan: Resource, related: &Related) -> Result<Outcome, Error> {
    if applies_to(&plan) {
        MACHINE.check_first(&plan)?;
        check_content(&plan)?;
        join_journey(&mut plan, related);
        check_twice(&plan, related)?;
    }
    Ok(Outcome::unchanged(plan))
}

pub(crate) fn update(previous: &Resource, plan: Resource, related: &Related) -> Result<Outcome, Error> {
    if applies_to(previous) || applies_to(&plan) {
        MACHINE.check_move(previous, &plan)?;
        check_content(&plan)?;
        let (was, is) = (previous.text("status"), plan.text("status"));
        if was != is || journey(previous) != journey(&plan) {
            check_twice(&plan, related)?;
        }
    }
    Ok(Outcome::unchanged(plan))
}

/// The number of the journey that a plan or an episode belongs to.
pub(crate) fn journey(resource: &Resource) -> Option<&str> {
    let system = journey_system();
    let of_journey = |identifier: &&Value| identifier.get("system").and_then(Value::as_str) == Some(&system);
    let found = items(resource, "identifier").iter().find(of_journey)?;
    found.get("value").and_then(Value::as_str)
}

/// Gives a new plan the number of the journey that the person is on, where that is one.
fn join_journey(plan: &mut Resource, related: &Related) {
    if journey(plan).is_some() {
        return;
    }
    let mut journeys =
        related.episodes.iter().filter(|episode| episode_of_care::applies_to(episode)).filter_map(journey);
    let Some(only) = journeys.next() else { return };
    if journeys.any(|other| other != only) {
        return;
    }
    let mut identifiers = items(plan, "identifier").to_vec();
    identifiers.push(json!({"system": journey_system(), "value": only}));
    put(plan, "identifier", Some(Value::Array(identifiers)));
}

/// Refuses (409) a second active plan of a journey.
fn check_twice(plan: &Resource, related: &Related) -> Result<(), Error> {
    let Some(journey) = self::journey(plan).filter(|_| plan.text("status") == Some("active")) else {
        return Ok(());
    };
    let twin = related.care_plans.iter().find(|other| {
        other.id() != plan.id()
            && applies_to(other)
            && other.text("status") == Some("active")
            && self::journey(other) == Some(journey)
    });
    match twin.and_then(Resource::address) {
        Some(address) => Err(rule::forbidden(
            rule::PLAN_TWICE,
            "CarePlan.status",
            format!(
                "{address} is already the active recovery plan of this journey. Add your activities to it, or complete or revoke it first."
            ),
        )),
        None => Ok(()),
    }
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
