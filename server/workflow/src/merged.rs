//! Whether what is asked for is about the record of a person that is in use, or about one that was merged into another (IC-REF-07),
//! <https://hl7.org/fhir/R4/patient-definitions.html#Patient.link>.
//!
//! It is told and never refused: the person needs the care under whichever record. Chains of merged records are not followed.

use fhir::{Issue, IssueType, Resource, ResourceType, Value};

use crate::element::{items, reference};
use crate::{Related, fulfilment, rule, service_request};

/// A warning when the person, loaded as [`Related::patient`], is known under another record.
pub(crate) fn check(resource: &Resource, related: &Related) -> Option<Issue> {
    let at = match resource.resource_type() {
        ResourceType::SERVICE_REQUEST if service_request::kind(resource).is_some() => {
            "ServiceRequest.subject"
        }
        ResourceType::TASK if fulfilment::is_fulfilment(resource) || fulfilment::is_activity(resource) => {
            "Task.for"
        }
        _ => return None,
    };
    let patient = related.patient.as_ref()?;
    let address = patient.address()?;
    let sentence = match survivor(patient) {
        Some(survivor) => format!(
            "{address} was merged into {survivor} (Patient.link, replaced-by), and this is about {address}. Name {survivor} instead: whoever \
             cares for the person looks there."
        ),
        None if is_inactive(patient) => format!(
            "{address} is not in use (Patient.active is false), and this is about it. Name the record of the person that is, or make this one \
             active again."
        ),
        None => return None,
    };
    Some(Issue::warning(IssueType::BusinessRule, sentence).by_rule(rule::REFERRAL_RECORD).at(at))
}

/// The record that goes on in place of this one, as the text of a reference or as an identifier in words.
fn survivor(patient: &Resource) -> Option<String> {
    let is_replaced = |link: &&Value| link.get("type").and_then(Value::as_str) == Some("replaced-by");
    let other = items(patient, "link").iter().find(is_replaced)?.get("other")?;
    let by_identifier = || {
        let value = other.get("identifier")?.get("value")?.as_str()?;
        Some(format!("the record with the identifier '{value}'"))
    };
    reference(Some(other)).map(str::to_owned).or_else(by_identifier)
}

fn is_inactive(patient: &Resource) -> bool {
    patient.get("active").and_then(Value::as_bool) == Some(false)
}
