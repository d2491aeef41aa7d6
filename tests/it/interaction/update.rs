//! update and update as create, <https://hl7.org/fhir/R4/http.html#update>.

use serde_json::json;
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn an_update_makes_a_version() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut patient = epr.post("Patient", &builders::patient()).await.expect(201).json;
    patient["gender"] = "male".into();
    patient["meta"]["lastUpdated"] = "2001-01-01T00:00:00Z".into();
    let updated = epr.put_back(&patient).await.expect(200);
    assert_eq!((updated.header("etag"), &updated.json["meta"]["versionId"]), ("W/\"2\"", &json!("2")));
    assert!(updated.json["meta"]["lastUpdated"].as_str() > Some("2020"));
    assert_eq!(updated.json["gender"], "male");
    let version = format!("{}/Patient/{}/_history/2", server.base, updated.id());
    assert_eq!(updated.header("content-location"), version);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_changes_nothing_writes_nothing() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let created = epr.post("Patient", &builders::patient()).await.expect(201);
    let mut same = created.json.clone();
    same["meta"] = json!({"versionId": "9", "lastUpdated": "2001-01-01T00:00:00Z"});
    for sent in [&created.json, &same] {
        let answer = epr.put(&created.reference(), sent).await.expect(200);
        assert_eq!((answer.header("etag"), &answer.json), ("W/\"1\"", &created.json));
    }
    same["meta"] = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
    let labelled = epr.put(&created.reference(), &same).await.expect(200);
    assert_eq!(labelled.header("etag"), "W/\"2\"", "a label is content");
    assert_eq!(epr.get(&format!("{}/_history", created.reference())).await.expect(200).json["total"], 2);
    assert_eq!(server.count("SELECT count(*) FROM audit WHERE client = 'demo-epr'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_decides() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let created = epr.post("Patient", &builders::patient()).await.expect(201);
    let (address, mut patient) = (created.reference(), created.json);
    for (at, (tag, status)) in [
        ("W/\"1\"", 200),
        ("W/\"1\"", 412),
        ("\"2\"", 200),
        ("3", 200),
        ("*", 200),
        ("W/\"1\", W/\"5\"", 200),
        ("W/\"7\"", 412),
        ("\"abc\"", 412),
        ("\"1 OR 1=1\"", 400),
    ]
    .into_iter()
    .enumerate()
    {
        patient["birthDate"] = format!("1941-01-{:02}", at + 1).into();
        let answer = epr.request("PUT", &address).header("if-match", tag).json(&patient).send().await;
        assert_eq!(answer.status, status, "{tag}: {}", answer.text());
    }
    assert_eq!(epr.get(&address).await.expect(200).header("etag"), "W/\"6\"");
    // A deletion is guarded by it too.
    let stale = epr.request("DELETE", &address).header("if-match", "W/\"1\"").send().await.expect(412);
    assert_eq!(stale.code(), "conflict");
    epr.request("DELETE", &address).header("if-match", "W/\"6\"").send().await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_unmodified_since_decides_where_there_is_no_if_match() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let created = epr.post("Patient", &builders::patient()).await.expect(201);
    let (address, seen) = (created.reference(), created.header("last-modified").to_owned());
    let before = "Sun, 06 Nov 1994 08:49:37 GMT";
    let mut patient = created.json;
    patient["birthDate"] = "1941-01-01".into();
    let patch = json!([{"op": "replace", "path": "/birthDate", "value": "1941-01-02"}]);
    let dated = |method: &str, date: &str| epr.request(method, &address).header("if-unmodified-since", date);
    let json_patch = "application/json-patch+json";
    let refused = dated("PUT", before).json(&patient).send().await.expect(412);
    assert!(refused.names_rule("IC-VER-02"), "{}", refused.text());
    dated("PATCH", before)
        .header("content-type", json_patch)
        .body(patch.to_string())
        .send()
        .await
        .expect(412);
    dated("DELETE", before).send().await.expect(412);
    assert_eq!(epr.get(&address).await.expect(200).header("etag"), "W/\"1\"");
    dated("PUT", &seen).json(&patient).send().await.expect(200);
    // A version wins over a date; a date that is none, and one of what is not there, say nothing.
    patient["birthDate"] = "1941-01-03".into();
    dated("PUT", before).header("if-match", "W/\"2\"").json(&patient).send().await.expect(200);
    dated("DELETE", "yesterday").send().await.expect(204);
    let ward = json!({"resourceType": "Location", "id": "ward-77", "name": "Ward 77"});
    epr.request("PUT", "Location/ward-77")
        .header("if-unmodified-since", before)
        .json(&ward)
        .send()
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn workflow_types_are_changed_by_those_who_saw_them() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (referral, task) = builders::referred(&hub).await;
    let plan = builders::discharge_plan(
        referral["subject"]["reference"].as_str().unwrap(),
        &builders::hours_ago(30),
    );
    let plan = hub.post("ServiceRequest", &plan).await.expect(201).json;
    for resource in [&referral, &task, &plan] {
        let address =
            format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        let answer = hub.put(&address, resource).await.expect(400);
        assert!(answer.names_rule("IC-VER-01"), "{}", answer.text());
        let stale = hub
            .request("PUT", &address)
            .header("if-match", "W/\"9\"")
            .json(resource)
            .send()
            .await
            .expect(412);
        assert!(stale.names_rule("IC-VER-02"), "{}", stale.text());
        let later = "Sun, 06 Nov 2094 08:49:37 GMT";
        let dated = hub.request("PUT", &address).header("if-unmodified-since", later).json(resource);
        assert!(dated.send().await.expect(400).names_rule("IC-VER-01"));
    }
    let mut own = task.clone();
    own["id"] = "my-own".into();
    hub.put("Task/my-own", &own).await.expect(405);
    hub.request("PUT", "Task/my-own").header("if-match", "W/\"1\"").json(&own).send().await.expect(412);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_may_choose_the_ids_of_supporting_types() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let location = json!({"resourceType": "Location", "id": "ward-8", "name": "Ward 8"});
    let created = epr.put("Location/ward-8", &location).await.expect(201);
    assert_eq!(created.header("location"), format!("{}/Location/ward-8/_history/1", server.base));
    epr.put("Location/ward-8", &location).await.expect(200);
    let unknown = epr.request("PUT", "Location/ward-9").header("if-match", "*");
    unknown.json(&json!({"resourceType": "Location", "id": "ward-9"})).send().await.expect(412);
    epr.get("Location/ward-9").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn last_updated_never_goes_back() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut patient = epr.post("Patient", &builders::patient()).await.expect(201).json;
    let mut times = vec![patient["meta"]["lastUpdated"].to_string()];
    for day in 1..6 {
        patient["birthDate"] = format!("1941-02-0{day}").into();
        patient = epr.put_back(&patient).await.expect(200).json;
        times.push(patient["meta"]["lastUpdated"].to_string());
    }
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}
