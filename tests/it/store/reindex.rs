//! `homefirst reindex`: the index is made anew from the resources, beside writers, and can be gone on with.

use serde_json::json;
use tests::{Caller, TestServer, builders};

/// Every table that resources are found by.
const TABLES: [&str; 6] = [
    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM (SELECT value, source, parameter, text FROM identifier_index) t",
    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM (SELECT target, parameter, source FROM reference_index) t",
    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM (SELECT parameter, folded, exact, source FROM string_index) t",
    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM (SELECT parameter, low, high, source FROM date_index) t",
    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM (SELECT q.parameter, q.low, q.high, q.measure, q.source FROM quantity_index q) t",
    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM (SELECT key, source, parameter, keys FROM composite_index) t",
];
const ROWS: &str = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM (SELECT key, version_id, seq, status, owner, patient, focus, \
                    date_low, date_high, keys, parties FROM resource WHERE NOT deleted) t";

async fn fill(caller: &Caller) {
    let mut entries = Vec::new();
    for at in 0..230 {
        let mut patient = builders::patient();
        patient["name"][0]["family"] = format!("O'Neill-Smith{at}").into();
        entries.push(json!({"resource": patient, "request": {"method": "POST", "url": "Patient"}}));
    }
    entries.push(json!({"resource": {
        "resourceType": "Observation", "id": "o", "status": "final", "code": {"coding": [{"system": "urn:l", "code": "bp", "display": "Pressure"}]},
        "effectiveDateTime": "2026-01-02", "valueQuantity": {"value": 5, "unit": "mg"},
        "component": [{"code": {"coding": [{"code": "sys"}]}, "valueQuantity": {"value": 120}}]
    }, "request": {"method": "PUT", "url": "Observation/o"}}));
    caller.post("", &builders::transaction(&entries)).await.expect(200);
}

async fn index_of(server: &TestServer) -> Vec<String> {
    let client = server.database.connect().await;
    let mut found = Vec::new();
    for sql in TABLES.into_iter().chain([ROWS]) {
        found.push(client.query_one(sql, &[]).await.unwrap().get(0));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_what_writing_makes_of_it() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    fill(&epr).await;
    builders::referred(&server.caller("hub")).await;
    let before = index_of(&server).await;
    let client = server.database.connect().await;
    client
        .batch_execute(
            "DELETE FROM string_index; DELETE FROM composite_index; DELETE FROM quantity_index; DELETE FROM reference_index; \
             INSERT INTO date_index (parameter, low, high, source) SELECT 1, 2, 3, key FROM resource; \
             UPDATE resource SET status = 'x', date_low = 0, patient = NULL, owner = NULL WHERE NOT deleted",
        )
        .await
        .unwrap();
    assert!(epr.get("Patient?family=smith7&_count=3").await.expect(200).entries().is_empty());
    let running = server.running();
    // It is interrupted after the first step.
    let first = running.server.reindex(None).await.unwrap().unwrap();
    let reached = running.store.reindex_reached().await.unwrap().unwrap();
    assert_eq!((reached.after, reached.done), (first.reached, 100));
    let mut after = Some(reached.after);
    while let Some(step) = running.server.reindex(after).await.unwrap() {
        after = Some(step.reached);
    }
    assert_eq!(running.store.reindex_reached().await.unwrap(), None);
    assert_eq!(index_of(&server).await, before);
    assert!(!epr.get("Patient?family=smith7&_count=3").await.expect(200).entries().is_empty());
    assert_eq!(
        epr.get("Observation?component-code-value-quantity=sys$120").await.expect(200).matches(),
        ["o"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_meanwhile_is_not_lost() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    fill(&epr).await;
    let writer = tokio::spawn({
        let epr = epr.clone();
        async move {
            for round in 0..40 {
                let observation = json!({
                    "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
                    "valueQuantity": {"value": round}
                });
                epr.put("Observation/o", &observation).await.expect(200);
                epr.post("Patient", &builders::patient()).await.expect(201);
            }
        }
    });
    let running = server.running();
    while !writer.is_finished() {
        let mut after = None;
        while let Some(step) = running.server.reindex(after).await.unwrap() {
            after = Some(step.reached);
        }
    }
    writer.await.unwrap();
    for (value, found) in [(39, 1), (38, 0), (5, 0)] {
        let answer = epr.get(&format!("Observation?value-quantity={value}&_id=o")).await.expect(200);
        assert_eq!(answer.entries().len(), found, "{value}");
    }
    let now = index_of(&server).await;
    let mut after = None;
    while let Some(step) = running.server.reindex(after).await.unwrap() {
        after = Some(step.reached);
    }
    assert_eq!(index_of(&server).await, now);
}

/// What a server before V0021 wrote: two rows an identifier, without its text, which were among the keys, and rows of combinations.
const OF_BEFORE: &str = "
    UPDATE resource r SET keys = keys || ARRAY(SELECT value FROM identifier_index WHERE source = r.key);
    UPDATE identifier_index SET parameter = NULL, text = NULL;
    INSERT INTO identifier_index (value, source) SELECT gen_random_uuid(), source FROM identifier_index;
    INSERT INTO string_index (parameter, folded, exact, source) SELECT 1, 'x', 'x', source FROM identifier_index;
    INSERT INTO quantity_index (parameter, low, high, source) SELECT 1, low, high, source FROM quantity_index;
    INSERT INTO composite_index (key, source, parameter, keys) SELECT gen_random_uuid(), source, 1, keys FROM composite_index";

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_before_answer_until_they_are_taken_out() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    fill(&epr).await;
    let person = json!({"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:s", "value": "7"}, {"value": "8"}]});
    epr.put("Patient/p", &person).await.expect(201);
    let before = index_of(&server).await;
    server.database.connect().await.batch_execute(OF_BEFORE).await.unwrap();
    let answers = async || {
        for (address, id) in [
            ("Patient?identifier=urn:s|7", "p"),
            ("Patient?identifier=7", "p"),
            ("Patient?identifier=8", "p"),
            ("Patient?identifier=|8", "p"),
            ("Patient?identifier:not=urn:s|8&_id=p", "p"),
            ("Observation?combo-value-quantity=120", "o"),
            ("Observation?combo-code-value-quantity=sys$120", "o"),
            ("Observation?code-value-quantity=bp$5", "o"),
        ] {
            assert_eq!(epr.get(address).await.expect(200).matches(), [id], "{address}");
        }
    };
    answers().await;
    assert_ne!(index_of(&server).await, before);
    // A change of what was written before leaves nothing of it that is found.
    let other =
        json!({"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:s", "value": "9"}]});
    epr.put("Patient/p", &other).await.expect(200);
    assert!(epr.get("Patient?identifier=urn:s|7").await.expect(200).entries().is_empty());
    assert!(epr.get("Patient?identifier=7").await.expect(200).entries().is_empty());
    epr.put("Patient/p", &person).await.expect(200);
    answers().await;
    let running = server.running();
    let mut after = None;
    while let Some(step) = running.server.reindex(after).await.unwrap() {
        after = Some(step.reached);
    }
    answers().await;
    let now = index_of(&server).await;
    assert_eq!(now[..TABLES.len()], before[..TABLES.len()]);
    assert_eq!(epr.get("Patient?_sort=identifier&_id=p").await.expect(200).matches(), ["p"]);
}
