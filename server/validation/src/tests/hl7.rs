//! HL7's own profiles and extensions for R4: they are known, and they are asked for.

use std::collections::HashSet;

use fhir::{IssueType, Resource};
use serde_json::{Value, json};

use crate::{Finding, Settings, validate};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition";

fn errors(value: Value) -> Vec<(IssueType, String)> {
    let findings = validate(&Resource::new(value).unwrap(), &Settings::default());
    let errors = findings.into_iter().filter(|finding| finding.issue.is_error());
    errors.map(|Finding { issue, .. }| (issue.code, issue.expression[0].clone())).collect()
}

fn body_weight() -> Value {
    json!({
        "resourceType": "Observation",
        "meta": {"profile": [format!("{CORE}/bodyweight")]},
        "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-11-21",
        "valueQuantity": {"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
    })
}

#[test]
fn a_vital_sign_is_held_against_its_profile() {
    assert_eq!(errors(body_weight()), []);
    let mut without = body_weight();
    let members = without.as_object_mut().unwrap();
    members.remove("effectiveDateTime");
    members.remove("category");
    members["valueQuantity"]["code"] = json!("stone");
    let mut found = errors(without);
    found.sort_by(|a, b| a.1.cmp(&b.1));
    let found: Vec<_> = found.iter().map(|(code, at)| (*code, at.as_str())).collect();
    assert_eq!(
        found,
        [
            (IssueType::Required, "Observation.category"),
            (IssueType::Required, "Observation.effective"),
            (IssueType::CodeInvalid, "Observation.value.code"),
        ]
    );
}

#[test]
fn what_the_profile_of_vital_signs_states_holds_for_each_of_them() {
    let mut vague = body_weight();
    vague["effectiveDateTime"] = json!("2026");
    vague.as_object_mut().unwrap().remove("valueQuantity");
    let found = errors(vague);
    assert!(found.contains(&(IssueType::Invariant, "Observation.effective".to_owned())), "{found:?}");
    assert!(found.contains(&(IssueType::Invariant, "Observation".to_owned())), "{found:?}");
}

#[test]
fn extensions_have_the_type_and_the_place_that_their_definition_says() {
    let with = |extension: Value| json!({"resourceType": "Patient", "birthDate": "1940-01-01", "_birthDate": {"extension": [extension]}});
    let url = format!("{CORE}/patient-birthTime");
    assert_eq!(errors(with(json!({"url": url, "valueDateTime": "1940-01-01T08:00:00Z"}))), []);
    let found = errors(with(json!({"url": url, "valueString": "at eight"})));
    assert_eq!(found, [(IssueType::Structure, "Patient.birthDate.extension[0].value".to_owned())]);
    let elsewhere = json!({"resourceType": "Task", "status": "draft", "intent": "order", "extension": [
        {"url": format!("{CORE}/patient-religion"), "valueCodeableConcept": {"text": "none"}}]});
    let found = validate(&Resource::new(elsewhere).unwrap(), &Settings { required_profiles: HashSet::new() });
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert!(!finding.issue.is_error() && finding.issue.code == IssueType::Extension, "{finding:?}");
}
