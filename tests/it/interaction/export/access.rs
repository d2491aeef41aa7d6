//! Who may export what, and who may fetch it.

use serde_json::json;
use tests::{TestServer, builders, place};

use super::{Export, address_of, kick_off};

#[tokio::test(flavor = "multi_thread")]
async fn what_its_owner_may_not_see_is_in_no_file() {
    let server = TestServer::start().await;
    let (hub, reablement, council) =
        (server.caller("hub"), server.caller("reablement"), server.caller("council"));
    let (referral, task) = builders::referred(&hub).await;
    let patient = referral["subject"]["reference"].as_str().unwrap().to_owned();
    let observation = |code: Option<&str>| {
        let mut observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "subject": {"reference": patient}, "performer": [{"reference": place::HUB}]});
        if let Some(code) = code {
            let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
            observation["meta"]["security"] = json!([{"system": system, "code": code}]);
        }
        observation
    };
    let open = hub.post("Observation", &observation(None)).await.expect(201).reference();
    let secret = hub.post("Observation", &observation(Some("R"))).await.expect(201).reference();

    for address in ["$export", "Patient/$export"] {
        let mine = Export::begin(&hub, address).await.addresses().await;
        let of_team = Export::begin(&reablement, address).await.addresses().await;
        let of_others = Export::begin(&council, address).await.addresses().await;
        for there in [&open, &secret, &patient, &address_of(&task)] {
            assert!(mine.contains(there), "{there} of {address}");
            assert_eq!(of_team.contains(there), *there != secret, "{there} of {address}");
            assert!(!of_others.contains(there), "{there} of {address}");
        }
    }
    let filter = "$export?_type=Observation&_typeFilter=Observation%3Fpatient.family%3DAckroyd";
    assert!(Export::begin(&council, filter).await.addresses().await.is_empty());

    // A deletion is told to those who saw what was deleted.
    let since = "$export?_type=Observation&_since=2020-01-01";
    hub.delete(&open).await.expect(204);
    hub.delete(&secret).await.expect(204);
    for (caller, count) in [(&hub, 2), (&reablement, 1), (&council, 0)] {
        assert_eq!(Export::begin(caller, since).await.lines("deleted").await.len(), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_knows_of_it() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    builders::referred(&hub).await;
    let export = Export::begin(&hub, "$export?_type=Task,Patient").await;
    let manifest = export.manifest().await;
    let file = manifest["output"][1]["url"].as_str().unwrap();
    assert_eq!(manifest["requiresAccessToken"], true);
    server.with_token(None).get(file).await.expect(401);
    server.with_token(None).get(&export.address).await.expect(401);
    // The auditor acts for the same organisation, but is another client.
    for other in ["reablement", "auditor", "patient-1", "nobody"] {
        let other = server.caller(other);
        let none = other.get(&format!("{}/$export/7a0c6a3e-0d9a-4c39-a1a5-3a8b9e7c1a11", server.base)).await;
        for answer in
            [other.get(&export.address).await, other.get(file).await, other.delete(&export.address).await]
        {
            assert_eq!(answer.expect(404).issues(), none.issues());
        }
    }
    let narrow = server.narrowed("hub", "system/Patient.rs");
    assert!(file.contains("Task"));
    narrow.get(file).await.expect(403);
    narrow.get(manifest["output"][0]["url"].as_str().unwrap()).await.expect(200);
    for wrong in ["Task-2.ndjson", "Task-1", "nonsense", "OperationOutcome-1.ndjson", "deleted-Task-1.ndjson"]
    {
        hub.get(&format!("{}/{wrong}", export.address)).await.expect(404);
    }
    hub.get(&format!("{}/$export/nonsense", server.base)).await.expect(404);
    hub.request("POST", &export.address).send().await.expect(405);
    hub.request("DELETE", file).send().await.expect(405);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_decides_what_there_is() {
    let server = TestServer::start().await;
    builders::referred(&server.caller("hub")).await;
    let narrow = server.narrowed("hub", "system/Patient.r system/Task.rs");
    let types = |lines: Vec<serde_json::Value>| {
        let mut types: Vec<_> = lines.iter().map(|line| line["resourceType"].to_string()).collect();
        types.dedup();
        types
    };
    for address in ["$export", "Patient/$export"] {
        let lines = Export::begin(&narrow, address).await.lines("output").await;
        assert_eq!(types(lines), ["\"Patient\"", "\"Task\""]);
    }
    kick_off(&narrow, "$export?_type=Observation").await.expect(403);
    // A filter is a search, of whatever it looks at.
    kick_off(&narrow, "$export?_type=Patient&_typeFilter=Patient%3Factive%3Dtrue").await.expect(403);
    kick_off(&narrow, "$export?_type=Task&_typeFilter=Task%3Fpatient.name%3Dx").await.expect(403);
    kick_off(&narrow, "Group/none/$export").await.expect(403);
    for (persona, status) in [("patient-1", 403), ("nobody", 403)] {
        kick_off(&server.caller(persona), "$export").await.expect(status);
    }
    kick_off(&server.with_token(None), "$export").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_audited() {
    let server = TestServer::start().await;
    Export::begin(&server.caller("hub"), "Patient/$export").await.manifest().await;
    let sql = "SELECT count(*) FROM audit WHERE operation = 'export' AND client = 'demo-hub' AND organization = 'LEEDS-HUB'";
    assert_eq!(server.count(sql).await, 1);
}
