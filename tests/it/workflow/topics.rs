//! Topics that no other test listens to: each is told when it should be, and not when it should not.

use serde_json::{Value, json};
use tests::client::Caller;
use tests::{TestReceiver, TestServer, builders, place};

fn coded(name: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("{}/CodeSystem/{name}", builders::CANONICAL), "code": code}]})
}

async fn subscribe(server: &TestServer, caller: &Caller, topic: &str, filters: &[&str]) -> TestReceiver {
    let receiver = TestReceiver::start().await;
    caller
        .post("Subscription", &builders::subscription(topic, &receiver.endpoint, filters))
        .await
        .expect(201);
    server.settle().await;
    receiver
}

/// A person whom the reablement team has seen.
async fn in_care(server: &TestServer) -> (Value, Value) {
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (referral, task) = builders::referred(&hub).await;
    let task = builders::move_task(&team, &task, "accepted").await.expect(200).json;
    let mut task = builders::with_output(task, "first-contact", &builders::hours_ago(0));
    task["status"] = "in-progress".into();
    let task = team.put_back(&task).await.expect(200).json;
    (referral, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn back_in_hospital() {
    let server = TestServer::start().await;
    let (epr, team) = (server.caller("epr"), server.caller("reablement"));
    let (referral, _) = in_care(&server).await;
    let told = subscribe(&server, &team, "readmission", &[]).await;
    let stay = |patient: &Value, class: &str| {
        json!({
            "resourceType": "Encounter", "status": "in-progress", "subject": patient, "serviceProvider": {"reference": place::HOSPITAL},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class},
            "period": {"start": fhir::Instant::now().to_string()}
        })
    };
    // Not everybody in hospital is in intermediate care, and not every visit to hospital is a stay.
    let hub = server.caller("hub");
    let other = json!({"reference": builders::new_patient(&epr).await});
    epr.post("Encounter", &stay(&other, "IMP")).await.expect(201);
    hub.post("Encounter", &stay(&referral["subject"], "AMB")).await.expect(201);
    server.settle().await;
    assert!(told.events().is_empty());
    let back = hub.post("Encounter", &stay(&referral["subject"], "EMER")).await.expect(201);
    server.settle().await;
    let focus: Vec<_> = told.events().into_iter().filter_map(|event| event.focus).collect();
    assert_eq!(focus, [back.reference()]);
    let mut discharged = back.json.clone();
    discharged["status"] = "finished".into();
    hub.put_back(&discharged).await.expect(200);
    server.settle().await;
    assert_eq!(told.events().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (referral, _) = in_care(&server).await;
    let told = subscribe(&server, &team, "person-died", &[]).await;
    let patient = referral["subject"]["reference"].as_str().unwrap();
    let mut person = hub.get(patient).await.expect(200).json;
    person["deceasedBoolean"] = false.into();
    let mut person = hub.put_back(&person).await.expect(200).json;
    server.settle().await;
    assert!(told.events().is_empty());
    person["deceasedBoolean"] = true.into();
    hub.put_back(&person).await.expect(200);
    server.settle().await;
    let focus: Vec<_> = told.events().into_iter().filter_map(|event| event.focus).collect();
    assert_eq!(focus, [patient]);
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let told = subscribe(&server, &hub, "capacity-changed", &[]).await;
    let team = |free: u32| {
        json!({
            "resourceType": "HealthcareService", "active": true, "name": "Beds", "providedBy": {"reference": place::HUB},
            "type": [coded("ic-service-line", "bed-based-intermediate-care")],
            "extension": [{"url": format!("{}/StructureDefinition/ic-capacity", builders::CANONICAL), "extension": [
                {"url": "kind", "valueCode": "beds"}, {"url": "free", "valueUnsignedInt": free}, {"url": "asOf", "valueDateTime": builders::hours_ago(0)}
            ]}]
        })
    };
    let created = hub.post("HealthcareService", &team(2)).await.expect(201);
    let found = async |has: &str| {
        let found =
            hub.search("HealthcareService", &[("has-capacity", has), ("name", "Beds")]).await.expect(200);
        found.matches().len()
    };
    for (free, events, has) in [(1, 0, "true"), (0, 1, "false"), (0, 1, "false"), (3, 2, "true")] {
        let mut changed = team(free);
        changed["id"] = created.json["id"].clone();
        hub.put(&created.reference(), &changed).await.expect(200);
        server.settle().await;
        assert_eq!((told.events().len(), found(has).await), (events, 1), "{free}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_care() {
    let server = TestServer::start().await;
    let team = server.caller("reablement");
    let (referral, _) = in_care(&server).await;
    let told = subscribe(&server, &team, "careplan-changed", &[]).await;
    let hours = |hours: f64| {
        json!({"url": format!("{}/StructureDefinition/ic-weekly-care-hours", builders::CANONICAL), "extension": [
            {"url": "date", "valueDate": "2026-11-20"}, {"url": "hours", "valueDecimal": hours}]})
    };
    let plan = json!({
        "resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": referral["subject"],
        "category": [coded("ic-careplan-category", "recovery")], "author": {"reference": place::SKILS}, "contributor": [{"reference": place::SKILS}],
        "extension": [hours(14.0), hours(10.5)],
        "activity": [{"detail": {"status": "scheduled", "description": "Stairs"}}]
    });
    let mut plan = team.post("CarePlan", &plan).await.expect(201).json;
    server.settle().await;
    assert_eq!(told.events().len(), 1);
    plan["description"] = "Nothing that anybody is told of.".into();
    let mut plan = team.put_back(&plan).await.expect(200).json;
    server.settle().await;
    assert_eq!(told.events().len(), 1);
    plan["activity"][0]["detail"]["status"] = "completed".into();
    team.put_back(&plan).await.expect(200);
    server.settle().await;
    assert_eq!(told.events().len(), 2);
    for (value, found) in [("lt0", 1), ("-3.5", 1), ("gt0", 0)] {
        let answer = team.search("CarePlan", &[("hours-change", value)]).await.expect(200);
        assert_eq!(answer.matches().len(), found, "{value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_check() {
    let server = TestServer::start().await;
    let (epr, hub, team) = (server.caller("epr"), server.caller("hub"), server.caller("reablement"));
    let told = subscribe(&server, &team, "outcome-due", &[]).await;
    let patient = builders::new_patient(&epr).await;
    let plan = epr
        .post("ServiceRequest", &builders::discharge_plan(&patient, &builders::hours_ago(1)))
        .await
        .expect(201);
    let referral =
        hub.post("ServiceRequest", &builders::step_down(&patient, &plan.reference())).await.expect(201);
    let task = builders::task_of(&hub, &referral.reference()).await;
    let task = builders::move_task(&team, &task, "accepted").await.expect(200).json;
    let mut task = builders::with_output(task, "first-contact", &builders::hours_ago(0));
    task["status"] = "in-progress".into();
    let mut task = team.put_back(&task).await.expect(200).json;
    let outcome = json!({"type": coded("ic-task-output", "outcome"), "valueCodeableConcept": coded("ic-episode-outcome", "completed-no-ongoing")});
    task["output"].as_array_mut().unwrap().push(outcome);
    task["status"] = "completed".into();
    team.put_back(&task).await.expect(200);
    let parent = format!("Task/{}", task["id"].as_str().unwrap());
    let checks = team.search("Task", &[("part-of", &parent)]).await.expect(200);
    assert_eq!(checks.matches().len(), 2, "{}", checks.text());
    server.running().server.clock.advance(83 * 24 * 3600);
    server.running().server.tick().await.unwrap();
    server.settle().await;
    assert!(told.events().is_empty());
    server.running().server.clock.advance(24 * 3600 + 60);
    // The timer of the server itself looks every second.
    for _ in 0..1200 {
        server.running().server.tick().await.unwrap();
        server.settle().await;
        if !told.events().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(told.events().len(), 1);
    let due = team.get(told.events()[0].focus.as_deref().unwrap()).await.expect(200).json;
    assert!(due["code"].to_string().contains("84-day-check"), "{due}");
}
