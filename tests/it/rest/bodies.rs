//! Bodies that cannot be read: refused with what is wrong and where, and the server goes on.

use serde_json::json;
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_refused_where_they_are_bad() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let deep = format!(
        "{{\"resourceType\":\"Patient\",\"extension\":{}1{}}}",
        "[{\"extension\":".repeat(64),
        "}]".repeat(64)
    );
    let patient = |members: &str| format!("{{\"resourceType\":\"Patient\",{members}}}");
    let bodies = [
        ("an empty array", patient("\"name\":[]"), 400, "Patient.name"),
        ("an empty object", patient("\"name\":[{}]"), 400, "Patient.name[0]"),
        ("an empty string", patient("\"name\":[{\"family\":\"\"}]"), 400, "Patient.name[0].family"),
        ("a null", patient("\"gender\":null"), 400, "Patient.gender"),
        ("a duplicate key", patient("\"gender\":\"male\",\"gender\":\"female\""), 400, "Patient.gender"),
        ("U+0000", patient("\"name\":[{\"family\":\"a\\u0000b\"}]"), 400, "Patient.name[0].family"),
        ("half a surrogate", patient("\"name\":[{\"family\":\"\\ud800\"}]"), 400, "Patient.name[0].family"),
        ("an unknown element", patient("\"surname\":\"x\""), 400, "Patient.surname"),
        (
            "an unknown element below",
            patient("\"name\":[{\"surname\":\"x\"}]"),
            400,
            "Patient.name[0].surname",
        ),
        ("a text for a list", patient("\"name\":\"x\""), 400, "Patient.name"),
        ("a number for a text", patient("\"name\":[{\"family\":1}]"), 400, "Patient.name[0].family"),
        ("a bad date", patient("\"birthDate\":\"2026-02-30\""), 400, "Patient.birthDate"),
        ("a date that is none", patient("\"birthDate\":\"yesterday\""), 400, "Patient.birthDate"),
        ("a boolean in quotes", patient("\"active\":\"true\""), 400, "Patient.active"),
        ("another type", "{\"resourceType\":\"Person\"}".to_owned(), 400, "Person.resourceType"),
        ("two choices", patient("\"deceasedBoolean\":false,\"deceasedDateTime\":\"2026-01-01\""), 400, ""),
        ("no type", "{\"active\":true}".to_owned(), 400, ""),
        ("an unknown type", "{\"resourceType\":\"Foo\"}".to_owned(), 400, ""),
        ("128 levels", deep, 400, ""),
        ("no JSON", "{\"resourceType\":".to_owned(), 400, ""),
        ("a comment", "{\"resourceType\":\"Patient\" /* x */}".to_owned(), 400, ""),
        ("an array", "[]".to_owned(), 400, ""),
        ("nothing", String::new(), 400, ""),
        ("an unknown gender", patient("\"gender\":\"x\""), 422, "Patient.gender"),
    ];
    for (name, body, status, expression) in bodies {
        let call = epr.request("POST", "Patient").header("content-type", "application/fhir+json");
        let answer = call.body(body).send().await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        if !expression.is_empty() {
            assert!(answer.expressions().contains(&expression), "{name}: {}", answer.text());
        }
    }
    epr.post("Patient", &builders::patient()).await.expect(201);
    assert_eq!(epr.get("Patient?_summary=count&family=ackroyd").await.expect(200).json["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_finding_comes_at_once() {
    let server = TestServer::start().await;
    let body = json!({
        "resourceType": "Patient", "surname": "x", "birthDate": "2026-13-01", "name": [{"family": 1}]
    });
    let answer = server.caller("epr").post("Patient", &body).await.expect(400);
    for expression in ["Patient.surname", "Patient.birthDate", "Patient.name[0].family"] {
        assert!(answer.expressions().contains(&expression), "{expression}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_must_agree() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut patient = builders::patient();
    let without = epr.put("Patient/p-1", &patient).await.expect(400);
    assert_eq!(without.expressions(), ["Patient.id"]);
    patient["id"] = "p-2".into();
    let other = epr.put("Patient/p-1", &patient).await.expect(400);
    assert_eq!(other.expressions(), ["Patient.id"]);
    patient["id"] = "p_1".into();
    epr.put("Patient/p_1", &patient).await.expect(400);
    epr.get("Patient/p-1").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_not_read() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut patient = builders::patient();
    patient["name"][0]["family"] = "x".repeat(10_000_000).into();
    let answer = epr.post("Patient", &patient).await.expect(413);
    assert_eq!(answer.code(), "too-long");
    // A Bundle may be larger than a resource.
    patient["name"][0]["family"] = "x".repeat(900_000).into();
    let entries: Vec<_> = (0..7).map(|_| builders::create_entry("urn:x", &builders::patient())).collect();
    let mut bundle = builders::transaction(&entries);
    for at in 0..7 {
        bundle["entry"][at]["resource"]["name"] = patient["name"].clone();
        bundle["entry"][at].as_object_mut().unwrap().shift_remove("fullUrl");
    }
    assert!(bundle.to_string().len() > 5_300_000);
    epr.post("", &bundle).await.expect(200);
    epr.get("Patient").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn xml_brings_nothing_with_it() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let doctype = "<!DOCTYPE p [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let bomb = "<!DOCTYPE p [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let patient = |text: &str| {
        format!("<Patient xmlns=\"http://hl7.org/fhir\"><name><family value=\"{text}\"/></name></Patient>")
    };
    for (name, body, status) in [
        ("an external entity", format!("{doctype}{}", patient("&x;")), 400),
        ("a bomb", format!("{bomb}{}", patient("&b;")), 400),
        ("an unknown entity", patient("&x;"), 400),
        ("no namespace", "<Patient><active value=\"true\"/></Patient>".to_owned(), 400),
        ("an unknown element", patient("x").replace("family", "surname"), 400),
        ("not closed", patient("x").replace("</Patient>", ""), 400),
        ("another type", patient("x").replace("Patient", "Person"), 400),
        ("depth", format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000)), 400),
    ] {
        let call = epr.request("POST", "Patient").header("content-type", "application/fhir+xml");
        let answer = call.body(body).send().await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(!answer.text().contains("root:"), "{name}: a file was read");
    }
    let call = epr.request("POST", "Patient").header("content-type", "application/fhir+xml");
    call.body(patient("Ackroyd")).send().await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_kept_to_the_letter() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let value = |number: &str| {
        format!(
            "{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"x \\\"y\\\" Zoë 😀\"}},\
             \"valueQuantity\":{{\"value\":{number},\"unit\":\"kg\"}},\
             \"_status\":{{\"extension\":[{{\"url\":\"https://x.example/e\",\"valueString\":\" y \"}}]}}}}"
        )
    };
    for number in ["1.00", "1.0", "0.10", "1e2", "1E-3", "-0.5", "123456789012345678.123456789"] {
        let call = epr.request("POST", "Observation").header("content-type", "application/fhir+json");
        let created = call.body(value(number)).send().await.expect(201);
        let read = epr.get(&created.reference()).await.expect(200).text();
        assert!(read.contains(&format!("\"value\":{number},")), "{number}: {read}");
        assert!(read.contains("\"valueString\":\" y \"") && read.contains("Zoë 😀"), "{read}");
    }
    for number in ["01", "1.", ".5", "+1", "NaN", "1e131000", "\"1\""] {
        let call = epr.request("POST", "Observation").header("content-type", "application/fhir+json");
        let answer = call.body(value(number)).send().await;
        assert!(
            [400, 201].contains(&answer.status) && (answer.status == 400 || number == "1e131000"),
            "{number}: {}",
            answer.text()
        );
    }
}
