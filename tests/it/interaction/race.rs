//! Fifty clients that want the same thing at once: one gets it, the others are told so, and nothing is lost of what was
//! acknowledged, <https://hl7.org/fhir/R4/http.html#concurrency>.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Caller, TestReceiver, TestServer, builders};

const AT_ONCE: usize = 50;
const PERSON: &str = "urn:uuid:1c5e5e9e-0000-4000-8000-000000000001";

fn number(patient: &Value) -> String {
    patient["identifier"][0]["value"].as_str().unwrap().to_owned()
}

/// How many of the answers have this status; none may have another than these.
fn counted(answers: &[Answer], status: u16) -> usize {
    for answer in answers {
        assert!([200, 201, 204, 409, 412].contains(&answer.status), "{}: {}", answer.status, answer.text());
    }
    answers.iter().filter(|answer| answer.status == status).count()
}

/// The versions of a resource, the oldest first, which have no holes.
async fn versions(caller: &Caller, reference: &str) -> Vec<Value> {
    let history = caller.get(&format!("{reference}/_history?_count=1000")).await.expect(200);
    let mut entries = history.entries().to_vec();
    entries.reverse();
    for (at, entry) in entries.iter().enumerate() {
        assert_eq!(entry["response"]["etag"], format!("W/\"{}\"", at + 1), "{}", history.text());
    }
    let at = |entry: &Value| entry["response"]["lastModified"].as_str().unwrap().to_owned();
    assert!(entries.windows(2).all(|pair| at(&pair[0]) < at(&pair[1])), "{}", history.text());
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn conditional_updates_make_one_and_then_its_versions() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let address = format!("Patient?identifier={}", number(&patient));
    let of = |at: usize| {
        let mut patient = patient.clone();
        patient["name"][0]["given"] = json!([format!("Edith {at}")]);
        patient
    };
    let all: Vec<Value> = (0..AT_ONCE).map(of).collect();
    let answers = join_all(all.iter().map(|patient| epr.put(&address, patient))).await;
    assert_eq!(counted(&answers, 201), 1);
    let found = epr.get(&address).await.expect(200);
    let [id] = found.matches().try_into().unwrap();
    let versions = versions(&epr, &format!("Patient/{id}")).await;
    let written: Vec<_> = answers.iter().zip(&all).filter(|(answer, _)| answer.status < 300).collect();
    assert_eq!(
        versions.len(),
        written.len(),
        "every acknowledged update is a version, and every version one of them"
    );
    for (answer, sent) in written {
        let version =
            versions.iter().find(|entry| entry["response"]["etag"] == answer.header("etag")).unwrap();
        assert_eq!(version["resource"]["name"], sent["name"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_create_and_refer_make_one() {
    let server = TestServer::start().await;
    let (receiver, hub) = (TestReceiver::start().await, server.caller("hub"));
    let subscription = builders::subscription("referral-new", &receiver.endpoint, &[]);
    hub.post("Subscription", &subscription).await.expect(201);
    server.settle().await;
    let patient = builders::patient();
    let condition = format!("identifier={}", number(&patient));
    let mut referral = builders::referral(PERSON);
    referral["identifier"] = json!([{"system": "https://epr.example/referral", "value": "only-one"}]);
    let observation = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": format!("Patient?{condition}")}, "focus": [{"reference": PERSON}]
    });
    let mut first = builders::create_entry(PERSON, &patient);
    first["request"]["ifNoneExist"] = condition.as_str().into();
    let mut second = builders::create_entry("urn:uuid:1c5e5e9e-0000-4000-8000-000000000002", &referral);
    second["request"]["ifNoneExist"] = "identifier=https://epr.example/referral|only-one".into();
    let third = builders::create_entry("urn:uuid:1c5e5e9e-0000-4000-8000-000000000003", &observation);
    let bundle = builders::transaction(&[third, second, first]);
    let answers = join_all((0..AT_ONCE).map(|_| hub.post("", &bundle))).await;
    let done = counted(&answers, 200);
    assert!(done > 0, "{}", answers[0].text());
    let status = |answer: &Answer, at: usize| answer.json["entry"][at]["response"]["status"].clone();
    for at in [1, 2] {
        assert_eq!(answers.iter().filter(|answer| status(answer, at) == "201 Created").count(), 1);
    }
    let found = hub.get(&format!("Patient?{condition}")).await.expect(200);
    let [id] = found.matches().try_into().unwrap();
    versions(&hub, &format!("Patient/{id}")).await;
    let made = hub.get(&format!("Observation?subject=Patient/{id}&focus=Patient/{id}&_summary=count")).await;
    assert_eq!(made.json["total"], done, "one for every transaction that was carried out, and of no other");
    let referrals = hub.get(&format!("ServiceRequest?subject=Patient/{id}")).await.expect(200);
    assert_eq!(referrals.matches().len(), 1);
    assert_eq!(hub.get(&format!("Task?patient=Patient/{id}")).await.expect(200).matches().len(), 1);
    server.settle().await;
    assert_eq!(receiver.events().len(), 1, "told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn conditional_patches_lose_nothing() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let created = epr.post("Patient", &patient).await.expect(201);
    let address = format!("Patient?identifier={}", number(&patient));
    let patch = |at: usize| {
        let value = json!({"system": "urn:patch", "value": at.to_string()});
        let body = json!([{"op": "add", "path": "/identifier/-", "value": value}]);
        let call = epr.request("PATCH", &address).header("content-type", "application/json-patch+json");
        call.body(body.to_string()).send()
    };
    let answers = join_all((0..AT_ONCE).map(patch)).await;
    let done = counted(&answers, 200);
    assert!(done > 0);
    let versions = versions(&epr, &created.reference()).await;
    assert_eq!(versions.len(), done + 1);
    let held = epr.get(&created.reference()).await.expect(200).json["identifier"].clone();
    for (at, answer) in answers.iter().enumerate() {
        let value = json!(at.to_string());
        let is_held = held.as_array().unwrap().iter().any(|held| held["value"] == value);
        assert_eq!(is_held, answer.status == 200, "patch {at}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conditional_deletes_delete_once() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let created = epr.post("Patient", &patient).await.expect(201);
    let address = format!("Patient?identifier={}", number(&patient));
    let answers = join_all((0..AT_ONCE).map(|_| epr.delete(&address))).await;
    assert!(counted(&answers, 204) > 0);
    let versions = versions(&epr, &created.reference()).await;
    let methods: Vec<_> = versions.iter().map(|entry| entry["request"]["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["POST", "DELETE"]);
    epr.get(&created.reference()).await.expect(410);
    // While some delete it, others want it to be there.
    let mixed = join_all((0..AT_ONCE).map(async |at| match at % 2 {
        0 => {
            epr.request("POST", "Patient").header("if-none-exist", &address[8..]).json(&patient).send().await
        }
        _ => epr.delete(&address).await,
    }))
    .await;
    let created = counted(&mixed, 201);
    let left = epr.get(&address).await.expect(200).matches().len();
    assert!(created > 0 && left <= 1, "{created} created, {left} left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_referred_to_is_not_deleted_meanwhile() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let rounds = (0..AT_ONCE).map(async |_| {
        let made = epr.post("Patient", &builders::patient()).await.expect(201);
        let person = made.reference();
        let observation = json!({
            "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": person}
        });
        let (deleted, referred) = tokio::join!(epr.delete(&person), epr.post("Observation", &observation));
        assert!(
            matches!((deleted.status, referred.status), (204, 422) | (409, 201)),
            "{} {}: {}",
            deleted.text(),
            referred.status,
            referred.text()
        );
        usize::from(deleted.status == 204)
    });
    let deleted: usize = join_all(rounds).await.into_iter().sum();
    assert!(server.count("SELECT count(*) FROM deletion").await == 0);
    let lost = "SELECT count(*) FROM resource p JOIN resource o ON o.patient = p.key WHERE p.deleted AND NOT o.deleted";
    assert_eq!(server.count(lost).await, 0, "{deleted} were deleted");
}
