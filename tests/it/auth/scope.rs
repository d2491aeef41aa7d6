//! Scopes narrow what a caller may do, and never widen it, <https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html>.

use serde_json::json;
use tests::{TestServer, builders, place};

#[tokio::test(flavor = "multi_thread")]
async fn each_letter_allows_its_interactions() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = hub.post("Patient", &builders::patient()).await.expect(201);
    let address = patient.reference();
    let history = format!("{address}/_history");
    let version = format!("{address}/_history/1");
    let mut changed = patient.json.clone();
    changed["gender"] = "other".into();
    for (scope, read, search, create, update, delete) in [
        ("system/Patient.r", true, false, false, false, false),
        ("system/Patient.s", false, true, false, false, false),
        ("system/Patient.rs", true, true, false, false, false),
        ("system/Patient.read", true, true, false, false, false),
        ("system/*.r", true, false, false, false, false),
        ("system/Patient.c", false, false, true, false, false),
        ("system/Patient.u", false, false, false, true, false),
        ("system/Patient.write", false, false, true, true, true),
        ("system/Task.cruds", false, false, false, false, false),
        ("", false, false, false, false, false),
        ("system/Patient.dus", false, false, false, false, false),
        ("user/Patient.cruds", false, false, false, false, false),
    ] {
        let caller = server.narrowed("hub", scope);
        let expect = |allowed: bool, status: u16| if allowed { status } else { 403 };
        for read_address in [&address, &history, &version] {
            assert_eq!(caller.get(read_address).await.status, expect(read, 200), "{scope}: {read_address}");
        }
        assert_eq!(caller.get("Patient?family=x").await.status, expect(search, 200), "{scope}: search");
        let found = caller.post_search("Patient", &[("family", "x")]).await;
        assert_eq!(found.status, expect(search, 200), "{scope}: _search");
        let created = caller.post("Patient", &builders::patient()).await;
        assert_eq!(created.status, expect(create, 201), "{scope}: create");
        let conditional = caller.request("POST", "Patient").header("if-none-exist", "family=nobody");
        let conditional = conditional.json(&builders::patient()).send().await;
        assert_eq!(conditional.status, expect(create && search, 201), "{scope}: conditional create");
        let updated = caller.put(&address, &changed).await;
        assert_eq!(updated.status, expect(update, 200), "{scope}: update: {}", updated.text());
        let deleted = caller.delete("Patient/nobody").await;
        assert_eq!(deleted.status, expect(delete, 204), "{scope}: delete");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_that_a_search_looks_at_beside_its_own() {
    let server = TestServer::start().await;
    let caller = server.narrowed("hub", "system/Task.cruds system/Patient.r");
    for (query, status) in [
        ("Task?status=requested", 200),
        ("Task?patient.name=x", 403),
        ("Task?patient:Patient.name=x", 403),
        ("Task?owner:Organization.name=x", 403),
        ("Task?_has:Task:part-of:status=requested", 200),
        ("Task?_include=Task:patient", 200),
        ("Task?_include=Task:patient:Patient", 200),
        ("Task?_revinclude=Provenance:target", 403),
    ] {
        let answer = caller.get(query).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_not_included() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (_, task) = builders::referred(&hub).await;
    let id = task["id"].as_str().unwrap();
    let tasks_only = server.narrowed("hub", "system/Task.cruds");
    let focus_too = server.narrowed("hub", "system/Task.cruds system/ServiceRequest.r");
    for include in [
        "_include=Task:patient",
        "_include=Task:focus",
        "_include=Task:*",
        "_include=*",
        "_include:iterate=Task:*",
        "_revinclude=Task:part-of",
    ] {
        let query = format!("Task?_id={id}&{include}");
        let all = hub.get(&query).await.expect(200);
        for (caller, readable) in [(&tasks_only, &["Task"][..]), (&focus_too, &["Task", "ServiceRequest"])] {
            let answer = caller.get(&query).await;
            if answer.status == 403 {
                continue;
            }
            let answer = answer.expect(200);
            let types: Vec<_> =
                answer.entries().iter().map(|e| e["resource"]["resourceType"].as_str().unwrap()).collect();
            let others: Vec<_> = types
                .iter()
                .filter(|found| **found != "OperationOutcome" && !readable.contains(found))
                .collect();
            assert!(others.is_empty(), "{query}: {others:?}");
            let expected = all
                .entries()
                .iter()
                .filter(|e| readable.contains(&e["resource"]["resourceType"].as_str().unwrap()));
            assert_eq!(
                types.iter().filter(|found| readable.contains(found)).count(),
                expected.count(),
                "{query}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_of_a_bundle_is_judged() {
    let server = TestServer::start().await;
    let caller = server.narrowed("hub", "system/Patient.cr");
    let entries = [
        builders::create_entry("urn:uuid:1", &builders::patient()),
        json!({"resource": {"resourceType": "Location", "name": "x"}, "request": {"method": "POST", "url": "Location"}}),
        json!({"request": {"method": "GET", "url": place::HUB}}),
    ];
    let mut bundle = builders::transaction(&entries);
    let refused = caller.post("", &bundle).await.expect(403);
    assert!(refused.text().contains("Bundle.entry[1]"), "{}", refused.text());
    let before = server.count("SELECT count(*) FROM version").await;
    bundle["type"] = "batch".into();
    let answer = caller.post("", &bundle).await.expect(200);
    let statuses: Vec<_> =
        answer.entries().iter().map(|e| &e["response"]["status"].as_str().unwrap()[..3]).collect();
    assert_eq!(statuses, ["201", "403", "403"]);
    assert_eq!(server.count("SELECT count(*) FROM version").await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn personas_have_their_own_rights() {
    let server = TestServer::start().await;
    let nobody = server.caller("nobody");
    for address in ["Patient", place::PATIENT_1, "Task", "Organization", "Subscription/$status"] {
        assert_eq!(nobody.get(address).await.expect(403).code(), "forbidden");
    }
    let person = server.caller("patient-1");
    assert_eq!(person.get(place::PATIENT_1).await.expect(200).id(), "patient-1");
    assert_eq!(person.get("Patient").await.expect(200).matches(), ["patient-1"]);
    person.post("Patient", &builders::patient()).await.expect(403);
    person.put(place::PATIENT_1, &builders::patient()).await.expect(403);
    let hub = server.caller("hub");
    let (_, task) = builders::referred(&hub).await;
    person.get(&format!("Task/{}", task["id"].as_str().unwrap())).await.expect(404);
    person.get(task["for"]["reference"].as_str().unwrap()).await.expect(404);
    assert!(person.get("Task").await.expect(200).entries().is_empty());
    let mut own = builders::referral(place::PATIENT_1);
    own["requester"] = json!({"reference": place::HOSPITAL});
    let own = server.caller("epr").post("ServiceRequest", &own).await.expect(201).reference();
    assert_eq!(person.get(&own).await.expect(200).json["subject"]["reference"], place::PATIENT_1);
    assert_eq!(person.get("Task").await.expect(200).entries().len(), 1);
}
