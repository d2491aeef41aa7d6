//! Conditional reads, HEAD and entity tags, <https://hl7.org/fhir/R4/http.html#cread>.

use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_has_is_not_sent_again() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let created = epr.post("Patient", &builders::patient()).await.expect(201);
    let address = created.reference();
    let modified = created.header("last-modified").to_owned();
    for (header, value, status) in [
        ("if-none-match", "W/\"1\"", 304),
        ("if-none-match", "\"1\"", 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "W/\"7\", W/\"1\"", 304),
        ("if-none-match", "W/\"2\"", 200),
        ("if-modified-since", modified.as_str(), 304),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("if-modified-since", "yesterday", 200),
    ] {
        let answer = epr.request("GET", &address).header(header, value).send().await.expect(status);
        assert_eq!(answer.header("etag"), "W/\"1\"", "{header}: {value}");
        assert_eq!(answer.body.is_empty(), status == 304, "{header}: {value}");
    }
    let both = epr.request("GET", &address).header("if-none-match", "W/\"2\"");
    both.header("if-modified-since", &modified).send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_the_body() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let address = epr.post("Patient", &builders::patient()).await.expect(201).reference();
    for (address, status) in [
        (address.clone(), 200),
        (format!("{address}/_history/1"), 200),
        (format!("{address}/_history"), 200),
        ("Patient".to_owned(), 200),
        ("metadata".to_owned(), 200),
        ("Patient/nobody".to_owned(), 404),
        ("Foo".to_owned(), 404),
    ] {
        let get = epr.get(&address).await.expect(status);
        let head = epr.request("HEAD", &address).send().await.expect(status);
        assert!(head.body.is_empty(), "{address}");
        for header in ["content-type", "etag", "last-modified"] {
            assert_eq!(head.header(header), get.header(header), "{address}: {header}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_its_tag_and_its_date() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let created = epr.post("Patient", &builders::patient()).await.expect(201);
    let address = created.reference();
    let mut changed = created.json.clone();
    changed["gender"] = "male".into();
    let updated = epr.put_back(&changed).await.expect(200);
    let read = epr.get(&address).await.expect(200);
    let old = epr.get(&format!("{address}/_history/1")).await.expect(200);
    for (answer, version) in [(&created, "1"), (&updated, "2"), (&read, "2"), (&old, "1")] {
        assert_eq!(answer.header("etag"), format!("W/\"{version}\""), "{}", answer.name);
        assert_eq!(answer.json["meta"]["versionId"], version, "{}", answer.name);
        let modified = answer.header("last-modified");
        assert!(modified.ends_with(" GMT") && modified.len() == 29, "{}: {modified}", answer.name);
        assert!(!answer.header("date").is_empty(), "{}", answer.name);
    }
    assert_eq!(old.body, created.body);
    assert_eq!(updated.header("last-modified"), read.header("last-modified"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_requests_are_returned() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let named = epr.request("GET", "Patient").header("x-request-id", "ab-12").send().await.expect(200);
    assert_eq!(named.header("x-request-id"), "ab-12");
    let unnamed = epr.get("Patient").await.expect(200);
    assert!(!unnamed.header("x-request-id").is_empty());
}
