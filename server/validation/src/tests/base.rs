//! Resources against the base definition.

use std::collections::HashSet;

use fhir::{CANONICAL_BASE, Cause, Resource};
use serde_json::{Value, json};

use crate::{Finding, Settings, into_error, validate, warnings};

/// Cause, issue code and expression.
type Expected = (Cause, &'static str, &'static str);

const BAD: Cause = Cause::Unparsable;
const REFUSED: Cause = Cause::Unprocessable;

fn findings(resource: Value) -> Vec<Finding> {
    validate(&Resource::new(resource).unwrap(), &Settings { required_profiles: HashSet::new() })
}

/// The same for a server that acts on what it gets.
fn acted_on(resource: Value) -> Vec<Finding> {
    validate(&Resource::new(resource).unwrap(), &Settings::default())
}

/// Checks that exactly this is found: causes, issue codes and expressions, in any order.
#[track_caller]
fn check(resource: Value, expected: &[Expected]) {
    let found = findings(resource);
    let mut short: Vec<_> =
        found.iter().map(|f| (f.cause, f.issue.code.code(), f.issue.expression[0].as_str())).collect();
    let mut expected = expected.to_vec();
    short.sort_by_key(|(_, code, at)| (*at, *code));
    expected.sort_by_key(|(_, code, at)| (*at, *code));
    assert_eq!(short, expected, "{found:#?}");
}

/// A valid resource with one property more, or another value for it.
fn with(name: &str, value: Value) -> Value {
    let mut resource = json!({
        "resourceType": "ServiceRequest", "id": "a", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/1"}
    });
    resource[name] = value;
    resource
}

#[test]
fn a_referral_with_ten_faults_has_ten_findings() {
    let referral = json!({
        "resourceType": "ServiceRequest",
        "prioritty": "urgent",
        "status": "started",
        "subject": {"reference": "Task/1"},
        "category": {"coding": [{"code": "x"}]},
        "doNotPerform": "no",
        "identifier": [{"use": "work", "value": "1"}],
        "occurrenceDateTime": "2026-11-21", "occurrencePeriod": {"start": "2026-11-21"},
        "extension": [{"url": "http://a.example/e"}],
        "supportingInfo": [{"reference": "#gone"}]
    });
    check(
        referral.clone(),
        &[
            (BAD, "structure", "ServiceRequest.prioritty"),
            (REFUSED, "code-invalid", "ServiceRequest.status"),
            (REFUSED, "structure", "ServiceRequest.subject.reference"),
            (BAD, "structure", "ServiceRequest.category"),
            (BAD, "value", "ServiceRequest.doNotPerform"),
            (REFUSED, "code-invalid", "ServiceRequest.identifier[0].use"),
            (BAD, "structure", "ServiceRequest.occurrence"),
            (REFUSED, "invariant", "ServiceRequest.extension[0]"),
            (REFUSED, "invariant", "ServiceRequest.supportingInfo[0].reference"),
            (REFUSED, "required", "ServiceRequest.intent"),
        ],
    );
    let error = into_error(findings(referral));
    assert_eq!(error.cause(), BAD);
    assert_eq!(error.issues().len(), 10);
    assert!(
        error.issues()[0].diagnostics.contains("Did you mean 'priority'?"),
        "{}",
        error.issues()[0].diagnostics
    );
}

#[test]
fn without_an_error_of_form_it_is_422_and_without_any_the_warnings_are_left() {
    let refused = findings(with("status", json!("started")));
    assert_eq!(warnings(refused).unwrap_err().cause(), REFUSED);
    let warned = findings(with("meta", json!({"profile": ["http://a.example/unknown"]})));
    assert_eq!(warnings(warned).unwrap().len(), 1);
    assert_eq!(warnings(findings(with("id", json!("b")))).unwrap().len(), 0);
}

#[test]
fn elements_have_the_form_of_their_definition() {
    let cases: Vec<(&str, Value, &[Expected])> = vec![
        ("resourceType", json!("ServiceRequest"), &[]),
        ("subject", json!([{"reference": "Patient/1"}]), &[(BAD, "structure", "ServiceRequest.subject")]),
        ("subject", json!("Patient/1"), &[(BAD, "structure", "ServiceRequest.subject")]),
        ("subject", json!(null), &[(BAD, "structure", "ServiceRequest.subject")]),
        ("subject", json!({}), &[(BAD, "structure", "ServiceRequest.subject")]),
        (
            "subject",
            json!({"resourceType": "Patient"}),
            &[(BAD, "structure", "ServiceRequest.subject.resourceType")],
        ),
        ("note", json!([]), &[(BAD, "structure", "ServiceRequest.note")]),
        ("note", json!([{"text": "a"}, "b"]), &[(BAD, "structure", "ServiceRequest.note[1]")]),
        ("note", json!([null]), &[(BAD, "structure", "ServiceRequest.note[0]")]),
        (
            "note",
            json!([{"time": "2026-11-21T10:00:00Z"}]),
            &[(REFUSED, "required", "ServiceRequest.note[0].text")],
        ),
        ("requester", json!({"id": "a"}), &[(REFUSED, "invariant", "ServiceRequest.requester")]),
        ("_subject", json!({"id": "a"}), &[(BAD, "structure", "ServiceRequest._subject")]),
        ("_", json!({"id": "a"}), &[(BAD, "structure", "ServiceRequest._")]),
        ("quantity", json!({"value": 1}), &[(BAD, "structure", "ServiceRequest.quantity")]),
        ("quantityQuantity", json!({"value": 1}), &[]),
        ("quantityString", json!("1"), &[(BAD, "structure", "ServiceRequest.quantityString")]),
        (
            "implicitRules",
            json!("http://a.example/r"),
            &[(REFUSED, "not-supported", "ServiceRequest.implicitRules")],
        ),
    ];
    for (name, value, expected) in cases {
        check(with(name, value), expected);
    }
}

#[test]
fn primitives_and_their_siblings_agree() {
    let extension = json!({"extension": [{"url": "http://a.example/e", "valueCode": "x"}]});
    let canonical = |values: Value, siblings: Value| {
        let mut resource = with("instantiatesUri", values);
        if !siblings.is_null() {
            resource["_instantiatesUri"] = siblings;
        }
        resource
    };
    check(canonical(json!(["a:b", null]), json!([null, extension])), &[]);
    let at = "ServiceRequest.instantiatesUri";
    check(canonical(json!(["a:b"]), json!([null, extension])), &[(BAD, "structure", at)]);
    check(
        canonical(json!(["a:b", null]), Value::Null),
        &[(BAD, "structure", "ServiceRequest.instantiatesUri[1]")],
    );
    check(canonical(json!("a:b"), Value::Null), &[(BAD, "structure", at)]);
    check(canonical(json!(["a:b"]), extension.clone()), &[(BAD, "structure", at)]);
    check(with("_authoredOn", extension.clone()), &[]);
    check(with("_authoredOn", json!({"id": "a"})), &[(REFUSED, "invariant", "ServiceRequest.authoredOn")]);
    check(with("_authoredOn", json!("a")), &[(BAD, "structure", "ServiceRequest.authoredOn")]);
    check(
        with("_authoredOn", json!({"value": "a"})),
        &[
            (BAD, "structure", "ServiceRequest.authoredOn.value"),
            (REFUSED, "invariant", "ServiceRequest.authoredOn"),
        ],
    );
    let plain = with("_id", extension.clone());
    check(plain, &[(BAD, "structure", "ServiceRequest._id")]);
    let within = with(
        "identifier",
        json!([{"value": "a", "extension": [{"url": "a:b", "_url": extension, "valueCode": "x"}]}]),
    );
    check(within, &[(BAD, "structure", "ServiceRequest.identifier[0].extension[0]._url")]);
    let mut absent = with("_status", extension);
    absent.as_object_mut().unwrap().remove("status");
    check(absent, &[]);
}

#[test]
fn bound_codes_are_of_their_value_set() {
    let coded = |coding: Value| json!([{"code": {"coding": coding}, "onset": "x"}])[0]["code"].clone();
    let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    let condition = |status: Value| json!({"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "clinicalStatus": status});
    check(condition(coded(json!([{"system": system, "code": "active"}]))), &[]);
    check(
        condition(coded(
            json!([{"system": "http://a.example", "code": "x"}, {"system": system, "code": "active"}]),
        )),
        &[],
    );
    let at_code = "Condition.clinicalStatus.coding[0].code";
    check(condition(coded(json!([{"system": system, "code": "on"}]))), &[(REFUSED, "code-invalid", at_code)]);
    check(condition(coded(json!([{"code": "active"}]))), &[(REFUSED, "code-invalid", at_code)]);
    check(condition(json!({"text": "active"})), &[(REFUSED, "code-invalid", "Condition.clinicalStatus")]);
    let two = json!([{"system": system, "code": "on"}, {"system": system, "code": "off"}]);
    let second = "Condition.clinicalStatus.coding[1].code";
    let of_concept = (REFUSED, "code-invalid", "Condition.clinicalStatus");
    // Neither is a code of its system at all, which is a warning at each.
    check(
        condition(coded(two)),
        &[of_concept, (REFUSED, "code-invalid", at_code), (REFUSED, "code-invalid", second)],
    );

    let found = findings(condition(coded(json!([{"code": "active"}]))));
    assert!(found[0].issue.diagnostics.contains(&format!("of the system '{system}'")), "{:?}", found[0]);
    assert_eq!(found[0].issue.rule, Some("IC-TERM-01"));
}

#[test]
fn references_are_to_allowed_types() {
    const AT: &str = "ServiceRequest.subject.reference";
    let cases: Vec<(Value, &[Expected])> = vec![
        (json!({"reference": "Group/1"}), &[]),
        (json!({"reference": "https://there.example/fhir/Task/1"}), &[(REFUSED, "structure", AT)]),
        (json!({"reference": "urn:uuid:9c3d1a2e-0b1f-4f5a-8f57-6f1f2f0f0a01"}), &[]),
        (json!({"identifier": {"value": "1"}}), &[]),
        (json!({"display": "x"}), &[]),
        (json!({"reference": "#"}), &[(REFUSED, "structure", AT)]),
        (
            json!({"reference": "Patient/1", "type": "Group"}),
            &[(REFUSED, "structure", "ServiceRequest.subject.type")],
        ),
        (json!({"type": "Task", "display": "x"}), &[(REFUSED, "structure", "ServiceRequest.subject.type")]),
    ];
    for (subject, expected) in cases {
        check(with("subject", subject), expected);
    }
}

#[test]
fn contained_resources_keep_their_rules() {
    let contains = |contained: Value, subject: &str| {
        let mut resource = with("contained", json!([contained]));
        resource["subject"]["reference"] = json!(subject);
        resource
    };
    check(contains(json!({"resourceType": "Patient", "id": "p"}), "#p"), &[]);
    check(
        contains(json!({"resourceType": "Task", "id": "p", "status": "draft", "intent": "order"}), "#p"),
        &[(REFUSED, "structure", "ServiceRequest.subject.reference")],
    );
    check(
        contains(json!({"resourceType": "Patient", "id": "p"}), "Patient/1"),
        &[(REFUSED, "invariant", "ServiceRequest.contained[0]")],
    );
    let to_container = json!({"resourceType": "Task", "id": "t", "status": "draft", "intent": "order", "focus": {"reference": "#"}});
    check(contains(to_container, "Patient/1"), &[]);
    let mut told =
        contains(json!({"resourceType": "Binary", "id": "photo", "contentType": "image/png"}), "Patient/1");
    told["text"] = json!({"status": "generated",
        "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><img src='#photo' alt=\"a\"/></div>"});
    check(told, &[]);
    let nested = json!({"resourceType": "Patient", "id": "p", "contained": [{"resourceType": "Patient", "id": "q"}],
        "meta": {"versionId": "1", "security": [{"code": "x"}]}});
    check(
        contains(nested, "#p"),
        &[
            (REFUSED, "invariant", "ServiceRequest.contained[0].contained"),
            (REFUSED, "invariant", "ServiceRequest.contained[0].meta.versionId"),
            (REFUSED, "invariant", "ServiceRequest.contained[0].meta.security"),
        ],
    );
    check(
        contains(json!({"resourceType": "Patient"}), "Patient/1"),
        &[(REFUSED, "required", "ServiceRequest.contained[0].id")],
    );
    let mut two = contains(json!({"resourceType": "Patient", "id": "p"}), "#p");
    two["contained"].as_array_mut().unwrap().push(json!({"resourceType": "Patient", "id": "p"}));
    check(two, &[(REFUSED, "duplicate", "ServiceRequest.contained[1].id")]);
    check(
        contains(json!({"resourceType": "Patiant", "id": "p"}), "#p"),
        &[(BAD, "structure", "ServiceRequest.contained[0].resourceType")],
    );
    check(
        contains(json!({"resourceType": "Patient", "id": "p", "active": 1}), "#p"),
        &[(BAD, "value", "ServiceRequest.contained[0].active")],
    );
}

#[test]
fn resources_in_bundles_and_parameters_are_looked_into() {
    check(
        json!({"resourceType": "Bundle", "type": "collection", "entry": [
            {"resource": {"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": "p"}], "link": [{"other": {"reference": "#p"}, "type": "seealso"}]}},
            {"resource": {"resourceType": "Patient", "gender": "m"}},
            {"resource": {"gender": "male"}},
            {"resource": []}
        ]}),
        &[
            (REFUSED, "code-invalid", "Bundle.entry[1].resource.gender"),
            (BAD, "structure", "Bundle.entry[2].resource.resourceType"),
            (BAD, "structure", "Bundle.entry[3].resource"),
        ],
    );
    check(
        json!({"resourceType": "Parameters", "parameter": [
            {"name": "a", "part": [{"name": "b", "resource": {"resourceType": "Patient", "sex": "m"}}]},
            {"name": "c", "valueString": "x", "valueCode": "y"}
        ]}),
        &[
            (BAD, "structure", "Parameters.parameter[0].part[0].resource.sex"),
            (BAD, "structure", "Parameters.parameter[1].value"),
        ],
    );
}

#[test]
fn extensions_have_a_value_or_extensions() {
    let url = "http://a.example/e";
    let cases: Vec<(Value, &[Expected])> = vec![
        (json!({"url": url, "valueReference": {"reference": "Task/1"}}), &[]),
        (json!({"url": url, "extension": [{"url": "part", "valueCode": "x"}]}), &[]),
        (
            json!({"url": url, "valueCode": "x", "extension": [{"url": "part", "valueCode": "x"}]}),
            &[(REFUSED, "invariant", "ServiceRequest.extension[0]")],
        ),
        (json!({"valueCode": "x"}), &[(REFUSED, "required", "ServiceRequest.extension[0].url")]),
        (json!({"url": "e", "valueCode": "x"}), &[(REFUSED, "extension", "ServiceRequest.extension[0].url")]),
        (json!({"url": url, "valueFoo": "x"}), &[(BAD, "structure", "ServiceRequest.extension[0].valueFoo")]),
    ];
    for (extension, expected) in cases {
        check(with("extension", json!([extension])), expected);
    }
}

#[test]
fn claims_are_examined() {
    let profile = |url: &str| with("meta", json!({"profile": [url]}));
    check(profile("http://hl7.org/fhir/StructureDefinition/ServiceRequest"), &[]);
    check(
        profile("http://a.example/unknown"),
        &[(REFUSED, "not-supported", "ServiceRequest.meta.profile[0]")],
    );
}

#[test]
fn there_is_an_end_to_the_findings() {
    let notes: Vec<Value> = (0..2000).map(|_| json!({"texxt": "a"})).collect();
    assert_eq!(findings(with("note", json!(notes))).len(), 250);
}

#[test]
fn extensions_belong_where_they_are_for() {
    let clock_start = json!({"url": format!("{CANONICAL_BASE}/StructureDefinition/ic-clock-start"), "valueDateTime": "2026-01-01T10:00:00Z"});
    let patient = |extension: &Value| json!({"resourceType": "Patient", "extension": [extension]});
    check(patient(&clock_start), &[(REFUSED, "extension", "Patient.extension[0]")]);
    check(patient(&json!({"url": "http://a.example/x", "valueString": "x"})), &[]);
    let misspelt = json!({"url": format!("{CANONICAL_BASE}/StructureDefinition/ic-clock-strat"), "valueDateTime": "2026-01-01T10:00:00Z"});
    check(patient(&misspelt), &[(REFUSED, "extension", "Patient.extension[0].url")]);
    let told = findings(with("extension", json!([misspelt])));
    let text = &told[0].issue.diagnostics;
    assert!(text.contains("ic-clock-strat'") && text.contains(", ic-clock-start, "), "{text}");
    // One that modifies may be ignored by those who only keep it.
    let modifier = json!([{"url": "http://a.example/not", "valueBoolean": true}]);
    let found = findings(json!({"resourceType": "Patient", "modifierExtension": modifier}));
    assert_eq!((found.len(), found[0].issue.is_error()), (1, false), "{found:?}");
    let general = json!({"resourceType": "Task", "status": "requested", "intent": "order", "modifierExtension": modifier});
    assert!(acted_on(general.clone())[0].issue.is_error());
    assert!(!findings(general)[0].issue.is_error());
    let found = acted_on(with("modifierExtension", modifier));
    assert!(
        found
            .iter()
            .any(|f| f.issue.is_error() && f.issue.expression == ["ServiceRequest.modifierExtension[0]"]),
        "{found:?}"
    );
}

#[test]
fn codes_have_the_form_of_their_system() {
    let coded = |system: &str, code: &str| json!({"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": system, "code": code}]}});
    let severities =
        |resource: Value| findings(resource).iter().map(|f| f.issue.severity).collect::<Vec<_>>();
    use fhir::Severity::{Information, Warning};
    assert_eq!(severities(coded("http://snomed.info/sct", "138875005")), []);
    assert_eq!(severities(coded("http://snomed.info/sct", "138875006")), [Warning]);
    assert_eq!(severities(coded("http://loinc.org", "8867-4")), []);
    assert_eq!(severities(coded("http://loinc.org", "8867-5")), [Information]);
    let notes = warnings(findings(coded("http://loinc.org", "8867-5"))).unwrap();
    assert_eq!(notes, [], "notes are for those who ask");
    let reason = json!([{"coding": [{"system": "http://snomed.info/sct", "code": "138875006"}]}]);
    let found = acted_on(with("reasonCode", reason));
    let wrong = found.iter().find(|f| f.issue.rule == Some("IC-TERM-02")).unwrap();
    assert_eq!((wrong.cause, wrong.issue.is_error()), (REFUSED, true));
    assert_eq!(wrong.issue.expression, ["ServiceRequest.reasonCode[0].coding[0].code"]);
}

#[test]
fn what_is_recommended_is_said_of_codes_that_can_be_told() {
    use fhir::Severity::{Information, Warning};
    let v3 = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
    let status = |concept: Value| json!({"resourceType": "Patient", "maritalStatus": concept});
    let coding = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    let admitted = |system: &str, code: &str| {
        let source = coding(system, code);
        json!({"resourceType": "Encounter", "status": "finished", "class": {"system":
            "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}, "hospitalization": {"admitSource": source}})
    };
    for (resource, expected) in [
        (status(coding(v3, "M")), vec![]),
        (status(coding(v3, "happy")), vec![Warning]),
        (status(json!({"text": "happy"})), vec![]),
        (
            status(
                json!({"coding": [{"system": "http://a.example/local", "code": "m"}, {"system": v3, "code": "M"}]}),
            ),
            vec![],
        ),
        (admitted("http://terminology.hl7.org/CodeSystem/admit-source", "emd"), vec![]),
        (admitted(v3, "M"), vec![Information]),
        // No code at all.
        (admitted("http://terminology.hl7.org/CodeSystem/admit-source", "sky"), vec![Warning]),
        // Whether SNOMED CT has the code, nothing here can tell.
        (
            json!({"resourceType": "Procedure", "status": "completed", "subject": {"display": "x"},
            "code": coding("http://snomed.info/sct", "80146002")}),
            vec![],
        ),
    ] {
        let found = findings(resource.clone());
        let severities: Vec<_> = found.iter().map(|f| f.issue.severity).collect();
        assert_eq!(severities, expected, "{resource} {found:?}");
    }
}
