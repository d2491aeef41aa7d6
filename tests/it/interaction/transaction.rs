//! transaction, <https://hl7.org/fhir/R4/http.html#trules>.

mod conditions;

use serde_json::{Value, json};
use tests::{TestReceiver, TestServer, builders};

const PERSON: &str = "urn:uuid:1c5e5e9e-0000-4000-8000-000000000001";
const NOTE: &str = "urn:uuid:1c5e5e9e-0000-4000-8000-000000000002";

fn observation(subject: &str) -> Value {
    json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": subject}
    })
}

fn statuses(answer: &tests::Answer) -> Vec<String> {
    answer.entries().iter().map(|e| e["response"]["status"].as_str().unwrap_or("?")[..3].to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_refer_to_each_other_in_any_order() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut note = observation(PERSON);
    note["hasMember"] = json!([{"reference": "urn:uuid:1c5e5e9e-0000-4000-8000-000000000003"}]);
    note["note"] = json!([{"text": PERSON}]);
    note["extension"] = json!([{"url": "https://x.example/e", "valueReference": {"reference": PERSON}}]);
    note["contained"] = json!([{"resourceType": "Observation", "id": "c", "status": "final", "code": {"text": "y"}, "subject": {"reference": PERSON}}]);
    note["derivedFrom"] = json!([{"reference": "#c"}]);
    let mut member = observation(PERSON);
    member["identifier"] = json!([{"system": "urn:ietf:rfc:3986", "value": PERSON}]);
    let entries = [
        builders::create_entry(PERSON, &builders::patient()),
        builders::create_entry(NOTE, &note),
        builders::create_entry("urn:uuid:1c5e5e9e-0000-4000-8000-000000000003", &member),
        json!({"request": {"method": "GET", "url": "Organization/leeds-hub"}}),
    ];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
        let bundle = builders::transaction(&order.map(|at| entries[at].clone()));
        let answer = epr.post("", &bundle).await.expect(200);
        assert_eq!(answer.json["type"], "transaction-response");
        let at = |entry: usize| {
            let place = order.iter().position(|place| *place == entry).unwrap();
            &answer.entries()[place]["resource"]
        };
        let [patient, note, member] = [at(0), at(1), at(2)];
        let reference = format!("Patient/{}", patient["id"].as_str().unwrap());
        assert_eq!(note["subject"]["reference"], reference);
        assert_eq!(note["extension"][0]["valueReference"]["reference"], reference);
        assert_eq!(note["contained"][0]["subject"]["reference"], reference);
        assert_eq!(note["derivedFrom"][0]["reference"], "#c");
        assert_eq!(
            note["hasMember"][0]["reference"],
            format!("Observation/{}", member["id"].as_str().unwrap())
        );
        assert_eq!(note["note"][0]["text"], PERSON, "what is text stays text");
        assert_eq!(member["identifier"][0]["value"], PERSON, "an identifier is no reference");
        assert_eq!(at(3)["id"], "leeds-hub");
        for entry in answer.entries().iter().filter(|e| e["response"]["location"].is_string()) {
            let location = entry["response"]["location"].as_str().unwrap();
            let read = epr.get(location).await.expect(200);
            assert_eq!(read.header("etag"), entry["response"]["etag"].as_str().unwrap());
            assert_eq!(read.json, entry["resource"], "what is answered is what is stored");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_or_nothing() {
    let server = TestServer::start().await;
    let (receiver, epr) = (TestReceiver::start().await, server.caller("epr"));
    epr.post("Subscription", &builders::subscription("discharge-ready", &receiver.endpoint, &[]))
        .await
        .expect(201);
    server.settle().await;
    let rows = "SELECT (SELECT count(*) FROM version) + (SELECT count(*) FROM resource) + (SELECT count(*) FROM audit) \
                + (SELECT count(*) FROM identifier_index) + (SELECT count(*) FROM change_queue)";
    let before = server.count(rows).await;
    let good = [
        builders::create_entry(PERSON, &builders::patient()),
        builders::create_entry("urn:uuid:2", &builders::discharge_plan(PERSON, &builders::hours_ago(30))),
    ];
    for (last, status, expression) in [
        (
            json!({"resource": {"resourceType": "Patient", "x": 1}, "request": {"method": "POST", "url": "Patient"}}),
            400,
            "Bundle.entry[2].resource.x",
        ),
        (
            json!({"resource": {"resourceType": "Observation", "code": {"text": "x"}}, "request": {"method": "POST", "url": "Observation"}}),
            422,
            "Bundle.entry[2].resource.status",
        ),
        (
            builders::create_entry("urn:x", &observation("Patient/nobody")),
            422,
            "Bundle.entry[2].resource.subject",
        ),
        (
            builders::create_entry("urn:x", &observation("urn:uuid:unknown")),
            400,
            "Bundle.entry[2].resource.subject",
        ),
        (
            builders::create_entry("urn:x", &observation("Patient?identifier=nobody")),
            412,
            "Bundle.entry[2].resource.subject",
        ),
        (json!({"request": {"method": "DELETE", "url": "Task/x"}}), 405, ""),
        (json!({"request": {"method": "GET"}}), 400, "Bundle.entry[2].request.url"),
        (
            json!({"resource": {"resourceType": "Location", "id": "ward-7"}, "request": {"method": "PUT", "url": "Location/ward-7", "ifMatch": "W/\"9\""}}),
            412,
            "",
        ),
    ] {
        let answer =
            epr.post("", &builders::transaction(&[good[0].clone(), good[1].clone(), last.clone()])).await;
        assert_eq!(answer.status, status, "{last}: {}", answer.text());
        let is_placed = answer.expressions().iter().any(|found| found.starts_with(expression));
        assert!(expression.is_empty() || is_placed, "{expression}: {}", answer.text());
        assert_eq!(server.count(rows).await, before, "something of it was written: {last}");
    }
    server.settle().await;
    assert!(receiver.events().is_empty(), "somebody was told of what did not happen");
    epr.post("", &builders::transaction(&good)).await.expect(200);
    server.settle().await;
    assert_eq!(receiver.events().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_written_once() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let location = |name: &str| {
        json!({
            "resource": {"resourceType": "Location", "id": "twice", "name": name},
            "request": {"method": "PUT", "url": "Location/twice"}
        })
    };
    epr.post("", &builders::transaction(&[location("a"), location("b")])).await.expect(400);
    let delete = json!({"request": {"method": "DELETE", "url": "Location/twice"}});
    epr.get("Location/twice").await.expect(404);
    epr.post("", &builders::transaction(&[location("a")])).await.expect(200);
    epr.post("", &builders::transaction(&[location("b"), delete])).await.expect(400);
    assert_eq!(epr.get("Location/twice").await.expect(200).json["name"], "a");
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_come_first_and_reads_come_last() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let old = epr.post("Patient", &builders::patient()).await.expect(201);
    let number = old.json["identifier"][0]["value"].as_str().unwrap();
    let mut location = json!({"resourceType": "Location", "id": "ward-8", "name": "Ward 8"});
    epr.put("Location/ward-8", &location).await.expect(201);
    location["name"] = "Ward eight".into();
    let bundle = builders::transaction(&[
        json!({"request": {"method": "GET", "url": "Location/ward-8"}}),
        json!({"request": {"method": "GET", "url": format!("Patient?identifier={number}")}}),
        json!({"resource": location, "request": {"method": "PUT", "url": "Location/ward-8", "ifMatch": "W/\"1\""}}),
        builders::create_entry(PERSON, &old.json),
        json!({"request": {"method": "DELETE", "url": old.reference()}}),
    ]);
    let answer = epr.post("", &bundle).await.expect(200);
    assert_eq!(statuses(&answer), ["200", "200", "200", "201", "204"]);
    assert_eq!(answer.entries()[0]["resource"]["name"], "Ward eight");
    let found = answer.entries()[1]["resource"]["entry"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["resource"]["id"], answer.entries()[3]["resource"]["id"]);
    assert_ne!(found[0]["resource"]["id"], old.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_not_referred_to() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let bundle = builders::transaction(&[
        builders::create_entry("urn:uuid:2", &observation(&patient)),
        json!({"request": {"method": "DELETE", "url": patient}}),
    ]);
    let refused = epr.post("", &bundle).await.expect(422);
    assert_eq!(refused.expressions(), ["Bundle.entry[0].resource.subject.reference"]);
    epr.get(&patient).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn full_urls_of_the_sender_are_ours_afterwards() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let bundle = builders::transaction(&[
        builders::create_entry("https://epr.example/fhir/Patient/123", &builders::patient()),
        builders::create_entry("urn:uuid:2", &observation("Patient/123")),
        builders::create_entry("urn:uuid:3", &observation("https://epr.example/fhir/Patient/123")),
        builders::create_entry("urn:uuid:4", &observation("https://other.example/Patient/9")),
    ]);
    let answer = epr.post("", &bundle).await.expect(200);
    let subject = |at: usize| &answer.entries()[at]["resource"]["subject"]["reference"];
    let reference = format!("Patient/{}", answer.entries()[0]["resource"]["id"].as_str().unwrap());
    assert_ne!(reference, "Patient/123");
    assert_eq!((subject(1), subject(2)), (&json!(reference), &json!(reference)));
    assert_eq!(subject(3), "https://other.example/Patient/9");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_entries_in_one() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut entries = vec![builders::create_entry(PERSON, &builders::patient())];
    entries.extend((0..200).map(|at| builders::create_entry(&format!("urn:x:{at}"), &observation(PERSON))));
    let answer = epr.post("", &builders::transaction(&entries)).await.expect(200);
    assert_eq!(answer.entries().len(), 201);
    assert!(statuses(&answer).iter().all(|status| status == "201"));
    let patient = answer.entries()[0]["resource"]["id"].as_str().unwrap();
    let found = epr.get(&format!("Observation?subject=Patient/{patient}&_summary=count")).await.expect(200);
    assert_eq!(found.json["total"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_undoes_all() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    let number = patient["identifier"][0]["value"].as_str().unwrap();
    let get = |url: &str| json!({"request": {"method": "GET", "url": url}});
    for (url, status) in [
        ("Patient/nobody", 404),
        ("Patient?nonsense=x", 400),
        ("Patient/patient-1/_history/99", 404),
        ("Patient/$nonsense", 404),
    ] {
        let bundle = builders::transaction(&[get(url), builders::create_entry(PERSON, &patient)]);
        let refused = epr.post("", &bundle).await.expect(status);
        assert_eq!(refused.json["resourceType"], "OperationOutcome");
        assert!(
            refused.expressions().iter().all(|at| at.starts_with("Bundle.entry[0]")),
            "{url}: {}",
            refused.text()
        );
        let found = epr.get(&format!("Patient?identifier={number}")).await.expect(200);
        assert_eq!(found.matches().len(), 0, "{url}");
    }
    let only_reads =
        builders::transaction(&[get("Patient/patient-1"), get("Organization/leeds-hub/_history")]);
    assert_eq!(statuses(&epr.post("", &only_reads).await.expect(200)), ["200", "200"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_in_entries_are_conditional_as_well() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let read = |method: &str, more: Value| {
        let mut request = json!({"method": method, "url": patient});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"request": request})
    };
    for kind in ["batch", "transaction"] {
        let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": [
            read("GET", json!({"ifNoneMatch": "W/\"1\""})), read("GET", json!({"ifNoneMatch": "W/\"2\""})),
            read("GET", json!({"ifModifiedSince": "2100-01-01T00:00:00Z"})),
            read("GET", json!({"ifModifiedSince": "2020-01-01T00:00:00Z"})), read("HEAD", json!({}))
        ]});
        let answer = epr.post("", &bundle).await.expect(200);
        assert_eq!(statuses(&answer), ["304", "200", "304", "200", "200"], "{kind}");
        let with_resource: Vec<_> =
            answer.entries().iter().map(|entry| entry["resource"].is_object()).collect();
        assert_eq!(with_resource, [false, true, false, true, false], "{kind}");
    }
    let malformed = builders::transaction(&[read("GET", json!({"ifModifiedSince": "2020-01-01T00:00:00"}))]);
    let refused = epr.post("", &malformed).await.expect(400);
    assert_eq!(refused.expressions(), ["Bundle.entry[0].request.ifModifiedSince"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_gives_up_is_done_again() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let client = server.database.connect().await;
    // Fails so many times in a row; a sequence is not undone with its transaction.
    let install = |state: &str, times: u32| {
        format!(
            "DROP TRIGGER IF EXISTS give_up ON version; DROP SEQUENCE IF EXISTS attempts; CREATE SEQUENCE attempts;
             CREATE OR REPLACE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF nextval('attempts') <= {times} THEN RAISE EXCEPTION 'given up' USING ERRCODE = '{state}'; END IF;
                 RETURN NULL;
             END $$;
             CREATE TRIGGER give_up AFTER INSERT ON version FOR EACH STATEMENT EXECUTE FUNCTION give_up();"
        )
    };
    let read = json!({"request": {"method": "GET", "url": "Organization/leeds-hub"}});
    for (state, times, status) in
        [("40001", 2, 200), ("40P01", 2, 200), ("40001", 1000, 409), ("40P01", 1000, 409)]
    {
        for reads in [false, true] {
            client.batch_execute(&install(state, times)).await.unwrap();
            let patient = builders::patient();
            let number = patient["identifier"][0]["value"].as_str().unwrap();
            let mut entries = vec![
                builders::create_entry(PERSON, &patient),
                builders::create_entry(NOTE, &observation(PERSON)),
            ];
            entries.extend(reads.then(|| read.clone()));
            let answer = epr.post("", &builders::transaction(&entries)).await.expect(status);
            let found = epr
                .get(&format!("Patient?identifier={number}&_revinclude=Observation:subject"))
                .await
                .expect(200);
            let there = if status == 200 { 2 } else { 0 };
            assert_eq!(found.entries().len(), there, "{state} {times} {}", answer.text());
        }
    }
    client.batch_execute("DROP TRIGGER give_up ON version").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn references_to_a_version_are_to_the_one_that_is_left() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let there = epr.post("Patient", &builders::patient()).await.expect(201).json;
    let id = there["id"].as_str().unwrap();
    let updated = |gender: &str| {
        let mut patient = there.clone();
        patient["gender"] = gender.into();
        json!({
            "fullUrl": format!("https://their.example/Patient/{id}"), "resource": patient,
            "request": {"method": "PUT", "url": format!("Patient/{id}")}
        })
    };
    let new = builders::create_entry("https://their.example/Patient/77", &builders::patient());
    let mut note = observation("https://their.example/Patient/77/_history/4");
    note["focus"] = json!([{"reference": format!("https://their.example/Patient/{id}/_history/9")}, {"reference": "Patient/77"}]);
    let note = builders::create_entry("https://their.example/Observation/1", &note);
    for (gender, version) in [("male", 2), ("male", 2), ("female", 3)] {
        let bundle = builders::transaction(&[note.clone(), new.clone(), updated(gender)]);
        let answer = epr.post("", &bundle).await.expect(200);
        let [note, new] = [0, 1].map(|at| &answer.entries()[at]["resource"]);
        let new = format!("Patient/{}", new["id"].as_str().unwrap());
        assert_eq!(note["subject"]["reference"], format!("{new}/_history/1"));
        assert_eq!(note["focus"][1]["reference"], new);
        let left = note["focus"][0]["reference"].as_str().unwrap();
        assert_eq!(left, format!("Patient/{id}/_history/{version}"), "{gender}");
        assert_eq!(epr.get(left).await.expect(200).json["gender"], gender);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_with_the_same_ids_are_kept_apart() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut entries = Vec::new();
    for source in ["https://a.example", "https://b.example"] {
        let mut patient = builders::patient();
        patient["name"][0]["family"] = source.into();
        entries.push(builders::create_entry(&format!("{source}/Patient/1"), &patient));
        entries.push(builders::create_entry(&format!("{source}/Observation/1"), &observation("Patient/1")));
    }
    let answer = epr.post("", &builders::transaction(&entries)).await.expect(200);
    for at in [0, 2] {
        let patient = answer.entries()[at]["resource"]["id"].as_str().unwrap();
        let subject = &answer.entries()[at + 1]["resource"]["subject"]["reference"];
        assert_eq!(*subject, format!("Patient/{patient}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_within_is_left_alone() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let inner = json!({
        "fullUrl": "urn:uuid:1c5e5e9e-0000-4000-8000-00000000000a",
        "resource": observation("urn:uuid:1c5e5e9e-0000-4000-8000-00000000000b")
    });
    let other =
        json!({"fullUrl": "https://their.example/Observation/9", "resource": observation("Patient/9")});
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [inner, other]});
    let entries =
        [builders::create_entry(PERSON, &builders::patient()), builders::create_entry(NOTE, &bundle)];
    let answer = epr.post("", &builders::transaction(&entries)).await.expect(200);
    assert_eq!(answer.entries()[1]["resource"]["entry"], bundle["entry"]);
    epr.post("Bundle", &bundle).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entry_changes_a_resource() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let there = epr.post("Patient", &builders::patient()).await.expect(201).json;
    let url = format!("Patient/{}", there["id"].as_str().unwrap());
    let nobody = json!({"resourceType": "Patient", "id": "nobody-yet"});
    let put =
        |url: &str, patient: &Value| json!({"resource": patient, "request": {"method": "PUT", "url": url}});
    let delete = |url: &str| json!({"request": {"method": "DELETE", "url": url}});
    let patch = json!({
        "resource": {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
            {"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.photo"}
        ]}]},
        "request": {"method": "PATCH", "url": url}
    });
    let condition = format!("Patient?identifier={}", there["identifier"][0]["value"].as_str().unwrap());
    for (what, entries) in [
        (
            "delete and update of nothing",
            vec![delete("Patient/nobody-yet"), put("Patient/nobody-yet", &nobody)],
        ),
        ("two deletes of nothing", vec![delete("Patient/nobody-yet"), delete("Patient/nobody-yet")]),
        ("two updates that change nothing", vec![put(&url, &there), put(&url, &there)]),
        ("an update and a patch that change nothing", vec![put(&url, &there), patch.clone()]),
        ("an update and a conditional one", vec![put(&url, &there), put(&condition, &there)]),
        ("a delete and a conditional one", vec![delete(&url), delete(&condition)]),
    ] {
        let answer = epr.post("", &builders::transaction(&entries)).await;
        // A condition does not see what is deleted.
        let status = if what == "a delete and a conditional one" { 200 } else { 400 };
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
    }
    epr.get("Patient/nobody-yet").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_and_conditions_are_those_of_requests() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let there = epr.post("Patient", &builders::patient()).await.expect(201).json;
    let url = format!("Patient/{}", there["id"].as_str().unwrap());
    // [{"op":"add","path":"/active","value":true}]
    let json_patch = json!({
        "resourceType": "Binary", "contentType": "application/json-patch+json",
        "data": "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2FjdGl2ZSIsInZhbHVlIjp0cnVlfV0="
    });
    let parameters = json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Patient.active"},
        {"name": "value", "valueBoolean": false}
    ]}]});
    let entry = |method: &str, url: &str, resource: Option<&Value>, conditions: Value| {
        let mut entry = json!({"request": {"method": method, "url": url}});
        for (name, value) in conditions.as_object().unwrap() {
            entry["request"][name] = value.clone();
        }
        if let Some(resource) = resource {
            entry["resource"] = resource.clone();
        }
        entry
    };
    let send = async |kind: &str, entries: &[Value]| {
        epr.post("", &json!({"resourceType": "Bundle", "type": kind, "entry": entries})).await
    };
    for kind in ["batch", "transaction"] {
        let before = epr.get(&url).await.expect(200).header("etag").to_owned();
        let good = entry("PATCH", &url, Some(&json_patch), json!({"ifMatch": before}));
        assert_eq!(statuses(&send(kind, &[good]).await.expect(200)), ["200"]);
        assert_eq!(epr.get(&url).await.expect(200).json["active"], true);
        let now = epr.get(&url).await.expect(200).header("etag").to_owned();
        for (method, resource) in [("PATCH", Some(&parameters)), ("PUT", Some(&there)), ("DELETE", None)] {
            let stale = send(kind, &[entry(method, &url, resource, json!({"ifMatch": before}))]).await;
            let found = if kind == "batch" {
                statuses(&stale.expect(200)).remove(0)
            } else {
                stale.status.to_string()
            };
            assert_eq!(found, "412", "{kind} {method}");
        }
        let condition = format!("Patient?identifier={}", there["identifier"][0]["value"].as_str().unwrap());
        let good = entry("PATCH", &condition, Some(&parameters), json!({"ifMatch": now}));
        assert_eq!(statuses(&send(kind, &[good]).await.expect(200)), ["200"]);
        let now = epr.get(&url).await.expect(200);
        assert_eq!(now.json["active"], false);
        let modified = now.json["meta"]["lastUpdated"].as_str().unwrap();
        let reads = [
            entry("GET", &url, None, json!({"ifNoneMatch": now.header("etag")})),
            entry("HEAD", &url, None, json!({})),
            entry("GET", &url, None, json!({"ifModifiedSince": modified})),
            entry("GET", &format!("{url}?_format=xml&_pretty=true"), None, json!({})),
            entry("GET", &format!("Patient?_id={}&_format=json", now.id()), None, json!({})),
        ];
        let answer = send(kind, &reads).await.expect(200);
        assert_eq!(statuses(&answer), ["304", "200", "304", "200", "200"], "{kind}");
        let has = |at: usize| answer.entries()[at].get("resource").is_some();
        assert_eq!([0, 1, 2, 3, 4].map(has), [false, false, false, true, true], "{kind}");
        let taken = entry("PUT", &url, Some(&there), json!({"ifNoneMatch": "*"}));
        let answer = send(kind, &[taken]).await;
        let found = if kind == "batch" { statuses(&answer).remove(0) } else { answer.status.to_string() };
        assert_eq!(found, "412", "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_changes_something_is_no_entry() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let url = epr.post("Patient", &builders::patient()).await.expect(201).reference();
    let meta = json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}]});
    let add = json!({"resource": meta, "request": {"method": "POST", "url": format!("{url}/$meta-add")}});
    let bundle = builders::transaction(&[add.clone(), builders::create_entry(PERSON, &builders::patient())]);
    epr.post("", &bundle).await.expect(422);
    assert_eq!(epr.get(&url).await.expect(200).header("etag"), "W/\"1\"");
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [add]});
    assert_eq!(statuses(&epr.post("", &batch).await.expect(200)), ["200"]);
    assert_eq!(epr.get(&url).await.expect(200).json["meta"]["tag"][0]["code"], "x");
    let look = json!({"request": {"method": "GET", "url": format!("{url}/$meta")}});
    assert_eq!(statuses(&epr.post("", &builders::transaction(&[look])).await.expect(200)), ["200"]);
}
