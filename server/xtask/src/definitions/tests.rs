use serde_json::{Value, json};

use super::*;

fn structure_of(definition: &Value) -> Option<StructureRow> {
    structure(serde_json::from_value(definition.clone()).unwrap(), &profiles()).unwrap()
}

#[test]
fn a_structure_keeps_what_it_states_itself() {
    let url = "http://hl7.org/fhir/StructureDefinition/Thing";
    let row = structure_of(&json!({
        "url": url, "name": "Thing", "kind": "resource", "abstract": false, "type": "Thing",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/DomainResource", "derivation": "specialization",
        "snapshot": {"element": [
            {"path": "Thing", "min": 0, "max": "*", "constraint": [
                {"key": "dom-2", "severity": "error", "human": "inherited",
                 "source": "http://hl7.org/fhir/StructureDefinition/DomainResource"},
                {"key": "thg-1", "severity": "error", "human": "own", "expression": "true"}]},
            {"path": "Thing.id", "min": 0, "max": "1", "type": [
                {"code": "http://hl7.org/fhirpath/System.String", "extension": [
                    {"url": "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type", "valueUrl": "string"}]}]},
            {"path": "Thing.part.id", "min": 0, "max": "1", "type": [
                {"code": "http://hl7.org/fhirpath/System.String", "extension": [
                    {"url": "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type", "valueUrl": "string"}]}]},
            {"path": "Thing.owner", "min": 1, "max": "*", "isSummary": true, "type": [
                {"code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}]},
            {"path": "Thing.any", "min": 0, "max": "1", "type": [
                {"code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Resource"]}]},
            {"path": "Thing.part", "min": 0, "max": "1", "contentReference": "#Thing.other"},
        ]}
    }))
    .unwrap();
    assert_eq!((row.kind, row.base.as_deref()), (Kind::Resource, Some("DomainResource")));
    assert_eq!(row.constraints.iter().map(|c| c.key.as_str()).collect::<Vec<_>>(), ["thg-1"]);
    let shape: Vec<_> = row
        .elements
        .iter()
        .map(|e| {
            let types: Vec<_> = e.types.iter().map(|t| format!("{}{:?}", t.code, t.targets)).collect();
            (e.path.as_str(), e.min, e.max, types.join(" "), e.content_reference.as_deref())
        })
        .collect();
    assert_eq!(
        shape,
        [
            ("Thing.id", 0, Some(1), "id[]".to_owned(), None),
            ("Thing.part.id", 0, Some(1), "string[]".to_owned(), None),
            ("Thing.owner", 1, None, "Reference[\"Patient\"]".to_owned(), None),
            ("Thing.any", 0, Some(1), "Reference[]".to_owned(), None),
            ("Thing.part", 0, Some(1), String::new(), Some("Thing.other")),
        ]
    );
}

/// One profile of a data type.
fn profiles() -> Profiles {
    let url = "http://hl7.org/fhir/StructureDefinition/SimpleThing";
    let definition = json!({
        "url": url, "name": "SimpleThing", "kind": "complex-type", "type": "Thing", "derivation": "constraint",
        "snapshot": {"element": [{"path": "Thing", "constraint": [
            {"key": "sth-1", "severity": "error", "human": "simple", "expression": "comparator.empty()"}]}]}
    });
    constraints_of_profile(serde_json::from_value(definition).unwrap()).into_iter().collect()
}

#[test]
fn an_element_keeps_what_the_profile_of_its_type_states() {
    let row = structure_of(&json!({
        "url": "http://hl7.org/fhir/StructureDefinition/Whole", "name": "Whole", "kind": "resource", "type": "Whole",
        "snapshot": {"element": [
            {"path": "Whole"},
            {"path": "Whole.simple", "type": [
                {"code": "Thing", "profile": ["http://hl7.org/fhir/StructureDefinition/SimpleThing"]}]},
            {"path": "Whole.other", "type": [{"code": "Thing"}]},
        ]}
    }))
    .unwrap();
    let keys: Vec<Vec<_>> =
        row.elements.iter().map(|e| e.constraints.iter().map(|c| c.key.as_str()).collect()).collect();
    assert_eq!(keys, [vec!["sth-1"], vec![]]);
}

#[test]
fn profiles_and_logical_models_are_no_structures() {
    for (kind, derivation) in
        [("resource", "constraint"), ("complex-type", "constraint"), ("logical", "specialization")]
    {
        let definition =
            json!({"url": "urn:x", "name": "X", "kind": kind, "type": "X", "derivation": derivation});
        assert!(structure_of(&definition).is_none(), "{kind} {derivation}");
    }
}

#[test]
fn only_parameters_that_can_be_searched_by_are_kept() {
    let base = json!({"url": "http://hl7.org/fhir/SearchParameter/Task-owner", "code": "owner", "type": "reference",
        "base": ["Task"], "expression": "Task.owner"});
    let cases = [
        (json!({}), true),
        (json!({"url": "http://hl7.org/fhir/SearchParameter/example-reference"}), false),
        (json!({"base": []}), false),
        (json!({"expression": null}), false),
        (json!({"expression": null, "base": ["Resource"]}), true),
    ];
    for (change, kept) in cases {
        let mut resource = base.clone();
        for (name, value) in change.as_object().unwrap() {
            resource[name] = value.clone();
        }
        let parameter = SearchParameter::read(&resource.to_string()).unwrap();
        assert_eq!(is_official(&parameter), kept, "{change}");
    }
}
