//! The label of a version: which organisations are parties to it. It is computed in the write's own transaction, from what the
//! resource refers to, and decides who may read it.

use std::collections::{BTreeSet, HashMap};

use fhir::{Key, Reference, Resource, ResourceType};
use store::{Label, Target};

/// The types that hold nothing about a person: every caller reads them.
const DIRECTORY: &[&str] = &[
    "ActivityDefinition",
    "CapabilityStatement",
    "ChargeItemDefinition",
    "CodeSystem",
    "CompartmentDefinition",
    "ConceptMap",
    "Endpoint",
    "EventDefinition",
    "ExampleScenario",
    "GraphDefinition",
    "HealthcareService",
    "ImplementationGuide",
    "InsurancePlan",
    "Library",
    "Location",
    "Measure",
    "Medication",
    "MedicationKnowledge",
    "MessageDefinition",
    "NamingSystem",
    "ObservationDefinition",
    "OperationDefinition",
    "Organization",
    "OrganizationAffiliation",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Questionnaire",
    "SearchParameter",
    "SpecimenDefinition",
    "StructureDefinition",
    "StructureMap",
    "Substance",
    "TerminologyCapabilities",
    "TestScript",
    "ValueSet",
];

/// Whoever is referred to by one of these types is a party.
pub(crate) const PARTIES: [ResourceType; 4] = [
    ResourceType::ORGANIZATION,
    ResourceType::HEALTHCARE_SERVICE,
    ResourceType::PRACTITIONER_ROLE,
    ResourceType::CARE_TEAM,
];

/// The workflow types, whose parties change hands: one that is no longer named is a party no more.
pub(crate) const WORKFLOW: [ResourceType; 4] = [
    ResourceType::SERVICE_REQUEST,
    ResourceType::TASK,
    ResourceType::EPISODE_OF_CARE,
    ResourceType::CARE_PLAN,
];

/// Whether resources of this type are directory data.
pub(crate) fn is_directory(resource_type: ResourceType) -> bool {
    DIRECTORY.contains(&resource_type.name())
}

/// The parties that a resource of this type names by these references: organisations, services, roles and teams, with the organisation behind each; and, for
/// what fulfils a request, the parties of that request.
pub(crate) fn parties_of(
    of: ResourceType,
    references: &[(String, Reference)],
    targets: &HashMap<Key, Target>,
    of_request: impl Fn(Key) -> Option<BTreeSet<Key>>,
) -> BTreeSet<Key> {
    let inherits = WORKFLOW.contains(&of) && of != ResourceType::SERVICE_REQUEST;
    let mut parties = BTreeSet::new();
    for (_, reference) in references {
        let Reference::Local { resource_type, id, .. } = reference else { continue };
        let key = Key::of_resource(*resource_type, id);
        let target = targets.get(&key);
        if PARTIES.contains(resource_type) {
            parties.insert(key);
            parties.extend(target.and_then(|target| target.owner));
        }
        if inherits && *resource_type == ResourceType::SERVICE_REQUEST {
            let named = target.and_then(|target| target.parties.clone());
            parties.extend(of_request(key).or(named.map(BTreeSet::from_iter)).unwrap_or_default());
        }
    }
    parties
}

/// The label of a version with these parties.
pub(crate) fn label(resource: &Resource, parties: BTreeSet<Key>) -> Label {
    let is_published = |id| canonical::definitions().is_published(resource.resource_type().name(), id);
    let is_open = is_directory(resource.resource_type()) || resource.id().is_some_and(is_published);
    let parties = (!is_open).then(|| parties.into_iter().collect());
    Label { parties, confidentiality: confidentiality(resource) }
}

/// 0 normal, 1 restricted, 2 very restricted, <http://terminology.hl7.org/CodeSystem/v3-Confidentiality>.
fn confidentiality(resource: &Resource) -> i16 {
    let security = resource.get("meta").and_then(|meta| meta.get("security")).and_then(|s| s.as_array());
    let level = |coding: &fhir::Value| match coding.get("code").and_then(fhir::Value::as_str) {
        Some("V") => 2,
        Some("R") => 1,
        _ => 0,
    };
    security.into_iter().flatten().map(level).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parties_are_those_named_and_those_behind_them() {
        let resource = Resource::new(json!({
            "resourceType": "Task",
            "owner": {"reference": "HealthcareService/s"},
            "requester": {"reference": "Organization/o"},
            "for": {"reference": "Patient/p"},
            "focus": {"reference": "ServiceRequest/r"}
        }))
        .unwrap();
        let key = |t, id| Key::of_resource(t, id);
        let service = key(ResourceType::HEALTHCARE_SERVICE, "s");
        let behind = key(ResourceType::ORGANIZATION, "behind");
        let of_request = key(ResourceType::ORGANIZATION, "q");
        let target = Target {
            key: service,
            resource_type: ResourceType::HEALTHCARE_SERVICE,
            owner: Some(behind),
            patient: None,
            parties: None,
            deleted: false,
            visible: true,
        };
        let references = resource.references("http://x");
        let targets = HashMap::from([(service, target)]);
        let parties =
            parties_of(ResourceType::TASK, &references, &targets, |_| Some(BTreeSet::from([of_request])));
        let expected = BTreeSet::from([service, behind, key(ResourceType::ORGANIZATION, "o"), of_request]);
        assert_eq!(parties, expected);
    }

    #[test]
    fn directory_types_are_types() {
        for name in DIRECTORY {
            assert!(ResourceType::find(name).is_some(), "{name}");
        }
    }
}
