//! An export is of one moment: what was committed until then is in it, as it was then, and nothing that came after.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tests::{Caller, TestServer, place};

use super::{Export, Holding, address_of};

/// Address and version of everything that was there at a time, as the versions say it.
async fn there_at(server: &TestServer, time: &str) -> BTreeMap<String, String> {
    let sql = "SELECT DISTINCT ON (key) id, version_id::text AS version, operation FROM version \
               WHERE resource_type = (SELECT resource_type FROM version WHERE id = 'first' LIMIT 1) \
               AND date_trunc('milliseconds', last_updated) <= $1::text::timestamptz ORDER BY key, version_id DESC";
    let rows = server.database.connect().await.query(sql, &[&time]).await.unwrap();
    rows.iter()
        .filter(|row| row.get::<_, &str>(2) != "delete")
        .map(|row| (format!("Observation/{}", row.get::<_, &str>(0)), row.get(1)))
        .collect()
}

/// Creates, updates and deletes until it is told to stop.
async fn write(caller: Caller, name: usize, stop: Arc<AtomicBool>) {
    let observation = |id: &str, round: usize| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": format!("{round}")},
            "performer": [{"reference": place::HUB}]})
    };
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        let id = format!("w{name}-{}", round % 7);
        if round % 5 == 4 {
            caller.delete(&format!("Observation/{id}")).await.expect(204);
        } else {
            let answer = caller.put(&format!("Observation/{id}"), &observation(&id, round)).await;
            assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        }
        round += 1;
    }
}

fn version_of(line: &Value) -> (String, String) {
    (address_of(line), line["meta"]["versionId"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_write_meanwhile_is_in_it_or_not_by_the_time_it_tells() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let first = json!({"resourceType": "Observation", "id": "first", "status": "final", "code": {"text": "x"},
        "performer": [{"reference": place::HUB}]});
    hub.put("Observation/first", &first).await.expect(201);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..6).map(|name| tokio::spawn(write(hub.clone(), name, Arc::clone(&stop)))).collect();
    let mut copy = BTreeMap::new();
    let mut since: Option<String> = None;
    for round in 0..12 {
        let export =
            Export::begin(&hub, "$export?_type=Observation&_typeFilter=Observation%3Fstatus%3Dfinal").await;
        let lines = export.lines("output").await;
        let time = export.manifest().await["transactionTime"].as_str().unwrap().to_owned();
        let found: BTreeMap<_, _> = lines.iter().map(version_of).collect();
        assert_eq!(found, there_at(&server, &time).await, "in round {round}");
        // A copy that is kept up by what changed since the last time.
        let address = match &since {
            Some(since) => format!("$export?_type=Observation&_since={since}"),
            None => "$export?_type=Observation".to_owned(),
        };
        let changes = Export::begin(&hub, &address).await;
        for bundle in changes.lines("deleted").await {
            copy.remove(bundle["entry"][0]["request"]["url"].as_str().unwrap());
        }
        copy.extend(changes.lines("output").await.iter().map(version_of));
        let time = changes.manifest().await["transactionTime"].as_str().unwrap().to_owned();
        assert_eq!(copy, there_at(&server, &time).await, "in round {round}");
        since = Some(time);
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_late_to_commit_is_waited_for() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let first = json!({"resourceType": "Observation", "id": "first", "status": "final", "code": {"text": "x"},
        "performer": [{"reference": place::HUB}]});
    hub.put("Observation/first", &first).await.expect(201);
    // The second version is written, as the server would write it, and not committed.
    let writer = server.database.connect().await;
    writer
        .batch_execute(
            "BEGIN; INSERT INTO version SELECT nextval('version_seq'), key, 2, resource_type, id, 'update', clock_timestamp(), \
             dictionary, content, patient, parties, confidentiality FROM version WHERE id = 'first'; \
             UPDATE resource r SET version_id = 2, seq = v.seq, last_updated = v.last_updated \
             FROM version v WHERE v.id = 'first' AND v.version_id = 2 AND r.key = v.key",
        )
        .await
        .unwrap();
    let export = Export::begin(&hub, "$export?_type=Observation").await;
    // Nobody else is held up.
    for round in 0..20 {
        hub.post("Observation", &first).await.expect(201);
        assert_eq!(hub.get(&export.address).await.status, 202, "in round {round}");
    }
    writer.batch_execute("COMMIT").await.unwrap();
    let lines = export.lines("output").await;
    let time = export.manifest().await["transactionTime"].as_str().unwrap().to_owned();
    let found: BTreeMap<_, _> = lines.iter().map(version_of).collect();
    assert_eq!(found["Observation/first"], "2");
    assert_eq!(found, there_at(&server, &time).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_before_it_is_read_is_in_it_as_it_was() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = hub.post("Patient", &tests::builders::patient()).await.expect(201).reference();
    let mut ids = Vec::new();
    for at in 0..4 {
        let observation = json!({"resourceType": "Observation", "status": "preliminary", "code": {"text": format!("{at}")},
            "subject": {"reference": patient}, "performer": [{"reference": place::HUB}]});
        ids.push(hub.post("Observation", &observation).await.expect(201).json);
    }
    let [changes, goes, leaves, stays] = ids.as_slice() else { unreachable!() };
    let hold = Holding::begin(&server).await;
    // The moment is fixed when the export is taken; what follows happens before the database is read.
    let filters = "_type=Observation&_typeFilter=Observation%3Fstatus%3Dpreliminary";
    let all = Export::begin(&hub, &format!("$export?{filters}")).await;
    let of_person = Export::begin(&hub, &format!("Patient/$export?{filters}")).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '-- The transactions that are writing%' AND datname = current_database()";
    while server.count(waiting).await < 2 {}
    let mut changed = changes.clone();
    changed["code"]["text"] = json!("changed");
    hub.put_back(&changed).await.expect(200);
    hub.delete(&address_of(goes)).await.expect(204);
    let mut left = leaves.clone();
    left["status"] = json!("final");
    left.as_object_mut().unwrap().shift_remove("subject");
    hub.put_back(&left).await.expect(200);
    let mut new = changes.clone();
    new.as_object_mut().unwrap().shift_remove("id");
    hub.post("Observation", &new).await.expect(201);
    hold.end().await;
    for export in [all, of_person] {
        let mut found = export.lines("output").await;
        found.sort_by_key(address_of);
        let mut expect: Vec<Value> = vec![changes.clone(), goes.clone(), leaves.clone(), stays.clone()];
        expect.sort_by_key(address_of);
        assert_eq!(found, expect);
    }
}
