//! `$redirect` and `$transfer`: from one team to another, in one transaction.

use serde_json::{Value, json};
use tests::client::{Answer, Caller};
use tests::{TestReceiver, TestServer, builders, place};

async fn hand(caller: &Caller, task: &Value, operation: &str, to: &str) -> Answer {
    let parameters = json!({"resourceType": "Parameters", "parameter": [{"name": "to", "valueReference": {"reference": to}}]});
    caller.post(&format!("Task/{}/${operation}", task["id"].as_str().unwrap()), &parameters).await
}

async fn task(caller: &Caller, task: &Value) -> Value {
    caller.get(&format!("Task/{}", task["id"].as_str().unwrap())).await.expect(200).json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_asks_the_other_team() {
    let server = TestServer::start().await;
    let (hub, team, council) = (server.caller("hub"), server.caller("reablement"), server.caller("council"));
    let [told, rejected] = [TestReceiver::start().await, TestReceiver::start().await];
    council
        .post("Subscription", &builders::subscription("task-inbox", &told.endpoint, &[]))
        .await
        .expect(201);
    hub.post("Subscription", &builders::subscription("referral-rejected", &rejected.endpoint, &[]))
        .await
        .expect(201);
    server.settle().await;
    let (_, old) = builders::referred(&hub).await;
    // Who sees a change is decided when it is numbered: before the council becomes one of those who care for this person.
    server.settle().await;
    for (to, status) in
        [("Patient/patient-1", 400), ("HealthcareService/nobody", 422), (place::SKILS_SERVICE, 422)]
    {
        let refused = hand(&team, &old, "redirect", to).await;
        assert_eq!(refused.status, status, "{to}: {}", refused.text());
    }
    team.post(
        &format!("Task/{}/$redirect", old["id"].as_str().unwrap()),
        &json!({"resourceType": "Parameters"}),
    )
    .await
    .expect(400);
    team.get(&format!("Task/{}/$redirect", old["id"].as_str().unwrap())).await.expect(405);
    // Who is no party does not even see it.
    hand(&server.caller("ucr"), &old, "redirect", place::COUNCIL_SERVICE).await.expect(404);
    assert_eq!(task(&hub, &old).await["meta"]["versionId"], "1", "what was refused wrote nothing");
    let new = hand(&team, &old, "redirect", place::COUNCIL_SERVICE).await.expect(200).json;
    assert_eq!((&new["resourceType"], &new["status"]), (&json!("Task"), &json!("requested")));
    assert_eq!(new["owner"]["reference"], place::COUNCIL_SERVICE);
    assert_eq!(task(&hub, &old).await["status"], "rejected");
    server.settle().await;
    let focus: Vec<_> = told.events().into_iter().filter_map(|event| event.focus).collect();
    assert_eq!(focus, [format!("Task/{}", new["id"].as_str().unwrap())]);
    assert_eq!(rejected.events().len(), 1);
    builders::move_task(&council, &new, "accepted").await.expect(200);
    hand(&team, &old, "redirect", place::UCR_SERVICE).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_waits_for_the_answer() {
    let server = TestServer::start().await;
    let (hub, team, council) = (server.caller("hub"), server.caller("reablement"), server.caller("council"));
    let (_, old) = builders::referred(&hub).await;
    assert!(
        hand(&team, &old, "transfer", place::COUNCIL_SERVICE).await.expect(409).names_rule("IC-STATE-01")
    );
    let begun = builders::move_task(&team, &old, "accepted").await.expect(200).json;
    let mut begun = builders::with_output(begun, "first-contact", &builders::hours_ago(0));
    begun["status"] = "in-progress".into();
    team.put_back(&begun).await.expect(200);
    let new = hand(&team, &old, "transfer", place::COUNCIL_SERVICE).await.expect(200).json;
    let waiting = task(&team, &old).await;
    assert_eq!(waiting["status"], "in-progress");
    assert!(waiting["businessStatus"].to_string().contains("handing-over"), "{waiting}");
    builders::move_task(&council, &new, "accepted").await.expect(200);
    let ended = task(&team, &old).await;
    assert_eq!(ended["status"], "completed");
    assert!(ended["output"].to_string().contains("transferred-service"), "{ended}");
    let episodes = hub
        .search("EpisodeOfCare", &[("patient", old["for"]["reference"].as_str().unwrap())])
        .await
        .expect(200);
    let mut statuses: Vec<_> =
        episodes.entries().iter().map(|e| e["resource"]["status"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["active", "finished"]);
}
