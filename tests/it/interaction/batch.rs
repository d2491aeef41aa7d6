//! batch, <https://hl7.org/fhir/R4/http.html#transaction>.

use serde_json::{Value, json};
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_is_answered_for_itself() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"resource": patient, "request": {"method": "POST", "url": "Patient"}},
        {"request": {"method": "GET", "url": "Patient/nobody"}},
        {"resource": {"resourceType": "Patient", "x": 1}, "request": {"method": "POST", "url": "Patient"}},
        {"request": {"method": "GET", "url": "Organization/leeds-hub"}},
        {"request": {"method": "GET", "url": "Patient?_count=x"}},
        {"request": {"method": "GET", "url": "Location?name=Ward"}},
        {"request": {"method": "DELETE", "url": "Patient/never-there"}},
        {"request": {"method": "GET"}},
        {"resource": patient},
        {"request": {"method": "BREW", "url": "Patient"}},
        {"request": {"method": "POST", "url": "Patient"}},
        {"resource": {"resourceType": "Bundle", "type": "batch"}, "request": {"method": "POST", "url": "/"}},
    ]});
    let answer = epr.post("", &bundle).await.expect(200);
    assert_eq!(answer.json["type"], "batch-response");
    let statuses: Vec<_> =
        answer.entries().iter().map(|e| e["response"]["status"].as_str().unwrap()[..3].to_owned()).collect();
    assert_eq!(
        statuses,
        ["201", "404", "400", "200", "400", "200", "204", "400", "400", "400", "400", "400"],
        "{}",
        answer.text()
    );
    for (at, entry) in answer.entries().iter().enumerate() {
        let failed = statuses[at].starts_with('4');
        assert_eq!(entry["response"]["outcome"]["resourceType"] == "OperationOutcome", failed, "{entry}");
    }
    assert_eq!(answer.entries()[3]["resource"]["id"], "leeds-hub");
    assert_eq!(answer.entries()[5]["resource"]["type"], "searchset");
    let location = answer.entries()[0]["response"]["location"].as_str().unwrap();
    assert_eq!(epr.get(location).await.expect(200).json["gender"], "female");
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_that_are_neither_batch_nor_transaction() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    for (bundle, status) in [
        (json!({"resourceType": "Bundle", "type": "batch"}), 200),
        (json!({"resourceType": "Bundle", "type": "transaction"}), 200),
        (json!({"resourceType": "Bundle", "type": "history"}), 422),
        (json!({"resourceType": "Bundle", "type": "searchset"}), 422),
        (json!({"resourceType": "Bundle"}), 422),
        (builders::patient(), 400),
    ] {
        let answer = epr.post("", &bundle).await;
        assert_eq!(answer.status, status, "{bundle}: {}", answer.text());
        if status == 200 {
            assert!(answer.entries().is_empty() && answer.json.get("entry") != Some(&Value::Null));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_other_entries_mean_nothing_in_a_batch() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        builders::create_entry("urn:uuid:1c5e5e9e-0000-4000-8000-000000000001", &builders::patient()),
        {
            "resource": {
                "resourceType": "Observation", "status": "final", "code": {"text": "x"},
                "subject": {"reference": "urn:uuid:1c5e5e9e-0000-4000-8000-000000000001"}
            },
            "request": {"method": "POST", "url": "Observation"}
        },
        {
            "resource": {
                "resourceType": "Observation", "status": "final", "code": {"text": "x"},
                "subject": {"reference": "Patient?identifier=x"}
            },
            "request": {"method": "POST", "url": "Observation"}
        },
    ]});
    let answer = epr.post("", &bundle).await.expect(200);
    let subject = &answer.entries()[1]["resource"]["subject"]["reference"];
    assert_eq!(subject, "urn:uuid:1c5e5e9e-0000-4000-8000-000000000001", "it is stored as it is");
    assert!(
        answer.entries()[2]["response"]["status"].as_str().unwrap().starts_with('4'),
        "{}",
        answer.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_has_a_limit() {
    let server = TestServer::with(|config| config.bundles.max_entries = 3).await;
    let entry = json!({"request": {"method": "GET", "url": "metadata"}});
    let bundle = |count: usize| json!({"resourceType": "Bundle", "type": "batch", "entry": vec![entry.clone(); count]});
    let epr = server.caller("epr");
    epr.post("", &bundle(3)).await.expect(200);
    assert_eq!(epr.post("", &bundle(4)).await.expect(400).code(), "too-costly");
}
