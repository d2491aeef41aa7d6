//! `$meta`, `$meta-add`, `$meta-delete`, and `$versions`.

use serde_json::{Value, json};
use tests::{TestServer, builders};

fn meta(meta: Value) -> Value {
    json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_added_and_taken_away() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let address = builders::new_patient(&hub).await;
    let tag = |code: &str| json!({"system": "https://example.org/tag", "code": code});
    let add = format!("{address}/$meta-add");
    let tagged = hub.post(&add, &meta(json!({"tag": [tag("a"), tag("b")]}))).await.expect(200).json;
    assert_eq!(tagged["parameter"][0]["valueMeta"]["tag"], json!([tag("a"), tag("b")]));
    assert_eq!(tagged["parameter"][0]["valueMeta"]["versionId"], "2");
    assert_eq!(
        hub.search("Patient", &[("_tag", "https://example.org/tag|b")]).await.expect(200).entries().len(),
        1
    );

    // What is there already is no change.
    let again = hub.post(&add, &meta(json!({"tag": [tag("a")]}))).await.expect(200).json;
    assert_eq!(again["parameter"][0]["valueMeta"]["versionId"], "2");
    let left = hub
        .post(&format!("{address}/$meta-delete"), &meta(json!({"tag": [tag("a")]})))
        .await
        .expect(200)
        .json;
    assert_eq!(left["parameter"][0]["valueMeta"]["tag"], json!([tag("b")]));
    let read = hub.get(&format!("{address}/$meta")).await.expect(200).json;
    assert_eq!(read, left);
    assert_eq!(hub.get(&address).await.expect(200).json["name"][0]["family"], "Ackroyd");

    hub.post(&add, &json!({"resourceType": "Parameters"})).await.expect(400);
    hub.post(&add, &meta(json!({"versionId": "7"}))).await.expect(400);
    hub.post(&add, &meta(json!({"tag": "a"}))).await.expect(400);
    hub.get(&add).await.expect(405);
    hub.post("Patient/none/$meta-add", &meta(json!({"tag": [tag("a")]}))).await.expect(404);
    server.caller("council").post(&add, &meta(json!({"tag": [tag("a")]}))).await.expect(404);
    server
        .narrowed("hub", "system/Patient.r")
        .post(&add, &meta(json!({"tag": [tag("c")]})))
        .await
        .expect(403);
    hub.post("ValueSet/ic-pathway/$meta-add", &meta(json!({"tag": [tag("a")]}))).await.expect(405);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_of_fhir_is_told() {
    let server = TestServer::start().await;
    let versions = server.caller("hub").get("$versions").await.expect(200).json;
    assert_eq!(versions["parameter"][0], json!({"name": "version", "valueCode": "4.0"}));
}
