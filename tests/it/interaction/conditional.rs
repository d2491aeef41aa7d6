//! Conditional creates, <https://hl7.org/fhir/R4/http.html#ccreate>.

use serde_json::{Value, json};
use tests::{Answer, Caller, TestServer, builders};

async fn create(caller: &Caller, resource: &Value, condition: &str) -> Answer {
    let resource_type = resource["resourceType"].as_str().unwrap();
    caller.request("POST", resource_type).header("if-none-exist", condition).json(resource).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn none_one_and_many() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut patient = builders::patient();
    let number = patient["identifier"][0]["value"].as_str().unwrap().to_owned();
    let condition = format!("identifier={}|{number}", builders::NHS_NUMBER);
    let first = create(&epr, &patient, &condition).await.expect(201);
    patient["gender"] = "male".into();
    for form in [
        condition.clone(),
        format!("?{condition}"),
        format!("Patient?{condition}"),
        format!("/Patient?{condition}"),
        format!("{}/Patient?{condition}", server.base),
        format!("{condition}&_format=json&_pretty=true"),
        format!("identifier={number}"),
    ] {
        let again = create(&epr, &patient, &form).await.expect(200);
        assert_eq!(again.body, first.body, "{form}");
        assert_eq!(again.header("etag"), "W/\"1\"");
        assert_eq!(again.header("location"), first.header("location"));
    }
    epr.post("Patient", &patient).await.expect(201);
    let many = create(&epr, &patient, &condition).await.expect(412);
    assert_eq!(many.code(), "multiple-matches");
    assert!(!many.text().contains(&first.id()), "which ones they are is not told");
    let found = epr.get(&format!("Patient?{}", condition.replace('|', "%7C"))).await.expect(200);
    assert_eq!(found.entries().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_does_not_count() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let condition = format!("identifier={}", patient["identifier"][0]["value"].as_str().unwrap());
    let first = create(&epr, &patient, &condition).await.expect(201);
    epr.delete(&first.reference()).await.expect(204);
    let second = create(&epr, &patient, &condition).await.expect(201);
    assert_ne!(first.id(), second.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_never_selects_everything() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let before = epr.get("Patient?_summary=count").await.expect(200).json["total"].clone();
    for condition in [
        "",
        "?",
        "Patient?",
        "identifier=",
        "unknown=x",
        "_count=1",
        "_format=json",
        "identifier=x&unknown=y",
        "identifier:x=y",
    ] {
        let answer = create(&epr, &builders::patient(), condition).await;
        assert_eq!(answer.status, 400, "'{condition}': {}", answer.text());
        let lenient = epr.request("POST", "Patient").header("if-none-exist", condition);
        let lenient = lenient.header("prefer", "handling=lenient").json(&builders::patient()).send().await;
        assert_eq!(lenient.status, 400, "lenient '{condition}': {}", lenient.text());
    }
    assert_eq!(epr.get("Patient?_summary=count").await.expect(200).json["total"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_criteria_than_identifiers() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let location = json!({"resourceType": "Location", "name": "Zoë ward", "status": "active"});
    create(&epr, &location, "name:exact=Zo%C3%AB%20ward").await.expect(201);
    create(&epr, &location, "name:exact=Zo%C3%AB%20ward").await.expect(200);
    create(&epr, &location, "name:exact=Zoe%20ward").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_in_the_address_is_heard() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let condition = format!("identifier={}", patient["identifier"][0]["value"].as_str().unwrap());
    let address = format!("Patient?{condition}");
    let first = epr.post(&address, &patient).await.expect(201);
    assert_eq!(epr.post(&address, &patient).await.expect(200).id(), first.id());
    let twice = epr.request("POST", &address).header("if-none-exist", &condition).json(&patient).send().await;
    assert!(twice.clone().expect(400).text().contains("one condition"), "{}", twice.text());
    epr.post("Patient?colour=red", &patient).await.expect(400);
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": patient, "request": {"method": "POST", "url": address}}
    ]});
    let answer = epr.post("", &bundle).await.expect(200);
    assert!(answer.json["entry"][0]["response"]["status"].as_str().unwrap().starts_with("200"));
}
