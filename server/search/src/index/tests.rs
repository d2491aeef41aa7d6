use std::slice;

use fhir::{Key, Resource, ResourceType, primitive::date::london};
use serde_json::{Value, json};

use super::*;
use crate::parameter::registry;

const BASE: &str = "http://here/fhir";

fn rows(resource: Value) -> IndexRows {
    index(&Resource::new(resource).unwrap(), BASE, london())
}

fn task() -> Value {
    json!({
        "resourceType": "Task", "id": "t", "status": "requested", "intent": "order",
        "identifier": [{"system": "urn:s", "value": "1"}],
        "for": {"reference": "Patient/p"}, "focus": {"reference": "http://here/fhir/ServiceRequest/s/_history/2"},
        "owner": {"reference": "Organization/o"}, "basedOn": [{"reference": "CarePlan/c"}],
        "requester": {"reference": "http://there/fhir/Organization/x"},
        "authoredOn": "2026-01-02"
    })
}

fn parameter(code: &str) -> &'static Parameter {
    registry().parameter(ResourceType::TASK, code).unwrap()
}

fn of(type_name: &str, id: &str) -> Key {
    Key::of_resource(ResourceType::find(type_name).unwrap(), id)
}

#[test]
fn hot_values_are_in_their_columns_and_nowhere_else() {
    let rows = rows(task());
    assert_eq!(rows.status.as_deref(), Some("requested"));
    assert_eq!(rows.owner, Some(of("Organization", "o")));
    assert_eq!(rows.patient, Some(of("Patient", "p")));
    assert_eq!(rows.focus, Some(of("ServiceRequest", "s")));
    assert_eq!(rows.date, Some((1_767_312_000_000_000, 1_767_398_400_000_000)));
    assert!(rows.dates.is_empty(), "{:?}", rows.dates);
    for hot in ["status", "owner", "patient", "focus"] {
        assert!(!rows.keys.contains(&parameter(hot).presence()), "{hot}");
    }
    let expect = [
        ReferenceRow { parameter: parameter("based-on").number, target: of("CarePlan", "c") },
        ReferenceRow { parameter: parameter("subject").number, target: of("Patient", "p") },
    ];
    let mut expect = expect.to_vec();
    expect.sort_unstable();
    assert_eq!(rows.references, expect);
}

#[test]
fn what_a_column_cannot_hold_is_a_key() {
    let rows = rows(json!({
        "resourceType": "Task", "for": {"display": "somebody"},
        "owner": {"identifier": {"system": "urn:ods", "value": "RX1"}}, "focus": {"reference": "urn:uuid:1"}
    }));
    assert_eq!((rows.owner, rows.patient, rows.focus, rows.status.as_deref()), (None, None, None, None));
    assert!(rows.keys.contains(&parameter("owner").presence()));
    assert!(rows.keys.contains(&parameter("focus").presence()));
    assert!(rows.keys.contains(&parameter("subject").presence()));
    assert!(rows.references.is_empty());
}

#[test]
fn identifiers_with_their_systems_are_kept_apart() {
    let identifier = parameter("identifier");
    let check = |value: Value, key: Key, is_among_the_keys: bool| {
        let rows = rows(json!({"resourceType": "Task", "identifier": [value]}));
        let text = "1".to_owned();
        assert_eq!(rows.identifiers, [IdentifierRow { key, parameter: identifier.number, text }]);
        assert_eq!(rows.keys.contains(&key), is_among_the_keys);
        assert!(rows.keys.contains(&identifier.key("v", &["1"])));
        assert!(rows.strings.is_empty() && rows.keys.is_sorted());
    };
    check(json!({"system": "urn:s", "value": "1"}), identifier.key("sv", &["urn:s", "1"]), false);
    check(json!({"value": "1"}), identifier.key("nv", &["1"]), true);
}

#[test]
fn names_and_addresses_are_found_by_their_parts() {
    let rows = rows(json!({
        "resourceType": "Patient",
        "name": [{"use": "official", "family": "Owen-Jones", "given": ["Siân", "M"], "text": "Dr Siân Owen-Jones"}],
        "address": [{"line": ["1 High  Street"], "city": "Ely", "postalCode": "CB7 4DL"}]
    }));
    let texts = |code: &str| {
        let number = registry().parameter(ResourceType::PATIENT, code).unwrap().number;
        let mut texts: Vec<_> = rows
            .strings
            .iter()
            .filter(|row| row.parameter == number)
            .map(|row| row.folded.as_str())
            .collect();
        texts.sort_unstable();
        texts
    };
    assert_eq!(
        texts("name"),
        ["dr sian owen jones", "jones", "m", "owen jones", "owen jones", "sian", "sian owen jones"]
    );
    assert_eq!(texts("family"), ["jones", "owen jones"]);
    assert_eq!(texts("address"), ["1 high street", "cb7 4dl", "ely"]);
    assert_eq!(texts("address-postalcode"), ["cb7 4dl"]);
}

#[test]
fn periods_are_open_where_they_have_no_end() {
    let date = |period: Value| rows(json!({"resourceType": "Encounter", "period": period})).date;
    assert_eq!(date(json!({"start": "2026-01-02"})), Some((1_767_312_000_000_000, i64::MAX)));
    assert_eq!(date(json!({"end": "2026-01-01"})), Some((i64::MIN, 1_767_312_000_000_000)));
    assert_eq!(date(json!({})), None);
    assert_eq!(date(json!({"start": "rubbish"})), None);
}

#[test]
fn our_own_parameters_look_into_extensions() {
    let base = "https://homefirst.example/fhir/StructureDefinition";
    let rows =
        rows(json!({"resourceType": "Task", "extension": [{"url": format!("{base}/ic-clock"), "extension": [
            {"url": "kind", "valueCode": "two-hour"},
            {"url": "due", "valueDateTime": "2026-01-02T10:00:00Z"}
        ]}]}));
    assert!(rows.keys.contains(&parameter("clock-kind").presence()));
    assert!(rows.keys.contains(&parameter("clock-kind").key("v", &["two-hour"])));
    let low = 1_767_348_000_000_000;
    assert_eq!(
        rows.dates,
        [DateRow { parameter: parameter("clock-due").number, low, high: low + 1_000_000 }]
    );
}

#[test]
fn any_content_can_be_indexed() {
    // What validation refuses must still not stop the index.
    for resource in [
        json!({"resourceType": "Task", "status": 7, "for": "x", "identifier": {"system": 1}, "owner": [{"reference": {}}]}),
        json!({"resourceType": "Patient", "name": "x", "telecom": [null, {"value": 3}], "birthDate": {"a": 1}}),
        json!({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Composition", "id": "1"}}]}),
        json!({"resourceType": "Binary"}),
    ] {
        let rows = rows(resource);
        assert!(rows.references.is_empty(), "{:?}", slice::from_ref(&rows));
    }
}
