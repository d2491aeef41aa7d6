//! Who polls by `_since` or `_lastUpdated` is told everything, also what was committed later than what was written after it,
//! <https://hl7.org/fhir/R4/http.html#history>.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Caller, TestServer};

fn location(name: &str) -> Value {
    json!({"resourceType": "Location", "name": name})
}

/// The versions in an answer, as `Location/id version`, and when each was made.
fn versions(answer: &Answer) -> Vec<(String, String)> {
    let of = |entry: &Value| {
        let meta = &entry["resource"]["meta"];
        let name = format!("{} {}", entry["resource"]["id"].as_str().unwrap(), meta["versionId"]);
        (name, meta["lastUpdated"].as_str().unwrap().to_owned())
    };
    answer.entries().iter().map(of).collect()
}

/// What an answer says that it is of.
fn told(answer: &Answer) -> String {
    answer.json["meta"]["lastUpdated"].as_str().unwrap().to_owned()
}

/// The addresses by which somebody polls, from a time on.
fn polls(since: &str) -> [String; 5] {
    [
        format!("Location/_history?_since={since}"),
        format!("_history?_since={since}"),
        format!("Location?_lastUpdated=gt{since}"),
        format!("Location?_filter=_lastUpdated%20gt%20{since}"),
        format!("?_type=Location&_lastUpdated=ge{since}"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_late_is_told_once_it_is() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let first = hub.post("Location", &location("first")).await.expect(201).json;
    let since = first["meta"]["lastUpdated"].as_str().unwrap().to_owned();
    let late = format!("{} \"2\"", first["id"].as_str().unwrap());
    // The second version is written, as the server would write it, and not committed.
    let writer = server.database.connect().await;
    let id = first["id"].as_str().unwrap();
    let sql = format!(
        "BEGIN; INSERT INTO version SELECT nextval('version_seq'), key, 2, resource_type, id, 'update', clock_timestamp(), \
         dictionary, content, patient, parties, confidentiality FROM version WHERE id = '{id}'; \
         UPDATE resource r SET version_id = 2, seq = v.seq, last_updated = v.last_updated \
         FROM version v WHERE v.id = '{id}' AND v.version_id = 2 AND r.key = v.key"
    );
    writer.batch_execute(&sql).await.unwrap();
    // What is written after it is committed before it.
    let other = hub.post("Location", &location("other")).await.expect(201).json;
    let other = format!("{} \"1\"", other["id"].as_str().unwrap());
    let mut next = Vec::new();
    for address in polls(&since) {
        let answer = hub.get(&address).await.expect(200);
        let seen = versions(&answer);
        assert!(seen.iter().all(|(name, _)| *name != late), "{address}");
        let last = seen.iter().map(|(_, at)| at.clone()).max();
        next.push((seen, [told(&answer), last.unwrap_or_else(|| since.clone())]));
    }
    writer.batch_execute("COMMIT").await.unwrap();
    for (at, (before, from)) in next.iter().enumerate() {
        // Whether they go on from what the answer says or from the last time that they saw.
        for from in from {
            let address = &polls(from)[at];
            let answer = hub.get(address).await.expect(200);
            let seen: BTreeSet<_> =
                before.iter().cloned().chain(versions(&answer)).map(|(name, _)| name).collect();
            assert!(seen.contains(&late) && seen.contains(&other), "{address}: {seen:?}, {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_told_and_a_walk_is_of_one_moment() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let mut made = BTreeSet::new();
    let mut since = None;
    for at in 0..7 {
        let json = hub.post("Location", &location(&format!("l{at}"))).await.expect(201).json;
        since.get_or_insert_with(|| json["meta"]["lastUpdated"].as_str().unwrap().to_owned());
        made.insert(format!("{} \"1\"", json["id"].as_str().unwrap()));
    }
    let since = since.unwrap();
    for address in polls(&since).iter().filter(|address| !address.contains("gt")) {
        let mut next = Some(format!("{address}&_count=2"));
        let mut seen = Vec::new();
        let mut moments = BTreeSet::new();
        while let Some(page) = next {
            let page = hub.get(&page).await.expect(200);
            moments.insert(told(&page));
            seen.extend(versions(&page).into_iter().map(|(name, _)| name));
            next = page.link("next").map(str::to_owned);
            hub.post("Location", &location("meanwhile")).await.expect(201);
        }
        assert_eq!(moments.len(), 1, "{address}");
        let found: BTreeSet<_> = seen.iter().cloned().collect();
        assert!(found.len() == seen.len() && made.is_subset(&found), "{address}: {seen:?}");
    }
    // The self link is what was asked for: who asks it again is told of the present.
    let answer = hub.get(&format!("Location?_lastUpdated=ge{since}")).await.expect(200);
    assert_eq!(answer.link("self").unwrap().matches("_lastUpdated").count(), 1);
    // As many parameters as there may be leave room for the links of pages.
    let full = format!("Location?_lastUpdated=ge{since}&_count=1{}", "&status:missing=true".repeat(28));
    let page = hub.get(&full).await.expect(200);
    hub.get(page.link("next").unwrap()).await.expect(200);
    hub.get(&format!("{full}&status:missing=true")).await.expect(400);
    // Within a transaction, what it wrote itself is seen.
    let entries = [
        json!({"resource": location("within"), "request": {"method": "POST", "url": "Location"}}),
        json!({"request": {"method": "GET", "url": format!("Location?name=within&_lastUpdated=gt{since}")}}),
    ];
    let answer = hub.post("", &tests::builders::transaction(&entries)).await.expect(200);
    assert_eq!(answer.json["entry"][1]["resource"]["total"], 1, "{}", answer.text());
}

/// How many versions each of the writers makes.
const EACH: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_among_many_writers() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let since =
        hub.post("Location", &location("first")).await.expect(201).json["meta"]["lastUpdated"].clone();
    let since = since.as_str().unwrap();
    let left = AtomicUsize::new(4);
    let write = async |few: usize| {
        let mut made = Vec::new();
        for at in (0..EACH).step_by(few) {
            // Large transactions are committed long after they gave their first time.
            let entry = |at| json!({"resource": location(&format!("l{at}")), "request": {"method": "POST", "url": "Location"}});
            let entries: Vec<_> = (at..at + few).map(entry).collect();
            let answer = hub.post("", &tests::builders::transaction(&entries)).await.expect(200);
            let id = |entry: &Value| format!("{} \"1\"", entry["resource"]["id"].as_str().unwrap());
            made.extend(answer.entries().iter().map(id));
        }
        left.fetch_sub(1, Ordering::Relaxed);
        made
    };
    let by_what_it_tells = |answer: &Answer, _: &str| told(answer);
    let by_what_was_seen = |answer: &Answer, since: &str| {
        versions(answer).into_iter().map(|(_, at)| at).max().unwrap_or_else(|| since.to_owned())
    };
    let (made, one, another, third) = tokio::join!(
        join_all([1, 4, 10, 20].map(write)),
        poll(&hub, "Location/_history?_since=", since, &left, by_what_it_tells),
        poll(&hub, "Location/_history?_since=", since, &left, by_what_was_seen),
        poll(&hub, "Location?_lastUpdated=gt", since, &left, by_what_was_seen),
    );
    let made: BTreeSet<_> = made.into_iter().flatten().collect();
    assert_eq!(made.len(), 4 * EACH);
    for (name, seen) in [("told", one), ("seen", another), ("searched", third)] {
        let missed: Vec<_> = made.difference(&seen).collect();
        assert!(missed.is_empty(), "{name}: {} of {} were missed", missed.len(), made.len());
    }
}

/// Asks again and again from where the answer before left off, until all is written, and once after that. All that it saw.
async fn poll(
    caller: &Caller,
    address: &str,
    since: &str,
    left: &AtomicUsize,
    go_on: impl Fn(&Answer, &str) -> String,
) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut since = since.to_owned();
    loop {
        let is_last = left.load(Ordering::Relaxed) == 0;
        let answer = caller.get(&format!("{address}{since}&_count=1000")).await.expect(200);
        assert!(answer.link("next").is_none());
        since = go_on(&answer, &since);
        seen.extend(versions(&answer).into_iter().map(|(name, _)| name));
        if is_last {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_stays_open_stalls_nobody() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let writer = server.database.connect().await;
    writer.batch_execute("BEGIN; LOCK TABLE version IN ROW EXCLUSIVE MODE").await.unwrap();
    let made = hub.post("Location", &location("after")).await.expect(201).json;
    let id = made["id"].as_str().unwrap();
    // It is answered while the writer is open, of before it began.
    for address in polls("2020-01-01T00:00:00Z") {
        let answer = hub.get(&address).await.expect(200);
        assert!(!answer.text().contains(id), "{address}");
        assert!(told(&answer).as_str() < made["meta"]["lastUpdated"].as_str().unwrap(), "{address}");
    }
    // Whoever asks for the resource itself has it at once.
    hub.get(&format!("Location/{id}")).await.expect(200);
    let found = hub.get("Location?name=after").await.expect(200);
    assert_eq!(found.matches().len(), 1);
    let own = hub.get(&format!("Location/{id}/_history")).await.expect(200);
    assert_eq!(own.entries().len(), 1);
    writer.batch_execute("ROLLBACK").await.unwrap();
    let since = Instant::now();
    for address in polls("2020-01-01T00:00:00Z") {
        while !hub.get(&address).await.expect(200).text().contains(id) {
            assert!(since.elapsed() < Duration::from_secs(60), "{address}");
        }
    }
}
