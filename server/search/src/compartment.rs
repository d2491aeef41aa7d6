//! Membership in a compartment as a criterion, <https://hl7.org/fhir/R4/compartmentdefinition.html>.

use canonical::definitions;
use fhir::{Key, ResourceType};

use crate::{
    parameter::{Kind, registry},
    query::Criterion,
};

/// The condition on resources of the type `member` to be in the compartment of this owner; `None` when the type has no
/// place in it. The owner itself is not a member: it is in its compartment without any condition.
#[must_use]
pub fn membership(owner: ResourceType, id: &str, member: ResourceType) -> Option<Criterion> {
    let codes = definitions().compartment(owner.name())?.members.get(member.name())?;
    let key = Key::of_resource(owner, id);
    let criteria: Vec<_> = codes
        .iter()
        .filter_map(|code| registry().parameter(member, code))
        .filter(|parameter| parameter.indexed && parameter.kind == Kind::Reference)
        .map(|parameter| Criterion::Reference {
            parameter,
            local: vec![key],
            other: Vec::new(),
            negated: false,
        })
        .collect();
    (!criteria.is_empty()).then_some(Criterion::Any(criteria))
}

#[cfg(test)]
mod tests {
    use fhir::{Resource, primitive::date::london};
    use serde_json::json;

    use super::*;
    use crate::{index, matches};

    #[test]
    fn a_member_refers_to_the_owner_by_one_of_the_parameters() {
        let check = |resource: serde_json::Value, expect: Option<bool>| {
            let resource = Resource::new(resource).unwrap();
            let rows = index(&resource, "http://here/fhir", london());
            let criterion = membership(ResourceType::PATIENT, "p", resource.resource_type());
            let decided = criterion.map(|criterion| {
                matches(&criterion, &rows, Key::of_resource(resource.resource_type(), "x"), 0).unwrap()
            });
            assert_eq!(decided, expect, "{:?}", resource.value());
        };
        check(json!({"resourceType": "ServiceRequest", "subject": {"reference": "Patient/p"}}), Some(true));
        check(
            json!({"resourceType": "ServiceRequest", "performer": [{"reference": "Patient/p"}]}),
            Some(true),
        );
        check(json!({"resourceType": "ServiceRequest", "subject": {"reference": "Patient/q"}}), Some(false));
        check(json!({"resourceType": "EpisodeOfCare", "patient": {"reference": "Patient/p"}}), Some(true));
        check(json!({"resourceType": "Organization", "name": "x"}), None);
    }
}
