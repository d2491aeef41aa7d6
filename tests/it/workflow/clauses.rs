//! The guide's clauses over HTTP: what is refused says which clause and writes nothing, what is doubtful is told beside the success.

use serde_json::{Value, json};
use tests::client::Caller;
use tests::{TestServer, builders, place};

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
