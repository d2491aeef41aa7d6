//! Profiles made up here against resources made up here.

use canonical::{
    Profile, definitions,
    structure::{ProfileElement, ProfileElementType},
};
use serde_json::json;

use super::*;

/// A profile on ServiceRequest from elements written as in a StructureDefinition.
fn plan(elements: &Value) -> Plan {
    let elements = elements.as_array().unwrap().iter().map(element).collect();
    let profile = Profile {
        url: "http://a.example/p".into(),
        name: "Made".into(),
        type_name: "ServiceRequest".into(),
        elements,
    };
    Plan::compile(definitions(), Box::leak(Box::new(profile)))
}

fn element(json: &Value) -> ProfileElement {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let id = json["id"].as_str().unwrap();
    let types = json["type"].as_array().into_iter().flatten().map(|t| ProfileElementType {
        code: t["code"].as_str().unwrap().into(),
        profiles: texts(&t["profile"]),
        target_profiles: texts(&t["targetProfile"]),
    });
    let value = |name: &str| json.get(name).cloned();
    ProfileElement {
        id: id.into(),
        path: id.split('.').map(|part| part.split(':').next().unwrap()).collect::<Vec<_>>().join("."),
        slice_name: None,
        min: json["min"].as_u64().unwrap_or(0) as u32,
        max: json["max"].as_u64().map(|max| max as u32),
        types: types.collect(),
        binding: value("binding").map(|binding| serde_json::from_value(binding).unwrap()),
        must_support: false,
        fixed: value("fixed"),
        pattern: value("pattern"),
        slicing: value("slicing").map(|slicing| serde_json::from_value(slicing).unwrap()),
        short: None,
        constraints: Vec::new(),
    }
}

/// Checks that exactly this is found, in this order.
#[track_caller]
fn check(plan: &Plan, resource: &Value, expected: &[(&str, &str)]) {
    let members = resource.as_object().unwrap();
    let mut report = Report::default();
    let at = At::root("ServiceRequest");
    check_plan(plan, members, &at, &Contained::of(members), &mut report);
    let found = report.into_findings();
    let short: Vec<_> = found.iter().map(|f| (f.issue.code.code(), f.issue.expression[0].as_str())).collect();
    assert_eq!(short, expected, "{found:#?}");
}

#[test]
fn what_repeats_the_base_is_left_out() {
    let plan = plan(&json!([
        {"id": "ServiceRequest", "max": null},
        {"id": "ServiceRequest.status", "min": 1, "max": 1, "type": [{"code": "code"}]},
        {"id": "ServiceRequest.note", "type": [{"code": "Annotation"}]}
    ]));
    assert!(plan.root.children.is_empty());
}

#[test]
fn cardinality_and_values() {
    let plan = plan(&json!([
        {"id": "ServiceRequest.identifier", "min": 1},
        {"id": "ServiceRequest.note", "max": 0},
        {"id": "ServiceRequest.intent", "min": 1, "max": 1, "fixed": "order"},
        {"id": "ServiceRequest.code", "min": 1, "max": 1, "pattern": {"coding": [{"system": "s:s", "code": "c"}]}},
        {"id": "ServiceRequest.priority", "min": 1, "max": 1},
        {"id": "ServiceRequest.requester.identifier.value", "min": 1, "max": 1}
    ]));
    let good = json!({"identifier": [{"value": "1"}], "intent": "order", "_priority": {"id": "x"},
        "code": {"coding": [{"code": "other"}, {"display": "C", "system": "s:s", "code": "c"}], "text": "t"},
        "requester": {"identifier": {"value": "x"}}});
    check(&plan, &good, &[]);
    let bad = json!({"intent": "plan", "note": [{"text": "x"}], "code": {"coding": [{"system": "s:s"}, {"code": "c"}]},
        "requester": {"identifier": {"system": "x:x"}}});
    check(
        &plan,
        &bad,
        &[
            ("required", "ServiceRequest.identifier"),
            ("structure", "ServiceRequest.note"),
            ("value", "ServiceRequest.intent"),
            ("value", "ServiceRequest.code"),
            ("required", "ServiceRequest.priority"),
            ("required", "ServiceRequest.requester.identifier.value"),
        ],
    );
}

#[test]
fn choices_targets_and_bindings() {
    let plan = plan(&json!([
        {"id": "ServiceRequest.occurrence[x]", "min": 1, "max": 1, "type": [{"code": "Period"}]},
        {"id": "ServiceRequest.occurrence[x].start", "min": 1, "max": 1},
        {"id": "ServiceRequest.requester", "type": [{"code": "Reference", "targetProfile":
            ["http://hl7.org/fhir/StructureDefinition/Organization", "http://hl7.org/fhir/StructureDefinition/PractitionerRole"]}], "max": 1},
        {"id": "ServiceRequest.reasonCode", "binding": {"strength": "extensible", "value_set": "http://hl7.org/fhir/ValueSet/request-priority"}},
        {"id": "ServiceRequest.language", "max": 1, "binding": {"strength": "required", "value_set": "http://hl7.org/fhir/ValueSet/request-priority"}}
    ]));
    check(
        &plan,
        &json!({"occurrencePeriod": {"start": "2026"}, "requester": {"reference": "Organization/1"}, "language": "stat"}),
        &[],
    );
    let bad = json!({"occurrenceDateTime": "2026", "requester": {"reference": "Patient/1"}, "language": "en",
        "reasonCode": [{"coding": [{"system": "s:s", "code": "x"}]}]});
    check(
        &plan,
        &bad,
        &[
            ("structure", "ServiceRequest.occurrence"),
            ("structure", "ServiceRequest.requester.reference"),
            ("code-invalid", "ServiceRequest.reasonCode[0].coding[0].code"),
            ("code-invalid", "ServiceRequest.language"),
        ],
    );
    check(
        &plan,
        &json!({"occurrencePeriod": {"end": "2026"}}),
        &[("required", "ServiceRequest.occurrence.start")],
    );
}

#[test]
fn extensions_are_sliced_by_url() {
    let plan = plan(&json!([
        {"id": "ServiceRequest.extension", "min": 1, "slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}},
        {"id": "ServiceRequest.extension:start", "min": 1, "max": 1, "type": [{"code": "Extension", "profile": ["http://a.example/start"]}]},
        {"id": "ServiceRequest.extension:parts", "min": 1},
        {"id": "ServiceRequest.extension:parts.url", "min": 1, "max": 1, "fixed": "http://a.example/parts"},
        {"id": "ServiceRequest.extension:parts.extension:one", "min": 1, "max": 1},
        {"id": "ServiceRequest.extension:parts.extension:one.url", "min": 1, "max": 1, "fixed": "one"},
        {"id": "ServiceRequest.extension:parts.extension:one.value[x]", "min": 1, "max": 1, "type": [{"code": "code"}]}
    ]));
    let start = json!({"url": "http://a.example/start", "valueDate": "2026"});
    let parts = |inner: Value| json!({"url": "http://a.example/parts", "extension": [inner]});
    check(
        &plan,
        &json!({"extension": [start, parts(json!({"url": "one", "valueCode": "x"})), {"url": "http://other", "valueCode": "x"}]}),
        &[],
    );
    check(
        &plan,
        &json!({}),
        &[
            ("required", "ServiceRequest.extension('http://a.example/start')"),
            ("required", "ServiceRequest.extension('http://a.example/parts')"),
        ],
    );
    check(
        &plan,
        &json!({"extension": [start, start, parts(json!({"url": "one", "valueString": "x"})), parts(json!({"url": "two", "valueCode": "x"}))]}),
        &[
            ("structure", "ServiceRequest.extension[2].extension[0].value"),
            ("required", "ServiceRequest.extension[3].extension('one')"),
            ("structure", "ServiceRequest.extension('http://a.example/start')"),
        ],
    );
}

#[test]
fn slices_by_value_pattern_and_binding() {
    let priorities = "http://hl7.org/fhir/ValueSet/request-priority";
    let system = "http://hl7.org/fhir/request-priority";
    let plan = plan(&json!([
        {"id": "ServiceRequest.identifier", "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"}},
        {"id": "ServiceRequest.identifier:ours", "min": 1, "max": 1},
        {"id": "ServiceRequest.identifier:ours.system", "min": 1, "max": 1, "fixed": "s:ours"},
        {"id": "ServiceRequest.identifier:ours.value", "min": 1, "max": 1},
        {"id": "ServiceRequest.identifier:theirs"},
        {"id": "ServiceRequest.identifier:theirs.system", "min": 1, "max": 1, "fixed": "s:theirs"},
        {"id": "ServiceRequest.category", "min": 1, "slicing": {"discriminator": [{"type": "value", "path": "$this"}], "rules": "open"}},
        {"id": "ServiceRequest.category:how", "min": 1, "max": 1, "type": [{"code": "CodeableConcept"}],
            "binding": {"strength": "required", "value_set": priorities}},
        {"id": "ServiceRequest.reasonCode", "slicing": {"discriminator": [{"type": "pattern", "path": "coding"}], "rules": "open"}},
        {"id": "ServiceRequest.reasonCode:fall", "min": 1, "max": 1},
        {"id": "ServiceRequest.reasonCode:fall.coding", "pattern": {"system": "s:need", "code": "fall"}},
        {"id": "ServiceRequest.reasonCode:fall.text", "min": 1, "max": 1},
        {"id": "ServiceRequest.performer", "slicing": {"discriminator": [{"type": "profile", "path": "resolve()"}], "rules": "open"}},
        {"id": "ServiceRequest.performer:known", "min": 1, "max": 1}
    ]));
    let concept = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    let fall = |text: Option<&str>| match text {
        Some(text) => json!({"coding": [{"system": "s:need", "code": "fall"}], "text": text}),
        None => concept("s:need", "fall"),
    };
    let resource = |identifiers: Value, categories: Value, reasons: Value| json!({"identifier": identifiers, "category": categories, "reasonCode": reasons});
    let ours = json!({"system": "s:ours", "value": "1"});
    let how = concept(system, "stat");
    check(
        &plan,
        &resource(
            json!([{"system": "s:theirs"}, ours]),
            json!([concept("s:other", "x"), how]),
            json!([fall(Some("down"))]),
        ),
        &[],
    );
    check(
        &plan,
        &resource(json!([ours, {"system": "s:x"}]), json!([concept("s:other", "x")]), json!([fall(None)])),
        &[
            ("structure", "ServiceRequest.identifier[1]"),
            ("required", "ServiceRequest.category"),
            ("required", "ServiceRequest.reasonCode[0].text"),
        ],
    );
    check(
        &plan,
        &resource(
            json!([{"system": "s:ours"}]),
            json!([concept(system, "soon")]),
            json!([concept("s:need", "x")]),
        ),
        &[
            ("required", "ServiceRequest.identifier[0].value"),
            ("code-invalid", "ServiceRequest.category[0].coding[0].code"),
            ("required", "ServiceRequest.reasonCode"),
        ],
    );
    check(
        &plan,
        &json!({"identifier": [ours, ours]}),
        &[
            ("structure", "ServiceRequest.identifier"),
            ("required", "ServiceRequest.category"),
            ("required", "ServiceRequest.reasonCode"),
        ],
    );
}
