use std::collections::HashSet;

use fhir::ResourceType;

use super::*;
use crate::{Kind, Strength};

/// The child at the end of a path of JSON properties, such as `Bundle.entry.link`.
fn child(path: &str) -> Option<&'static Child> {
    let mut properties = path.split('.');
    let mut scope = definitions().scope_of_type(properties.next()?);
    let mut child = None;
    for property in properties {
        child = definitions().child(scope?, property);
        scope = child?.scope;
    }
    child
}

/// The value set that the element at this path is bound to, with the strength of the binding.
fn bound(path: &str) -> (Strength, Option<&'static ValueSet>) {
    let binding = child(path).unwrap().element.binding.as_ref().unwrap();
    (binding.strength, definitions().value_set(&binding.value_set))
}

#[test]
fn every_resource_type_has_a_scope() {
    for resource_type in ResourceType::all() {
        let scope = definitions().scope_of_type(resource_type.name()).unwrap();
        assert_eq!(definitions().child(scope, "id").unwrap().type_name, "id", "{resource_type}");
        assert!(definitions().children(scope).len() > 4, "{resource_type}");
    }
    let of_kind = |kind| definitions().structures().iter().filter(|s| s.kind == kind).count();
    assert_eq!(of_kind(Kind::Resource), ResourceType::all().count() + 2, "with Resource and DomainResource");
    assert_eq!((of_kind(Kind::ComplexType), of_kind(Kind::PrimitiveType)), (41, 20));
}

#[test]
fn properties_have_their_types() {
    let cases = [
        ("Task.owner", Some("Reference")),
        ("Task.status", Some("code")),
        ("Task.id", Some("id")),
        ("Task.meta.versionId", Some("id")),
        ("Task.meta.id", Some("string")),
        ("Task.restriction.period.start", Some("dateTime")),
        ("Task.nothing", None),
        ("Task.status.value", None),
        ("Nothing.id", None),
        ("Observation.valueQuantity", Some("Quantity")),
        ("Observation.valueQuantity.unit", Some("string")),
        ("Observation.valueDateTime", Some("dateTime")),
        ("Observation.value[x]", None),
        ("Observation.value", None),
        ("Observation.valueAddress", None),
        ("Observation.component.referenceRange.low.value", Some("decimal")),
        ("Extension.url", Some("uri")),
        ("Extension.valueBase64Binary", Some("base64Binary")),
        ("Patient.contained", Some("Resource")),
        ("Patient.text.div", Some("xhtml")),
        ("Patient.contact.name.given", Some("string")),
        ("Patient.extension.extension.valueCodeableConcept.coding.code", Some("code")),
        ("Bundle.entry", Some("BackboneElement")),
        ("Bundle.entry.resource", Some("Resource")),
        ("Bundle.entry.link", Some("BackboneElement")),
        ("Bundle.entry.link.relation", Some("string")),
        ("Bundle.entry.request.method", Some("code")),
        ("Parameters.parameter.part.part.resource", Some("Resource")),
        ("Questionnaire.item.item.item.linkId", Some("string")),
        ("QuestionnaireResponse.item.answer.item.answer.valueCoding.system", Some("uri")),
        ("Timing.repeat", Some("Element")),
        ("Timing.repeat.boundsPeriod.end", Some("dateTime")),
        ("Dosage.timing.repeat.periodUnit", Some("code")),
        ("ElementDefinition.slicing.discriminator.path", Some("string")),
        ("Element.id", Some("string")),
        ("Element.extension.url", Some("uri")),
    ];
    for (path, expected) in cases {
        assert_eq!(child(path).map(|child| child.type_name), expected, "{path}");
    }
}

#[test]
fn a_scope_is_none_only_where_the_json_or_the_type_ends_it() {
    let definitions = definitions();
    for scope in definitions.scopes {
        assert!(!scope.elements.is_empty());
        for child in scope.children.values() {
            let kind = definitions.structure(child.type_name).map(|s| s.kind);
            let ends = kind == Some(Kind::PrimitiveType) || child.type_name == "Resource";
            assert!(kind.is_some(), "{} {}", child.element.path, child.type_name);
            assert_eq!(child.scope.is_none(), ends, "{} {}", child.element.path, child.type_name);
        }
    }
}

#[test]
fn elements_keep_their_cardinality_targets_and_flags() {
    let owner = child("Task.owner").unwrap().element;
    assert_eq!(
        (owner.path.as_str(), owner.name.as_str(), owner.min, owner.max),
        ("Task.owner", "owner", 0, Some(1))
    );
    let targets = &owner.types[0].targets;
    assert!(targets.iter().any(|t| t == "Organization") && !targets.iter().any(|t| t == "Observation"));
    assert!(child("Task.focus").unwrap().element.types[0].targets.is_empty(), "any");
    let status = child("Task.status").unwrap().element;
    assert_eq!((status.min, status.max, status.is_summary, status.is_modifier), (1, Some(1), true, true));
    assert_eq!(child("Task.input").unwrap().element.max, None);
    let value = child("Observation.valueQuantity").unwrap().element;
    assert_eq!(value.types.len(), 11);
    assert!(
        std::ptr::eq(value, child("Observation.valueString").unwrap().element),
        "one element, however it is typed"
    );
    let names: Vec<_> = definitions()
        .children(child("Task.restriction").unwrap().scope.unwrap())
        .iter()
        .map(|e| &e.name)
        .collect();
    assert_eq!(names, ["id", "extension", "modifierExtension", "repetitions", "period", "recipient"]);
}

#[test]
fn invariants_are_found_where_they_are_stated() {
    let keys = |constraints: &'static [crate::Constraint]| {
        constraints.iter().map(|c| c.key.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&definitions().structure("DomainResource").unwrap().constraints).len(), 5);
    assert!(keys(&definitions().structure("Bundle").unwrap().constraints).contains(&"bdl-7"));
    assert_eq!(keys(&child("Bundle.entry").unwrap().element.constraints), ["bdl-5", "bdl-8"]);
    assert_eq!(keys(&definitions().structure("Element").unwrap().constraints), ["ele-1"]);
    assert_eq!(keys(&definitions().structure("Task").unwrap().constraints), ["inv-1"]);
}

#[test]
fn primitives_have_their_regular_expression() {
    assert_eq!(definitions().structure("id").unwrap().regex.as_deref(), Some(r"[A-Za-z0-9\-\.]{1,64}"));
    assert_eq!(definitions().structure("positiveInt").unwrap().regex.as_deref(), Some("[1-9][0-9]*"));
    assert_eq!(definitions().structure("Quantity").unwrap().regex, None);
    let without: Vec<_> = definitions()
        .structures()
        .iter()
        .filter(|s| s.kind == Kind::PrimitiveType && s.regex.is_none())
        .map(|s| &s.name)
        .collect();
    assert_eq!(without, ["xhtml"]);
}

#[test]
fn required_bindings_have_their_codes() {
    let cases = [
        ("Task.status", "requested", "foo"),
        ("Bundle.entry.request.method", "PATCH", "patch"),
        ("Patient.gender", "unknown", "f"),
        ("Timing.repeat.periodUnit", "wk", "fortnight"),
        ("OperationOutcome.issue.code", "not-supported", "unsupported"),
        ("CapabilityStatement.rest.resource.type", "Task", "Tasks"),
    ];
    for (path, member, stranger) in cases {
        let (strength, value_set) = bound(path);
        let value_set = value_set.unwrap();
        assert_eq!(strength, Strength::Required, "{path}");
        assert!(value_set.contains(None, member), "{path} {member}");
        assert!(!value_set.contains(None, stranger), "{path} {stranger}");
    }
    let (_, task_status) = bound("Task.status");
    let task_status = task_status.unwrap();
    assert!(task_status.contains(Some("http://hl7.org/fhir/task-status"), "requested"));
    assert!(!task_status.contains(Some("http://hl7.org/fhir/request-status"), "requested"));
    assert_eq!(task_status.sample(2), ["accepted", "cancelled"]);
    assert!(bound("Attachment.contentType").1.is_none(), "mime types are not held");
}

#[test]
fn required_bindings_without_codes_are_few() {
    let elements = definitions().scopes.iter().flat_map(|scope| scope.elements);
    let required = elements.filter_map(|e| e.binding.as_ref()).filter(|b| b.strength == Strength::Required);
    let unknown: HashSet<_> = required
        .filter(|b| definitions().value_set(&b.value_set).is_none())
        .map(|b| b.value_set.rsplit('/').next().unwrap().split('|').next().unwrap())
        .collect();
    assert_eq!(unknown, HashSet::from(["currencies", "mimetypes", "ucum-units", "LL379-9"]));
}

#[test]
fn search_parameters_are_known() {
    let parameters = definitions().search_parameters();
    assert!(parameters.len() >= 1385, "{}", parameters.len());
    let find = |base: &str, code: &str| {
        let mut found = parameters.iter().filter(|p| p.code == code && p.bases.iter().any(|b| b == base));
        let first = found.next().unwrap();
        assert!(found.next().is_none(), "{base} {code} is defined once");
        first
    };
    let owner = find("Task", "owner");
    assert_eq!((owner.kind.as_str(), owner.expression.as_deref()), ("reference", Some("Task.owner")));
    assert!(owner.targets.iter().any(|t| t == "Organization"));
    let date = find("Observation", "date");
    assert!(date.expression.as_deref().unwrap().contains("AllergyIntolerance.recordedDate | "));
    assert_eq!(find("Resource", "_id").expression.as_deref(), Some("Resource.id"));
    assert_eq!(find("Resource", "_content").expression, None);
    let composite = find("Observation", "component-code-value-quantity");
    assert_eq!(composite.kind, "composite");
    assert_eq!(composite.components.len(), 2);
    assert_eq!(composite.components[0].1, "code");
    let by_url: HashSet<_> = parameters.iter().map(|p| p.url.as_str()).collect();
    for parameter in parameters {
        assert!(
            parameter.components.iter().all(|(url, _)| by_url.contains(url.as_str())),
            "{}",
            parameter.url
        );
    }
}

#[test]
fn compartments_are_known() {
    for owner in ["Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"] {
        let compartment = definitions().compartment(owner).unwrap();
        assert_eq!(compartment.owner, owner);
        assert!(!compartment.members.contains_key("Binary"), "{owner}");
        let parameters = compartment.members.values().flatten();
        assert!(parameters.into_iter().all(|code| !code.starts_with('{')), "{owner}");
    }
    let patient = definitions().compartment("Patient").unwrap();
    assert_eq!(patient.members["Observation"], ["performer", "subject"]);
    assert_eq!(patient.members["Patient"], ["link"]);
    assert!(definitions().compartment("Task").is_none());
}

#[test]
fn our_own_file_is_loaded() {
    for artifact in definitions().artifacts() {
        let resource = definitions().artifact(&artifact.resource_type, &artifact.id).unwrap();
        assert_eq!(resource["id"], artifact.id.as_str());
    }
    assert!(definitions().artifact("StructureDefinition", "nothing").is_none());
}

mod own;
mod uk_core;
