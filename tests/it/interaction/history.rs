//! The history of one resource, <https://hl7.org/fhir/R4/http.html#history>.

use tests::{TestServer, builders};

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
