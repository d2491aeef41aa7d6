//! Business rules that need more than the resource that is sent: the person, the directory, and what else is open.

use serde_json::{Value, json};
use tests::client::Caller;
use tests::{TestServer, builders, place};

fn coded(name: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("{}/CodeSystem/{name}", builders::CANONICAL), "code": code}]})
}

fn extension(name: &str, value: &str, content: Value) -> Value {
    json!({"url": format!("{}/StructureDefinition/{name}", builders::CANONICAL), value: content})
}

/// A referral for urgent community response.
fn urgent(patient: &str) -> Value {
    let mut referral = builders::referral(patient);
    referral["code"] = coded("ic-service-line", "urgent-community-response");
    referral["reasonCode"] = json!([coded("ic-ucr-need", "fall")]);
    referral["priority"] = "stat".into();
    referral["performer"] = json!([{"reference": place::UCR_SERVICE}]);
    let extensions = referral["extension"].as_array_mut().unwrap();
    extensions.push(extension("ic-clock-start", "valueDateTime", json!(builders::hours_ago(0))));
    extensions.push(extension("ic-place-of-care", "valueCode", json!("home")));
    referral
}

async fn outcome(caller: &Caller, address: &str, body: &Value) -> String {
    let call = caller.request("POST", address).header("prefer", "return=OperationOutcome").json(body);
    call.send().await.expect(201).text().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_response_begins_as_one_and_is_about_the_record_in_use() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (patient, survivor) = (builders::new_patient(&hub).await, builders::new_patient(&hub).await);
    let mut calm = urgent(&patient);
    calm["priority"] = "urgent".into();
    let refused = hub.post("ServiceRequest", &calm).await.expect(422);
    assert!(refused.names_rule("IC-UCR-04") && refused.text().contains("'urgent'"), "{}", refused.text());
    assert_eq!(refused.expressions(), ["ServiceRequest.priority"]);
    assert!(!outcome(&hub, "ServiceRequest", &urgent(&patient)).await.contains("IC-REF-07"));

    let mut merged = hub.get(&patient).await.expect(200).json;
    merged["active"] = false.into();
    merged["link"] = json!([{"other": {"reference": survivor}, "type": "replaced-by"}]);
    hub.put_back(&merged).await.expect(200);
    let mut another = builders::referral(&patient);
    another["identifier"][0]["value"] = json!("another");
    let told = outcome(&hub, "ServiceRequest", &another).await;
    assert!(told.contains("IC-REF-07") && told.contains(&survivor), "{told}");
    let visit = json!({
        "resourceType": "Task", "status": "requested", "intent": "order", "code": coded("ic-activity-type", "review"),
        "for": {"reference": patient}, "owner": {"reference": place::SKILS_SERVICE},
        "partOf": [{"identifier": {"system": "https://elsewhere.example/task", "value": "7"}}]
    });
    let told = outcome(&hub, "Task", &visit).await;
    assert!(told.contains("IC-REF-07") && told.contains(&survivor), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_is_active_and_offers_it() {
    let refuse = homefirst::config::Doubtful::Refuse;
    let server = TestServer::with(|config| config.workflow.lines_not_offered = refuse).await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let mut elsewhere = builders::referral(&patient);
    elsewhere["performer"] = json!([{"reference": place::UCR_SERVICE}]);
    let refused = hub.post("ServiceRequest", &elsewhere).await.expect(422);
    assert!(
        refused.names_rule("IC-REF-05") && refused.text().contains(place::SKILS_SERVICE),
        "{}",
        refused.text()
    );
    assert_eq!(refused.expressions(), ["ServiceRequest.performer"]);
    // The hub is asked for everything.
    elsewhere["performer"] = json!([{"reference": place::HUB_SERVICE}]);
    hub.post("ServiceRequest", &elsewhere).await.expect(201);
    let closed = json!({
        "resourceType": "HealthcareService", "active": false, "name": "Closed team", "providedBy": {"reference": place::HUB},
        "type": [coded("ic-service-line", "reablement")]
    });
    let closed = hub.post("HealthcareService", &closed).await.expect(201).reference();
    let mut to_closed = builders::referral(&patient);
    to_closed["performer"] = json!([{"reference": closed}]);
    let refused = hub.post("ServiceRequest", &to_closed).await.expect(422);
    assert!(refused.names_rule("IC-REF-04") && refused.text().contains("not active"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_fact_names_its_rule() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    for element in ["requester", "priority", "reasonCode", "authoredOn", "code", "extension"] {
        let mut referral = builders::referral(&patient);
        referral.as_object_mut().unwrap().shift_remove(element);
        let refused = hub.post("ServiceRequest", &referral).await.expect(422);
        assert!(refused.names_rule("IC-REF-01"), "{element}: {}", refused.text());
    }
    let mut without_clock = urgent(&patient);
    without_clock["extension"].as_array_mut().unwrap().remove(1);
    let refused = hub.post("ServiceRequest", &without_clock).await.expect(422);
    assert!(refused.names_rule("IC-UCR-01"), "{}", refused.text());
    assert_eq!(hub.search("ServiceRequest", &[("patient", &patient)]).await.expect(200).matches().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn urgency_changes_with_a_reason_and_children_are_noticed() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let mut child = builders::patient();
    child["birthDate"] = "2015-05-05".into();
    let child = hub.post("Patient", &child).await.expect(201).reference();
    assert!(outcome(&hub, "ServiceRequest", &urgent(&child)).await.contains("IC-UCR-03"));
    let patient = builders::new_patient(&hub).await;
    let mut referral = hub.post("ServiceRequest", &urgent(&patient)).await.expect(201).json;
    referral["priority"] = "urgent".into();
    assert!(hub.put_back(&referral).await.expect(422).names_rule("IC-UCR-04"));
    let why = json!({"url": "http://hl7.org/fhir/StructureDefinition/request-statusReason", "valueCodeableConcept": {"text": "A neighbour is there."}});
    referral["extension"].as_array_mut().unwrap().push(why);
    let changed = hub.put_back(&referral).await.expect(200).reference();
    let task = builders::task_of(&hub, &changed).await;
    assert_eq!(task["priority"], "urgent");
    assert!(task["extension"].to_string().contains("\"excluded\""), "{task}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_referral_of_the_day_is_suspected() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let first = hub.post("ServiceRequest", &builders::referral(&patient)).await.expect(201).reference();
    let told = outcome(&hub, "ServiceRequest", &builders::referral(&patient)).await;
    assert!(told.contains("IC-DUP-02") && told.contains(&first), "{told}");
    let strict =
        TestServer::with(|config| config.workflow.suspected_duplicates = homefirst::config::Doubtful::Refuse)
            .await;
    let hub = strict.caller("hub");
    let patient = builders::new_patient(&hub).await;
    hub.post("ServiceRequest", &builders::referral(&patient)).await.expect(201);
    let refused = hub.post("ServiceRequest", &builders::referral(&patient)).await.expect(409);
    assert!(refused.names_rule("IC-DUP-02"), "{}", refused.text());
    assert_eq!(refused.code(), "duplicate");
    let mut meant = builders::referral(&patient);
    let why =
        extension("ic-duplicate-override", "valueString", json!("The first was for her husband's hip."));
    meant["extension"].as_array_mut().unwrap().push(why);
    hub.post("ServiceRequest", &meant).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_team_has_completed_is_not_amended() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (referral, task) = builders::referred(&hub).await;
    completed(&team, &task).await;
    let address = format!("ServiceRequest/{}", referral["id"].as_str().unwrap());
    let mut late = hub.get(&address).await.expect(200).json;
    assert_eq!(late["status"], "completed");
    late["note"] = json!([{"text": "One more thing."}]);
    assert!(hub.put_back(&late).await.expect(409).names_rule("IC-AMD-02"));
}

/// The Task as it is once the team has accepted it, seen the person and completed its work.
async fn completed(team: &Caller, task: &Value) -> Value {
    let task = builders::move_task(team, task, "accepted").await.expect(200).json;
    let mut task = builders::with_output(task, "first-contact", &builders::hours_ago(0));
    task["status"] = "in-progress".into();
    let mut task = team.put_back(&task).await.expect(200).json;
    let outcome = json!({"type": coded("ic-task-output", "outcome"), "valueCodeableConcept": coded("ic-episode-outcome", "completed-no-ongoing")});
    task["output"].as_array_mut().unwrap().push(outcome);
    task["status"] = "completed".into();
    team.put_back(&task).await.expect(200).json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discharge_may_be_scheduled_with_a_reason() {
    let server = TestServer::start().await;
    let (epr, hub) = (server.caller("epr"), server.caller("hub"));
    let patient = builders::new_patient(&epr).await;
    let stay = json!({
        "resourceType": "Encounter", "status": "in-progress", "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": patient}, "period": {"start": builders::hours_ago(72)}, "serviceProvider": {"reference": place::HOSPITAL}
    });
    let stay = epr.post("Encounter", &stay).await.expect(201).reference();
    let mut plan = builders::discharge_plan(&patient, &builders::hours_ago(1));
    plan["encounter"] = json!({"reference": stay});
    let plan = epr.post("ServiceRequest", &plan).await.expect(201).json;
    let address = format!("ServiceRequest/{}", plan["id"].as_str().unwrap());
    hub.post("ServiceRequest", &builders::step_down(&patient, &address)).await.expect(201);
    let with = |parts: &[Value]| {
        let mut plan = plan.clone();
        plan["extension"][0]["extension"].as_array_mut().unwrap().extend(parts.iter().cloned());
        plan
    };
    let scheduled = [
        json!({"url": "plannedDischarge", "valueDateTime": builders::hours_ago(-4)}),
        json!({"url": "plannedDischargeConfirmed", "valueBoolean": true}),
    ];
    assert!(epr.put_back(&with(&scheduled)).await.expect(422).names_rule("IC-DIS-04"));
    // Nobody leaves before having come.
    let left = [
        json!({"url": "actualDischarge", "valueDateTime": builders::hours_ago(100)}),
        json!({"url": "dischargeMethod", "valueCode": "1"}),
        json!({"url": "destination", "valueCodeableConcept": {"coding": [{"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland", "code": "19"}]}}),
    ];
    let refused = epr.put_back(&with(&left)).await.expect(422);
    assert!(refused.names_rule("IC-DIS-02") && refused.text().contains("admission"), "{}", refused.text());
    let why = json!({"url": "acceptanceOverride", "valueString": "Her daughter stays until the team comes."});
    let plan = epr.put_back(&with(&[scheduled[0].clone(), scheduled[1].clone(), why])).await.expect(200).json;
    assert!(plan.to_string().contains("\"scheduled\""), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_has_one_active_plan() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (referral, task) = builders::referred(&hub).await;
    builders::move_task(&team, &task, "accepted").await.expect(200);
    let plan = json!({
        "resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": referral["subject"],
        "category": [coded("ic-careplan-category", "recovery")], "author": {"reference": place::SKILS}, "contributor": [{"reference": place::SKILS}],
        "activity": [{"detail": {"status": "scheduled", "description": "Stairs"}}]
    });
    let first = team.post("CarePlan", &plan).await.expect(201);
    assert_eq!(
        first.json["identifier"][0]["value"], referral["requisition"]["value"],
        "it joins the journey"
    );
    let second = team.post("CarePlan", &plan).await.expect(409);
    assert!(second.names_rule("IC-CP-02") && second.text().contains(&first.reference()), "{}", second.text());
    let mut ended = first.json.clone();
    ended["status"] = "completed".into();
    team.put_back(&ended).await.expect(200);
    team.post("CarePlan", &plan).await.expect(201);
    let mut empty = plan.clone();
    empty.as_object_mut().unwrap().shift_remove("activity");
    assert!(team.post("CarePlan", &empty).await.expect(422).names_rule("IC-CP-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_ends_what_is_open_in_one_transaction() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (referral, task) = builders::referred(&hub).await;
    let patient = referral["subject"]["reference"].as_str().unwrap();
    let begun = builders::move_task(&team, &task, "accepted").await.expect(200).json;
    let mut begun = builders::with_output(begun, "first-contact", &builders::hours_ago(0));
    begun["status"] = "in-progress".into();
    team.put_back(&begun).await.expect(200);
    hub.post("ServiceRequest", &urgent(patient)).await.expect(201);
    let mut person = hub.get(patient).await.expect(200).json;
    person["deceasedDateTime"] = builders::hours_ago(0).into();
    hub.put_back(&person).await.expect(200);
    let statuses = async |resource_type: &str| {
        let found = hub.search(resource_type, &[("patient", patient)]).await.expect(200);
        let mut all: Vec<String> =
            found.entries().iter().map(|e| e["resource"]["status"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(statuses("Task").await, ["cancelled", "completed"]);
    assert_eq!(statuses("ServiceRequest").await, ["completed", "revoked"]);
    assert_eq!(statuses("EpisodeOfCare").await, ["finished"]);
    let refused = hub.post("ServiceRequest", &builders::referral(patient)).await.expect(422);
    assert!(refused.names_rule("IC-DEATH-01"), "{}", refused.text());
    // Taken back, nothing opens again by itself, and a new referral may be made.
    let mut person = hub.get(patient).await.expect(200).json;
    person.as_object_mut().unwrap().shift_remove("deceasedDateTime");
    hub.put_back(&person).await.expect(200);
    assert_eq!(statuses("Task").await, ["cancelled", "completed"]);
    hub.post("ServiceRequest", &builders::referral(patient)).await.expect(201);
}
