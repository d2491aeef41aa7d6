//! Who reads what about a person because it cares for that person: as long as it does, and a while after.

use homefirst::config::ReadPolicy;
use serde_json::{Value, json};
use tests::{Answer, Caller, TestServer, builders, place};

/// A person whom the hub referred to the reablement team, and what each of the two observed.
struct Cared {
    patient: String,
    referral: Value,
    of_hub: String,
    of_team: Answer,
}

fn observation(patient: &str, performer: &str) -> Value {
    json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": patient},
        "performer": [{"reference": performer}]
    })
}

async fn cared(hub: &Caller, team: &Caller) -> Cared {
    let (referral, _) = builders::referred(hub).await;
    let patient = referral["subject"]["reference"].as_str().unwrap().to_owned();
    let of_hub = hub.post("Observation", &observation(&patient, place::HUB)).await.expect(201).reference();
    let of_team = team.post("Observation", &observation(&patient, place::SKILS)).await.expect(201);
    Cared { patient, referral, of_hub, of_team }
}

/// What the team finds of the hub's observation, by every way that there is to it.
async fn ways(team: &Caller, cared: &Cared) -> Vec<bool> {
    let (patient, id) = (&cared.patient, cared.of_hub.split('/').nth(1).unwrap());
    let mut found = Vec::new();
    for suffix in ["", "/_history/1", "/_history"] {
        found.push(team.get(&format!("{}{suffix}", cared.of_hub)).await.status == 200);
    }
    found.push(team.get(patient).await.status == 200);
    for search in [
        format!("Observation?_id={id}"),
        format!("Patient?_id={}&_revinclude=Observation:subject", patient.split('/').nth(1).unwrap()),
        format!("Observation?patient={patient}&_sort=code&_count=50"),
        "Observation?_count=50".to_owned(),
        "Observation?status=final&_total=accurate&_count=50".to_owned(),
        format!("{patient}/Observation?_count=50"),
        "Observation/_history?_count=50".to_owned(),
    ] {
        let answer = team.get(&search).await;
        found.push(answer.status == 200 && answer.json["entry"].to_string().contains(id));
    }
    found
}

/// As if nothing had happened to what there is about this person for so many days.
async fn age(server: &TestServer, patient: &str, days: u16) {
    let client = server.database.connect().await;
    let patient = fhir::Key::of_resource(fhir::ResourceType::PATIENT, patient.split('/').nth(1).unwrap());
    let sql = format!(
        "UPDATE resource SET last_updated = last_updated - interval '{days} days', closed_at = closed_at - interval '{days} days' \
         WHERE patient = $1"
    );
    assert!(client.execute(&sql, &[&patient.uuid()]).await.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_care_ends_four_weeks_after_its_last_care() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let cared = cared(&hub, &team).await;
    let all = |seen: bool, found: Vec<bool>| assert!(found.iter().all(|is| *is == seen), "{seen}: {found:?}");
    all(true, ways(&team, &cared).await);
    all(false, ways(&server.caller("council"), &cared).await);

    // What is open makes a circle, however old it is.
    age(&server, &cared.patient, 400).await;
    all(true, ways(&team, &cared).await);

    hub.put_back(&builders::revoked(cared.referral.clone())).await.expect(200);
    all(true, ways(&team, &cared).await);
    age(&server, &cared.patient, 27).await;
    all(true, ways(&team, &cared).await);
    age(&server, &cared.patient, 2).await;
    all(false, ways(&team, &cared).await);

    // What is written into something closed does not open it again.
    let task =
        team.search("Task", &[("owner", place::SKILS_SERVICE), ("status", "cancelled")]).await.expect(200);
    let task = &task.entries()[0]["resource"];
    let meta = json!({
        "resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"system": "https://x.example", "code": "y"}]}}]
    });
    let tagged =
        team.post(&format!("Task/{}/$meta-add", task["id"].as_str().unwrap()), &meta).await.expect(200);
    assert!(tagged.text().contains("x.example"));
    all(false, ways(&team, &cared).await);

    // What is its own it goes on to read and to write, but not to what it sees no longer.
    let mut own = team.get(&cared.of_team.reference()).await.expect(200).json;
    own["note"] = json!([{"text": "Looked at again."}]);
    team.put_back(&own).await.expect(200);
    let refused = team.post("Observation", &observation(&cared.patient, place::SKILS)).await.expect(422);
    assert_eq!(refused.expressions(), ["Observation.subject.reference"]);
    assert_eq!(hub.get(&cared.of_hub).await.status, 200);

    // Care that begins again makes it anew.
    let referral = builders::referral(&cared.patient);
    hub.post("ServiceRequest", &referral).await.expect(201);
    all(true, ways(&team, &cared).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_circle_each_reads_its_own() {
    let server = TestServer::with(|config| config.auth.read_policy = ReadPolicy::PartyOnly).await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let (referral, task) = builders::referred(&hub).await;
    let patient = referral["subject"]["reference"].as_str().unwrap();
    let task = format!("Task/{}", task["id"].as_str().unwrap());
    team.get(&task).await.expect(200);
    let found = team.get(&format!("Task?patient={patient}&_include=Task:patient")).await.expect(200);
    assert_eq!(found.ids("match").len(), 1);
    let observed = hub.post("Observation", &observation(patient, place::HUB)).await.expect(201);
    team.get(&observed.reference()).await.expect(404);
    assert!(team.search("Observation", &[("patient", patient)]).await.expect(200).entries().is_empty());
}
