//! Invariants of R4, each with a resource that keeps it and one that breaks it.

use fhir::Resource;
use serde_json::{Value, json};

use crate::{Settings, validate};

/// The keys and places of the invariants that do not hold.
fn broken(resource: Value) -> Vec<(String, String)> {
    let resource = Resource::new(resource).unwrap();
    let settings = Settings { required_profiles: std::collections::HashSet::new() };
    let found = validate(&resource, &settings).into_iter().map(|finding| finding.issue);
    found
        .filter(|issue| {
            issue.code == fhir::IssueType::Invariant || issue.code == fhir::IssueType::Informational
        })
        .map(|issue| (issue.rule.unwrap_or_default().to_owned(), issue.expression.join(" ")))
        .collect()
}

#[track_caller]
fn check(resource: Value, expected: &[(&str, &str)]) {
    let text = resource.to_string();
    let found = broken(resource);
    let found: Vec<_> = found.iter().map(|(key, place)| (key.as_str(), place.as_str())).collect();
    assert_eq!(found, expected, "{text}");
}

fn observation(members: Value) -> Value {
    with(
        json!({"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "a:b", "code": "c"}]}}),
        members,
    )
}

fn with(mut resource: Value, members: Value) -> Value {
    resource.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    resource
}

#[test]
fn of_a_whole_resource() {
    check(observation(json!({"valueString": "x"})), &[]);
    check(
        observation(json!({"valueString": "x", "dataAbsentReason": {"text": "unknown"}})),
        &[("obs-6", "Observation")],
    );
    // The component has the code of the resource.
    let component = json!([{"code": {"coding": [{"system": "a:b", "code": "c"}]}, "valueString": "y"}]);
    check(observation(json!({"component": component})), &[]);
    check(observation(json!({"component": component, "valueString": "x"})), &[("obs-7", "Observation")]);
    check(json!({"resourceType": "Organization", "active": true}), &[("org-1", "Organization")]);
    check(
        json!({"resourceType": "Appointment", "status": "booked", "start": "2026-01-01T10:00:00Z", "participant": [{"status": "accepted"}]}),
        &[("app-2", "Appointment"), ("app-3", "Appointment"), ("app-1", "Appointment.participant[0]")],
    );
}

#[test]
fn of_data_types_wherever_they_are() {
    check(
        observation(json!({
            "effectivePeriod": {"start": "2026-02-01", "end": "2026-01-01"},
            "valueQuantity": {"value": 1, "code": "kg"},
            "extension": [{"url": "a:b", "valueRange": {"low": {"value": 2}, "high": {"value": 1}}}],
        })),
        &[
            ("per-1", "Observation.effective"),
            ("qty-3", "Observation.value"),
            ("rng-2", "Observation.extension[0].value"),
        ],
    );
    // A type derived from another one keeps that one's rules too.
    let age = |age: Value| json!({"resourceType": "Condition", "subject": {"display": "x"}, "clinicalStatus": {"text": "x"}, "onsetAge": age});
    check(age(json!({"value": 1, "system": "http://unitsofmeasure.org", "code": "a"})), &[]);
    check(
        age(json!({"value": -1, "system": "http://unitsofmeasure.org", "code": "a"})),
        &[("age-1", "Condition.onset")],
    );
    check(age(json!({"code": "a"})), &[("qty-3", "Condition.onset")]);
    // A simple quantity, by the profile of the element's type.
    check(
        observation(json!({"referenceRange": [{"low": {"comparator": "<", "value": 1}}]})),
        &[("sqty-1", "Observation.referenceRange[0].low")],
    );
    // Beside a primitive, and in what is contained.
    check(
        json!({"resourceType": "Patient", "birthDate": "1941-03-09",
            "_birthDate": {"extension": [{"url": "a:b", "valuePeriod": {"start": "2026", "end": "2025"}}]},
            "contained": [{"resourceType": "Organization", "id": "o", "active": true}],
            "managingOrganization": {"reference": "#o"}}),
        &[("per-1", "Patient.birthDate.extension[0].value"), ("org-1", "Patient.contained[0]")],
    );
}

#[test]
fn what_is_not_precise_enough_breaks_nothing() {
    for (start, end, holds) in [
        ("2026", "2026-05", true),
        ("2026-05", "2026-05", true),
        ("2026-05-01", "2026-05", true),
        ("2026-05-01T10:00:00Z", "2026-05-01", true),
        ("2026-05-01T10:00:00+02:00", "2026-05-01T08:00:00Z", true),
        ("2026-05-01T10:00:00Z", "2026-05-01T09:59:59Z", false),
        ("2027", "2026-05", false),
    ] {
        let found = broken(observation(json!({"effectivePeriod": {"start": start, "end": end}})));
        assert_eq!(found.is_empty(), holds, "{start} {end} {found:?}");
    }
    check(json!({"resourceType": "Questionnaire", "status": "draft"}), &[]);
    check(
        json!({"resourceType": "Questionnaire", "status": "draft", "name": "no name"}),
        &[("que-0", "Questionnaire")],
    );
}

#[test]
fn of_repeated_content() {
    let items = json!([{"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "group"}]}]);
    check(
        json!({"resourceType": "Questionnaire", "status": "draft", "item": items}),
        &[("que-1", "Questionnaire.item[0].item[0]")],
    );
    let parameters = json!([{"name": "a", "part": [{"name": "b"}]}]);
    check(
        json!({"resourceType": "Parameters", "parameter": parameters}),
        &[("inv-1", "Parameters.parameter[0].part[0]")],
    );
}

#[test]
fn of_bundles() {
    let entry =
        |url: &str| json!({"fullUrl": url, "resource": {"resourceType": "Basic", "code": {"text": "x"}}});
    let bundle =
        |kind: &str, entries: Value| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    check(bundle("collection", json!([entry("urn:uuid:1"), entry("urn:uuid:2")])), &[]);
    check(bundle("collection", json!([entry("urn:uuid:1"), entry("urn:uuid:1")])), &[("bdl-7", "Bundle")]);
    check(bundle("collection", json!([entry("http://a.b/_history/1")])), &[("bdl-8", "Bundle.entry[0]")]);
    check(bundle("transaction", json!([entry("urn:uuid:1")])), &[("bdl-3", "Bundle")]);
    check(bundle("collection", json!([{"fullUrl": "urn:uuid:1"}])), &[("bdl-5", "Bundle.entry[0]")]);
    let document = json!({"resourceType": "Bundle", "type": "document", "entry": [entry("urn:uuid:1")]});
    check(document, &[("bdl-9", "Bundle"), ("bdl-10", "Bundle"), ("bdl-11", "Bundle")]);
    // A resource in a Bundle is a resource of its own.
    let inner = observation(json!({"valueString": "x", "dataAbsentReason": {"text": "x"}}));
    check(bundle("collection", json!([{"resource": inner}])), &[("obs-6", "Bundle.entry[0].resource")]);
}

#[test]
fn those_that_are_stated_wrongly_mean_what_they_should() {
    let timing = |when: Value| {
        json!({"resourceType": "ServiceRequest", "status": "draft", "intent": "plan", "subject": {"display": "x"},
            "occurrenceTiming": {"repeat": {"offset": 30, "when": when}}})
    };
    check(timing(json!(["ACM", "ACV"])), &[]);
    check(timing(json!(["ACM", "C"])), &[("tim-9", "ServiceRequest.occurrence.repeat")]);
    let condition = |code: &str| {
        json!({"resourceType": "Condition", "subject": {"display": "x"}, "category": [{"coding": [{"system":
            "http://terminology.hl7.org/CodeSystem/condition-category", "code": code}]}]})
    };
    check(condition("encounter-diagnosis"), &[]);
    check(condition("problem-list-item"), &[("con-3", "Condition")]);
    let question = |answer: Value| {
        let when = with(json!({"question": "1", "operator": "exists"}), answer);
        json!({"resourceType": "Questionnaire", "status": "draft",
            "item": [{"linkId": "2", "type": "string", "enableWhen": [when]}]})
    };
    check(question(json!({"answerBoolean": true})), &[]);
    check(question(json!({"answerString": "yes"})), &[("que-7", "Questionnaire.item[0].enableWhen[0]")]);
}

#[test]
fn a_finding_names_the_rule() {
    let resource = Resource::new(json!({"resourceType": "Organization", "active": true})).unwrap();
    let found = validate(&resource, &Settings::default());
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(finding.cause, fhir::Cause::Unprocessable);
    let text = &finding.issue.diagnostics;
    assert!(
        text.starts_with("org-1: The organization SHALL at least have a name or an identifier"),
        "{text}"
    );
    assert!(text.contains("identifier.count() + name.count()"), "{text}");
}
