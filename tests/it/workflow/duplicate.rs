//! The same request sent again (IC-DUP-01).

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_made_once() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let referral = builders::referral(&patient);
    let first = hub.post("ServiceRequest", &referral).await.expect(201);
    let again = hub.post("ServiceRequest", &referral).await.expect(409);
    assert_eq!(again.code(), "duplicate");
    assert!(again.names_rule("IC-DUP-01") && again.text().contains(&first.reference()), "{}", again.text());
    assert_eq!(again.header("location"), format!("{}/{}", server.base, first.reference()));
    let condition = format!("identifier={}", referral["identifier"][0]["value"].as_str().unwrap());
    let safely = hub
        .request("POST", "ServiceRequest")
        .header("if-none-exist", &condition)
        .json(&referral)
        .send()
        .await;
    assert_eq!(safely.expect(200).id(), first.id());
    // In a transaction all of it is refused, and the entry is named.
    let other = json!({"resourceType": "Location", "name": "Not to be made"});
    let entries =
        [builders::create_entry("urn:uuid:1", &other), builders::create_entry("urn:uuid:2", &referral)];
    let refused = hub.post("", &builders::transaction(&entries)).await.expect(409);
    assert_eq!(refused.expressions(), ["Bundle.entry[1].resource.identifier"]);
    let entries = [&builders::referral(&patient); 2]
        .map(|referral| builders::create_entry(&format!("urn:uuid:{}", builders::number()), referral));
    hub.post("", &builders::transaction(&entries)).await.expect(409);
    assert_eq!(hub.search("Location", &[("name", "Not to be made")]).await.expect(200).matches().len(), 0);
    assert_eq!(hub.search("ServiceRequest", &[("patient", &patient)]).await.expect(200).matches().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_one() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let referral = builders::referral(&patient);
    let condition = format!("identifier={}", referral["identifier"][0]["value"].as_str().unwrap());
    let sent = (0..24).map(|at| {
        let call = hub.request("POST", "ServiceRequest");
        // Some are careful, and some are not.
        let call = if at % 2 == 0 { call.header("if-none-exist", &condition) } else { call };
        call.json(&referral).send()
    });
    let statuses: Vec<u16> = join_all(sent).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 201, 409].contains(status)), "{statuses:?}");
    assert_eq!(hub.search("ServiceRequest", &[("patient", &patient)]).await.expect(200).matches().len(), 1);
    assert_eq!(hub.search("Task", &[("patient", &patient)]).await.expect(200).matches().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_an_identifier_may_let_it_go() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let first = hub.post("ServiceRequest", &builders::referral(&patient)).await.expect(201).json;
    let second = hub.post("ServiceRequest", &builders::referral(&patient)).await.expect(201).json;
    // An update may not take what another holds, and may go on holding its own.
    let mut taking = second.clone();
    taking["identifier"] = first["identifier"].clone();
    assert!(hub.put_back(&taking).await.expect(409).names_rule("IC-DUP-01"));
    let mut noted = second.clone();
    noted["note"] = json!([{"text": "Key safe at the back door."}]);
    hub.put_back(&noted).await.expect(200);
    // What was entered in error can be sent again.
    let mut error: Value = first.clone();
    error["status"] = "entered-in-error".into();
    hub.put_back(&error).await.expect(200);
    let mut again = builders::referral(&patient);
    again["identifier"] = first["identifier"].clone();
    hub.post("ServiceRequest", &again).await.expect(201);
    // What is not of intermediate care is not told apart.
    let general = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "identifier": [{"system": builders::REFERRAL, "value": "same"}]
    });
    for _ in 0..2 {
        hub.post("Observation", &general).await.expect(201);
    }
}
