//! Profiles made up here against resources made up here.

use canonical::{
    Constraint, Profile, definitions,
    structure::{ProfileElement, ProfileElementType},
};
use serde_json::json;

use super::*;

/// A profile on ServiceRequest from elements written as in a StructureDefinition.
fn plan(elements: &Value) -> &'static Plan {
    plan_of("ServiceRequest", elements)
}

fn plan_of(type_name: &str, elements: &Value) -> &'static Plan {
    let elements = elements.as_array().unwrap().iter().map(element).collect();
    let profile = Profile {
        url: "http://a.example/p".into(),
        name: "Made".into(),
        type_name: type_name.into(),
        contexts: Vec::new(),
        base: None,
        elements,
    };
    Box::leak(Box::new(Plan::compile(definitions(), Box::leak(Box::new(profile)))))
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
        constraints: constraints(json),
    }
}

fn constraints(json: &Value) -> Vec<Constraint> {
    let constraint = |json: &Value| Constraint {
        key: json["key"].as_str().unwrap().into(),
        severity: json["severity"].as_str().unwrap_or("error").into(),
        human: "Made up.".into(),
        expression: json["expression"].as_str().map(str::to_owned),
    };
    json["constraint"].as_array().into_iter().flatten().map(constraint).collect()
}

/// Checks that exactly this is found, in this order.
#[track_caller]
fn check(plan: &'static Plan, resource: &Value, expected: &[(&str, &str)]) {
    let members = resource.as_object().unwrap();
    let mut report = Report::default();
    let name = select::resource_type(resource).unwrap_or("ServiceRequest");
    let at = At::root(name);
    let node = fhirpath::Node::typed(resource, name, definitions().scope_of_type(name));
    check_plan(plan, node, Context::of_node(node), &at, &Contained::of(members), &mut report);
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
    check(plan, &good, &[]);
    let bad = json!({"intent": "plan", "note": [{"text": "x"}], "code": {"coding": [{"system": "s:s"}, {"code": "c"}]},
        "requester": {"identifier": {"system": "x:x"}}});
    check(
        plan,
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
        plan,
        &json!({"occurrencePeriod": {"start": "2026"}, "requester": {"reference": "Organization/1"}, "language": "stat"}),
        &[],
    );
    let bad = json!({"occurrenceDateTime": "2026", "requester": {"reference": "Patient/1"}, "language": "en",
        "reasonCode": [{"coding": [{"system": "s:s", "code": "x"}]}]});
    check(
        plan,
        &bad,
        &[
            ("structure", "ServiceRequest.occurrence"),
            ("structure", "ServiceRequest.requester.reference"),
            ("code-invalid", "ServiceRequest.reasonCode[0].coding[0].code"),
            ("code-invalid", "ServiceRequest.language"),
        ],
    );
    check(
        plan,
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
        plan,
        &json!({"extension": [start, parts(json!({"url": "one", "valueCode": "x"})), {"url": "http://other", "valueCode": "x"}]}),
        &[],
    );
    check(
        plan,
        &json!({}),
        &[
            ("required", "ServiceRequest.extension('http://a.example/start')"),
            ("required", "ServiceRequest.extension('http://a.example/parts')"),
        ],
    );
    check(
        plan,
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
        plan,
        &resource(
            json!([{"system": "s:theirs"}, ours]),
            json!([concept("s:other", "x"), how]),
            json!([fall(Some("down"))]),
        ),
        &[],
    );
    check(
        plan,
        &resource(json!([ours, {"system": "s:x"}]), json!([concept("s:other", "x")]), json!([fall(None)])),
        &[
            ("structure", "ServiceRequest.identifier[1]"),
            ("required", "ServiceRequest.category"),
            ("required", "ServiceRequest.reasonCode[0].text"),
        ],
    );
    check(
        plan,
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
        plan,
        &json!({"identifier": [ours, ours]}),
        &[
            ("structure", "ServiceRequest.identifier"),
            ("required", "ServiceRequest.category"),
            ("required", "ServiceRequest.reasonCode"),
        ],
    );
}

#[test]
fn invariants_are_asked_where_they_are_stated() {
    let plan = plan(&json!([
        {"id": "ServiceRequest", "constraint": [{"key": "a-1", "expression": "note.exists() implies code.exists()"}]},
        {"id": "ServiceRequest.note", "constraint": [
            {"key": "a-2", "expression": "text.length() < 4"},
            {"key": "a-3", "severity": "warning", "expression": "%resource.status = 'draft'"}
        ]},
        {"id": "ServiceRequest.quantity[x]", "constraint": [
            {"key": "a-4", "expression": "($this as Quantity).value > 1"}
        ]},
    ]));
    let bad = json!({"resourceType": "ServiceRequest", "status": "active", "note": [{"text": "abc"}, {"text": "abcd"}],
        "quantityQuantity": {"value": 1}});
    check(
        plan,
        &bad,
        &[
            ("invariant", "ServiceRequest"),
            ("invariant", "ServiceRequest.note[0]"),
            ("invariant", "ServiceRequest.note[1]"),
            ("invariant", "ServiceRequest.note[1]"),
            ("invariant", "ServiceRequest.quantity"),
        ],
    );
    let good = json!({"resourceType": "ServiceRequest", "status": "draft", "code": {"text": "x"}, "note": [{"text": "abc"}],
        "quantityQuantity": {"value": 2}});
    check(plan, &good, &[]);
}

#[test]
fn slices_in_their_order() {
    let elements = |rules: &str, ordered: bool| {
        json!([
            {"id": "ServiceRequest.note", "slicing": {"discriminator": [{"type": "value", "path": "text"}], "rules": rules, "ordered": ordered}},
            {"id": "ServiceRequest.note:first", "min": 0, "max": 1},
            {"id": "ServiceRequest.note:first.text", "min": 1, "max": 1, "fixed": "a"},
            {"id": "ServiceRequest.note:second", "min": 0, "max": 1},
            {"id": "ServiceRequest.note:second.text", "min": 1, "max": 1, "fixed": "b"}
        ])
    };
    let notes =
        |texts: &[&str]| json!({"note": texts.iter().map(|text| json!({"text": text})).collect::<Vec<_>>()});
    let ordered = plan(&elements("open", true));
    check(ordered, &notes(&["a", "x", "b", "y"]), &[]);
    check(ordered, &notes(&["b", "a"]), &[("structure", "ServiceRequest.note[1]")]);
    let at_end = plan(&elements("openAtEnd", false));
    check(at_end, &notes(&["b", "a", "x"]), &[]);
    check(at_end, &notes(&["a", "x", "b"]), &[("structure", "ServiceRequest.note[2]")]);
    let closed = plan(&elements("closed", false));
    check(closed, &notes(&["b", "a"]), &[]);
    check(closed, &notes(&["a", "x"]), &[("structure", "ServiceRequest.note[1]")]);
}

#[test]
fn slices_told_by_what_is_referred_to() {
    const CORE: &str = "http://hl7.org/fhir/StructureDefinition";
    let target = |name: &str| json!([{"code": "Reference", "targetProfile": [format!("{CORE}/{name}")]}]);
    let plan = plan(&json!([
        {"id": "ServiceRequest.performer", "slicing": {"discriminator": [{"type": "type", "path": "resolve()"}], "rules": "open"}},
        {"id": "ServiceRequest.performer:team", "min": 1, "max": 1, "type": target("CareTeam")},
        {"id": "ServiceRequest.performer:person", "min": 0, "max": 1, "type": target("Practitioner")}
    ]));
    let performers = |all: &[Value]| json!({"performer": all});
    let (team, person) =
        (json!({"reference": "CareTeam/1"}), json!({"type": "Practitioner", "display": "x"}));
    check(plan, &performers(&[team.clone(), person.clone()]), &[]);
    check(
        plan,
        &performers(&[person.clone(), person.clone(), json!({"reference": "urn:uuid:1"})]),
        &[("required", "ServiceRequest.performer"), ("structure", "ServiceRequest.performer")],
    );
}

#[test]
fn contained_targets_conform_to_the_profile_asked_for() {
    let referral = format!("{}/StructureDefinition/HFReferral", fhir::CANONICAL_BASE);
    let plan = plan(&json!([
        {"id": "ServiceRequest.basedOn", "type": [{"code": "Reference", "targetProfile": [referral]}]}
    ]));
    let based_on = |id: &str| {
        let text = include_str!("../../../../profiles/examples/valid/HFReferral-urgent-response.json");
        let mut contained: Value = serde_json::from_str(text).unwrap();
        contained["id"] = "a".into();
        let bare = json!({"resourceType": "ServiceRequest", "id": "b", "status": "draft", "intent": "plan"});
        json!({"resourceType": "ServiceRequest", "contained": [contained, bare], "basedOn": [{"reference": format!("#{id}")}]})
    };
    check(plan, &based_on("a"), &[]);
    check(plan, &based_on("b"), &[("structure", "ServiceRequest.basedOn[0]")]);
}

#[test]
fn entries_are_told_by_the_type_and_the_profile_of_their_resource() {
    let body_weight = "http://hl7.org/fhir/StructureDefinition/bodyweight";
    let plan = plan_of(
        "Bundle",
        &json!([
            {"id": "Bundle.entry", "slicing": {"discriminator": [{"type": "type", "path": "resource"}], "rules": "closed"}},
            {"id": "Bundle.entry:people", "min": 1, "max": 1},
            {"id": "Bundle.entry:people.resource", "min": 1, "type": [{"code": "Practitioner"}, {"code": "Person"}]},
            {"id": "Bundle.entry:weight", "min": 0, "max": 1},
            {"id": "Bundle.entry:weight.resource", "type": [{"code": "Observation", "profile": [body_weight]}]},
        ]),
    );
    let bundle = |entries: Value| json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
    let person = json!({"resource": {"resourceType": "Person"}});
    check(plan, &bundle(json!([person])), &[]);
    let patient = json!({"resource": {"resourceType": "Patient"}});
    check(plan, &bundle(json!([patient])), &[("structure", "Bundle.entry[0]"), ("required", "Bundle.entry")]);
    let vague =
        json!({"resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}});
    let mut report = Report::default();
    let value = bundle(json!([person, vague]));
    let node = fhirpath::Node::typed(&value, "Bundle", definitions().scope_of_type("Bundle"));
    let context = Context::of_node(node);
    check_plan(plan, node, context, &At::root("Bundle"), &Contained::default(), &mut report);
    let found = report.into_findings();
    assert!(found.iter().any(|f| f.issue.expression[0] == "Bundle.entry[1].resource.category"), "{found:?}");
}

#[test]
fn a_resource_that_may_be_anything_may_be_narrowed() {
    let plan = plan_of(
        "Parameters",
        &json!([{"id": "Parameters.parameter.resource",
            "type": [{"code": "Resource", "profile": ["http://hl7.org/fhir/StructureDefinition/Task"]}]}]),
    );
    let with = |name: &str| {
        json!({"resourceType": "Parameters", "parameter": [
        {"name": "a", "resource": {"resourceType": name}}]})
    };
    check(plan, &with("Task"), &[]);
    check(plan, &with("Patient"), &[("structure", "Parameters.parameter[0].resource")]);
}

#[test]
fn a_slice_that_cannot_be_told_closes_nothing() {
    let closed =
        json!({"discriminator": [{"type": "profile", "path": "entity.resolve()"}], "rules": "closed"});
    let plan = plan(&json!([
        {"id": "ServiceRequest.note", "slicing": closed},
        {"id": "ServiceRequest.note:one", "max": 1},
    ]));
    check(plan, &json!({"resourceType": "ServiceRequest", "note": [{"text": "a"}, {"text": "b"}]}), &[]);
}

#[test]
fn what_is_not_there_tells_a_slice() {
    let by_use = json!({"discriminator": [{"type": "value", "path": "use"}], "rules": "closed"});
    let plan = plan(&json!([
        {"id": "ServiceRequest.identifier", "slicing": by_use},
        {"id": "ServiceRequest.identifier:useless", "max": 1},
        {"id": "ServiceRequest.identifier:useless.use", "max": 0},
    ]));
    let with = |identifiers: Value| json!({"resourceType": "ServiceRequest", "identifier": identifiers});
    check(plan, &with(json!([{"value": "1"}])), &[]);
    check(
        plan,
        &with(json!([{"value": "1"}, {"use": "usual", "value": "2"}])),
        &[("structure", "ServiceRequest.identifier[1]")],
    );
}
