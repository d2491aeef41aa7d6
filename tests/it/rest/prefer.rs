//! What the answer to a write holds, <https://hl7.org/fhir/R4/http.html#ops>.

use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn the_client_chooses_what_comes_back() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    for (prefer, content) in [
        ("", "Patient"),
        ("return=representation", "Patient"),
        ("return=minimal", ""),
        ("return=OperationOutcome", "OperationOutcome"),
        ("handling=strict, return=minimal", ""),
        ("respond-async", "Patient"),
        ("return=everything", "Patient"),
    ] {
        let call = epr.request("POST", "Patient");
        let call = if prefer.is_empty() { call } else { call.header("prefer", prefer) };
        let created = call.json(&builders::patient()).send().await.expect(201);
        assert_eq!(created.json["resourceType"].as_str().unwrap_or(""), content, "{prefer}");
        assert_eq!(created.body.is_empty(), content.is_empty(), "{prefer}");
        assert!(!created.header("location").is_empty() && created.header("etag") == "W/\"1\"", "{prefer}");
        if content == "OperationOutcome" {
            let bad =
                |issue: &serde_json::Value| issue["severity"] == "error" || issue["severity"] == "fatal";
            assert!(!created.issues().iter().any(bad), "{}", created.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_whatever_is_preferred() {
    let server = TestServer::start().await;
    let call = server.caller("epr").request("POST", "Patient").header("prefer", "return=minimal");
    let answer = call.json(&serde_json::json!({"resourceType": "Patient", "x": 1})).send().await.expect(400);
    assert_eq!(answer.json["resourceType"], "OperationOutcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_hold_for_the_entries_of_a_bundle() {
    let server = TestServer::start().await;
    let mut bundle = builders::transaction(&[builders::create_entry("urn:uuid:1", &builders::patient())]);
    for (prefer, has_body) in [("return=minimal", false), ("return=representation", true)] {
        bundle["entry"][0]["resource"] = builders::patient();
        let call = server.caller("epr").request("POST", "").header("prefer", prefer);
        let answer = call.json(&bundle).send().await.expect(200);
        let entry = &answer.entries()[0];
        assert_eq!(entry["response"]["status"], "201 Created");
        assert_eq!(entry.get("resource").is_some(), has_body, "{prefer}");
    }
}
