//! What a caller may not see is, for that caller, not there: in no answer, total, page, chain, condition or error.

use serde_json::{Value, json};
use tests::{Caller, TestServer, builders, place};

/// A person with a referral, a Task, an observation and a Subscription that the council is no party to.
struct Hidden {
    patient: String,
    number: String,
    referral: String,
    task: String,
    observation: String,
}

async fn hidden(hub: &Caller) -> Hidden {
    let patient = hub.post("Patient", &builders::patient()).await.expect(201);
    let number = patient.json["identifier"][0]["value"].as_str().unwrap().to_owned();
    let patient = patient.reference();
    let mut referral = builders::referral(&patient);
    referral["performer"] = json!([{"reference": place::UCR_SERVICE}]);
    let referral = hub.post("ServiceRequest", &referral).await.expect(201).reference();
    let task = builders::task_of(hub, &referral).await;
    let observation = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": patient},
        "performer": [{"reference": place::HUB}]
    });
    let observation = hub.post("Observation", &observation).await.expect(201).reference();
    Hidden { patient, number, referral, task: format!("Task/{}", task["id"].as_str().unwrap()), observation }
}

/// The answer without what differs for every request.
fn said(answer: &tests::Answer, address: &str) -> String {
    answer.text().replace(address, "[address]")
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_tells_nothing() {
    let server = TestServer::start().await;
    let (hub, council) = (server.caller("hub"), server.caller("council"));
    let hidden = hidden(&hub).await;
    for address in [&hidden.patient, &hidden.referral, &hidden.task, &hidden.observation] {
        let resource_type = address.split('/').next().unwrap();
        let unknown = format!("{resource_type}/01a00000-0000-7000-8000-000000000000");
        for suffix in ["", "/_history", "/_history/1", "/_history/2"] {
            hub.get(&format!("{address}{}", if suffix.ends_with('2') { "" } else { suffix }))
                .await
                .expect(200);
            let seen = council.get(&format!("{address}{suffix}")).await.expect(404);
            let other = council.get(&format!("{unknown}{suffix}")).await.expect(404);
            assert_eq!(said(&seen, address), said(&other, &unknown), "{address}{suffix}");
            let names = |answer: &tests::Answer| {
                let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
                names.sort();
                names
            };
            assert_eq!(names(&seen), names(&other), "{address}{suffix}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searching_tells_nothing() {
    let server = TestServer::start().await;
    let (hub, council) = (server.caller("hub"), server.caller("council"));
    let hidden = hidden(&hub).await;
    let step = json!({
        "resourceType": "Task", "status": "requested", "intent": "order", "partOf": [{"reference": hidden.task}],
        "for": {"reference": hidden.patient}, "requester": {"reference": place::HUB}, "owner": {"reference": place::UCR_SERVICE}
    });
    hub.post("Task", &step).await.expect(201);
    let id = |reference: &str| reference.split('/').nth(1).unwrap().to_owned();
    let patient = &hidden.patient;
    let queries = [
        format!("Patient?identifier={}", hidden.number),
        format!("Patient?_id={}", id(patient)),
        "Patient?family=ackroyd&_total=accurate".to_owned(),
        "Patient?family=ackroyd&_summary=count".to_owned(),
        "Patient?gender:not=male&family=ackroyd".to_owned(),
        "Patient?organization:missing=true&family=ackroyd".to_owned(),
        format!("Task?patient={patient}"),
        format!("Task?focus={}", hidden.referral),
        "Task?patient.family=ackroyd".to_owned(),
        "Task?focus:ServiceRequest.status=active".to_owned(),
        "Observation?subject:Patient.family=ackroyd".to_owned(),
        format!("Observation?patient.identifier={}", hidden.number),
        "Patient?_has:Observation:patient:status=final".to_owned(),
        "Patient?_has:Task:patient:status=requested".to_owned(),
        "ServiceRequest?_has:Task:focus:status=requested".to_owned(),
        "Patient?_has:ServiceRequest:subject:_has:Task:focus:status=requested".to_owned(),
        "Task?status=requested&_include=Task:patient&_include=Task:focus".to_owned(),
        "Patient?_filter=not(gender%20eq%20male)%20and%20family%20sw%20ackroyd".to_owned(),
        format!("Observation?_filter=patient.identifier%20eq%20{}", hidden.number),
        "Patient?_filter=_has:Task:patient:status%20eq%20requested".to_owned(),
        format!("Task?_filter=not(not(focus%20re%20{}))", hidden.referral),
        format!("Task?part-of:below={}", hidden.task),
        format!("Task?_filter=_id%20eq%20{}&_sort=patient,-focus", id(&hidden.task)),
    ];
    for query in &queries {
        let seen = hub.get(query).await.expect(200);
        let is_found = seen.json["total"].as_u64() > Some(0);
        assert!(is_found, "the hub finds it: {query}: {}", seen.text());
        let unseen = council.get(query).await.expect(200);
        assert_eq!((unseen.json["total"].as_u64(), unseen.entries().len()), (Some(0), 0), "{query}");
        assert!(unseen.link("next").is_none(), "{query}");
    }
    // What is found may not lead to what is not.
    for query in [
        "Organization?_id=leeds-hub&_revinclude=Task:requester&_revinclude=Observation:performer",
        "HealthcareService?_id=ucr&_revinclude=Task:owner&_revinclude:iterate=Provenance:target",
    ] {
        let answer = council.get(query).await.expect(200);
        assert_eq!(answer.entries().len(), 1, "{query}: {}", answer.text());
        assert!(hub.get(query).await.expect(200).entries().len() > 1, "{query}");
    }
    let sorted = council.get("Patient?_sort=family,birthdate&_count=1").await.expect(200);
    assert!(!sorted.text().contains(&id(patient)));
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_tells_nothing() {
    let server = TestServer::start().await;
    let (hub, council) = (server.caller("hub"), server.caller("council"));
    let hidden = hidden(&hub).await;
    // A condition selects among what is seen.
    let condition = format!("identifier={}", hidden.number);
    let call = council.request("POST", "Patient").header("if-none-exist", &condition);
    let own = call.json(&builders::patient()).send().await.expect(201);
    assert_ne!(own.reference(), hidden.patient);
    // A reference to what is not seen is refused in the words for what is not there.
    let observation = |subject: &str| json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": subject}});
    let unknown = "Patient/01a00000-0000-7000-8000-000000000000";
    let seen = council.post("Observation", &observation(&hidden.patient)).await.expect(422);
    let other = council.post("Observation", &observation(unknown)).await.expect(422);
    assert_eq!(said(&seen, &hidden.patient), said(&other, unknown));
    // It is neither overwritten nor deleted.
    let mut taken = builders::patient();
    taken["id"] = hidden.patient.split('/').nth(1).unwrap().into();
    council.put(&hidden.patient, &taken).await.expect(404);
    let guarded =
        council.request("PUT", &hidden.patient).header("if-match", "W/\"1\"").json(&taken).send().await;
    let mut nobody = taken.clone();
    nobody["id"] = unknown.split('/').nth(1).unwrap().into();
    let nobody = council.request("PUT", unknown).header("if-match", "W/\"1\"").json(&nobody).send().await;
    assert_eq!((guarded.status, said(&guarded, &hidden.patient)), (nobody.status, said(&nobody, unknown)));
    council.delete(&hidden.patient).await.expect(204);
    assert_eq!(hub.get(&hidden.patient).await.expect(200).header("etag"), "W/\"1\"");
    // Entries of a Bundle tell no more.
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": hidden.patient}},
        {"request": {"method": "GET", "url": unknown}},
        {"request": {"method": "GET", "url": format!("Patient?identifier={}", hidden.number)}},
    ]});
    let answer = council.post("", &bundle).await.expect(200);
    let statuses: Vec<&Value> = answer.entries().iter().map(|entry| &entry["response"]["status"]).collect();
    assert_eq!(statuses, ["404", "404", "200 OK"]);
    assert!(
        answer.entries()[2]["resource"].get("entry").is_none_or(|found| found.as_array().unwrap().len() == 1)
    );
    let conditional = builders::transaction(&[builders::create_entry(
        "urn:x",
        &observation(&format!("Patient?{condition}&family=ackroyd&gender=unknown")),
    )]);
    council.post("", &conditional).await.expect(412);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_circle_of_care_reads_and_only_parties_write() {
    let server = TestServer::start().await;
    let (hub, ucr, epr) = (server.caller("hub"), server.caller("ucr"), server.caller("epr"));
    let hidden = hidden(&hub).await;
    // The response team is a party to the referral, so it reads what is about the person.
    for address in [&hidden.patient, &hidden.referral, &hidden.task, &hidden.observation] {
        ucr.get(address).await.expect(200);
        epr.get(address).await.expect(404);
    }
    let mut observation = ucr.get(&hidden.observation).await.expect(200).json;
    observation["status"] = "amended".into();
    let refused = ucr.put_back(&observation).await.expect(403);
    assert!(refused.names_rule("IC-AUTH-01"), "{}", refused.text());
    ucr.delete(&hidden.observation).await.expect(403);
    // What is restricted is for its parties alone.
    let mut restricted = hub.get(&hidden.observation).await.expect(200).json;
    restricted["meta"]["security"] =
        json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]);
    hub.put_back(&restricted).await.expect(200);
    // So are the versions of before.
    for suffix in ["", "/_history", "/_history/1", "/_history/2"] {
        ucr.get(&format!("{}{suffix}", hidden.observation)).await.expect(404);
        hub.get(&format!("{}{suffix}", hidden.observation)).await.expect(200);
    }
    let id = hidden.observation.split('/').nth(1).unwrap();
    assert!(!ucr.get("Observation/_history").await.expect(200).text().contains(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_loses_a_task_sees_the_hand_over_and_nothing_after_it() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let mut referral = builders::referral(&patient);
    referral["performer"] = json!([{"reference": place::HUB_SERVICE}]);
    let referral = hub.post("ServiceRequest", &referral).await.expect(201).reference();
    let mut task = builders::task_of(&hub, &referral).await;
    let address = format!("Task/{}", task["id"].as_str().unwrap());
    let team = server.caller("ucr");
    team.get(&address).await.expect(404);
    task["owner"] = json!({"reference": place::UCR_SERVICE});
    let mut task = hub.put_back(&task).await.expect(200).json;
    team.get(&address).await.expect(200);
    task["owner"] = json!({"reference": place::HUB_SERVICE});
    let task = hub.put_back(&task).await.expect(200).json;
    assert_eq!(team.get(&address).await.expect(200).header("etag"), "W/\"3\"", "the hand-over");
    builders::move_task(&hub, &task, "received").await.expect(200);
    team.get(&address).await.expect(404);
    let versions = team.get(&format!("{address}/_history")).await.expect(200);
    let seen: Vec<_> =
        versions.entries().iter().map(|e| e["resource"]["meta"]["versionId"].clone()).collect();
    assert_eq!((seen, &versions.json["total"]), (vec![json!("3"), json!("2")], &json!(2)));
    team.get(&format!("{address}/_history/1")).await.expect(404);
    team.get(&format!("{address}/_history/4")).await.expect(404);
}
