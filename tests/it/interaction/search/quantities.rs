//! Numbers and quantities, <https://hl7.org/fhir/R4/search.html#quantity>: what was written, changed and deleted is found so.

use serde_json::{Value, json};
use tests::{Caller, TestServer, builders};

const UCUM: &str = "http://unitsofmeasure.org";

fn measured(id: &str, quantity: &Value) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"}, "valueQuantity": quantity
    })
}

fn in_unit(value: &str, code: &str) -> Value {
    json!({"value": serde_json::from_str::<Value>(value).unwrap(), "unit": "words", "system": UCUM, "code": code})
}

async fn found(caller: &Caller, resource_type: &str, name: &str, value: &str) -> String {
    let answer = caller.search(resource_type, &[(name, value)]).await.expect(200);
    answer.matches().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn quantities_in_any_unit_of_their_measure() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let resources = [
        measured("a", &in_unit("5.4", "mg")),
        measured("b", &in_unit("0.0054", "g")),
        measured("c", &in_unit("5.44", "mg")),
        measured("d", &json!({"value": 5.4, "unit": "tablets"})),
        measured("e", &json!({"value": 5, "comparator": "<", "system": UCUM, "code": "mg"})),
        measured("f", &in_unit("-12345678901234567890.125", "mg")),
    ];
    let entries: Vec<_> = resources.iter().map(builders::update_entry).collect();
    epr.post("", &builders::transaction(&entries)).await.expect(200);
    for (value, expected) in [
        ("5.4", "a c d"),
        ("5.40", "a d"),
        ("5.4||mg", "a c"),
        ("5.4||tablets", "d"),
        ("5.4||words", "a c"),
        ("5.4|http://unitsofmeasure.org|mg", "a b c"),
        ("5.40e-3|http://unitsofmeasure.org|g", "a b"),
        ("5400|http://unitsofmeasure.org|ug", "a b"),
        ("ne5.4|http://unitsofmeasure.org|mg", "e f"),
        ("gt5.41|http://unitsofmeasure.org|mg", "c"),
        ("ge5.4|http://unitsofmeasure.org|mg", "a b c"),
        ("lt5|http://unitsofmeasure.org|mg", "e f"),
        ("le5|http://unitsofmeasure.org|mg", "e f"),
        ("sa5.4|http://unitsofmeasure.org|mg", "c"),
        ("eb5.4|http://unitsofmeasure.org|mg", "e f"),
        ("ap5|http://unitsofmeasure.org|mg", "a b c e"),
        ("-12345678901234567890.125", "f"),
        ("5.4|http://unitsofmeasure.org|mL", ""),
        ("5.4||mg,5.4||tablets", "a c d"),
    ] {
        assert_eq!(found(&epr, "Observation", "value-quantity", value).await, expected, "{value}");
    }
    assert_eq!(found(&epr, "Observation", "value-quantity:missing", "true").await, "");

    epr.put("Observation/a", &measured("a", &in_unit("7", "mg"))).await.expect(200);
    assert_eq!(found(&epr, "Observation", "value-quantity", "5.40").await, "d");
    assert_eq!(found(&epr, "Observation", "value-quantity", "7e0||mg").await, "a");
    epr.delete("Observation/a").await.expect(204);
    assert_eq!(found(&epr, "Observation", "value-quantity", "7").await, "");
    let left = "SELECT count(*) FROM quantity_index q LEFT JOIN resource r ON r.key = q.source AND NOT r.deleted WHERE r.key IS NULL";
    assert_eq!(server.count(left).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_as_wide_as_their_digits() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let risk = |id: &str, probability: f64| {
        json!({
            "resourceType": "RiskAssessment", "id": id, "status": "final", "subject": {"display": "somebody"},
            "prediction": [{"probabilityDecimal": probability}]
        })
    };
    for (id, probability) in [("low", 0.8), ("high", 0.84)] {
        epr.put(&format!("RiskAssessment/{id}"), &risk(id, probability)).await.expect(201);
    }
    for (value, expected) in [
        ("0.8", "high low"),
        ("0.80", "low"),
        ("8e-1", "low"),
        ("gt0.8", "high"),
        ("ge0.8", "high low"),
        ("lt0.84", "low"),
        ("ne0.80", "high"),
        ("ap0.9", "high"),
        ("sa0.8", "high"),
    ] {
        assert_eq!(found(&epr, "RiskAssessment", "probability", value).await, expected, "{value}");
    }
    for bad in ["abc", "0.8|x", "1e400", "--1", "0,8x"] {
        epr.search("RiskAssessment", &[("probability", bad)]).await.expect(400);
    }
}
