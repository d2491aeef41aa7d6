//! `_sort` by every kind of parameter that has an order, <https://hl7.org/fhir/R4/search.html#sort>: the same page by page.

use serde_json::{Value, json};
use tests::{Caller, TestServer, builders};

const UCUM: &str = "http://unitsofmeasure.org";

async fn filled() -> (TestServer, Caller) {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let observation = |id: &str, status: &str, code: &str, value: Value, date: &str| {
        json!({
            "resourceType": "Observation", "id": id, "status": status, "effectiveDateTime": date, "valueQuantity": value,
            "code": {"coding": [{"system": "urn:l", "code": code}]}, "meta": {"profile": [format!("urn:p:{id}")]},
            "subject": match id {
                "a" => json!({"reference": "Patient/q"}),
                "b" => json!({"reference": "Location/z"}),
                "c" => json!({"reference": "https://there.example/Patient/1"}),
                _ => json!({"reference": "Patient/p"}),
            },
            "identifier": match id {
                "a" => json!([{"value": "x3"}, {"value": "x1"}]),
                "b" => json!([{"system": "urn:s", "value": "x2"}]),
                "c" => json!([{"system": "urn:s"}]),
                _ => json!([{"value": "X9"}]),
            },
            "performer": [{"reference": "Patient/q"}, {"reference": if id == "d" { "Patient/p" } else { "Patient/q" }}]
        })
    };
    let grams = |value: f64, code: &str| json!({"value": value, "system": UCUM, "code": code});
    let risk = |id: &str, probability: Option<f64>| {
        let prediction = probability.map_or(json!({"rationale": "x"}), |p| json!({"probabilityDecimal": p}));
        json!({"resourceType": "RiskAssessment", "id": id, "status": "final", "subject": {"display": "x"}, "prediction": [prediction]})
    };
    let resources = [
        observation("a", "final", "m", grams(2.0, "mg"), "2026-01-03"),
        observation("b", "amended", "k", grams(0.001, "g"), "2026-01-02"),
        observation("c", "final", "k", grams(500.0, "ug"), "2026-01-01"),
        observation("d", "cancelled", "z", grams(3.0, "mg"), "2026-01-01"),
        risk("r1", Some(0.5)),
        risk("r2", Some(0.25)),
        risk("r3", None),
        json!({"resourceType": "Patient", "id": "p", "active": true}),
        json!({"resourceType": "Patient", "id": "q", "active": false}),
        json!({"resourceType": "Location", "id": "z"}),
    ];
    let entries: Vec<_> = resources.iter().map(builders::update_entry).collect();
    epr.post("", &builders::transaction(&entries)).await.expect(200);
    (server, epr)
}

async fn walked(caller: &Caller, address: &str) -> String {
    let mut next = Some(format!("{address}&_count=1"));
    let mut seen = Vec::new();
    while let Some(address) = next {
        let page = caller.get(&address).await.expect(200);
        seen.extend(page.ids("match"));
        next = page.link("next").map(str::to_owned);
        assert!(seen.len() < 20, "{address} goes on for ever");
    }
    seen.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_has_its_order_and_missing_ones_come_last() {
    let (_server, epr) = filled().await;
    for (address, expected) in [
        ("Observation?_sort=code,_id", "b c a d"),
        ("Observation?_sort=-code,-_id", "d a c b"),
        ("Observation?_sort=status,date", "b d c a"),
        ("Observation?_sort=value-quantity", "c b a d"),
        ("Observation?_sort=-value-quantity", "d a b c"),
        ("Observation?_sort=date,-value-quantity", "d c b a"),
        ("Observation?_sort=combo-value-quantity", "c b a d"),
        ("Observation?_sort=-combo-value-quantity", "d a b c"),
        ("Observation?_sort=combo-code,_id", "b c a d"),
        ("Observation?_sort=-_profile", "d c b a"),
        ("Observation?_sort=code,value-quantity,status,date,_id", "c b a d"),
        // Type and id; what is elsewhere comes last.
        ("Observation?_sort=subject", "b d a c"),
        ("Observation?_sort=-subject", "a d b c"),
        ("Observation?_sort=patient,_id", "d a b c"),
        ("Observation?_sort=performer,-_id", "d c b a"),
        ("Observation?_sort=identifier", "d a b c"),
        ("Observation?_sort=-identifier", "a b d c"),
        ("Patient?_id=p,q&_sort=active", "q p"),
        ("Patient?_id=p,q&_sort=-active", "p q"),
        ("RiskAssessment?_sort=probability", "r2 r1 r3"),
        ("RiskAssessment?_sort=-probability", "r1 r2 r3"),
    ] {
        let whole = epr.get(address).await.expect(200).ids("match").join(" ");
        assert_eq!(whole, expected, "{address}");
        assert_eq!(walked(&epr, address).await, expected, "{address}, page by page");
    }
    for address in
        ["Observation?_sort=_score", "Observation?_sort=code-value-quantity", "Observation?_sort=nothing"]
    {
        epr.get(address).await.expect(400);
    }
}
