//! create, <https://hl7.org/fhir/R4/http.html#create>.

use serde_json::json;
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_created_is_told_and_can_be_read() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let sent = builders::patient();
    let created = epr.post("Patient", &sent).await.expect(201);
    let (id, version) = (created.id(), created.json["meta"]["versionId"].clone());
    assert_eq!(version, "1");
    assert_eq!(created.header("location"), format!("{}/Patient/{id}/_history/1", server.base));
    assert_eq!(created.header("etag"), "W/\"1\"");
    assert!(created.header("last-modified").ends_with(" GMT"));
    let read = epr.get(&format!("Patient/{id}")).await.expect(200);
    assert_eq!(read.body, created.body, "what is read are the same bytes");
    for element in ["identifier", "name", "gender", "birthDate", "address"] {
        assert_eq!(read.json[element], sent[element], "{element}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_is_the_servers() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut sent = builders::patient();
    sent["id"] = "mine".into();
    sent["meta"] = json!({
        "versionId": "77", "lastUpdated": "2001-01-01T00:00:00Z", "source": "https://epr.example/1",
        "tag": [{"system": "https://x.example", "code": "t"}]
    });
    let created = epr.post("Patient", &sent).await.expect(201);
    assert_ne!(created.id(), "mine");
    assert_eq!(created.json["meta"]["versionId"], "1");
    assert_ne!(created.json["meta"]["lastUpdated"], "2001-01-01T00:00:00Z");
    assert_eq!(created.json["meta"]["source"], "https://epr.example/1");
    assert_eq!(created.json["meta"]["tag"], sent["meta"]["tag"]);
    epr.get("Patient/mine").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn own_addresses_are_known_in_every_spelling() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let spelt = server.base.replacen("http://", "HTTP://", 1);
    let of = |base: &str, address: &str| {
        json!({
            "resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "subject": {"reference": format!("{base}/{address}")}
        })
    };
    let created = epr.post("Observation", &of(&spelt, &patient)).await.expect(201);
    for reference in [patient.clone(), format!("{spelt}/{patient}"), format!("{}/{patient}", server.base)] {
        let found = epr.search("Observation", &[("subject", reference.as_str())]).await.expect(200);
        assert_eq!(found.matches(), [created.id()], "{reference}");
    }
    let refused = epr.post("Observation", &of(&spelt, "Patient/nobody")).await.expect(422);
    assert_eq!(refused.expressions(), ["Observation.subject.reference"]);
    // Another scheme is another address: nobody looks there.
    let foreign = server.base.replacen("http://", "https://", 1);
    epr.post("Observation", &of(&foreign, "Patient/nobody")).await.expect(201);
}
