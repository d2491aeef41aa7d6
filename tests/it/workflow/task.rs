//! The moves of a Task: which are allowed, what they need, and who makes them.

use serde_json::{Value, json};
use tests::{TestServer, builders, place};

#[tokio::test(flavor = "multi_thread")]
async fn moves_that_are_not_allowed_name_those_that_are() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (_, task) = builders::referred(&hub).await;
    for status in ["draft", "in-progress", "completed", "failed"] {
        let refused = builders::move_task(&team, &task, status).await.expect(409);
        assert!(refused.names_rule("IC-STATE-01"), "{status}: {}", refused.text());
        assert_eq!(refused.expressions(), ["Task.status"]);
        assert!(
            refused.text().contains("'received'") && refused.text().contains("'accepted'"),
            "{}",
            refused.text()
        );
    }
    let accepted = builders::move_task(&team, &task, "accepted").await.expect(200).json;
    let refused = builders::move_task(&team, &accepted, "rejected").await.expect(409);
    assert!(refused.names_rule("IC-STATE-01"));
    assert_eq!(
        team.get(&format!("Task/{}", task["id"].as_str().unwrap())).await.expect(200).header("etag"),
        "W/\"2\""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_guard_moves() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (_, task) = builders::referred(&hub).await;
    let address = format!("Task/{}", task["id"].as_str().unwrap());
    let mut received = task.clone();
    received["status"] = "received".into();
    let unguarded = team.put(&address, &received).await.expect(400);
    assert!(unguarded.names_rule("IC-VER-01"), "{}", unguarded.text());
    builders::move_task(&team, &task, "received").await.expect(200);
    let stale = builders::move_task(&hub, &task, "cancelled").await.expect(412);
    assert!(stale.names_rule("IC-VER-02"), "{}", stale.text());
    let history = hub.get(&format!("{address}/_history")).await.expect(200);
    assert_eq!(history.json["total"], 2, "what was refused made no version");
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_that_moves_need() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (_, task) = builders::referred(&hub).await;
    let rejected = builders::move_task(&team, &task, "rejected").await.expect(422);
    assert!(rejected.names_rule("IC-STATE-03"), "{}", rejected.text());
    let accepted = builders::move_task(&team, &task, "accepted").await.expect(200).json;
    let begun = builders::move_task(&team, &accepted, "in-progress").await.expect(422);
    assert!(begun.names_rule("IC-STATE-03"), "{}", begun.text());
    let mut future = builders::with_output(accepted.clone(), "first-contact", &builders::hours_ago(-5));
    future["status"] = "in-progress".into();
    assert!(team.put_back(&future).await.expect(422).names_rule("IC-CLK-03"));
    let mut begun = builders::with_output(accepted, "first-contact", &builders::hours_ago(0));
    begun["status"] = "in-progress".into();
    team.put_back(&begun).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_party_cannot_move_it() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (_, task) = builders::referred(&hub).await;
    let refused = builders::move_task(&server.caller("ucr"), &task, "accepted").await;
    assert!([403, 404, 412].contains(&refused.status), "{}", refused.text());
    let read = hub.get(&format!("Task/{}", task["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(read.json["status"], "requested");
}

#[tokio::test(flavor = "multi_thread")]
async fn times_may_be_written_in_another_way() {
    let server = TestServer::start().await;
    let (_, task) = builders::referred(&server.caller("hub")).await;
    let team = server.caller("reablement");
    let rewritten = |task: &Value| -> Value {
        let text = task.to_string().replace("Z\"", "+00:00\"");
        assert!(text.matches("+00:00").count() > 3, "{text}");
        serde_json::from_str(&text).unwrap()
    };
    let same = team.put_back(&rewritten(&task)).await.expect(200);
    assert_eq!((same.header("etag"), &same.json), ("W/\"1\"", &task));
    let moved = builders::move_task(&team, &rewritten(&task), "received").await.expect(200);
    assert_eq!(moved.json["authoredOn"], task["authoredOn"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn moves_are_made_by_their_side() {
    let server = TestServer::start().await;
    let (epr, team) = (server.caller("epr"), server.caller("reablement"));
    let patient = builders::new_patient(&epr).await;
    let mut referral = builders::referral(&patient);
    referral["requester"] = json!({"reference": place::HOSPITAL});
    let referral = epr.post("ServiceRequest", &referral).await.expect(201);
    let task = builders::task_of(&epr, &referral.reference()).await;
    // The hospital reads the Task of its referral, and does not answer for the team.
    for status in ["received", "accepted"] {
        let refused = builders::move_task(&epr, &task, status).await.expect(403);
        assert!(refused.names_rule("IC-AUTH-01"), "{}", refused.text());
    }
    // The team does not take the referral back for the hospital.
    let mut revoked = referral.json.clone();
    revoked["status"] = "revoked".into();
    let why = json!({"url": "http://hl7.org/fhir/StructureDefinition/request-statusReason", "valueCodeableConcept": {"text": "No."}});
    revoked["extension"].as_array_mut().unwrap().push(why);
    assert!(team.put_back(&revoked).await.expect(403).names_rule("IC-AUTH-01"));
    let received = builders::move_task(&team, &task, "received").await.expect(200).json;
    assert_eq!(received["status"], "received");
    epr.put_back(&revoked).await.expect(200);
    let task = builders::task_of(&epr, &referral.reference()).await;
    assert_eq!(task["status"], "cancelled");
}
