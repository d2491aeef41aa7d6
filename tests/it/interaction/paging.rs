//! Pages of a search, walked while others write, <https://hl7.org/fhir/R4/http.html#paging>.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tests::{Caller, TestServer, builders, client::encode};

const TOTAL: usize = 130;

async fn fill(caller: &Caller) -> HashSet<String> {
    let entries: Vec<_> = (0..TOTAL)
        .map(|at| {
            let mut patient = builders::patient();
            patient["name"][0]["family"] = format!("Walker{:02}", at % 7).into();
            patient["birthDate"] = format!("19{:02}-0{}-11", at % 90 + 10, at % 9 + 1).into();
            if at % 3 == 0 {
                patient.as_object_mut().unwrap().shift_remove("birthDate");
            }
            json!({"resource": patient, "request": {"method": "POST", "url": "Patient"}})
        })
        .collect();
    let answer = caller.post("", &builders::transaction(&entries)).await.expect(200);
    answer.entries().iter().map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_repeated_and_nothing_is_lost() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let all = fill(&epr).await;
    for (at, sort) in [
        "",
        "_lastUpdated",
        "-_lastUpdated",
        "birthdate",
        "-birthdate",
        "family,-birthdate",
        "_id",
        "-_id",
        "given",
    ]
    .into_iter()
    .enumerate()
    {
        let sorted = if sort.is_empty() { String::new() } else { format!("&_sort={sort}") };
        let mut next = Some(format!("Patient?family=Walker&_count=17{sorted}"));
        let mut seen = Vec::new();
        let mut pages = 0;
        while let Some(address) = next {
            let page = epr.get(&address).await.expect(200);
            assert!(page.entries().len() <= 17, "{sort}");
            seen.extend(page.ids("match"));
            next = page.link("next").map(str::to_owned);
            pages += 1;
            if let Some(next) = &next {
                assert!(next.starts_with(&server.base) && next.contains("_count=17"), "{next}");
            }
            // What is written meanwhile matches too, and sorts anywhere.
            let mut other = builders::patient();
            other["name"][0]["family"] = format!("Walker{:02}x{at}", pages % 7).into();
            epr.post("Patient", &other).await.expect(201);
        }
        let found: HashSet<String> = seen.iter().cloned().collect();
        assert_eq!(found.len(), seen.len(), "{sort}: something was repeated");
        assert!(all.is_subset(&found), "{sort}: {} were lost", all.difference(&found).count());
        assert!(pages >= TOTAL / 17, "{sort}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_for_its_own_search_alone() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    fill(&epr).await;
    let page = epr.get("Patient?family=Walker&_count=10&_sort=birthdate").await.expect(200);
    let next = page.link("next").unwrap().to_owned();
    epr.get(&next).await.expect(200);
    let cursor = next.split("_cursor=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let flipped = if cursor.ends_with('A') { "B" } else { "A" };
    for (name, address) in [
        ("another last letter", format!("{}{flipped}", &next[..next.len() - 1])),
        ("shorter", next.replace(&cursor, &cursor[..cursor.len() / 2])),
        ("nonsense", next.replace(&cursor, "nonsense")),
        ("an injection", next.replace(&cursor, &encode("' OR 1=1 --"))),
        ("twice", format!("{next}&_cursor={cursor}")),
        ("another sort", next.replace("_sort=birthdate", "_sort=-birthdate")),
        ("another filter", next.replace("family=Walker", "family=W")),
        ("another type", next.replace("/Patient?", "/Practitioner?")),
    ] {
        let answer = epr.get(&address).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
    }
    // The cursor of one caller says nothing about what another may see.
    let other = server.caller("council").get(&next).await;
    assert!(other.status == 400 || other.entries().is_empty(), "{}", other.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_totals() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    fill(&epr).await;
    let search = |query: &str| {
        let address = format!("Patient?family=Walker&{query}");
        let epr = epr.clone();
        async move { epr.get(&address).await }
    };
    for (query, entries, total, has_next) in [
        ("", 50, None, true),
        ("_count=1000", TOTAL, Some(TOTAL), false),
        ("_count=100000", TOTAL, Some(TOTAL), false),
        ("_count=130", TOTAL, Some(TOTAL), false),
        ("_count=10&_total=none", 10, None, true),
        ("_count=10&_total=accurate", 10, Some(TOTAL), true),
        ("_count=0", 0, Some(TOTAL), false),
        ("_summary=count", 0, Some(TOTAL), false),
    ] {
        let answer = search(query).await.expect(200);
        assert_eq!(answer.entries().len(), entries, "{query}");
        assert_eq!(answer.json["total"].as_u64(), total.map(|total| total as u64), "{query}");
        assert_eq!(answer.link("next").is_some(), has_next, "{query}");
        assert!(answer.link("self").is_some(), "{query}");
    }
    let capped = search("_count=100000").await.expect(200);
    assert!(capped.link("self").unwrap().contains("_count=1000"));
    for query in ["_count=-1", "_count=abc", "_count=1.5", "_total=some", "_summary=x", "_count=1&_count=2"] {
        search(query).await.expect(400);
    }
}

/// How many matches the long walk goes through.
const MANY: usize = 10_000;

/// Every kind of order: of updates, of identities, of dates with a column of their own, tokens, identifiers, quantities, texts, references,
/// and several. Some matches have no date, half have no quantity and no identifier, and the others no text.
const ORDERS: [&str; 16] = [
    "-_lastUpdated",
    "_lastUpdated",
    "_id",
    "-_id",
    "date",
    "-date",
    "date,-value-quantity",
    "-code,status,_id",
    "value-quantity",
    "-value-quantity",
    "value-string",
    "-value-string,date",
    "subject,-date",
    "status,-date,code",
    "identifier",
    "-identifier,date",
];

fn observation(at: usize) -> Value {
    let mut observation = json!({
        "resourceType": "Observation", "status": if at.is_multiple_of(3) { "final" } else { "amended" },
        "code": {"coding": [{"system": "urn:l", "code": format!("c{}", at % 11)}]},
        "subject": {"reference": format!("https://elsewhere.example/fhir/Patient/{}", at % 5)}
    });
    if at.is_multiple_of(2) {
        observation["valueQuantity"] = json!({"value": at % 37});
    } else {
        observation["valueString"] = format!("v{}", at % 41).into();
        observation["identifier"] = json!([{"system": "urn:i", "value": format!("i{}", at % 29)}]);
    }
    if !at.is_multiple_of(13) {
        observation["effectiveDateTime"] = format!("2026-01-{:02}", at % 27 + 1).into();
    }
    observation
}

fn risk(at: usize) -> Value {
    json!({
        "resourceType": "RiskAssessment", "status": "final", "subject": {"display": "Nobody"},
        "prediction": [{"probabilityDecimal": (at % 37) as f64 / 64.0}]
    })
}

/// Puts so many of them there, under the ids w0, w1 …
async fn load(caller: &Caller, count: usize, make: fn(usize) -> Value) {
    for few in (0..count).collect::<Vec<_>>().chunks(200) {
        let entry = |at: &usize| {
            let mut resource = make(*at);
            resource["id"] = format!("w{at}").into();
            let url = format!("{}/w{at}", resource["resourceType"].as_str().unwrap());
            json!({"request": {"method": "PUT", "url": url}, "resource": resource})
        };
        let entries: Vec<_> = few.iter().map(entry).collect();
        caller.post("", &builders::transaction(&entries)).await.expect(200);
    }
}

/// Deletes, makes and changes one after the other those whose number ends with 9, and others that match as well, until it is stopped.
async fn write(caller: Caller, count: usize, make: fn(usize) -> Value, stop: Arc<AtomicBool>) {
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut resource = make(round + 1);
        let resource_type = resource["resourceType"].as_str().unwrap().to_owned();
        let id = format!("w{}", (round * 70 + 9) % count);
        let address = format!("{resource_type}/{id}");
        let answer = match round % 3 {
            0 => caller.delete(&address).await,
            1 => caller.post(&resource_type, &resource).await,
            _ => {
                resource["id"] = id.into();
                caller.put(&address, &resource).await
            }
        };
        assert!(answer.status < 300, "{}", answer.text());
        round += 1;
    }
}

/// Walks from page to page: what nobody touches is met once each.
async fn walk(caller: Caller, address: String, stays: &HashSet<String>) {
    let mut next = Some(address.clone());
    let mut seen = Vec::new();
    while let Some(page) = next {
        let page = caller.get(&page).await.expect(200);
        seen.extend(page.ids("match").into_iter().filter(|id| stays.contains(id)));
        next = page.link("next").map(str::to_owned);
    }
    let found: HashSet<String> = seen.iter().cloned().collect();
    assert_eq!(found.len(), seen.len(), "{address}: something was repeated");
    let lost: Vec<_> = stays.difference(&found).take(5).collect();
    assert!(lost.is_empty(), "{address}: {lost:?} and {} in all were lost", stays.len() - found.len());
}

/// Pages of many matches in every kind of order, while others are made, changed and deleted all the time.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_walk_among_writers() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    tokio::join!(load(&epr, MANY, observation), load(&epr, MANY, risk));
    let stay = |count: usize| (0..count).filter(|at| at % 10 != 9).map(|at| format!("w{at}")).collect();
    let (observations, risks): (HashSet<String>, HashSet<String>) = (stay(MANY), stay(MANY));
    let stop = Arc::new(AtomicBool::new(false));
    let writers = [
        tokio::spawn(write(epr.clone(), MANY, observation, Arc::clone(&stop))),
        tokio::spawn(write(epr.clone(), MANY, risk, Arc::clone(&stop))),
    ];
    let numbered = ["probability", "-probability"]
        .map(|sort| walk(epr.clone(), format!("RiskAssessment?_count=900&_sort={sort}"), &risks));
    futures_util::future::join_all(numbered).await;
    // A few at once: the server of a test has one thread and few connections.
    for few in ORDERS.chunks(3) {
        let walks = few
            .iter()
            .map(|sort| walk(epr.clone(), format!("Observation?_count=900&_sort={sort}"), &observations));
        futures_util::future::join_all(walks).await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
}
