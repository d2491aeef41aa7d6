//! Subscriptions that are refused, and secrets that are kept.

use serde_json::{Value, json};
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_honoured_is_refused() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    type Change = fn(&mut Value);
    let table: [(&str, Change, &str); 27] = [
        ("an unknown topic", |s| s["criteria"] = "https://x.example/topic".into(), "Subscription.criteria"),
        ("a search", |s| s["criteria"] = "Task?status=requested".into(), "Subscription.criteria"),
        ("status active", |s| s["status"] = "active".into(), "Subscription.status"),
        ("status error", |s| s["status"] = "error".into(), "Subscription.status"),
        (
            "an unknown filter",
            |s| s["_criteria"]["extension"][0]["valueString"] = "Task.nonsense=x".into(),
            "Subscription.criteria.extension[0]",
        ),
        (
            "a filter that the topic has not",
            |s| s["_criteria"]["extension"][0]["valueString"] = "Task.authored-on=2026".into(),
            "Subscription.criteria.extension[0]",
        ),
        (
            "a filter of another type",
            |s| s["_criteria"]["extension"][0]["valueString"] = "Patient.name=x".into(),
            "Subscription.criteria.extension[0]",
        ),
        (
            "a chain",
            |s| s["_criteria"]["extension"][0]["valueString"] = "Task.owner.name=x".into(),
            "Subscription.criteria.extension[0]",
        ),
        (
            "an unknown modifier",
            |s| s["_criteria"]["extension"][0]["valueString"] = "Task.status:above=x".into(),
            "Subscription.criteria.extension[0]",
        ),
        (
            "an extension of R5",
            |s| {
                s["_criteria"]["extension"][0]["url"] = "http://hl7.org/fhir/5.0/StructureDefinition/x".into()
            },
            "Subscription.criteria.extension",
        ),
        ("websocket", |s| s["channel"]["type"] = "websocket".into(), "Subscription.channel.type"),
        ("email", |s| s["channel"]["type"] = "email".into(), "Subscription.channel.type"),
        ("XML", |s| s["channel"]["payload"] = "application/fhir+xml".into(), "Subscription.channel.payload"),
        (
            "another version",
            |s| s["channel"]["payload"] = "application/fhir+json; fhirVersion=5.0".into(),
            "Subscription.channel.payload",
        ),
        (
            "unknown content",
            |s| s["channel"]["_payload"]["extension"][0]["valueCode"] = "everything".into(),
            "Subscription.channel.payload.extension",
        ),
        (
            "no endpoint",
            |s| {
                s["channel"].as_object_mut().unwrap().shift_remove("endpoint");
            },
            "Subscription.channel.endpoint",
        ),
        (
            "a private address",
            |s| s["channel"]["endpoint"] = "https://10.0.0.1/x".into(),
            "Subscription.channel.endpoint",
        ),
        (
            "the metadata address",
            |s| s["channel"]["endpoint"] = "http://169.254.169.254/latest".into(),
            "Subscription.channel.endpoint",
        ),
        (
            "a hidden private address",
            |s| s["channel"]["endpoint"] = "https://[::ffff:10.0.0.1]/x".into(),
            "Subscription.channel.endpoint",
        ),
        (
            "a number as address",
            |s| s["channel"]["endpoint"] = "https://2130706433/x".replace("2130706433", "167772161").into(),
            "Subscription.channel.endpoint",
        ),
        (
            "plain http",
            |s| s["channel"]["endpoint"] = "http://hooks.example.org/x".into(),
            "Subscription.channel.endpoint",
        ),
        (
            "another scheme",
            |s| s["channel"]["endpoint"] = "file:///etc/passwd".into(),
            "Subscription.channel.endpoint",
        ),
        (
            "credentials",
            |s| s["channel"]["endpoint"] = "https://a:b@hooks.example.org/x".into(),
            "Subscription.channel.endpoint",
        ),
        (
            "a header of ours",
            |s| s["channel"]["header"] = json!(["Webhook-Id: x"]),
            "Subscription.channel.header[0]",
        ),
        (
            "two headers in one",
            |s| s["channel"]["header"] = json!(["X: a\r\nHost: b"]),
            "Subscription.channel.header[0]",
        ),
        (
            "a heartbeat each second",
            |s| *s = builders::with_channel(s.clone(), "backport-heartbeat-period", "valueUnsignedInt", 1),
            "Subscription.channel.extension",
        ),
        ("an end in the past", |s| s["end"] = "2020-01-01T00:00:00Z".into(), "Subscription.end"),
    ];
    for (name, change, expression) in table {
        let mut subscription =
            builders::subscription("task-changed", "http://127.0.0.1:9002/hook", &["Task.status=requested"]);
        change(&mut subscription);
        let refused = hub.post("Subscription", &subscription).await;
        assert_eq!(refused.status, 422, "{name}: {}", refused.text());
        assert!(refused.expressions().contains(&expression), "{name}: {}", refused.text());
    }
    server.settle().await;
    assert_eq!(server.count("SELECT count(*) FROM subscription_state").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_only_where_it_is_allowed() {
    let server = TestServer::with(|config| config.subscription.allow_loopback = false).await;
    let hub = server.caller("hub");
    for endpoint in ["http://127.0.0.1:9002/x", "https://localhost/x", "https://[::1]/x", "https://127.1/x"] {
        let subscription = builders::subscription("task-changed", endpoint, &[]);
        let refused = hub.post("Subscription", &subscription).await.expect(422);
        assert_eq!(refused.expressions(), ["Subscription.channel.endpoint"], "{endpoint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_shown_once() {
    let server = TestServer::start().await;
    let (hub, receiver, _) = super::subscribed(&server, "task-changed", &[]).await;
    let mut subscription = builders::subscription("referral-new", &receiver.endpoint, &[]);
    subscription["channel"]["header"] = json!(["Authorization: Bearer s3cret"]);
    let created = hub.post("Subscription", &subscription).await.expect(201);
    assert_eq!(
        created.json["channel"]["header"],
        json!(["Authorization: Bearer s3cret"]),
        "the one who sent it sees it"
    );
    let reference = created.reference();
    server.settle().await;
    for address in [
        reference.clone(),
        format!("{reference}/_history"),
        format!("{reference}/_history/1"),
        format!("{reference}/$status"),
        format!("{reference}/$events"),
        "Subscription".to_owned(),
        "Subscription?status=active".to_owned(),
        format!("{reference}?_format=xml"),
    ] {
        let answer = hub.get(&address).await.expect(200);
        assert!(!answer.text().contains("s3cret"), "{address}: {}", answer.text());
    }
    // What was read can be sent back: the mask stands for the secret.
    let mut read = hub.get(&reference).await.expect(200).json;
    read["reason"] = "Another reason".into();
    hub.put_back(&read).await.expect(200);
    server.settle().await;
    builders::referred(&hub).await;
    server.settle().await;
    let last =
        receiver.of_kind("event-notification").into_iter().rfind(|r| !r.header("authorization").is_empty());
    assert_eq!(last.unwrap().header("authorization"), "Bearer s3cret");
    let audit = "SELECT count(*) FROM audit WHERE audit::text LIKE '%s3cret%'";
    assert_eq!(server.count(audit).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_belong_to_those_who_made_them() {
    let server = TestServer::start().await;
    let (hub, _receiver, reference) = super::subscribed(&server, "task-changed", &[]).await;
    let epr = server.caller("epr");
    let read = hub.get(&reference).await.expect(200).json;
    for address in [reference.clone(), format!("{reference}/$status"), format!("{reference}/$events")] {
        epr.get(&address).await.expect(404);
    }
    epr.request("PUT", &reference).json(&read).send().await.expect(404);
    epr.delete(&reference).await.expect(204);
    assert!(epr.get("Subscription").await.expect(200).entries().is_empty());
    assert!(epr.get("Subscription/$status").await.expect(200).entries().is_empty());
    hub.get(&reference).await.expect(200);
    let narrow = server.narrowed("hub", "system/Subscription.cruds system/Patient.rs");
    let topic = builders::subscription("task-changed", "http://127.0.0.1:9002/x", &[]);
    narrow.post("Subscription", &topic).await.expect(403);
}
