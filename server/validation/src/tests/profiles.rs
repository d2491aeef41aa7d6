//! The examples that stand beside our profiles: the valid ones pass, each other one has the finding that is expected of it.

use std::{fs, path::PathBuf};

use fhir::{CANONICAL_BASE, Cause, Resource};
use serde_json::{Value, json};

use crate::{Finding, Settings, profiles_for, validate};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/examples")).join(name)
}

fn read(path: &PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn example(name: &str) -> Value {
    read(&folder("valid").join(name))
}

fn findings(value: Value) -> Vec<Finding> {
    validate(&Resource::new(value).unwrap(), &Settings::default())
}

fn errors(value: Value) -> Vec<(Cause, &'static str, String)> {
    let errors = findings(value).into_iter().filter(|finding| finding.issue.is_error());
    errors.map(|f| (f.cause, f.issue.code.code(), f.issue.expression[0].clone())).collect()
}

#[test]
fn valid_examples_pass() {
    let mut seen = 0;
    for entry in fs::read_dir(folder("valid")).unwrap() {
        let path = entry.unwrap().path();
        let resource = Resource::new(read(&path)).unwrap();
        assert!(
            !profiles_for(&resource, &Settings::default()).is_empty(),
            "{path:?} is held against no profile"
        );
        let mut found = validate(&resource, &Settings::default());
        // A better code may be recommended; nothing else may be said.
        found
            .retain(|finding| finding.issue.is_error() || finding.issue.code != fhir::IssueType::CodeInvalid);
        assert_eq!(found, [], "{path:?}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn invalid_examples_have_the_expected_finding_and_no_other() {
    let expected = read(&folder("invalid").join("expect.json"));
    for row in expected.as_array().unwrap() {
        let file = row["file"].as_str().unwrap();
        let found = errors(read(&folder("invalid").join(file)));
        let expression = row["expression"].as_str().unwrap().to_owned();
        let wanted = (Cause::Unprocessable, row["code"].as_str().unwrap(), expression);
        assert_eq!(found, [wanted], "{file}");
    }
}

/// The discharge plan with this as its discharge extension's parts.
fn plan_with(parts: Value) -> Value {
    let url = format!("{CANONICAL_BASE}/StructureDefinition/ic-discharge");
    let mut plan = example("HFDischargePlan-ready.json");
    let extensions = plan["extension"].as_array_mut().unwrap();
    let discharge = extensions.iter_mut().find(|extension| extension["url"] == url.as_str()).unwrap();
    discharge["extension"] = parts;
    plan
}

#[test]
fn a_complex_extension_is_held_against_its_own_definition() {
    let parts = json!([
        {"url": "criteriaToReside", "extension": [{"url": "meets", "valueString": "no"}]},
        {"url": "recommendedPathway", "valueCode": "P9"},
        {"url": "plannedDischarge", "extension": [{"url": "x", "valueCode": "x"}]}
    ]);
    let found = errors(plan_with(parts));
    let at = |index: usize| {
        let mut below = found.iter().filter(|(_, _, at)| at.contains(&format!(".extension[{index}]")));
        below.next().map(|(_, code, at)| (*code, at.rsplit_once(&format!(".extension[{index}]")).unwrap().1))
    };
    assert_eq!(at(1), Some(("code-invalid", ".value")), "{found:?}");
    assert!(
        found
            .iter()
            .any(|(_, code, at)| *code == "structure" && at.ends_with(".extension[0].extension[0].value"))
    );
    assert!(
        found
            .iter()
            .any(|(_, code, at)| *code == "required" && at.ends_with(".extension[0].extension('asserted')"))
    );
    assert!(
        found.iter().any(|(_, code, at)| *code == "required" && at.ends_with(".extension[2].value")),
        "{found:?}"
    );
}

#[test]
fn a_profile_claimed_for_another_type_is_refused() {
    let mut task = example("HFFulfilmentTask-requested.json");
    task["meta"] = json!({"profile": [format!("{CANONICAL_BASE}/StructureDefinition/HFReferral|9.9")]});
    assert_eq!(errors(task), [(Cause::Unprocessable, "structure", "Task.meta.profile[0]".to_owned())]);
}

#[test]
fn a_general_server_asks_for_no_profile_that_is_not_claimed() {
    let general = Settings { required_profiles: std::collections::HashSet::new() };
    let bare = json!({"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/1"}});
    let resource = Resource::new(bare.clone()).unwrap();
    assert_eq!(validate(&resource, &general), []);
    assert!(errors(bare.clone()).len() > 5);
    let mut claiming = bare;
    claiming["meta"] = json!({"profile": [format!("{CANONICAL_BASE}/StructureDefinition/HFReferral")]});
    assert!(validate(&Resource::new(claiming).unwrap(), &general).len() > 5);
}

#[test]
fn a_referral_with_ten_faults_of_both_kinds_has_ten_findings() {
    const SOURCE: &str =
        "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest";
    let mut referral = example("HFReferral-urgent-response.json");
    let members = referral.as_object_mut().unwrap();
    members.remove("requester");
    members.remove("identifier");
    members["extension"].as_array_mut().unwrap().retain(|extension| extension["url"] != SOURCE);
    members.insert("prioritty".into(), json!("urgent"));
    members.insert("status".into(), json!("started"));
    members.insert("subject".into(), json!({"reference": "Group/1"}));
    members.insert("authoredOn".into(), json!("21/11/2026"));
    members.insert("reasonCode".into(), json!({"text": "fell"}));
    members.insert("occurrenceDateTime".into(), json!("2026-11-21"));
    members.remove("occurrencePeriod");
    let category =
        json!({"system": format!("{CANONICAL_BASE}/CodeSystem/ic-referral-category"), "code": "sideways"});
    members.insert("category".into(), json!([{"coding": [category]}]));
    let mut found = errors(referral);
    found.sort_by(|a, b| a.2.cmp(&b.2));
    let found: Vec<_> = found.iter().map(|(cause, code, at)| (*cause, *code, at.as_str())).collect();
    let source = format!("ServiceRequest.extension('{SOURCE}')");
    assert_eq!(
        found,
        [
            (Cause::Unparsable, "value", "ServiceRequest.authoredOn"),
            (Cause::Unprocessable, "code-invalid", "ServiceRequest.category[0].coding[0].code"),
            (Cause::Unprocessable, "required", source.as_str()),
            (Cause::Unprocessable, "required", "ServiceRequest.identifier"),
            (Cause::Unprocessable, "structure", "ServiceRequest.occurrence"),
            (Cause::Unparsable, "structure", "ServiceRequest.prioritty"),
            (Cause::Unparsable, "structure", "ServiceRequest.reasonCode"),
            (Cause::Unprocessable, "required", "ServiceRequest.requester"),
            (Cause::Unprocessable, "code-invalid", "ServiceRequest.status"),
            (Cause::Unprocessable, "structure", "ServiceRequest.subject.reference"),
        ]
    );
}

#[test]
fn what_a_profile_states_in_fhirpath_holds() {
    let clock_start = format!("{CANONICAL_BASE}/StructureDefinition/ic-clock-start");
    let mut referral = example("HFReferral-urgent-response.json");
    let extensions = referral["extension"].as_array_mut().unwrap();
    extensions.retain(|extension| extension["url"] != clock_start.as_str());
    let findings = validate(&Resource::new(referral).unwrap(), &Settings::default());
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((finding.cause, finding.issue.code), (Cause::Unprocessable, fhir::IssueType::Invariant));
    assert_eq!(finding.issue.rule, Some("IC-UCR-01"));
    assert!(finding.issue.diagnostics.contains("clock"), "{}", finding.issue.diagnostics);
    assert_eq!(finding.issue.expression, ["ServiceRequest"]);
}
