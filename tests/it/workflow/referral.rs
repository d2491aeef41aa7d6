//! Referrals: what they must say, and the Task that follows from them.

use serde_json::json;
use tests::{TestServer, builders, place};

#[tokio::test(flavor = "multi_thread")]
async fn an_active_referral_has_its_task() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (referral, task) = builders::referred(&hub).await;
    assert_eq!((&task["status"], &task["intent"]), (&json!("requested"), &json!("order")));
    assert_eq!(task["owner"]["reference"], place::SKILS_SERVICE);
    assert_eq!(task["for"], referral["subject"]);
    assert_eq!(task["groupIdentifier"]["value"], referral["requisition"]["value"]);
    // A draft has none until it becomes active.
    let patient = builders::new_patient(&hub).await;
    let mut draft = builders::referral(&patient);
    draft["status"] = "draft".into();
    let mut draft = hub.post("ServiceRequest", &draft).await.expect(201).json;
    let address = format!("ServiceRequest/{}", draft["id"].as_str().unwrap());
    assert!(hub.search("Task", &[("focus", &address)]).await.expect(200).entries().is_empty());
    draft["status"] = "active".into();
    hub.put_back(&draft).await.expect(200);
    builders::task_of(&hub, &address).await;
    // Without a performer it is the hub's.
    let mut open = builders::referral(&patient);
    open.as_object_mut().unwrap().shift_remove("performer");
    let open = hub.post("ServiceRequest", &open).await.expect(201).reference();
    assert_eq!(builders::task_of(&hub, &open).await["owner"]["reference"], place::HUB_SERVICE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_says_what_the_profile_asks_for() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    for (element, expression) in [
        ("category", "ServiceRequest.category"),
        ("requester", "ServiceRequest.requester"),
        ("subject", "ServiceRequest.subject"),
        ("reasonCode", "ServiceRequest.reasonCode"),
        ("identifier", "ServiceRequest.identifier"),
        ("intent", "ServiceRequest.intent"),
    ] {
        let mut referral = builders::referral(&patient);
        referral.as_object_mut().unwrap().shift_remove(element);
        let refused = hub.post("ServiceRequest", &referral).await.expect(422);
        let is_named = refused.expressions().iter().any(|found| found.starts_with(expression));
        assert!(is_named, "{element}: {}", refused.text());
    }
    let mut referral = builders::referral(&patient);
    referral["category"][0]["coding"][0]["code"] = "step-down".into();
    let refused = hub.post("ServiceRequest", &referral).await.expect(422);
    assert!(refused.names_rule("IC-REF-03"), "{}", refused.text());
    let mut future = builders::referral(&patient);
    future["authoredOn"] = builders::hours_ago(-48).into();
    assert!(hub.post("ServiceRequest", &future).await.expect(422).names_rule("IC-REF-06"));
    let found = hub.search("ServiceRequest", &[("patient", &patient)]).await.expect(200);
    assert!(found.entries().is_empty(), "nothing of what was refused is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_referral_takes_its_task_with_it() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (mut referral, task) = builders::referred(&hub).await;
    referral["status"] = "revoked".into();
    assert!(hub.put_back(&referral).await.expect(422).names_rule("IC-STATE-03"));
    referral = hub.put_back(&builders::revoked(referral)).await.expect(200).json;
    let task = hub.get(&format!("Task/{}", task["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(task.json["status"], "cancelled");
    referral["status"] = "active".into();
    assert!(hub.put_back(&referral).await.expect(409).names_rule("IC-STATE-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_referral_is_the_same_referral() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let referral = builders::referral(&patient);
    let number = referral["identifier"][0]["value"].as_str().unwrap();
    let condition = format!("identifier={}|{number}", builders::REFERRAL);
    let mut ids = Vec::new();
    for status in [201, 200, 200] {
        let call = hub.request("POST", "ServiceRequest").header("if-none-exist", &condition);
        ids.push(call.json(&referral).send().await.expect(status).reference());
    }
    assert!(ids.iter().all(|id| *id == ids[0]));
    builders::task_of(&hub, &ids[0]).await;
}
