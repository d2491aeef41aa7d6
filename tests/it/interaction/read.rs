//! read and vread, <https://hl7.org/fhir/R4/http.html#read>.

use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn a_version_stays_what_it_was() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let first = epr.post("Patient", &builders::patient()).await.expect(201);
    let address = first.reference();
    let mut changed = first.json.clone();
    changed["gender"] = "male".into();
    let second = epr.put_back(&changed).await.expect(200);
    epr.delete(&address).await.expect(204);
    for (version, status) in
        [("1", 200), ("2", 200), ("3", 410), ("4", 404), ("0", 404), ("x", 404), ("99999999999", 404)]
    {
        let answer = epr.get(&format!("{address}/_history/{version}")).await.expect(status);
        match version {
            "1" => assert_eq!(answer.body, first.body),
            "2" => assert_eq!(answer.body, second.body),
            _ => {}
        }
    }
    epr.get(&address).await.expect(410);
    let other = epr.post("Patient", &builders::patient()).await.expect(201).reference();
    epr.get(&format!("{other}/_history/2")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_case_sensitive() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let location = |id: &str| serde_json::json!({"resourceType": "Location", "id": id, "name": id});
    epr.put("Location/ABC", &location("ABC")).await.expect(201);
    epr.get("Location/abc").await.expect(404);
    epr.put("Location/abc", &location("abc")).await.expect(201);
    assert_eq!(epr.get("Location/ABC").await.expect(200).json["name"], "ABC");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_read_and_does_not_replace_the_whole() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let address = epr.post("Patient", &builders::patient()).await.expect(201).reference();
    let whole = epr.get(&format!("{address}?_summary=false")).await.expect(200);
    assert_eq!(whole.body, epr.get(&address).await.expect(200).body);
    let part = epr.get(&format!("{address}?_elements=gender")).await.expect(200);
    assert!(part.json.get("name").is_none() && part.json.get("gender").is_some(), "{}", part.json);
    let summary = epr.get(&format!("{address}?_summary=data")).await.expect(200);
    assert!(summary.json["meta"]["tag"].to_string().contains("SUBSETTED"));
    epr.get(&format!("{address}?_summary=count")).await.expect(400);

    let refused = epr.put_back(&part.json).await.expect(422);
    assert_eq!(refused.expressions(), ["Patient.meta.tag"]);
    assert_eq!(epr.get(&address).await.expect(200).body, whole.body);
}
