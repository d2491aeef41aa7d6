//! Conditional updates, patches and deletes, <https://hl7.org/fhir/R4/http.html#cond-update>, and `If-None-Match` on a write.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Caller, TestServer, builders};

fn condition(patient: &Value) -> String {
    format!("Patient?identifier={}", patient["identifier"][0]["value"].as_str().unwrap())
}

async fn put(caller: &Caller, address: &str, header: (&str, &str), resource: &Value) -> Answer {
    caller.request("PUT", address).header(header.0, header.1).json(resource).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_match_one_match_and_several() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut patient = builders::patient();
    let address = condition(&patient);
    let created = epr.put(&address, &patient).await.expect(201);
    assert!(created.header("location").ends_with("/_history/1"), "{}", created.header("location"));
    let same = epr.put(&address, &patient).await.expect(200);
    assert_eq!((same.id(), same.header("etag")), (created.id(), "W/\"1\""), "it says the same");
    patient["gender"] = "male".into();
    let updated = epr.put(&address, &patient).await.expect(200);
    assert_eq!((updated.id(), updated.header("etag")), (created.id(), "W/\"2\""));
    // The id may be named, when it is the right one.
    patient["id"] = created.id().into();
    patient["birthDate"] = "1941-03-10".into();
    epr.put(&address, &patient).await.expect(200);
    patient["id"] = "another".into();
    epr.put(&address, &patient).await.expect(400);
    // The version of the match counts.
    patient["id"] = created.id().into();
    put(&epr, &address, ("if-match", "W/\"1\""), &patient).await.expect(412);
    put(&epr, &address, ("if-none-match", "*"), &patient).await.expect(412);
    put(&epr, &address, ("if-match", "W/\"3\""), &patient).await.expect(200);
    let mut other = builders::patient();
    put(&epr, &condition(&other), ("if-match", "W/\"1\""), &other).await.expect(412);
    // With an id and no match it is an update as create, unless the id is taken.
    other["id"] = format!("mine-{}", builders::number()).into();
    let mine = epr.put(&condition(&other), &other).await.expect(201);
    assert_eq!(mine.id(), other["id"].as_str().unwrap());
    let mut third = builders::patient();
    third["id"] = other["id"].clone();
    assert_eq!(epr.put(&condition(&third), &third).await.expect(409).code(), "duplicate");
    // Several.
    let twice = builders::patient();
    for _ in 0..2 {
        epr.post("Patient", &twice).await.expect(201);
    }
    for (method, body) in [("PUT", Some(&twice)), ("DELETE", None)] {
        let call = epr.request(method, &condition(&twice));
        let answer = if let Some(body) = body { call.json(body) } else { call }.send().await.expect(412);
        assert_eq!(answer.code(), "multiple-matches", "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_never_selects_everything() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let before = epr.get("Patient?_summary=count").await.expect(200).json["total"].clone();
    for address in [
        "Patient",
        "Patient?",
        "Patient?identifier=",
        "Patient?nonsense=x",
        "Patient?identifier=x&nonsense=y",
        "Patient?_count=1",
    ] {
        for method in ["PUT", "DELETE", "PATCH"] {
            let call = epr.request(method, address).header("prefer", "handling=lenient");
            let call = match method {
                "PUT" => call.json(&patient),
                "PATCH" => call.header("content-type", "application/json-patch+json").body("[]"),
                _ => call,
            };
            call.send().await.expect(400);
        }
    }
    assert_eq!(epr.get("Patient?_summary=count").await.expect(200).json["total"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_identical_updates_creates() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let address = condition(&patient);
    let answers = join_all((0..50).map(|_| epr.put(&address, &patient))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| [200, 201, 409, 412].contains(status)), "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(epr.get(&address).await.expect(200).matches().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_create_when_nothing_may_be_there() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let organization =
        |name: &str| json!({"resourceType": "Organization", "id": format!("only-{name}"), "name": name});
    let none = ("if-none-match", "*");
    let answers = join_all((0..20).map(|_| {
        let (epr, organization) = (epr.clone(), organization("a"));
        async move { put(&epr, "Organization/only-a", none, &organization).await.status }
    }))
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| [201, 409, 412].contains(status)), "{answers:?}");
    epr.delete("Organization/only-a").await.expect(204);
    put(&epr, "Organization/only-a", none, &organization("a")).await.expect(201);
    put(&epr, "Organization/only-a", ("if-none-match", "W/\"1\""), &organization("a")).await.expect(400);
    let both = epr.request("PUT", "Organization/only-a").header("if-none-match", "*").header("if-match", "*");
    both.json(&organization("a")).send().await.expect(400);
    let delete = epr.request("DELETE", "Organization/only-a").header("if-none-match", "*");
    delete.send().await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_and_deletes() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let address = condition(&patient);
    let patch = || {
        let call = epr.request("PATCH", &address).header("content-type", "application/json-patch+json");
        call.body(r#"[{"op":"replace","path":"/gender","value":"male"}]"#).send()
    };
    patch().await.expect(404);
    epr.delete(&address).await.expect(204);
    let created = epr.post("Patient", &patient).await.expect(201);
    assert_eq!(patch().await.expect(200).json["gender"], "male");
    let stale = epr.request("DELETE", &address).header("if-match", "W/\"1\"").send().await;
    stale.expect(412);
    epr.delete(&address.replace('?', "/?")).await.expect(204);
    epr.get(&created.reference()).await.expect(410);
    epr.delete(&address).await.expect(204);
    patch().await.expect(404);
    // The types that are not deleted are not deleted by a condition either.
    server.caller("hub").delete("Task?status=requested").await.expect(405);
    // What the token does not allow, a condition does not find out.
    server.narrowed("epr", "system/Patient.u").put(&address, &patient).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_is_followed_by_its_identifier() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let mut referral = builders::referral(&patient);
    let address =
        format!("ServiceRequest?identifier={}", referral["identifier"][0]["value"].as_str().unwrap());
    let created = hub.put(&address, &referral).await.expect(201);
    referral = created.json.clone();
    referral["note"] = json!([{"text": "Key safe at the back door."}]);
    let unguarded = hub.put(&address, &referral).await.expect(400);
    assert!(unguarded.names_rule("IC-VER-01"));
    let updated = put(&hub, &address, ("if-match", "W/\"1\""), &referral).await.expect(200);
    assert_eq!(updated.id(), created.id());
    let tasks = hub.search("Task", &[("focus", &created.reference())]).await.expect(200);
    assert_eq!(tasks.matches().len(), 1, "its Task was made once");
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_carry_them_too() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let (old, new, gone) = (builders::patient(), builders::patient(), builders::patient());
    let old_id = epr.post("Patient", &old).await.expect(201).reference();
    let gone_id = epr.post("Patient", &gone).await.expect(201).reference();
    let mut changed = old.clone();
    changed["gender"] = "male".into();
    let put = |patient: &Value| json!({"fullUrl": format!("urn:uuid:{}", builders::number()), "resource": patient, "request": {"method": "PUT", "url": condition(patient)}});
    let note = |subject: &str| {
        builders::create_entry(
            "urn:uuid:note",
            &json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": subject}}),
        )
    };
    let delete = json!({"request": {"method": "DELETE", "url": condition(&gone)}});
    let entries = [note(&condition(&new)), put(&changed), put(&new), delete];
    let answer = epr.post("", &builders::transaction(&entries)).await.expect(200);
    let statuses: Vec<_> = answer.entries().iter().map(|entry| entry["response"]["status"].clone()).collect();
    assert_eq!(statuses, ["201 Created", "200 OK", "201 Created", "204 No Content"]);
    let made = answer.entries()[2]["resource"]["id"].as_str().unwrap();
    assert_eq!(answer.entries()[0]["resource"]["subject"]["reference"], format!("Patient/{made}"));
    assert_eq!(epr.get(&old_id).await.expect(200).json["gender"], "male");
    epr.get(&gone_id).await.expect(410);
    // The same resource in two ways is the same resource twice.
    let mut direct = changed.clone();
    direct["id"] = old_id.split('/').nth(1).unwrap().into();
    let direct = json!({"resource": direct, "request": {"method": "PUT", "url": old_id}});
    epr.post("", &builders::transaction(&[put(&changed), direct])).await.expect(400);
    let fresh = builders::patient();
    epr.post("", &builders::transaction(&[put(&fresh), put(&fresh)])).await.expect(400);
    assert_eq!(epr.get(&condition(&fresh)).await.expect(200).matches().len(), 0);
}
