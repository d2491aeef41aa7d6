//! Addresses and verbs, <https://hl7.org/fhir/R4/http.html#summary>.

use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_nothing_has() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    for (address, status) in [
        ("Foo", 404),
        ("patient", 404),
        ("patient/patient-1", 404),
        ("Patient/a_b", 404),
        ("Patient/x/y", 404),
        ("Patient/x/_history/1/2", 404),
        ("Patient//_history", 404),
        ("Patient/%ff", 400),
        ("Patient?family=%ff", 400),
        ("Patient/$unknown", 404),
        ("Subscription/nobody/$events", 404),
        ("metadata/x", 404),
    ] {
        let answer = epr.get(address).await;
        assert_eq!(answer.status, status, "{address}: {}", answer.text());
    }
    let origin = server.base.strip_suffix("/fhir").unwrap();
    for (address, status) in
        [("/livez", 200), ("/readyz", 200), ("/", 404), ("/fhirx/Patient", 404), ("/fhir", 401)]
    {
        let answer = server.with_token(None).get(&format!("{origin}{address}")).await;
        assert_eq!(answer.status, status, "{address}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verbs_that_an_address_does_not_take() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::patient();
    for (method, address, allow) in [
        ("POST", "Patient/patient-1", "GET, HEAD, PUT, PATCH, DELETE"),
        ("PUT", "metadata", "GET, HEAD"),
        ("POST", "Patient/patient-1/_history", "GET, HEAD"),
        ("DELETE", "Patient/patient-1/_history/1", "GET, HEAD"),
        ("GET", "Patient/_search", "POST"),
        ("GET", "_search", "POST"),
        ("PUT", "", "GET, HEAD, POST"),
    ] {
        let answer = epr.request(method, address).json(&patient).send().await.expect(405);
        assert_eq!(answer.header("allow"), allow, "{method} {address}");
    }
    let (_, task) = builders::referred(&server.caller("hub")).await;
    let refused =
        server.caller("hub").delete(&format!("Task/{}", task["id"].as_str().unwrap())).await.expect(405);
    assert!(!refused.header("allow").contains("DELETE"), "{}", refused.header("allow"));
    let options = epr.request("OPTIONS", "Patient").send().await.expect(204);
    assert_eq!(options.header("allow"), "GET, HEAD, POST, PUT, PATCH, DELETE");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_intermediaries_change_nothing() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    for (header, value) in [
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-http-method-override", "DELETE"),
        ("x-intermediary", "x"),
    ] {
        let call = epr.request("POST", "Patient").header(header, value);
        let created = call.json(&builders::patient()).send().await.expect(201);
        assert!(
            created.header("location").starts_with(&server.base),
            "{header}: {}",
            created.header("location")
        );
        let page = epr.request("GET", "Patient?_count=1").header(header, value).send().await.expect(200);
        assert!(page.link("self").unwrap().starts_with(&server.base), "{header}");
        assert!(!page.text().contains("evil"), "{header}");
    }
}
