//! What belongs to something is about the same person: an activity is a part of a team's Task (IC-TASK-01), an episode belongs to its
//! referral and shares its journey and service line, a score is of an episode (IC-EP-05), <https://hl7.org/fhir/R4/workflow.html#relationships>.
//!
//! It is looked at when it is said, not when something else changes. What another server keeps is not looked at.

use fhir::{Issue, IssueType, Resource, ResourceType, Value};

use crate::element::{code_in, items, reference, same_reference};
use crate::service_request::{Kind, kind, service_line};
use crate::{Related, care_plan, episode_of_care, extension, fulfilment, rule};

/// The text of the reference to what this belongs to, where this version says so anew.
pub(crate) fn of(resource: &Resource, previous: Option<&Resource>) -> Option<String> {
    let whole = named(resource)?;
    let is_new = previous.is_none_or(|previous| {
        named(previous) != Some(whole)
            || person(previous) != person(resource)
            || journey(previous) != journey(resource)
            || line(previous) != line(resource)
    });
    is_new.then(|| whole.to_owned())
}

/// Why this cannot belong to what was loaded as [`Related::whole`].
pub(crate) fn check(resource: &Resource, related: &Related) -> Option<Issue> {
    let (whole, named) = (related.whole.as_ref()?, named(resource)?);
    let name = resource.resource_type().name();
    let (rule, kind_is_wrong, at, at_person) = match resource.resource_type() {
        ResourceType::TASK => {
            let wrong = !fulfilment::is_fulfilment(whole);
            let sentence = "no team's Task: its code is not 'fulfill'. Name the Task that the team has accepted for the referral.";
            (rule::REFERRAL_TASK, wrong.then_some(sentence), "Task.partOf", "Task.for")
        }
        ResourceType::EPISODE_OF_CARE => {
            let wrong = kind(whole) == Some(Kind::DischargePlan);
            let sentence = "a discharge plan: an episode begins with a referral to a team. Name the referral that is based on it.";
            (
                rule::EPISODE_WHOLE,
                wrong.then_some(sentence),
                "EpisodeOfCare.referralRequest",
                "EpisodeOfCare.patient",
            )
        }
        _ => {
            let wrong = whole.resource_type() != ResourceType::EPISODE_OF_CARE;
            let sentence = "no EpisodeOfCare. Name the episode at whose start or end the score was taken.";
            (rule::EPISODE_WHOLE, wrong.then_some(sentence), "Observation.extension", "Observation.subject")
        }
    };
    let refuse = |sentence: String, at: &str| {
        Some(Issue::error(IssueType::BusinessRule, sentence).by_rule(rule).at(at))
    };
    if let Some(why) = kind_is_wrong {
        return refuse(format!("This {name} names '{named}', which is {why}"), at);
    }
    if let (Some(ours), Some(theirs)) = (person(resource), person(whole))
        && !same_reference(ours, theirs)
    {
        let sentence = format!(
            "This {name} is about '{ours}', and '{named}', which it belongs to, is about another person. Correct one of them."
        );
        return refuse(sentence, at_person);
    }
    let theirs = whole.get("requisition").and_then(|number| number.get("value")).and_then(Value::as_str);
    if let (Some(ours), Some(theirs)) = (line(resource), service_line(whole))
        && ours != theirs
    {
        let sentence = format!(
            "The episode is of the service line '{ours}', and its referral '{named}' asks for '{theirs}'. Send that one as type, or name the \
             referral for '{ours}': one episode is under one line."
        );
        return refuse(sentence, "EpisodeOfCare.type");
    }
    match (journey(resource), theirs) {
        (Some(ours), Some(theirs)) if ours != theirs => refuse(
            format!(
                "The episode has the journey number '{ours}', and its referral '{named}' has '{theirs}'. Send that one: it joins the parts of \
                 one spell of care."
            ),
            "EpisodeOfCare.identifier",
        ),
        _ => None,
    }
}

/// What a resource of ours says it belongs to.
fn named(resource: &Resource) -> Option<&str> {
    match resource.resource_type() {
        ResourceType::TASK => {
            reference(items(resource, "partOf").first()).filter(|_| fulfilment::is_activity(resource))
        }
        ResourceType::EPISODE_OF_CARE => {
            let applies = episode_of_care::applies_to(resource);
            reference(items(resource, "referralRequest").first()).filter(|_| applies)
        }
        ResourceType::OBSERVATION => {
            reference(extension::find(resource, "ic-episode").and_then(extension::value))
        }
        _ => None,
    }
}

fn person(resource: &Resource) -> Option<&str> {
    ["subject", "for", "patient"].iter().find_map(|element| reference(resource.get(element)))
}

/// The service line of an episode.
fn line(resource: &Resource) -> Option<&str> {
    let is_episode = resource.resource_type() == ResourceType::EPISODE_OF_CARE;
    let mut types = items(resource, "type").iter().filter(|_| is_episode);
    types.find_map(|kind| code_in(kind, "ic-service-line"))
}

/// The journey of an episode; the others have none of their own.
fn journey(resource: &Resource) -> Option<&str> {
    (resource.resource_type() == ResourceType::EPISODE_OF_CARE)
        .then(|| care_plan::journey(resource))
        .flatten()
}
