//! Content types in both directions, <https://hl7.org/fhir/R4/http.html#mime-type>.

use serde_json::Value;
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_has_the_type_that_was_asked_for() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let address = epr.post("Patient", &builders::patient()).await.expect(201).reference();
    for (accept, format, status, content_type) in [
        ("", "", 200, "application/fhir+json"),
        ("*/*", "", 200, "application/fhir+json"),
        ("application/fhir+json", "", 200, "application/fhir+json"),
        ("application/json", "", 200, "application/json"),
        ("application/fhir+xml", "", 200, "application/fhir+xml"),
        ("application/fhir+xml;q=0.5, application/fhir+json", "", 200, "application/fhir+json"),
        ("application/fhir+json; fhirVersion=4.0", "", 200, "application/fhir+json"),
        ("application/fhir+json; fhirVersion=3.0", "", 406, "application/fhir+json"),
        ("text/turtle", "", 406, "application/fhir+json"),
        ("image/png", "", 406, "application/fhir+json"),
        ("text/turtle", "json", 200, "application/fhir+json"),
        ("application/fhir+json", "xml", 200, "application/fhir+xml"),
        ("application/fhir+xml", "application/fhir%2Bjson", 200, "application/fhir+json"),
        ("", "application/fhir+xml", 200, "application/fhir+xml"),
        ("", "text/xml", 200, "text/xml"),
        ("", "ttl", 406, "application/fhir+json"),
    ] {
        let query = if format.is_empty() { String::new() } else { format!("?_format={format}") };
        let mut call = epr.request("GET", &format!("{address}{query}"));
        if !accept.is_empty() {
            call = call.header("accept", accept);
        }
        let answer = call.send().await.expect(status);
        let told = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
        assert_eq!(told, content_type, "{accept} {format}");
        assert_eq!(answer.text().starts_with('<'), content_type.contains("xml"), "{accept} {format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn xml_and_json_say_the_same() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let created = epr.post("Patient", &builders::patient()).await.expect(201);
    let address = created.reference();
    let xml = epr.get(&format!("{address}?_format=xml")).await.expect(200).text();
    assert!(xml.contains("<family value=\"Ackroyd\"/>") && xml.contains("http://hl7.org/fhir"), "{xml}");
    // What was read as XML is sent back as XML: that changes nothing.
    let call = epr.request("PUT", &address).header("content-type", "application/fhir+xml");
    let same = call.header("accept", "application/fhir+json").body(xml.clone()).send().await.expect(200);
    assert_eq!(same.header("etag"), "W/\"1\"");
    assert_eq!(same.json, created.json);
    // A new one, sent as XML and read as JSON.
    let call = epr.request("POST", "Patient").header("content-type", "application/fhir+xml");
    let other = call.header("accept", "application/fhir+json").body(xml).send().await.expect(201);
    let without = |value: &Value| {
        let mut value = value.clone();
        for member in ["id", "meta"] {
            value.as_object_mut().unwrap().shift_remove(member);
        }
        value
    };
    assert_eq!(without(&other.json), without(&created.json));
    // Refusals, searches and the statement are told in XML too.
    for (address, status) in
        [("Patient?_format=xml", 200), ("metadata?_format=xml", 200), ("Foo?_format=xml", 404)]
    {
        let answer = epr.get(address).await.expect(status);
        assert!(answer.header("content-type").starts_with("application/fhir+xml"), "{address}");
        assert!(answer.text().starts_with('<'), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_has_a_type_that_is_known() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    for (content_type, status) in [
        ("application/fhir+json", 201),
        ("application/json", 201),
        ("application/fhir+json; charset=utf-8", 201),
        ("application/fhir+json; fhirVersion=4.0", 201),
        ("application/fhir+json; fhirVersion=3.0", 415),
        ("application/fhir+json; charset=iso-8859-1", 415),
        ("text/csv", 415),
        ("application/x-www-form-urlencoded", 415),
    ] {
        let call = epr.request("POST", "Patient").header("content-type", content_type);
        let answer = call.body(builders::patient().to_string()).send().await;
        assert_eq!(answer.status, status, "{content_type}: {}", answer.text());
    }
    let json_search = epr.request("POST", "Patient/_search").header("content-type", "application/fhir+json");
    json_search.body("{}").send().await.expect(415);
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_in_both_directions() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let answer = epr.request("GET", "metadata").header("accept-encoding", "gzip").send().await.expect(200);
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.header("vary").to_lowercase().contains("accept-encoding"));
    assert_eq!(answer.body[..2], [0x1f, 0x8b]);
    let bad = epr.request("POST", "Patient").header("content-encoding", "gzip");
    bad.json(&builders::patient()).send().await.expect(400);
    let unknown = epr.request("POST", "Patient").header("content-encoding", "br");
    unknown.json(&builders::patient()).send().await.expect(415);
}
