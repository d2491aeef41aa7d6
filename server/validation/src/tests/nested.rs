//! Resources within others, held to the profiles that they claim.

use fhir::{IssueType, Resource};
use serde_json::{Value, json};

use crate::{Settings, validate};

const BODY_WEIGHT: &str = "http://hl7.org/fhir/StructureDefinition/bodyweight";

fn errors(value: Value) -> Vec<(IssueType, String)> {
    let findings = validate(&Resource::new(value).unwrap(), &Settings::default());
    let errors = findings.into_iter().filter(|finding| finding.issue.is_error());
    errors.map(|finding| (finding.issue.code, finding.issue.expression[0].clone())).collect()
}

/// A body weight without a time, which R4 does not ask for and the profile does.
fn timeless(id: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "meta": {"profile": [BODY_WEIGHT]}, "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": "Patient/1"},
        "valueQuantity": {"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
    })
}

#[test]
fn entries_contained_resources_and_parameters_are_held_to_what_they_claim() {
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "urn:uuid:3f1f0a6e-0c1b-4d5a-9a55-111111111111", "resource": {"resourceType": "Patient"}},
        {"fullUrl": "urn:uuid:3f1f0a6e-0c1b-4d5a-9a55-222222222222", "resource": timeless("a")}]});
    let missing = |at: &str| vec![(IssueType::Required, format!("{at}.effective"))];
    assert_eq!(errors(bundle.clone()), missing("Bundle.entry[1].resource"));
    let report = json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"},
        "contained": [timeless("a")], "result": [{"reference": "#a"}]});
    assert_eq!(errors(report), missing("DiagnosticReport.contained[0]"));
    let parameters = json!({"resourceType": "Parameters", "parameter": [
        {"name": "a", "part": [{"name": "b", "resource": bundle}]}]});
    let at = "Parameters.parameter[0].part[0].resource.entry[1].resource";
    assert_eq!(errors(parameters), missing(at));
}

#[test]
fn a_claim_of_another_type_cannot_be_true() {
    let mut patient = json!({"resourceType": "Patient", "meta": {"profile": [BODY_WEIGHT]}});
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]});
    assert_eq!(
        errors(bundle),
        [(IssueType::Structure, "Bundle.entry[0].resource.meta.profile[0]".to_owned())]
    );
    patient["meta"]["profile"] = json!(["https://example.org/a-profile"]);
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]});
    let findings = validate(&Resource::new(bundle).unwrap(), &Settings::default());
    let at: Vec<_> = findings.iter().map(|finding| finding.issue.expression[0].as_str()).collect();
    assert_eq!(at, ["Bundle.entry[0].resource.meta.profile[0]"]);
    assert!(!findings[0].issue.is_error());
}
