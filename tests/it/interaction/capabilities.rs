//! The CapabilityStatement, and whether it tells the truth, <https://hl7.org/fhir/R4/http.html#capabilities>.

use std::collections::HashSet;

use serde_json::Value;
use tests::{TestServer, builders};

/// The types whose declarations are held against behaviour, one by one.
const TYPES: [&str; 6] = ["ServiceRequest", "Task", "EpisodeOfCare", "CarePlan", "Patient", "Observation"];

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_ask_and_it_is_whole() {
    let server = TestServer::start().await;
    let stranger = server.with_token(None);
    let answer = stranger.get("metadata").await.expect(200);
    let statement = &answer.json;
    for (at, value) in [
        ("/resourceType", "CapabilityStatement"),
        ("/kind", "instance"),
        ("/status", "active"),
        ("/fhirVersion", "4.0.1"),
        ("/rest/0/mode", "server"),
        ("/implementation/url", server.base.as_str()),
    ] {
        assert_eq!(statement.pointer(at).and_then(Value::as_str), Some(value), "{at}");
    }
    let types: Vec<_> =
        statement["rest"][0]["resource"].as_array().unwrap().iter().map(|r| &r["type"]).collect();
    assert_eq!(types.len(), types.iter().collect::<HashSet<_>>().len(), "each type stands there once");
    let unchanged = stranger.request("GET", "metadata").header("if-none-match", answer.header("etag"));
    unchanged.send().await.expect(304);
    assert!(stranger.get("metadata?_format=xml").await.expect(200).text().contains("<CapabilityStatement"));
    let smart = stranger.get(".well-known/smart-configuration").await.expect(200);
    assert!(smart.json["capabilities"].is_array());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_who_may_call_as_the_server_is_set_up() {
    let closed = TestServer::start().await;
    let security =
        closed.with_token(None).get("metadata").await.expect(200).json["rest"][0]["security"].clone();
    assert_eq!(security["cors"], false);
    assert_eq!(security["service"][0]["coding"][0]["code"], "SMART-on-FHIR");

    let open = TestServer::with(|config| {
        config.auth.mode = homefirst::config::AuthMode::Off;
        config.http.cors_origins = vec!["https://board.example".to_owned()];
    });
    let open = open.await;
    let security =
        open.with_token(None).get("metadata").await.expect(200).json["rest"][0]["security"].clone();
    assert_eq!(security["cors"], true);
    assert_eq!(security.get("service"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declared_can_be_searched_and_what_is_not_is_refused() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let statement = epr.get("metadata").await.expect(200).json;
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let name = resource["type"].as_str().unwrap();
        if !TYPES.contains(&name) {
            continue;
        }
        let mut declared = HashSet::new();
        for parameter in resource["searchParam"].as_array().unwrap() {
            let code = parameter["name"].as_str().unwrap();
            assert!(declared.insert(code), "{name}.{code} is declared twice");
            let value = match parameter["type"].as_str().unwrap() {
                "date" => "ge2020-01-01",
                "reference" => "Patient/x",
                "uri" => "https://x.example",
                "number" | "quantity" => "5",
                "composite" if code.contains("date") => "x$2020",
                "composite" if code.contains("quantity") => "x$5",
                "composite" => "x$x",
                _ => "x",
            };
            let value = if ["active", "deceased", "experimental"].contains(&code) { "true" } else { value };
            epr.get(&format!("{name}?{code}={value}")).await.expect(200);
            epr.get(&format!("{name}?{code}:missing=true&_count=1")).await.expect(200);
        }
        let resource_type = fhir::ResourceType::find(name).unwrap();
        for parameter in search::registry().parameters(resource_type) {
            let code = parameter.code.as_str();
            if !declared.contains(code) {
                epr.get(&format!("{name}?{code}=1")).await.expect(400);
            }
        }
        for code in ["nonsense", "Status", "_content", "_text", "_query"] {
            assert!(!declared.contains(code), "{name}.{code}");
            epr.get(&format!("{name}?{code}=x")).await.expect(400);
        }
        for include in resource["searchInclude"].as_array().into_iter().flatten() {
            epr.get(&format!("{name}?_include={}&_count=1", include.as_str().unwrap())).await.expect(200);
        }
        for include in resource["searchRevInclude"].as_array().into_iter().flatten().take(10) {
            let include = include.as_str().unwrap();
            // What was looked at is for auditors.
            let status = if include.starts_with("AuditEvent:") { 403 } else { 200 };
            epr.get(&format!("{name}?_revinclude={include}&_count=1")).await.expect(status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interactions_are_as_declared() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let statement = hub.get("metadata").await.expect(200).json;
    let (referral, task) = builders::referred(&hub).await;
    let patient = hub.get(referral["subject"]["reference"].as_str().unwrap()).await.expect(200).json;
    for existing in [&referral, &task, &patient] {
        let name = existing["resourceType"].as_str().unwrap();
        let address = format!("{name}/{}", existing["id"].as_str().unwrap());
        let resource =
            statement["rest"][0]["resource"].as_array().unwrap().iter().find(|r| r["type"] == name);
        let resource = resource.unwrap();
        let declares = |code: &str| {
            resource["interaction"].as_array().unwrap().iter().any(|found| found["code"] == code)
        };
        for (interaction, address) in [
            ("read", address.clone()),
            ("vread", format!("{address}/_history/1")),
            ("history-instance", format!("{address}/_history")),
            ("history-type", format!("{name}/_history")),
            ("search-type", name.to_owned()),
        ] {
            assert!(declares(interaction), "{name}: {interaction}");
            hub.get(&address).await.expect(200);
        }
        assert!(declares("patch"));
        hub.request("PATCH", &address).json(existing).send().await.expect(415);
        assert_eq!(resource["conditionalUpdate"], true);
        assert_eq!(
            hub.delete(&format!("{name}?identifier=nobody")).await.status == 204,
            resource["conditionalDelete"] == "single",
            "{name}: conditionalDelete"
        );
        assert_eq!(
            hub.delete(&format!("{name}/x")).await.status == 405,
            !declares("delete"),
            "{name}: delete"
        );
        let mut mine = existing.clone();
        mine["id"] = "mine".into();
        let creates = hub.put(&format!("{name}/mine"), &mine).await.status == 201;
        assert_eq!(creates, resource["updateCreate"] == true, "{name}: updateCreate");
    }
    hub.get("").await.expect(200);
    hub.get("_history").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_and_operations_are_declared() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let statement = epr.get("metadata").await.expect(200).json;
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    let subscription = resources.iter().find(|resource| resource["type"] == "Subscription").unwrap();
    let topics: Vec<_> = subscription["extension"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["valueCanonical"].as_str().unwrap())
        .collect();
    assert!(topics.len() > 5);
    for topic in topics {
        let name = topic.rsplit('/').next().unwrap();
        let sent = builders::subscription(name, "http://127.0.0.1:9002/hook", &[]);
        let mut sent = sent.clone();
        sent["criteria"] = topic.into();
        sent["status"] = "off".into();
        let answer = epr.post("Subscription", &sent).await;
        assert_eq!(answer.status, 201, "{topic}: {}", answer.text());
    }
    let operations: Vec<_> =
        subscription["operation"].as_array().unwrap().iter().map(|o| o["name"].as_str().unwrap()).collect();
    assert_eq!(operations, ["status", "events", "validate", "meta", "meta-add", "meta-delete"]);
    epr.get("Subscription/$status").await.expect(200);
    epr.get("Subscription/$get-ws-binding-token").await.expect(404);
}
