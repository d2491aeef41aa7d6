//! The rules of intermediate care, pure: which moves are allowed, which facts are derived, when things are due, and what else is
//! written in the same transaction, <https://hl7.org/fhir/R4/workflow.html>.
//!
//! Nothing is loaded and nothing is stored here: [`needs`] says what the rules must see, the caller loads it into [`Related`], and
//! [`create`] or [`update`] say what is to be written. Who may do it is decided by access rules elsewhere. Resources that are not of
//! intermediate care (no category, type or service line of ours) pass unchanged.

pub mod care_plan;
pub mod clock;
mod death;
mod directory;
pub mod discharge;
mod discharge_plan;
mod duplicate;
mod element;
pub mod episode_of_care;
pub mod extension;
mod fulfilment;
pub mod handover;
mod merged;
pub mod moves;
mod outcome_check;
mod past;
pub mod patient;
mod readmission;
mod referral;
pub mod rule;
pub mod service_request;
mod step_down;
pub mod task;
mod task_output;
pub mod timer;
mod urgent_response;
mod whole;

#[cfg(test)]
mod tests;

use fhir::{Error, Id, Instant, Issue, Resource, ResourceType};

pub use clock::{Doubtful, Settings};
pub use duplicate::{BusinessIdentifier, business_identifiers};
pub use element::{code_system, extension_url, same_reference};
pub use patient::nhs_number_is_valid;

/// What the rules may look at beside the resource itself; the caller loads it as [`needs`] says. What does not exist stays empty.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// The ServiceRequest in a Task's focus.
    pub referral: Option<Resource>,
    /// The ServiceRequest that a referral is based on.
    pub plan: Option<Resource>,
    /// The Tasks whose focus is the ServiceRequest in question; for a discharge plan those that are based on it. The resource
    /// itself may be among them.
    pub tasks: Vec<Resource>,
    /// The EpisodeOfCare resources whose referralRequest is that ServiceRequest.
    pub episodes: Vec<Resource>,
    /// The Patient whom it is about.
    pub patient: Option<Resource>,
    /// Who asks, and who is asked: an Organization, HealthcareService or PractitionerRole.
    pub requester: Option<Resource>,
    pub performer: Option<Resource>,
    /// The hospital stay of a discharge plan.
    pub encounter: Option<Resource>,
    /// The requests of that person that have not ended.
    pub requests: Vec<Resource>,
    /// What an activity, an episode or a score belongs to: a Task, a ServiceRequest, an EpisodeOfCare.
    pub whole: Option<Resource>,
    /// The discharge plans of that person that are completed.
    pub departures: Vec<Resource>,
    /// The care plans of that person that have not ended.
    pub care_plans: Vec<Resource>,
    /// The addresses of teams that offer the service line that the performer does not offer.
    pub candidates: Vec<String>,
    /// The text of the reference to the care-transfer hub, which owns the Tasks that no team has.
    pub hub: Option<String>,
    /// The text of the reference to the Organization behind a Task's owner: of a HealthcareService its `providedBy`, of a
    /// PractitionerRole its `organization`.
    pub owner_organization: Option<String>,
    /// What is a parameter and not a rule.
    pub settings: Settings,
}

/// Which related resources the rules must see. All are texts of references, as the resource has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Load as [`Related::referral`].
    pub focus: Option<String>,
    /// Load as [`Related::plan`].
    pub based_on: Option<String>,
    /// Load every Task whose `focus` is this, as [`Related::tasks`].
    pub tasks_of: Option<String>,
    /// Load every Task whose `basedOn` has this, as [`Related::tasks`].
    pub tasks_based_on: Option<String>,
    /// Load every EpisodeOfCare whose `referralRequest` has this, as [`Related::episodes`].
    pub episodes_of: Option<String>,
    /// Load this, and put the reference to its organization in [`Related::owner_organization`].
    pub owner: Option<String>,
    /// Load as [`Related::patient`].
    pub patient: Option<String>,
    /// Load as [`Related::requester`].
    pub requester: Option<String>,
    /// Load as [`Related::performer`].
    pub performer: Option<String>,
    /// Load as [`Related::encounter`].
    pub encounter: Option<String>,
    /// Load what is open and about this person: as [`Related::requests`], [`Related::tasks`], [`Related::episodes`] and
    /// [`Related::care_plans`], of the types named.
    pub open_of: Option<(String, &'static [ResourceType])>,
    /// Load as [`Related::whole`].
    pub whole: Option<String>,
    /// Load the completed discharge plans about this person as [`Related::departures`].
    pub departures_of: Option<String>,
}

/// The statuses of what has not ended, by type, as `status` is searched for.
#[must_use]
pub fn open_statuses(resource_type: ResourceType) -> String {
    let machine = match resource_type {
        ResourceType::SERVICE_REQUEST => &service_request::MACHINE,
        ResourceType::TASK => &task::MACHINE,
        ResourceType::EPISODE_OF_CARE => &episode_of_care::MACHINE,
        ResourceType::CARE_PLAN => &care_plan::MACHINE,
        _ => return String::new(),
    };
    let open = machine.moves.iter().map(|(status, _)| *status).filter(|status| machine.is_open(status));
    open.collect::<Vec<_>>().join(",")
}

/// The code of the service line that the performer of a request does not offer: whoever does is to be loaded as
/// [`Related::candidates`].
#[must_use]
pub fn line_not_offered<'a>(resource: &'a Resource, related: &Related) -> Option<&'a str> {
    directory::line_not_offered(resource, related)
}

/// What else must be written in the same transaction. It is final: the rules are not applied to it again.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A new resource; without an id, unless it must be referred to.
    Create(Resource),
    /// The new content of a resource that was among the related ones, with its id; its `meta.versionId` is the one it was made from.
    Update(Resource),
}

/// The resource as it is to be written, and what goes with it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// With the derived facts filled in.
    pub resource: Resource,
    pub effects: Vec<Effect>,
    /// What the caller should be told, although the resource is accepted.
    pub warnings: Vec<Issue>,
}

impl Outcome {
    pub(crate) fn unchanged(resource: Resource) -> Self {
        Self { resource, effects: Vec::new(), warnings: Vec::new() }
    }
}

/// Of whom one has to make this change of status, as texts of references; `None` where every party may. The hub stands in for any of them.
#[must_use]
pub fn movers(previous: &Resource, resource: &Resource) -> Option<Vec<String>> {
    if previous.text("status") == resource.text("status") {
        return None;
    }
    match resource.resource_type() {
        ResourceType::TASK => task::movers(previous, resource),
        ResourceType::SERVICE_REQUEST => service_request::movers(previous),
        _ => None,
    }
}

/// The rule by which something that a profile asks for, and that is missing, is missed: a sender looks up one list of rules.
#[must_use]
pub fn rule_of_missing(resource: &Resource, issue: &Issue) -> Option<&'static str> {
    referral::rule_of_missing(resource, issue)
}

/// What the rules must see before this resource is created (`previous` is `None`) or updated.
#[must_use]
pub fn needs(resource: &Resource, previous: Option<&Resource>) -> Needs {
    let needs = match resource.resource_type() {
        ResourceType::SERVICE_REQUEST => service_request::needs(resource, previous),
        ResourceType::TASK => task::needs(resource, previous),
        ResourceType::EPISODE_OF_CARE => {
            Needs { episodes_of: episode_of_care::referral(resource), ..Needs::default() }
        }
        ResourceType::CARE_PLAN => care_plan::needs(resource),
        ResourceType::PATIENT => death::needs(resource, previous),
        ResourceType::ENCOUNTER => readmission::needs(resource, previous),
        _ => Needs::default(),
    };
    Needs { whole: whole::of(resource, previous), ..needs }
}

/// Applies the rules to a resource that is to be created under this id.
///
/// A status that only a later move may give is refused with 409, anything else that the rules do not allow with 422.
pub fn create(resource: Resource, id: &Id, related: &Related, now: Instant) -> Result<Outcome, Error> {
    let warnings = check_facts(&resource, related, now)?;
    let mut outcome = match resource.resource_type() {
        ResourceType::SERVICE_REQUEST => service_request::create(resource, id, related, now),
        ResourceType::TASK => task::create(resource, related, now),
        ResourceType::EPISODE_OF_CARE => episode_of_care::create(resource, related, now),
        ResourceType::CARE_PLAN => care_plan::create(resource, related),
        ResourceType::ENCOUNTER => Ok(readmission::note(resource, None, related, now)),
        ResourceType::PATIENT => patient::check(&resource).map(|()| Outcome::unchanged(resource)),
        _ => Ok(Outcome::unchanged(resource)),
    }?;
    outcome.warnings.extend(warnings);
    Ok(outcome)
}

/// Applies the rules to the new content of a resource; `previous` is its current version.
///
/// A forbidden move is refused with 409, anything else that the rules do not allow with 422.
pub fn update(
    previous: &Resource,
    resource: Resource,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    let warnings = check_facts(&resource, related, now)?;
    let mut outcome = match resource.resource_type() {
        ResourceType::SERVICE_REQUEST => service_request::update(previous, resource, related, now),
        ResourceType::TASK => task::update(previous, resource, related, now),
        ResourceType::EPISODE_OF_CARE => episode_of_care::update(previous, resource, related, now),
        ResourceType::CARE_PLAN => care_plan::update(previous, resource, related),
        ResourceType::ENCOUNTER => Ok(readmission::note(resource, Some(previous), related, now)),
        ResourceType::PATIENT => {
            patient::check(&resource)?;
            Ok(death::update(previous, resource, related, now))
        }
        _ => Ok(Outcome::unchanged(resource)),
    }?;
    outcome.warnings.extend(warnings);
    Ok(outcome)
}

/// Refuses what cannot have happened yet, and what belongs to something else than it says; what is only doubtful is answered.
fn check_facts(resource: &Resource, related: &Related, now: Instant) -> Result<Vec<Issue>, Error> {
    let (mut errors, mut warnings): (Vec<Issue>, Vec<Issue>) =
        past::check(resource, &related.settings, now).into_iter().partition(Issue::is_error);
    errors.extend(whole::check(resource, related));
    rule::unless_refused(errors)?;
    warnings.extend(merged::check(resource, related));
    Ok(warnings)
}
