//! When two requests are the same request, by the business identifier that their requester gave them (IC-DUP-01), or look like it, by
//! person, team, line and day (IC-DUP-02),
//! <https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.identifier>.
//!
//! Only requests of intermediate care are told apart. A journey number, which all parts of a journey share, is a requisition and no
//! identifier; people, episodes and tasks may be held more than once.

use fhir::{Instant, Resource, Value};

use crate::Related;
use crate::clock::DAY;
use crate::element::{items, reference, same_reference};
use crate::service_request::{Kind, kind, performer, service_line};

/// What no two requests may have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessIdentifier<'a> {
    /// Discharge plans and referrals are numbered apart.
    pub kind: &'static str,
    /// The text of the reference to the requester; empty when there is none.
    pub requester: &'a str,
    pub system: &'a str,
    pub value: &'a str,
}

/// The business identifiers that this resource holds. One that was entered in error holds none.
#[must_use]
pub fn business_identifiers(resource: &Resource) -> Vec<BusinessIdentifier<'_>> {
    let kind = match kind(resource) {
        Some(Kind::DischargePlan) => "discharge",
        Some(Kind::Referral) => "referral",
        None => return Vec::new(),
    };
    if resource.text("status") == Some("entered-in-error") {
        return Vec::new();
    }
    let requester = reference(resource.get("requester")).unwrap_or_default();
    let identifiers = items(resource, "identifier").iter().filter_map(|identifier| {
        let text = |name: &str| identifier.get(name).and_then(Value::as_str);
        let (system, value) = text("system").zip(text("value"))?;
        (text("use") != Some("old")).then_some(BusinessIdentifier { kind, requester, system, value })
    });
    identifiers.collect()
}

/// An active referral of the same person to the same team and line that was made here less than a day ago.
pub(crate) fn suspected_twin<'a>(
    referral: &Resource,
    related: &'a Related,
    now: Instant,
) -> Option<&'a Resource> {
    let team = reference(performer(referral))?;
    let line = service_line(referral)?;
    let written = |other: &Resource| {
        let text = other.get("meta")?.get("lastUpdated")?.as_str()?;
        related.settings.interval(text).map(|written| written.low)
    };
    related.requests.iter().find(|other| {
        other.id() != referral.id()
            && kind(other) == Some(Kind::Referral)
            && other.text("status") == Some("active")
            && service_line(other) == Some(line)
            && reference(performer(other)).is_some_and(|there| same_reference(there, team))
            && written(other).is_some_and(|at| now.microseconds() - at < DAY)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_of_intermediate_care_hold_their_identifiers() {
        let request = |category: &str, status: &str| {
            Resource::new(json!({
                "resourceType": "ServiceRequest", "status": status,
                "category": [{"coding": [{"system": crate::code_system("ic-referral-category"), "code": category}]}],
                "requester": {"reference": "Organization/o"},
                "identifier": [
                    {"system": "s", "value": "1"}, {"system": "s"}, {"value": "2"}, {"use": "old", "system": "s", "value": "3"}
                ]
            }))
            .unwrap()
        };
        let held = |category, status| {
            let request = request(category, status);
            business_identifiers(&request)
                .iter()
                .map(|held| (held.kind, held.value.to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(held("step-up", "active"), [("referral", "1".to_owned())]);
        assert_eq!(held("discharge", "active"), [("discharge", "1".to_owned())]);
        assert_eq!(held("step-up", "entered-in-error"), []);
    }
}
