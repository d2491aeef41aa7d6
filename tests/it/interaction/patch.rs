//! patch, <https://hl7.org/fhir/R4/http.html#patch>.

use serde_json::{Value, json};
use tests::{Answer, Caller, TestServer, builders};

const JSON_PATCH: &str = "application/json-patch+json";

async fn json_patch(caller: &Caller, address: &str, version: Option<u32>, patch: &Value) -> Answer {
    let mut call = caller.request("PATCH", address).header("content-type", JSON_PATCH);
    if let Some(version) = version {
        call = call.header("if-match", &format!("W/\"{version}\""));
    }
    call.body(patch.to_string()).send().await
}

fn fhirpath_patch(kind: &str, path: &str, value: Value) -> Value {
    let mut parts = json!([{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]);
    if value.is_object() {
        let mut part = json!({"name": "value"});
        part.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        parts.as_array_mut().unwrap().push(part);
    }
    json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_change_a_resource_as_an_update_does() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let address = builders::new_patient(&epr).await;
    let patch = json!([
        {"op": "test", "path": "/gender", "value": "female"}, {"op": "replace", "path": "/gender", "value": "male"},
        {"op": "add", "path": "/name/0/given/-", "value": "May"}
    ]);
    let answer = json_patch(&epr, &address, Some(1), &patch).await.expect(200);
    assert_eq!(answer.header("etag"), "W/\"2\"");
    assert_eq!(answer.json["name"][0]["given"], json!(["Edith", "May"]));
    let patch = fhirpath_patch("replace", "Patient.birthDate", json!({"valueDate": "1941-03-10"}));
    let answer = epr.request("PATCH", &address).header("prefer", "return=minimal").json(&patch).send().await;
    assert!(answer.clone().expect(200).body.is_empty());
    assert_eq!(answer.header("etag"), "W/\"3\"");
    let xml = r#"<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>
        <part><name value="type"/><valueCode value="delete"/></part>
        <part><name value="path"/><valueString value="Patient.address"/></part></parameter></Parameters>"#;
    let answer = epr.request("PATCH", &address).header("content-type", "application/fhir+xml").body(xml);
    let answer = answer.send().await.expect(200).json;
    assert!(answer.get("address").is_none() && answer["birthDate"] == "1941-03-10");
    assert_eq!(epr.get(&address).await.expect(200).json, answer);
    let history = epr.get(&format!("{address}/_history")).await.expect(200);
    let methods: Vec<_> = history.entries().iter().map(|entry| entry["request"]["method"].clone()).collect();
    assert_eq!(methods, ["PUT", "PUT", "PUT", "POST"]);
    // What changes nothing makes no version.
    let nothing = json_patch(&epr, &address, None, &json!([])).await.expect(200);
    assert_eq!(nothing.header("etag"), "W/\"4\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_changes_nothing() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let address = builders::new_patient(&epr).await;
    let replace = |path: &str, value: Value| json!([{"op": "replace", "path": path, "value": value}]);
    let male = replace("/gender", "male".into());
    for (patch, status) in [
        (
            json!([{"op": "replace", "path": "/gender", "value": "male"}, {"op": "test", "path": "/gender", "value": "x"}]),
            422,
        ),
        (json!([{"op": "remove", "path": "/nothing"}]), 422),
        (json!([{"op": "replace", "path": "/id", "value": "other"}]), 422),
        (json!([{"op": "replace", "path": "/resourceType", "value": "Person"}]), 422),
        (json!([{"op": "remove", "path": "/id"}]), 422),
        (json!([{"op": "replace", "path": "", "value": 7}]), 422),
        (json!([{"op": "add", "path": "/nonsense", "value": "x"}]), 400),
        (replace("/gender", "neither".into()), 422),
        (replace("/birthDate", 7.into()), 400),
        (json!([{"op": "merge", "path": "/gender"}]), 400),
        (json!({"op": "remove", "path": "/gender"}), 400),
    ] {
        let answer = json_patch(&epr, &address, None, &patch).await;
        assert_eq!(answer.status, status, "{patch}: {}", answer.text());
    }
    let ignored =
        json_patch(&epr, &address, None, &replace("/meta/versionId", "77".into())).await.expect(200);
    assert_eq!(ignored.header("etag"), "W/\"1\"");
    json_patch(&epr, &address, Some(7), &male).await.expect(412);
    json_patch(&epr, "Patient/nobody", None, &male).await.expect(404);
    for (content_type, status) in [
        ("application/xml-patch+xml", 415),
        ("text/csv", 415),
        ("application/fhir+json", 415),
        (JSON_PATCH, 200),
    ] {
        let call = epr.request("PATCH", &address).header("content-type", content_type);
        call.body(male.to_string()).send().await.expect(status);
    }
    epr.request("PATCH", &address).header("content-type", JSON_PATCH).body("[{").send().await.expect(400);
    epr.request("PATCH", &address).send().await.expect(400);
    let narrowed = server.narrowed("epr", "system/Patient.rs");
    json_patch(&narrowed, &address, None, &male).await.expect(403);
    epr.delete(&address).await.expect(204);
    json_patch(&epr, &address, None, &male).await.expect(410);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_a_task_hold_for_a_patch() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let team = server.caller("reablement");
    let (_, task) = builders::referred(&hub).await;
    let address = format!("Task/{}", task["id"].as_str().unwrap());
    let status = |to: &str| json!([{"op": "replace", "path": "/status", "value": to}]);
    let unguarded = json_patch(&team, &address, None, &status("received")).await.expect(400);
    assert!(unguarded.names_rule("IC-VER-01"));
    json_patch(&team, &address, Some(1), &status("received")).await.expect(200);
    let refused = json_patch(&team, &address, Some(2), &status("completed")).await.expect(409);
    assert!(refused.names_rule("IC-STATE-01"), "{}", refused.text());
    let patch = fhirpath_patch("replace", "Task.status", json!({"valueCode": "accepted"}));
    let call = team.request("PATCH", &address).header("if-match", "W/\"2\"").json(&patch);
    assert_eq!(call.send().await.expect(200).json["status"], "accepted");
    let stranger = server.caller("ucr");
    let answer = json_patch(&stranger, &address, Some(3), &status("in-progress")).await;
    assert!([403, 404].contains(&answer.status), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_carry_patches() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let request = |method: &str, url: &str| json!({"method": method, "url": url});
    let patch = json!([{"op": "add", "path": "/managingOrganization", "value": {"reference": "urn:uuid:0e1cd3c4-0a3e-4d53-8d5f-6f6d4b1f2a01"}}]);
    let binary = |patch: &Value| {
        use base64::Engine;
        json!({
            "resourceType": "Binary", "contentType": JSON_PATCH,
            "data": base64::prelude::BASE64_STANDARD.encode(patch.to_string())
        })
    };
    let bundle = builders::transaction(&[
        json!({"resource": binary(&patch), "request": request("PATCH", &patient)}),
        builders::create_entry(
            "urn:uuid:0e1cd3c4-0a3e-4d53-8d5f-6f6d4b1f2a01",
            &json!({"resourceType": "Organization", "name": "A surgery"}),
        ),
    ]);
    let answer = epr.post("", &bundle).await.expect(200);
    assert_eq!(answer.entries()[0]["response"]["etag"], "W/\"2\"");
    let organization = answer.entries()[1]["resource"]["id"].as_str().unwrap();
    assert_eq!(
        epr.get(&patient).await.expect(200).json["managingOrganization"]["reference"],
        format!("Organization/{organization}")
    );
    // One that fails takes all with it.
    let patch = fhirpath_patch("replace", "Patient.deceased", json!({"valueBoolean": true}));
    let entries = [
        builders::create_entry("urn:uuid:1", &json!({"resourceType": "Organization", "name": "Not there"})),
        json!({"resource": patch, "request": request("PATCH", &patient)}),
    ];
    let answer = epr.post("", &builders::transaction(&entries)).await.expect(422);
    assert_eq!(answer.expressions(), ["Bundle.entry[1].resource.parameter[0]"]);
    let found = epr.search("Organization", &[("name", "Not there")]).await.expect(200);
    assert_eq!(found.matches().len(), 0);
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
    let answer = epr.post("", &batch).await.expect(200);
    let statuses: Vec<_> =
        answer.entries().iter().map(|entry| entry["response"]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201 Created", "422"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_patch_names_the_members_that_change() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let address = builders::new_patient(&epr).await;
    let patch = |content_type: &str, body: Value| {
        epr.request("PATCH", &address).header("content-type", content_type).body(body.to_string()).send()
    };
    let merge = "application/merge-patch+json";
    let answer = patch(merge, json!({"gender": "male", "address": null})).await.expect(200);
    assert_eq!(answer.header("etag"), "W/\"2\"");
    assert!(answer.json["gender"] == "male" && answer.json.get("address").is_none());
    assert_eq!(answer.json["birthDate"], "1941-03-09");
    // Plain JSON is what its content says.
    let answer = patch("application/json", json!({"gender": null})).await.expect(200);
    assert!(answer.json.get("gender").is_none());
    let operations = json!([{"op": "add", "path": "/gender", "value": "other"}]);
    assert_eq!(patch("application/json", operations).await.expect(200).json["gender"], "other");
    let parameters = fhirpath_patch("replace", "Patient.gender", json!({"valueCode": "female"}));
    assert_eq!(patch("application/json", parameters).await.expect(200).json["gender"], "female");
    let etag = epr.get(&address).await.expect(200).header("etag").to_owned();
    for (body, status) in [
        (json!({"colour": "red"}), 400),
        (json!({"gender": "neither"}), 422),
        (json!({"id": "other"}), 422),
        (json!({"resourceType": "Person"}), 422),
        (json!([]), 400),
        (json!("gender"), 400),
    ] {
        let answer = patch(merge, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    assert_eq!(epr.get(&address).await.expect(200).header("etag"), etag);
}
