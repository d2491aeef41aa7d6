//! Our own artifacts, with a file made up for the purpose.

use serde_json::{Value, json};

use super::*;

const BASE: &str = "https://homefirst.example/fhir";

fn load(artifacts: &Value) -> Result<Definitions, String> {
    Definitions::load(R4, artifacts.to_string().leak(), Vec::new())
}

fn profile() -> Value {
    json!({
        "resourceType": "StructureDefinition", "id": "referral", "url": format!("{BASE}/StructureDefinition/referral"),
        "name": "Referral", "kind": "resource", "abstract": false, "type": "ServiceRequest",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/ServiceRequest", "derivation": "constraint",
        "snapshot": {"element": [
            {"id": "ServiceRequest", "path": "ServiceRequest", "min": 0, "max": "*", "short": "A referral", "constraint": [
                {"key": "dom-2", "severity": "error", "human": "HL7's",
                 "source": "http://hl7.org/fhir/StructureDefinition/DomainResource"},
                {"key": "ref-1", "severity": "error", "human": "ours", "expression": "subject.exists()",
                 "source": format!("{BASE}/StructureDefinition/referral")}]},
            {"id": "ServiceRequest.id", "path": "ServiceRequest.id", "min": 0, "max": "1", "type": [
                {"code": "http://hl7.org/fhirpath/System.String"}]},
            {"id": "ServiceRequest.extension", "path": "ServiceRequest.extension", "min": 1, "max": "*", "slicing": {
                "discriminator": [{"type": "value", "path": "url"}], "ordered": false, "rules": "open"}},
            {"id": "ServiceRequest.extension:discharge", "path": "ServiceRequest.extension", "sliceName": "discharge",
             "min": 1, "max": "1", "mustSupport": true, "type": [
                {"code": "Extension", "profile": [format!("{BASE}/StructureDefinition/discharge")]}]},
            {"id": "ServiceRequest.intent", "path": "ServiceRequest.intent", "min": 1, "max": "1", "fixedCode": "order",
             "binding": {"strength": "required", "valueSet": format!("{BASE}/ValueSet/urgency|1.0.0")}},
            {"id": "ServiceRequest.category", "path": "ServiceRequest.category", "min": 1, "max": "*",
             "definition": "Which service",
             "patternCodeableConcept": {"coding": [{"system": "urn:service", "code": "ic"}]}},
            {"id": "ServiceRequest.quantity[x]", "path": "ServiceRequest.quantity[x]", "min": 0, "max": "1",
             "patternQuantity": {"value": 1.50}, "type": [{"code": "Quantity"}]},
        ]}
    })
}

#[test]
fn a_profile_is_read_from_its_snapshot() {
    let loaded = load(&json!([profile()])).unwrap();
    let profile = loaded.profile(&format!("{BASE}/StructureDefinition/referral|0.1.0")).unwrap();
    assert_eq!((profile.name.as_str(), profile.type_name.as_str()), ("Referral", "ServiceRequest"));
    assert_eq!(loaded.profiles().len(), 1);
    let element = |id: &str| profile.elements.iter().find(|e| e.id == id).unwrap();

    let root = element("ServiceRequest");
    assert_eq!(root.constraints.iter().map(|c| c.key.as_str()).collect::<Vec<_>>(), ["ref-1"]);
    assert_eq!((root.min, root.max, root.short.as_deref()), (0, None, Some("A referral")));
    assert_eq!(element("ServiceRequest.id").types[0].code, "id");

    let slicing = element("ServiceRequest.extension").slicing.as_ref().unwrap();
    assert_eq!((slicing.ordered, slicing.rules.as_str()), (false, "open"));
    assert_eq!(
        (slicing.discriminators[0].kind.as_str(), slicing.discriminators[0].path.as_str()),
        ("value", "url")
    );

    let slice = element("ServiceRequest.extension:discharge");
    assert_eq!(
        (slice.slice_name.as_deref(), slice.must_support, slice.max),
        (Some("discharge"), true, Some(1))
    );
    assert_eq!(slice.types[0].profiles, [format!("{BASE}/StructureDefinition/discharge")]);

    let intent = element("ServiceRequest.intent");
    assert_eq!((intent.fixed.as_ref(), intent.pattern.as_ref()), (Some(&json!("order")), None));
    assert_eq!(intent.binding.as_ref().unwrap().strength, Strength::Required);

    let category = element("ServiceRequest.category");
    assert_eq!(category.pattern.as_ref().unwrap()["coding"][0]["code"], "ic");
    assert_eq!((category.short.as_deref(), category.fixed.is_none()), (Some("Which service"), true));
    let quantity = element("ServiceRequest.quantity[x]").pattern.as_ref().unwrap();
    assert_eq!(quantity["value"], json!(1.50));
}

#[test]
fn artifacts_are_published_as_they_are() {
    let loaded = load(&json!([profile()])).unwrap();
    assert_eq!(loaded.artifact("StructureDefinition", "referral"), Some(&profile()));
    assert!(loaded.artifact("ValueSet", "referral").is_none());
}

#[test]
fn own_value_sets_may_use_own_code_systems_and_those_of_r4() {
    let loaded = load(&json!([
        {"resourceType": "ValueSet", "id": "urgency", "url": format!("{BASE}/ValueSet/urgency"), "compose": {"include": [
            {"system": format!("{BASE}/CodeSystem/urgency")},
            {"valueSet": ["http://hl7.org/fhir/ValueSet/request-priority"]}]}},
        {"resourceType": "ValueSet", "id": "snomed", "url": format!("{BASE}/ValueSet/snomed"), "compose": {"include": [
            {"system": "http://snomed.info/sct", "filter": [{"property": "concept", "op": "is-a", "value": "1"}]}]}},
        {"resourceType": "CodeSystem", "id": "urgency", "url": format!("{BASE}/CodeSystem/urgency"), "content": "complete",
         "concept": [{"code": "two-hour"}, {"code": "two-day"}]},
    ]))
    .unwrap();
    let urgency = loaded.value_set(&format!("{BASE}/ValueSet/urgency|1.0.0")).unwrap();
    assert!(urgency.contains(Some(&format!("{BASE}/CodeSystem/urgency")), "two-day"));
    assert!(urgency.contains(Some("http://hl7.org/fhir/request-priority"), "stat"));
    assert!(!urgency.contains(None, "someday"));
    assert!(loaded.value_set(&format!("{BASE}/ValueSet/snomed")).is_none());
}

#[test]
fn parameters_compartments_and_topics_are_added() {
    let loaded = load(&json!([
        {"resourceType": "SearchParameter", "id": "due", "url": format!("{BASE}/SearchParameter/due"), "code": "due",
         "type": "date", "base": ["Task"], "expression": "Task.restriction.period.end"},
        {"resourceType": "CompartmentDefinition", "id": "patient", "code": "Patient", "resource": [
            {"code": "Task", "param": ["patient"]}, {"code": "Observation", "param": ["subject", "focus"]}]},
        {"resourceType": "SubscriptionTopic", "id": "task-changed", "url": format!("{BASE}/SubscriptionTopic/task-changed")},
        {"resourceType": "ConceptMap", "id": "map"},
    ]))
    .unwrap();
    assert_eq!(loaded.search_parameters().last().unwrap().code, "due");
    let patient = loaded.compartment("Patient").unwrap();
    assert_eq!(patient.members["Task"], ["patient"]);
    assert_eq!(patient.members["Observation"], ["focus", "performer", "subject"]);
    assert_eq!(loaded.topics()[0]["id"], "task-changed");
    assert_eq!(loaded.artifacts().len(), 4);
}

#[test]
fn a_broken_artifact_is_named() {
    let mut without_snapshot = profile();
    without_snapshot.as_object_mut().unwrap().shift_remove("snapshot");
    let error = load(&json!([without_snapshot])).unwrap_err();
    assert_eq!(
        error,
        format!("StructureDefinition/referral: {BASE}/StructureDefinition/referral has no snapshot")
    );
}

#[test]
fn packages_add_what_is_not_there_and_change_nothing() {
    let url = |kind: &str, id: &str| format!("https://other.example/{kind}/{id}");
    let mut theirs = profile();
    theirs["url"] = url("StructureDefinition", "theirs").into();
    let mut ours = profile();
    ours["name"] = "Changed".into();
    let others = json!([
        theirs,
        ours,
        {"resourceType": "CodeSystem", "id": "c", "url": url("CodeSystem", "c"), "content": "complete", "concept": [{"code": "x"}]},
        {"resourceType": "ValueSet", "id": "v", "url": url("ValueSet", "v"), "compose": {"include": [{"system": url("CodeSystem", "c")}]}},
        {"resourceType": "ValueSet", "id": "w", "url": "http://hl7.org/fhir/ValueSet/administrative-gender",
         "compose": {"include": [{"system": url("CodeSystem", "c")}]}},
        {"resourceType": "SearchParameter", "id": "s", "url": url("SearchParameter", "s"), "code": "their-code", "type": "token",
         "base": ["Task"], "expression": "Task.code"},
        {"resourceType": "CompartmentDefinition", "id": "p", "code": "Patient", "search": true,
         "resource": [{"code": "Organization", "param": ["identifier"]}]},
    ]);
    let others = others.as_array().unwrap().iter().map(Value::to_string).collect();
    let loaded = Definitions::load(R4, json!([profile()]).to_string().leak(), others).unwrap();
    assert!(loaded.profile(&url("StructureDefinition", "theirs")).is_some());
    assert_eq!(loaded.profile(&format!("{BASE}/StructureDefinition/referral")).unwrap().name, "Referral");
    assert!(loaded.value_set(&url("ValueSet", "v")).unwrap().contains(None, "x"));
    let gender = loaded.value_set("http://hl7.org/fhir/ValueSet/administrative-gender").unwrap();
    assert!(gender.contains(None, "male") && !gender.contains(None, "x"));
    assert!(loaded.search_parameters().iter().any(|parameter| parameter.code == "their-code"));
    assert!(!loaded.compartment("Patient").unwrap().members.contains_key("Organization"));
    assert!(!loaded.is_published("StructureDefinition", "theirs"));

    let mut without = profile();
    without.as_object_mut().unwrap().remove("snapshot");
    without["url"] = url("StructureDefinition", "flat").into();
    let error = Definitions::load(R4, "[]", vec![without.to_string()]).unwrap_err();
    assert!(error.contains("StructureDefinition/referral") && error.contains("no snapshot"), "{error}");
}
