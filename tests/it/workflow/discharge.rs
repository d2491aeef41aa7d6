//! Leaving hospital: the story of one discharge, and the facts that the server derives.

use serde_json::{Value, json};
use tests::{TestReceiver, TestServer, builders, place, receiver::Event};

fn fact<'a>(plan: &'a Value, name: &str) -> Option<&'a str> {
    let facts = plan["extension"][0]["extension"].as_array()?;
    let fact = facts.iter().find(|fact| fact["url"] == name)?.as_object()?;
    fact.iter().find(|(member, _)| member.starts_with("value"))?.1.as_str()
}

fn focus(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.focus.clone().unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn home_with_reablement() {
    let server = TestServer::start().await;
    let (epr, hub, team) = (server.caller("epr"), server.caller("hub"), server.caller("reablement"));
    let [to_hospital, to_hub, to_inbox, to_referrals, to_episodes] = [
        TestReceiver::start().await,
        TestReceiver::start().await,
        TestReceiver::start().await,
        TestReceiver::start().await,
        TestReceiver::start().await,
    ];
    let owner = format!("Task.owner={}", place::SKILS_SERVICE);
    let performer = format!("ServiceRequest.performer={}", place::SKILS_SERVICE);
    for (caller, topic, receiver, filters) in [
        (&epr, "task-changed", &to_hospital, vec![]),
        (&hub, "discharge-ready", &to_hub, vec![]),
        (&team, "task-inbox", &to_inbox, vec![owner.as_str()]),
        (&team, "referral-new", &to_referrals, vec![performer.as_str()]),
        (&hub, "episode-changed", &to_episodes, vec![]),
    ] {
        let subscription = builders::subscription(topic, &receiver.endpoint, &filters);
        caller.post("Subscription", &subscription).await.expect(201);
    }
    server.settle().await;

    // 1. The hospital: the person is ready to leave.
    let person = builders::patient();
    let asserted = builders::hours_ago(26);
    let mut entry = builders::create_entry("urn:uuid:5f1c9a52-6f0e-4f5e-9d1b-000000000001", &person);
    let number = person["identifier"][0]["value"].as_str().unwrap();
    entry["request"]["ifNoneExist"] = format!("identifier={}|{number}", builders::NHS_NUMBER).into();
    let plan = builders::discharge_plan("urn:uuid:5f1c9a52-6f0e-4f5e-9d1b-000000000001", &asserted);
    let sent = builders::transaction(&[
        entry,
        builders::create_entry("urn:uuid:5f1c9a52-6f0e-4f5e-9d1b-000000000002", &plan),
    ]);
    let answer = epr.post("", &sent).await.expect(200);
    let (patient, plan) = (&answer.entries()[0]["resource"], &answer.entries()[1]["resource"]);
    assert_eq!(fact(plan, "state"), Some("ready"));
    assert!(fact(plan, "dischargeReadyDate").is_some());
    let patient = format!("Patient/{}", patient["id"].as_str().unwrap());
    let plan = format!("ServiceRequest/{}", plan["id"].as_str().unwrap());
    server.settle().await;
    assert_eq!(focus(&to_hub.events()), [plan.as_str()]);
    assert!(
        to_inbox.events().is_empty() && to_referrals.events().is_empty() && to_hospital.events().is_empty()
    );

    // 2. The hub: a referral to the reablement team, which finds a Task in its inbox.
    let referral = builders::step_down(&patient, &plan);
    let referral = hub.post("ServiceRequest", &referral).await.expect(201).reference();
    server.settle().await;
    let inbox =
        team.search("Task", &[("owner", place::SKILS_SERVICE), ("status", "requested")]).await.expect(200);
    assert_eq!(inbox.entries().len(), 1);
    let task = inbox.entries()[0]["resource"].clone();
    let task_reference = format!("Task/{}", task["id"].as_str().unwrap());
    assert_eq!(task["focus"]["reference"], referral);
    assert_eq!(task["for"]["reference"], patient);
    assert_eq!(focus(&to_inbox.events()), [task_reference.as_str()]);
    assert_eq!(focus(&to_referrals.events()), [referral.as_str()]);

    // 3. The team takes it: an episode is planned, and the hospital hears of it.
    let task = builders::move_task(&team, &task, "received").await.expect(200).json;
    let task = builders::move_task(&team, &task, "accepted").await.expect(200).json;
    let episodes = team.search("EpisodeOfCare", &[("patient", &patient)]).await.expect(200);
    assert_eq!(episodes.entries().len(), 1);
    let episode = &episodes.entries()[0]["resource"];
    assert_eq!(episode["status"], "planned");
    assert_eq!(episode["managingOrganization"]["reference"], place::SKILS);
    let episode_reference = format!("EpisodeOfCare/{}", episode["id"].as_str().unwrap());
    server.settle().await;
    assert_eq!(focus(&to_inbox.events()).len(), 1, "the team is not told of its own moves");

    // 6. The first visit: the episode begins with it.
    let contact = builders::hours_ago(1);
    let mut visited = builders::with_output(task, "first-contact", &contact);
    visited["status"] = "in-progress".into();
    team.put_back(&visited).await.expect(200);
    let episode = team.get(&episode_reference).await.expect(200).json;
    assert_eq!(episode["status"], "active");
    assert!(episode["period"]["start"].is_string());
    server.settle().await;
    let told = to_hospital.events();
    assert_eq!(
        told.iter().map(|event| event.number).collect::<Vec<_>>(),
        [1, 2, 3, 4],
        "requested to in-progress"
    );
    assert!(focus(&told).iter().all(|focus| *focus == task_reference));
    assert_eq!(focus(&to_episodes.events()), [episode_reference.as_str(), episode_reference.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ready_date_follows_the_decisions() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    for (asserted, expected) in [
        ("2026-11-20T08:40:00Z", "2026-11-20"),
        ("2026-11-20T23:59:00Z", "2026-11-20"),
        // In summer an evening in UTC is a night in London.
        ("2026-07-10T23:30:00Z", "2026-07-11"),
        ("2026-07-10T23:30:00+01:00", "2026-07-10"),
    ] {
        let plan = epr.post("ServiceRequest", &builders::discharge_plan(&patient, asserted)).await;
        if plan.status == 422 {
            // The clock of this machine is before that time.
            continue;
        }
        let plan = plan.expect(201);
        assert_eq!(fact(&plan.json, "dischargeReadyDate"), Some(expected), "{asserted}");
    }
    let mut plan = epr
        .post("ServiceRequest", &builders::discharge_plan(&patient, &builders::hours_ago(50)))
        .await
        .expect(201)
        .json;
    // The person needs the hospital again: not ready, no date.
    let decision = |hours: i64, meets: bool| {
        json!({"url": "criteriaToReside", "extension": [
            {"url": "meets", "valueBoolean": meets}, {"url": "asserted", "valueDateTime": builders::hours_ago(hours)}
        ]})
    };
    plan["extension"][0]["extension"].as_array_mut().unwrap().push(decision(30, true));
    let mut plan = epr.put_back(&plan).await.expect(200).json;
    assert_eq!((fact(&plan, "state"), fact(&plan, "dischargeReadyDate")), (Some("planning"), None));
    plan["extension"][0]["extension"].as_array_mut().unwrap().push(decision(2, false));
    let plan = epr.put_back(&plan).await.expect(200).json;
    assert!(matches!(fact(&plan, "state"), Some("ready" | "delayed")), "{plan}");
    assert!(fact(&plan, "dischargeReadyDate").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn derived_facts_are_the_servers() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let plan = builders::discharge_plan(&patient, &builders::hours_ago(30));
    let mut plan = epr.post("ServiceRequest", &plan).await.expect(201).json;
    for part in plan["extension"][0]["extension"].as_array_mut().unwrap() {
        if part["url"] == "dischargeReadyDate" {
            part["valueDate"] = "2020-01-01".into();
        }
    }
    let refused = epr.put_back(&plan).await.expect(422);
    assert!(refused.names_rule("IC-CLK-01"), "{}", refused.text());
}
