//! The server's own conformance resources: read and searched like any other, written by nobody.

use serde_json::{Value, json};
use tests::TestServer;

const BASE: &str = "https://homefirst.example/fhir";

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_knows_is_read_and_searched() {
    let server = TestServer::start().await;
    let team = server.caller("reablement");
    for address in [
        "StructureDefinition/HFReferral",
        "StructureDefinition/ic-clock",
        "CodeSystem/ic-service-line",
        "ValueSet/ic-service-line",
        "SearchParameter/Task-clock-due",
        "CompartmentDefinition/patient",
    ] {
        let found = team.get(address).await.expect(200).json;
        assert_eq!(found["url"], format!("{BASE}/{address}"), "{address}");
    }
    let profile = team.get("StructureDefinition/HFReferral").await.expect(200).json;
    assert!(profile["differential"]["element"].as_array().is_some_and(|all| !all.is_empty()));
    let whole = |element: &Value| element["definition"].is_string() && element["base"].is_object();
    assert!(profile["snapshot"]["element"].as_array().is_some_and(|all| all.iter().all(whole)));

    let url = format!("{BASE}/CodeSystem/ic-pathway");
    for (resource_type, parameters, ids) in [
        ("CodeSystem", [("url", url.as_str())], vec!["ic-pathway"]),
        ("CodeSystem", [("_id", "ic-pathway")], vec!["ic-pathway"]),
        ("SearchParameter", [("code", "clock-due")], vec!["Task-clock-due"]),
        ("StructureDefinition", [("name", "HFTask")], vec![]),
        ("StructureDefinition", [("name", "HFEpi")], vec!["HFEpisode"]),
    ] {
        let found = team.search(resource_type, &parameters).await.expect(200).json;
        let found: Vec<_> =
            found["entry"].as_array().into_iter().flatten().map(|e| e["resource"]["id"].clone()).collect();
        assert_eq!(found, ids, "{resource_type} {parameters:?}");
    }

    let topics = team.search("Basic", &[("code", "SubscriptionTopic"), ("_count", "100")]).await.expect(200);
    let urls: Vec<_> = topics.json["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["resource"]["extension"][0]["valueUri"].clone())
        .collect();
    assert!(urls.contains(&json!(format!("{BASE}/SubscriptionTopic/task-inbox"))), "{urls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_knows_is_changed_by_nobody() {
    let server = TestServer::start().await;
    let admin = server.caller("hub");
    for address in ["ValueSet/ic-pathway", "Basic/task-inbox"] {
        let own = admin.get(address).await.expect(200);
        let mut changed = own.json.clone();
        changed["language"] = "en".into();
        admin.put_back(&changed).await.expect(405);
        admin.delete(address).await.expect(405);
        assert_eq!(admin.get(address).await.expect(200).body, own.body);
    }
    // What is published once is not published again.
    assert_eq!(server.running().server.publish().await.unwrap(), 0);
    // Others stand beside it.
    let mut own = admin.get("ValueSet/ic-pathway").await.expect(200).json;
    own["id"] = "their-pathway".into();
    own["url"] = "https://elsewhere.example/ValueSet/pathway".into();
    admin.put("ValueSet/their-pathway", &own).await.expect(201);
    admin.delete("ValueSet/their-pathway").await.expect(204);
}
