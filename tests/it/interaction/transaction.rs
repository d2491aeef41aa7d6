//! transaction, <https://hl7.org/fhir/R4/http.html#trules>.

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
