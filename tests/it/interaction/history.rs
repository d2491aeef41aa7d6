//! The history of one resource, <https://hl7.org/fhir/R4/http.html#history>.

use serde_json::{Value, json};
use tests::{Answer, TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn newest_first_and_complete() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut patient = epr.post("Patient", &builders::patient()).await.expect(201).json;
    let id = patient["id"].as_str().unwrap().to_owned();
    let address = format!("Patient/{id}");
    for day in 1..4 {
        patient["birthDate"] = format!("1941-02-0{day}").into();
        patient = epr.put_back(&patient).await.expect(200).json;
    }
    epr.delete(&address).await.expect(204);
    let history = epr.get(&format!("{address}/_history")).await.expect(200);
    assert_eq!((&history.json["type"], &history.json["total"]), (&"history".into(), &5.into()));
    let told: Vec<_> = history
        .entries()
        .iter()
        .map(|entry| {
            assert_eq!(entry["fullUrl"], format!("{}/{address}", server.base));
            assert!(entry["response"]["lastModified"].is_string());
            let text = |at: &str| entry.pointer(at).and_then(|v| v.as_str()).unwrap_or("-").to_owned();
            [
                text("/request/method"),
                text("/request/url"),
                text("/response/etag"),
                text("/resource/meta/versionId"),
            ]
        })
        .collect();
    let expected = [
        ["DELETE", &address, "W/\"5\"", "-"],
        ["PUT", &address, "W/\"4\"", "4"],
        ["PUT", &address, "W/\"3\"", "3"],
        ["PUT", &address, "W/\"2\"", "2"],
        ["POST", "Patient", "W/\"1\"", "1"],
    ];
    assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_version_once() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut patient = epr.post("Patient", &builders::patient()).await.expect(201).json;
    let address = format!("Patient/{}", patient["id"].as_str().unwrap());
    let mut seen = Vec::new();
    for day in 1..12 {
        patient["birthDate"] = format!("1941-02-{day:02}").into();
        patient = epr.put_back(&patient).await.expect(200).json;
    }
    let mut next = Some(format!("{address}/_history?_count=5"));
    while let Some(page) = next {
        let page = epr.get(&page).await.expect(200);
        assert!(page.entries().len() <= 5 && page.link("self").is_some());
        seen.extend(
            page.entries().iter().map(|e| e["resource"]["meta"]["versionId"].as_str().unwrap().to_owned()),
        );
        next = page.link("next").map(str::to_owned);
        // Written while others read: the walk goes on where it was.
        patient["gender"] = if patient["gender"] == "male" { "female".into() } else { "male".into() };
        patient = epr.put_back(&patient).await.expect(200).json;
    }
    assert_eq!(seen, (1..=12).rev().map(|version| version.to_string()).collect::<Vec<_>>());
    for (query, status) in [("_count=x", 400), ("_count=-1", 400), ("_sort=_id", 400), ("_count=100000", 200)]
    {
        epr.get(&format!("{address}/_history?{query}")).await.expect(status);
    }
    epr.get("Patient/nobody/_history").await.expect(404);
}

/// Type and version of the entries, newest first.
fn told(history: &Answer) -> Vec<String> {
    let told = |entry: &Value| {
        let name = entry["fullUrl"].as_str().unwrap().rsplit('/').next().unwrap();
        format!("{name} {}", entry["response"]["etag"].as_str().unwrap())
    };
    history.entries().iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_type_and_of_everything() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let ward = |name: &str| json!({"resourceType": "Location", "id": "hist-1", "name": name});
    let before = epr.get("_history?_count=1").await.expect(200);
    let since = before.entries()[0]["response"]["lastModified"].as_str().unwrap().to_owned();
    for name in ["a", "b", "c"] {
        epr.put("Location/hist-1", &ward(name)).await;
    }
    let patient = builders::new_patient(&epr).await;
    epr.delete("Location/hist-1").await.expect(204);
    let locations = epr.get("Location/_history?_count=4").await.expect(200);
    assert_eq!(locations.json["type"], "history");
    assert!(locations.json.get("total").is_none());
    let versions: Vec<_> = (1..=4).rev().map(|version| format!("hist-1 W/\"{version}\"")).collect();
    assert_eq!(told(&locations), versions);
    assert_eq!(locations.entries()[0]["request"]["method"], "DELETE");
    let everything = epr.get(&format!("_history?_since={}", since.replace('+', "%2B"))).await.expect(200);
    let id = patient.split('/').nth(1).unwrap();
    assert_eq!(told(&everything)[..2], [versions[0].clone(), format!("{id} W/\"1\"")]);
    assert!(everything.link("self").unwrap().contains("_since="));
    epr.request("HEAD", "Location/_history").send().await.expect(200);
    epr.get("Nonsense/_history").await.expect(404);
    epr.request("DELETE", "Location/_history").send().await.expect(405);
    for address in ["_history", "Location/_history", "Location/hist-1/_history"] {
        for query in [
            "_count=1&_count=2",
            "_since=2020&_since=2021",
            "_since=yesterday",
            "_at=ge2020",
            "_list=x",
            "_cursor=x",
        ] {
            epr.get(&format!("{address}?{query}")).await.expect(400);
        }
    }
    // A token that may read Locations only is shown Locations only.
    let narrowed = server.narrowed("epr", "system/Location.rs").get("_history").await.expect(200);
    assert!(narrowed.entries().iter().all(|entry| entry["fullUrl"].as_str().unwrap().contains("/Location/")));
    server.narrowed("epr", "system/Location.rs").get("Patient/_history").await.expect(403);
    server.narrowed("epr", "system/Location.c").get("_history").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_time_and_since_a_time() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut times = Vec::new();
    for name in ["a", "b", "c"] {
        let ward = json!({"resourceType": "Location", "id": "hist-2", "name": name});
        let answer = epr.put("Location/hist-2", &ward).await;
        times.push(answer.json["meta"]["lastUpdated"].as_str().unwrap().to_owned());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    epr.delete("Location/hist-2").await.expect(204);
    for (query, expect) in [
        (format!("_since={}", times[1]), &["4", "3", "2"][..]),
        (format!("_at={}", times[1]), &["2", "1"]),
        ("_at=2020".to_owned(), &[]),
        ("_since=2100-01-01".to_owned(), &[]),
        (format!("_at={}", &times[0][..4]), &["4", "3", "2", "1"]),
    ] {
        for address in ["Location/hist-2/_history", "Location/_history"] {
            let found = epr.get(&format!("{address}?{query}")).await.expect(200);
            let found: Vec<_> = told(&found).into_iter().filter(|told| told.starts_with("hist-2")).collect();
            let expect: Vec<_> = expect.iter().map(|version| format!("hist-2 W/\"{version}\"")).collect();
            assert_eq!(found, expect, "{address} {query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_type_go_on_while_others_write() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut made = Vec::new();
    for _ in 0..9 {
        made.push(builders::new_patient(&epr).await.split('/').nth(1).unwrap().to_owned());
    }
    let mut seen = Vec::new();
    let mut next = Some("Patient/_history?_count=4".to_owned());
    let mut cursor = String::new();
    while let Some(page) = next {
        let page = epr.get(&page).await.expect(200);
        assert!(page.entries().len() <= 4);
        seen.extend(told(&page));
        next = page.link("next").map(str::to_owned);
        cursor = next.as_ref().and_then(|next| next.split("_cursor=").nth(1)).map_or(cursor, str::to_owned);
        builders::new_patient(&epr).await;
    }
    for id in &made {
        assert_eq!(seen.iter().filter(|told| told.starts_with(id)).count(), 1, "{id}");
    }
    assert_eq!(seen.iter().collect::<std::collections::HashSet<_>>().len(), seen.len());
    // A cursor belongs to its history.
    epr.get(&format!("Patient/_history?_cursor={cursor}")).await.expect(200);
    epr.get(&format!("_history?_cursor={cursor}")).await.expect(400);
    epr.get(&format!("Patient/_history?_cursor={cursor}x")).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_in_it_what_is_not_theirs() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let nobody = server.caller("nobody");
    for address in ["_history?_count=1000", "Patient/_history?_count=1000"] {
        let seen = nobody.get(address).await;
        assert!(!seen.text().contains(patient.split('/').nth(1).unwrap()), "{address}");
    }
    // What a Subscription keeps secret stays secret.
    let secret = builders::subscription("task-inbox", "http://127.0.0.1:9001/hook", &[]);
    let mut secret = secret;
    secret["status"] = "off".into();
    secret["channel"]["header"] = json!(["Authorization: Bearer verysecret"]);
    epr.post("Subscription", &secret).await.expect(201);
    for address in ["_history", "Subscription/_history"] {
        assert!(!epr.get(address).await.expect(200).text().contains("verysecret"), "{address}");
    }
}
