//! Membership in a compartment as a criterion, <https://hl7.org/fhir/R4/compartmentdefinition.html>.

use canonical::definitions;
use fhir::{Key, ResourceType};

use crate::{
    parameter::{Kind, Parameter, registry},
    query::Criterion,
};

/// The types that have a place in the compartments of this type of owner, sorted; empty when it has no compartments. The owner
/// itself is in its own.
#[must_use]
pub fn members(owner: ResourceType) -> Vec<ResourceType> {
    let Some(compartment) = definitions().compartment(owner.name()) else { return Vec::new() };
    let is_member =
        |member: &ResourceType| *member == owner || compartment.members.contains_key(member.name());
    ResourceType::all().filter(is_member).collect()
}

/// The condition on resources of these types to be in the compartment of this owner.
#[must_use]
pub fn membership(owner: ResourceType, id: &str, types: &[ResourceType]) -> Criterion {
    let parameters = types.iter().flat_map(|member| parameters(owner, *member)).collect();
    Criterion::Compartment { owner: Key::of_resource(owner, id), parameters, itself: types.contains(&owner) }
}

/// The references that put a resource of the type into the compartment that it points to.
fn parameters(owner: ResourceType, member: ResourceType) -> impl Iterator<Item = &'static Parameter> {
    let codes = definitions()
        .compartment(owner.name())
        .and_then(|compartment| compartment.members.get(member.name()));
    let parameters = codes.into_iter().flatten().filter_map(move |code| registry().parameter(member, code));
    parameters.filter(|parameter| parameter.indexed && parameter.kind == Kind::Reference)
}

#[cfg(test)]
mod tests {
    use fhir::{Resource, primitive::date::london};
    use serde_json::json;

    use super::*;
    use crate::{index, matches};

    #[test]
    fn a_member_refers_to_the_owner_by_one_of_the_parameters() {
        let check = |resource: serde_json::Value, expect: bool| {
            let resource = Resource::new(resource).unwrap();
            let rows = index(&resource, "http://here/fhir", london());
            let criterion = membership(ResourceType::PATIENT, "p", &[resource.resource_type()]);
            let identity = resource.key().unwrap_or(Key::of_resource(resource.resource_type(), "x"));
            let decided = matches(&criterion, &rows, identity, 0).unwrap();
            assert_eq!(decided, expect, "{:?}", resource.value());
        };
        check(json!({"resourceType": "ServiceRequest", "subject": {"reference": "Patient/p"}}), true);
        check(json!({"resourceType": "ServiceRequest", "performer": [{"reference": "Patient/p"}]}), true);
        check(json!({"resourceType": "ServiceRequest", "subject": {"reference": "Patient/q"}}), false);
        check(json!({"resourceType": "EpisodeOfCare", "patient": {"reference": "Patient/p"}}), true);
        check(json!({"resourceType": "Organization", "name": "x"}), false);
        check(json!({"resourceType": "Patient", "id": "p"}), true);
        check(json!({"resourceType": "Patient", "id": "q"}), false);
        check(
            json!({"resourceType": "Patient", "id": "q", "link": [{"other": {"reference": "Patient/p"}}]}),
            true,
        );
    }

    #[test]
    fn who_has_a_compartment_and_who_is_in_it() {
        let patient = members(ResourceType::PATIENT);
        assert!(
            patient.is_sorted()
                && patient.contains(&ResourceType::PATIENT)
                && patient.contains(&ResourceType::TASK)
        );
        assert!(!patient.contains(&ResourceType::ORGANIZATION));
        assert!(members(ResourceType::TASK).is_empty());
    }
}
