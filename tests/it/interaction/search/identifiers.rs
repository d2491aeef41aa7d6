//! Identifiers in every form in which they are searched for, <https://hl7.org/fhir/R4/search.html#token>: with their system, without one, in
//! whatever system.

use serde_json::json;
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn every_form_finds_what_it_says() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = |id: &str, identifiers: serde_json::Value| {
        let mut patient = json!({"resourceType": "Patient", "id": id, "gender": "unknown"});
        if identifiers != json!([]) {
            patient["identifier"] = identifiers;
        }
        patient
    };
    let patients = [
        patient("a", json!([{"system": "urn:s", "value": "1"}])),
        patient("b", json!([{"value": "1"}])),
        patient("c", json!([{"system": "urn:t", "value": "1"}, {"system": "urn:s", "value": "2"}])),
        patient("d", json!([{"system": "urn:s"}])),
        patient("e", json!([])),
    ];
    let entries: Vec<_> = patients.iter().map(builders::update_entry).collect();
    epr.post("", &builders::transaction(&entries)).await.expect(200);
    for (name, value, expected) in [
        ("identifier", "urn:s|1", "a"),
        ("identifier", "urn:s|3", ""),
        ("identifier", "1", "a b c"),
        ("identifier", "|1", "b"),
        ("identifier", "urn:s|", "a c d"),
        ("identifier", "urn:s|1,urn:s|2", "a c"),
        ("identifier", "urn:s|1,|1", "a b"),
        ("identifier", "1,urn:s|2", "a b c"),
        ("identifier:not", "urn:s|1", "b c d e"),
        ("identifier:not", "1", "d e"),
        ("identifier:not", "urn:s|2,|1", "a d e"),
        ("identifier:missing", "true", "e"),
        ("_filter", "identifier eq urn:s|1 or identifier eq 2", "a c"),
        ("_filter", "identifier ne urn:s|1", "b c d"),
    ] {
        let pairs = [("_id", "a,b,c,d,e"), (name, value)];
        let found = epr.search("Patient", &pairs).await.expect(200).matches();
        assert_eq!(found.join(" "), expected, "{name}={value}");
        let count = epr.search("Patient", &[&pairs[..], &[("_summary", "count")]].concat()).await.expect(200);
        assert_eq!(count.json["total"], found.len(), "{name}={value}");
    }
    // What is no more is not found; what has come is.
    epr.put("Patient/a", &patient("a", json!([{"system": "urn:s", "value": "9"}]))).await.expect(200);
    for (value, expected) in [("urn:s|1", ""), ("urn:s|9", "a"), ("9", "a")] {
        assert_eq!(
            epr.search("Patient", &[("identifier", value)]).await.expect(200).matches().join(" "),
            expected
        );
    }
    epr.delete("Patient/a").await.expect(204);
    let left = "SELECT count(*) FROM identifier_index i JOIN resource r ON r.key = i.source WHERE r.deleted";
    assert_eq!(server.count(left).await, 0);
}
