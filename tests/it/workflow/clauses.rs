//! The guide's clauses over HTTP: what is refused says which clause and writes nothing, what is doubtful is told beside the success.

use serde_json::{Value, json};
use tests::client::Caller;
use tests::{TestReceiver, TestServer, builders, place};

fn coded(name: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("{}/CodeSystem/{name}", builders::CANONICAL), "code": code}]})
}

fn extension(name: &str, value: &str, content: Value) -> Value {
    json!({"url": format!("{}/StructureDefinition/{name}", builders::CANONICAL), value: content})
}

/// The warnings that come with a create.
async fn told(caller: &Caller, resource: &Value) -> Value {
    let address = resource["resourceType"].as_str().unwrap();
    let call = caller.request("POST", address).header("prefer", "return=OperationOutcome").json(resource);
    call.send().await.expect(201).json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_down_referral_names_the_plan_of_its_person() {
    let server = TestServer::start().await;
    let (epr, hub) = (server.caller("epr"), server.caller("hub"));
    let (patient, another) = (builders::new_patient(&epr).await, builders::new_patient(&epr).await);
    let plan_of = async |patient: &str| {
        let plan = builders::discharge_plan(patient, &builders::hours_ago(1));
        epr.post("ServiceRequest", &plan).await.expect(201).reference()
    };
    let (plan, others) = (plan_of(&patient).await, plan_of(&another).await);
    let no_plan = hub.post("ServiceRequest", &builders::referral(&patient)).await.expect(201).reference();
    for (name, based_on) in [("another person's", others), ("a referral", no_plan)] {
        let refused = hub.post("ServiceRequest", &builders::step_down(&patient, &based_on)).await.expect(422);
        assert!(
            refused.names_rule("IC-REF-03") && refused.text().contains(&based_on),
            "{name}: {}",
            refused.text()
        );
        assert_eq!(refused.expressions(), ["ServiceRequest.basedOn"], "{name}");
    }
    let mut two = builders::step_down(&patient, &plan);
    two["basedOn"].as_array_mut().unwrap().push(json!({"reference": plan}));
    assert!(hub.post("ServiceRequest", &two).await.expect(422).names_rule("IC-REF-03"));
    // Both in one transaction, as a hospital sends them.
    let entries = [
        builders::create_entry(
            "urn:uuid:5f1c9a52-6f0e-4f5e-9d1b-00000000c1a5",
            &builders::discharge_plan(&patient, &builders::hours_ago(1)),
        ),
        builders::create_entry(
            "urn:uuid:5f1c9a52-6f0e-4f5e-9d1b-00000000c1a6",
            &builders::step_down(&patient, "urn:uuid:5f1c9a52-6f0e-4f5e-9d1b-00000000c1a5"),
        ),
    ];
    hub.post("", &builders::transaction(&entries)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_doubtful_is_told_once_and_may_be_refused() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let urgent = |patient: &str| {
        let mut referral = builders::referral(patient);
        referral["code"] = coded("ic-service-line", "urgent-community-response");
        referral["reasonCode"] = json!([coded("ic-ucr-need", "fall")]);
        referral["priority"] = "stat".into();
        referral["performer"] = json!([{"reference": place::UCR_SERVICE}]);
        let start = extension("ic-clock-start", "valueDateTime", json!(builders::hours_ago(0)));
        referral["extension"].as_array_mut().unwrap().push(start);
        referral
    };
    let patient = builders::new_patient(&hub).await;
    let outcome = told(&hub, &urgent(&patient)).await;
    let of_place: Vec<&Value> = outcome["issue"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|issue| issue.to_string().contains("IC-UCR-03"))
        .collect();
    assert_eq!(of_place.len(), 1, "{outcome}");
    assert_eq!(of_place[0]["severity"], "warning");
    // A person who meets the criteria again, told without the criterion, is not lost.
    let mut plan = builders::discharge_plan(&patient, &builders::hours_ago(1));
    plan["extension"][0]["extension"][0]["extension"][0]["valueBoolean"] = true.into();
    assert!(told(&hub, &plan).await.to_string().contains("hf-criteria-1"));
    let strict = TestServer::with(|config| {
        config.workflow.urgent_outside_standard = homefirst::config::Doubtful::Refuse
    })
    .await;
    let hub = strict.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let refused = hub.post("ServiceRequest", &urgent(&patient)).await.expect(422);
    assert!(
        refused.names_rule("IC-UCR-03") && refused.text().contains("ic-place-of-care"),
        "{}",
        refused.text()
    );
    assert_eq!(hub.search("ServiceRequest", &[("patient", &patient)]).await.expect(200).matches().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_profile_states_is_held() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (referral, task) = builders::referred(&hub).await;
    let fulfilment = format!("Task/{}", task["id"].as_str().unwrap());
    let plan = json!({
        "resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": referral["subject"],
        "category": [coded("ic-careplan-category", "recovery")],
        "author": {"reference": place::SKILS}, "contributor": [{"reference": place::SKILS}],
        "activity": [{"detail": {"status": "scheduled", "description": "Stairs"}}]
    });
    let hours = |hours: f64| {
        let parts =
            json!([{"url": "date", "valueDate": "2026-01-01"}, {"url": "hours", "valueDecimal": hours}]);
        let mut plan = plan.clone();
        plan["extension"] = json!([extension("ic-weekly-care-hours", "extension", parts)]);
        plan
    };
    let mut nobodys = plan.clone();
    nobodys.as_object_mut().unwrap().shift_remove("author");
    let visit = json!({
        "resourceType": "Task", "status": "rejected", "intent": "order", "code": coded("ic-activity-type", "care-visit"),
        "partOf": [{"reference": fulfilment}], "for": referral["subject"], "owner": {"reference": place::SKILS_SERVICE}
    });
    let tomorrow = json!({
        "resourceType": "Observation", "status": "final", "code": coded("ic-score-instrument", "barthel"),
        "subject": referral["subject"], "effectiveDateTime": builders::hours_ago(-24), "valueInteger": 12
    });
    let capacity = |free: u32| {
        json!([{"url": "kind", "valueCode": "beds"}, {"url": "total", "valueUnsignedInt": 2},
            {"url": "free", "valueUnsignedInt": free}, {"url": "asOf", "valueDateTime": builders::hours_ago(0)}])
    };
    let ward = |free| json!({"resourceType": "Location", "name": "Ward", "extension": [extension("ic-capacity", "extension", capacity(free))]});
    for (resource, status, expression, words) in [
        (&nobodys, 422, "CarePlan.author", "author"),
        (&hours(-0.5), 422, "CarePlan.extension[0]", "168"),
        (&hours(168.25), 422, "CarePlan.extension[0]", "168"),
        (&hours(168.0), 201, "", ""),
        (&visit, 422, "Task", "statusReason"),
        (&tomorrow, 422, "Observation.effectiveDateTime", "IC-TIME-01"),
        (&ward(3), 422, "Location.extension[0]", "free"),
        (&ward(2), 201, "", ""),
    ] {
        let answer = team.post(resource["resourceType"].as_str().unwrap(), resource).await;
        assert_eq!(answer.status, status, "{resource}: {}", answer.text());
        assert!(status == 201 || answer.expressions() == [expression], "{}", answer.text());
        assert!(answer.text().contains(words), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn back_within_a_day_is_a_failed_discharge() {
    let server = TestServer::start().await;
    let (epr, hub) = (server.caller("epr"), server.caller("hub"));
    let patient = builders::new_patient(&epr).await;
    let plan = builders::discharge_plan(&patient, &builders::hours_ago(20));
    let mut plan = epr.post("ServiceRequest", &plan).await.expect(201).json;
    let address = format!("ServiceRequest/{}", plan["id"].as_str().unwrap());
    let left = json!([
        {"url": "actualDischarge", "valueDateTime": builders::hours_ago(3)},
        {"url": "dischargeMethod", "valueCode": "1"},
        {"url": "destination", "valueCodeableConcept": {"coding": [{"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland", "code": "19"}]}}
    ]);
    let parts = plan["extension"][0]["extension"].as_array_mut().unwrap();
    parts.extend(left.as_array().unwrap().iter().cloned());
    epr.put_back(&plan).await.expect(200);
    let told = TestReceiver::start().await;
    let subscription = builders::subscription("discharge-changed", &told.endpoint, &[]);
    hub.post("Subscription", &subscription).await.expect(201);
    server.settle().await;
    let stay = |start: &str| {
        json!({
            "resourceType": "Encounter", "status": "in-progress", "subject": {"reference": patient},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"},
            "serviceProvider": {"reference": place::HOSPITAL}, "period": {"start": start}
        })
    };
    // The stay that led to it is entered late.
    epr.post("Encounter", &stay(&builders::hours_ago(90))).await.expect(201);
    server.settle().await;
    assert!(told.events().is_empty());
    epr.post("Encounter", &stay(&builders::hours_ago(1))).await.expect(201);
    server.settle().await;
    let focus: Vec<_> = told.events().into_iter().filter_map(|event| event.focus).collect();
    assert_eq!(focus, std::slice::from_ref(&address));
    let failed = epr.get(&address).await.expect(200);
    assert_eq!((&failed.json["status"], failed.header("etag")), (&json!("completed"), "W/\"3\""));
    let found = hub.search("ServiceRequest", &[("discharge-state", "failed")]).await.expect(200);
    assert_eq!(found.matches().len(), 1);
    // Sent back as it was read, it is as it was.
    assert_eq!(epr.put_back(&failed.json).await.expect(200).header("etag"), "W/\"3\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_together_is_about_one_person() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (referral, task) = builders::referred(&hub).await;
    builders::move_task(&team, &task, "accepted").await.expect(200);
    let patient = referral["subject"]["reference"].as_str().unwrap();
    let found = team.search("EpisodeOfCare", &[("patient", patient)]).await.expect(200);
    let episode = format!("EpisodeOfCare/{}", found.matches()[0]);
    let own = builders::new_patient(&team).await;
    let visit = |person: &str| {
        json!({
            "resourceType": "Task", "status": "accepted", "intent": "order", "code": coded("ic-activity-type", "care-visit"),
            "partOf": [{"reference": format!("Task/{}", task["id"].as_str().unwrap())}], "for": {"reference": person},
            "owner": {"reference": place::SKILS_SERVICE}
        })
    };
    let score = |person: &str| {
        let episode = extension("ic-episode", "valueReference", json!({"reference": episode}));
        json!({
            "resourceType": "Observation", "status": "final", "code": coded("ic-score-instrument", "barthel"), "valueInteger": 12,
            "subject": {"reference": person}, "effectiveDateTime": builders::hours_ago(0), "extension": [episode]
        })
    };
    for (resource, rule) in [(visit(&own), "IC-TASK-01"), (score(&own), "IC-EP-05")] {
        let refused = team.post(resource["resourceType"].as_str().unwrap(), &resource).await.expect(422);
        assert!(refused.names_rule(rule), "{}", refused.text());
    }
    team.post("Task", &visit(patient)).await.expect(201);
    team.post("Observation", &score(patient)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_message_says_is_told_in_our_codes() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let ours = |name: &str| format!("{}/CodeSystem/{name}", builders::CANONICAL);
    let bars = "https://fhir.nhs.uk/CodeSystem";
    for (system, code, target, expected) in [
        (format!("{bars}/rejected-reasons-bars"), "RRNA", ours("ic-status-reason"), "capacity"),
        (
            format!("{bars}/usecases-categories-bars"),
            "a4t3",
            ours("ic-service-line"),
            "urgent-community-response",
        ),
        (ours("ic-dos-reject-reason"), "42", ours("ic-status-reason"), "out-of-area"),
    ] {
        let address = format!("ConceptMap/$translate?system={system}&code={code}&targetsystem={target}");
        let answer = hub.get(&address).await.expect(200).text().to_owned();
        assert!(answer.contains(&format!("\"code\":\"{expected}\"")), "{code}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_see_is_not_compared_aloud() {
    let server = TestServer::start().await;
    let (hub, stranger) = (server.caller("hub"), server.caller("ucr"));
    let (referral, task) = builders::referred(&hub).await;
    let patient = referral["subject"]["reference"].as_str().unwrap();
    let plan = builders::discharge_plan(patient, &builders::hours_ago(1));
    let plan = hub.post("ServiceRequest", &plan).await.expect(201).reference();
    let task = format!("Task/{}", task["id"].as_str().unwrap());
    let own = builders::new_patient(&stranger).await;
    let visit = |of: &str| {
        json!({
            "resourceType": "Task", "status": "accepted", "intent": "order", "code": coded("ic-activity-type", "care-visit"),
            "partOf": [{"reference": of}], "for": {"reference": own}, "owner": {"reference": place::UCR_SERVICE}
        })
    };
    let step_down = |plan: &str| {
        let mut referral = builders::step_down(&own, plan);
        referral["requester"] = json!({"reference": place::UCR});
        referral
    };
    for (hidden, missing, unseen) in [
        (visit(&task), visit("Task/none"), task.as_str()),
        (step_down(&plan), step_down("ServiceRequest/none"), plan.as_str()),
    ] {
        let name = hidden["resourceType"].as_str().unwrap();
        stranger.get(unseen).await.expect(404);
        let (hidden, missing) =
            (stranger.post(name, &hidden).await.expect(422), stranger.post(name, &missing).await.expect(422));
        let words = hidden.text().replace(unseen.split_once('/').unwrap().1, "none");
        assert_eq!(words, missing.text());
        assert_eq!(hidden.code(), "not-found");
    }
}
