//! Binary as its content, <https://hl7.org/fhir/R4/binary.html>: written and read as bytes, and read by whom its context allows.

use serde_json::{Value, json};
use tests::{Answer, Caller, TestServer, builders, place};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\xff\xfe";

async fn send(caller: &Caller, method: &str, address: &str, content_type: &str, body: &[u8]) -> Answer {
    caller.request(method, address).header("content-type", content_type).body(body.to_vec()).send().await
}

async fn get(caller: &Caller, address: &str, accept: &str) -> Answer {
    caller.request("GET", address).header("accept", accept).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_come_back_as_they_were_sent() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let created = send(&epr, "POST", "Binary", "image/png", PNG).await.expect(201);
    assert_eq!(created.json["contentType"], "image/png");
    let address = created.reference();
    for accept in ["", "*/*", "image/png", "image/*", "text/turtle", "application/pdf, */*;q=0.1"] {
        let call = epr.request("GET", &address);
        let call = if accept.is_empty() { call } else { call.header("accept", accept) };
        let read = call.send().await.expect(200);
        assert_eq!((read.body.as_slice(), read.header("content-type")), (PNG, "image/png"), "{accept}");
        assert_eq!(read.header("etag"), "W/\"1\"");
        assert!(!read.header("last-modified").is_empty());
        assert_eq!(read.header("x-content-type-options"), "nosniff");
    }
    for (accept, format, content_type) in [
        ("application/fhir+json", "", "application/fhir+json"),
        ("application/fhir+xml", "", "application/fhir+xml"),
        ("application/json", "", "application/json"),
        ("image/png", "?_format=json", "application/fhir+json"),
        ("*/*", "?_format=xml", "application/fhir+xml"),
        ("image/png", "?_summary=true", "application/fhir+json"),
    ] {
        let read = get(&epr, &format!("{address}{format}"), accept).await.expect(200);
        assert!(
            read.header("content-type").starts_with(content_type),
            "{accept} {format}: {}",
            read.header("content-type")
        );
        assert!(read.text().contains("Binary"), "{accept} {format}");
    }
    get(&epr, &address, "application/fhir+json; fhirVersion=3.0").await.expect(406);
    get(&epr, &format!("{address}?_format=ttl"), "image/png").await.expect(406);
    // Without the bytes, and with what the client has.
    let head = epr.request("HEAD", &address).send().await.expect(200);
    assert_eq!(
        (head.header("content-type"), head.header("content-length"), head.body.len()),
        ("image/png", "11", 0)
    );
    epr.request("GET", &address).header("if-none-match", "W/\"1\"").send().await.expect(304);
    let modified = head.header("last-modified");
    epr.request("GET", &address).header("if-modified-since", modified).send().await.expect(304);
    // The next version, and the one before.
    let updated = send(&epr, "PUT", &address, "text/plain; charset=utf-8", b"two").await.expect(200);
    assert_eq!((updated.header("etag"), updated.json["id"].as_str()), ("W/\"2\"", address.split('/').nth(1)));
    let read = get(&epr, &address, "*/*").await.expect(200);
    assert_eq!((read.text().as_str(), read.header("content-type")), ("two", "text/plain; charset=utf-8"));
    assert_eq!(get(&epr, &format!("{address}/_history/1"), "*/*").await.expect(200).body, PNG);
    let stale = epr.request("PUT", &address).header("content-type", "a/b").header("if-match", "W/\"1\"");
    stale.body("three").send().await.expect(412);
    epr.delete(&address).await.expect(204);
    get(&epr, &address, "image/png").await.expect(410);
    get(&epr, &format!("{address}/_history/9"), "image/png").await.expect(404);
    get(&epr, "Binary", "image/png").await.expect(406);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_binary_is_content() {
    let server = TestServer::with(|config| config.http.max_resource_bytes = 2_000_000).await;
    let epr = server.caller("epr");
    let patient = builders::patient().to_string();
    let created = send(&epr, "POST", "Binary", "application/fhir+json", patient.as_bytes()).await.expect(201);
    assert_eq!(get(&epr, &created.reference(), "*/*").await.expect(200).text(), patient);
    let as_resource = get(&epr, &created.reference(), "application/fhir+json").await.expect(200);
    assert_eq!(as_resource.json["resourceType"], "Binary");
    let resource = json!({"resourceType": "Binary", "contentType": "text/html", "data": "PHA+"});
    let created = epr.post("Binary", &resource).await.expect(201);
    let page = get(&epr, &created.reference(), "text/html").await.expect(200);
    assert_eq!(page.text(), "<p>");
    assert_eq!(page.header("content-disposition"), "attachment");
    assert!(page.header("content-security-policy").contains("sandbox"));
    // In a Bundle it is a resource always.
    let entry = |url: &str| json!({"request": {"method": "GET", "url": url}});
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [entry(&created.reference())]});
    let answer = epr.post("", &bundle).await.expect(200);
    assert_eq!(answer.json["entry"][0]["resource"]["data"], "PHA+");
    // Half a Binary is not content, and no type is no type.
    send(&epr, "POST", "Binary", "application/fhir+json", b"{\"resourceType\":\"Binary\"").await.expect(400);
    send(&epr, "POST", "Binary", "application/fhir+json", b"{}").await.expect(400);
    send(&epr, "POST", "Binary", "image/png", b"").await.expect(400);
    send(&epr, "POST", "Binary", "nonsense", b"x").await.expect(415);
    send(&epr, "POST", "Patient", "image/png", PNG).await.expect(415);
    // More than a string may have, less than a body may.
    let long = vec![7u8; 1_400_000];
    let created = send(&epr, "POST", "Binary", "application/octet-stream", &long).await.expect(201);
    assert_eq!(get(&epr, &created.reference(), "*/*").await.expect(200).body, long);
    send(&epr, "POST", "Binary", "application/octet-stream", &vec![7u8; 2_000_001]).await.expect(413);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_the_context_sees_no_bytes() {
    let server = TestServer::start().await;
    let (hub, epr, council) = (server.caller("hub"), server.caller("epr"), server.caller("council"));
    let patient = builders::new_patient(&hub).await;
    let call = hub
        .request("POST", "Binary")
        .header("content-type", "image/png")
        .header("x-security-context", &patient);
    let created = call.body(PNG).send().await.expect(201);
    assert_eq!(created.json["securityContext"]["reference"], patient.as_str());
    let address = created.reference();
    assert_eq!(get(&hub, &address, "*/*").await.expect(200).header("x-security-context"), patient);
    let unseen = async |caller: &Caller| {
        for suffix in ["", "/_history", "/_history/1"] {
            for accept in ["*/*", "application/fhir+json", "image/png"] {
                let address = format!("{address}{suffix}");
                // A history is no Binary.
                if suffix != "/_history" || accept != "image/png" {
                    get(caller, &address, accept).await.expect(404);
                }
            }
        }
        let id = created.id();
        assert_eq!(get(caller, &format!("Binary?_id={id}"), "*/*").await.expect(200).json["total"], 0);
        let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": address}}]});
        let answer = caller.post("", &bundle).await.expect(200);
        assert_eq!(answer.json["entry"][0]["response"]["status"], "404");
        assert!(answer.json["entry"][0].get("resource").is_none());
    };
    unseen(&council).await;
    unseen(&epr).await;
    // Who comes to care for the person sees it, without being named by it, and does not write it.
    let mut referral = builders::referral(&patient);
    referral["performer"] = json!([{"reference": place::COUNCIL_SERVICE}]);
    hub.post("ServiceRequest", &referral).await.expect(201);
    assert_eq!(get(&council, &address, "*/*").await.expect(200).body, PNG);
    send(&council, "PUT", &address, "image/png", b"other").await.expect(403);
    unseen(&epr).await;
    // What is restricted is for those who are named.
    let document = json!({
        "resourceType": "DocumentReference", "status": "current", "subject": {"reference": patient},
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]},
        "content": [{"attachment": {"url": address}}]
    });
    let document = hub.post("DocumentReference", &document).await.expect(201).reference();
    let mut binary: Value = get(&hub, &address, "application/fhir+json").await.expect(200).json;
    binary["securityContext"]["reference"] = document.as_str().into();
    hub.put(&address, &binary).await.expect(200);
    get(&council, &address, "*/*").await.expect(404);
    assert_eq!(get(&hub, &address, "*/*").await.expect(200).body, PNG);
    // A context that is not seen is not named.
    let call = epr
        .request("POST", "Binary")
        .header("content-type", "image/png")
        .header("x-security-context", &document);
    call.body(PNG).send().await.expect(422);
}
