//! Conditions within a transaction: If-None-Exist and conditional references, <https://hl7.org/fhir/R4/http.html#trules>.

use serde_json::{Value, json};
use tests::{TestServer, builders};

use super::{NOTE, PERSON, observation, statuses};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_condition_twice_makes_one() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let number = patient["identifier"][0]["value"].as_str().unwrap();
    let entry = |full_url: &str| {
        let mut entry = builders::create_entry(full_url, &patient);
        entry["request"]["ifNoneExist"] = format!("identifier={}|{number}", builders::NHS_NUMBER).into();
        entry
    };
    let bundle = builders::transaction(&[
        entry(PERSON),
        entry(NOTE),
        builders::create_entry("urn:uuid:3", &observation(PERSON)),
        builders::create_entry("urn:uuid:4", &observation(NOTE)),
        builders::create_entry("urn:uuid:5", &observation(&format!("Patient?identifier={number}"))),
    ]);
    let first = epr.post("", &bundle).await.expect(200);
    assert_eq!(statuses(&first), ["201", "200", "201", "201", "201"]);
    let id = first.entries()[0]["resource"]["id"].as_str().unwrap();
    assert_eq!(first.entries()[1]["resource"]["id"], id);
    for at in [2, 3, 4] {
        assert_eq!(first.entries()[at]["resource"]["subject"]["reference"], format!("Patient/{id}"));
    }
    // Sent again, the person is found, and nobody is made twice.
    let second = epr.post("", &bundle).await.expect(200);
    assert_eq!(statuses(&second), ["200", "200", "201", "201", "201"]);
    assert_eq!(second.entries()[2]["resource"]["subject"]["reference"], format!("Patient/{id}"));
    assert_eq!(epr.get(&format!("Patient?identifier={number}")).await.expect(200).entries().len(), 1);
    // Where the condition selects several, all of it fails.
    epr.post("Patient", &patient).await.expect(201);
    epr.post("", &bundle).await.expect(412);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_see_what_deletes_leave() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let old = epr.post("Patient", &builders::patient()).await.expect(201);
    let note = epr.post("Observation", &observation(&old.reference())).await.expect(201);
    let number = old.json["identifier"][0]["value"].as_str().unwrap();
    let condition = format!("identifier={number}");
    let mut create = builders::create_entry(PERSON, &old.json);
    create["request"]["ifNoneExist"] = condition.clone().into();
    let delete = |url: String| json!({"request": {"method": "DELETE", "url": url}});
    let bundle = builders::transaction(&[
        create,
        builders::create_entry(NOTE, &observation(&format!("Patient?{condition}"))),
        delete(old.reference()),
        delete(note.reference()),
    ]);
    let answer = epr.post("", &bundle).await.expect(200);
    assert_eq!(statuses(&answer), ["201", "201", "204", "204"]);
    let made = &answer.entries()[0]["resource"]["id"];
    assert_ne!(made, &Value::from(old.id()));
    assert_eq!(
        answer.entries()[1]["resource"]["subject"]["reference"],
        format!("Patient/{}", made.as_str().unwrap())
    );
    epr.get(&old.reference()).await.expect(410);
    // One that is there and one that is made with it are two.
    let another = builders::create_entry(PERSON, &old.json);
    let bundle = builders::transaction(&[
        another,
        builders::create_entry(NOTE, &observation(&format!("Patient?{condition}"))),
    ]);
    let refused = epr.post("", &bundle).await.expect(412);
    assert_eq!(refused.expressions(), ["Bundle.entry[1].resource.subject.reference"]);
    for (reference, status) in
        [("Patient?identifier=nobody", 412), ("Patient?nonsense=x", 400), ("Patient?_count=1", 400)]
    {
        let bundle = builders::transaction(&[builders::create_entry(NOTE, &observation(reference))]);
        epr.post("", &bundle).await.expect(status);
        epr.post("Observation", &observation(reference)).await.expect(400);
    }
    let twice = builders::transaction(&[
        builders::create_entry(PERSON, &builders::patient()),
        builders::create_entry(PERSON, &builders::patient()),
    ]);
    assert_eq!(epr.post("", &twice).await.expect(400).expressions(), ["Bundle.entry[1]"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_many_conditions_sees_what_the_others_make() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let person = |number: usize| {
        let identifier = json!([{"system": "https://x.example/many", "value": format!("M-{number}")}]);
        json!({"resourceType": "Patient", "identifier": identifier})
    };
    let condition = |number: usize| format!("identifier=https://x.example/many|M-{number}");
    let entry = |number: usize| {
        json!({
            "fullUrl": format!("urn:uuid:1c5e5e9e-0000-4000-8000-{number:012}"), "resource": person(number % 200),
            "request": {"method": "POST", "url": "Patient", "ifNoneExist": condition(number % 200)}
        })
    };
    // The last hundred are the first hundred again.
    let bundle = builders::transaction(&(0..300).map(entry).collect::<Vec<_>>());
    let first = statuses(&epr.post("", &bundle).await.expect(200));
    assert_eq!(
        (&first[..200], &first[200..]),
        (&vec!["201".to_owned(); 200][..], &vec!["200".to_owned(); 100][..])
    );
    assert_eq!(statuses(&epr.post("", &bundle).await.expect(200)), vec!["200"; 300]);
    let mut changed: Vec<_> = (0..200).map(|number| {
        let mut person = person(number);
        person["active"] = (number % 2 == 0).into();
        json!({"resource": person, "request": {"method": "PUT", "url": format!("Patient?{}", condition(number))}})
    }).collect();
    changed.push(json!({"request": {"method": "GET", "url": "Patient?active=true&_summary=count&identifier=https://x.example/many|"}}));
    let answer = epr.post("", &builders::transaction(&changed)).await.expect(200);
    assert_eq!(answer.entries()[200]["resource"]["total"], 100);
}
