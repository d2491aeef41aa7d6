//! The handshake: a subscription is active when its endpoint has accepted one, and not before.

use tests::{Scripted, TestReceiver, TestServer, builders, receiver};

#[tokio::test(flavor = "multi_thread")]
async fn requested_then_active() {
    let server = TestServer::start().await;
    let (hub, receiver) = (server.caller("hub"), TestReceiver::start().await);
    let mut subscription = builders::subscription("task-changed", &receiver.endpoint, &[]);
    subscription["channel"]["header"] = serde_json::json!(["X-Team: hub", "Authorization: Bearer s3cret"]);
    subscription["channel"]["payload"] = "application/fhir+json; fhirVersion=4.0".into();
    let created = hub.post("Subscription", &subscription).await.expect(201);
    assert_eq!(created.json["status"], "requested");
    server.settle().await;
    let active = hub.get(&created.reference()).await.expect(200).json;
    assert_eq!(active["status"], "active");
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    let handshake = &received[0];
    assert_eq!((handshake.method.as_str(), handshake.path.as_str()), ("POST", "/hook"));
    assert_eq!(handshake.header("content-type"), "application/fhir+json; fhirVersion=4.0");
    assert_eq!(handshake.header("x-team"), "hub");
    assert_eq!(handshake.header("authorization"), "Bearer s3cret");
    for header in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        assert!(!handshake.header(header).is_empty(), "{header}");
    }
    let bundle = &handshake.body;
    assert_eq!((bundle["resourceType"].as_str(), bundle["type"].as_str()), (Some("Bundle"), Some("history")));
    assert_eq!(bundle["entry"].as_array().unwrap().len(), 1);
    let reference = format!("{}/{}", server.base, created.reference());
    assert_eq!(receiver::status(bundle, "subscription"), Some(reference.as_str()));
    assert_eq!(receiver::status(bundle, "type"), Some("handshake"));
    assert_eq!(receiver::status(bundle, "status"), Some("requested"));
    assert_eq!(receiver::status(bundle, "events-since-subscription-start"), Some("0"));
    let url = bundle["entry"][0]["request"]["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("{}/$status", created.reference())), "{url}");
    assert!(bundle["entry"][0]["response"]["status"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_then_error_then_active() {
    let server = TestServer::start().await;
    let (hub, receiver) = (server.caller("hub"), TestReceiver::start().await);
    receiver.script(&[Scripted::Status(500)]);
    let subscription = builders::subscription("task-changed", &receiver.endpoint, &[]);
    let reference = hub.post("Subscription", &subscription).await.expect(201).reference();
    server.settle().await;
    assert_eq!(hub.get(&reference).await.expect(200).json["status"], "error");
    server.retry_now().await;
    assert_eq!(hub.get(&reference).await.expect(200).json["status"], "active");
    assert_eq!(receiver.of_kind("handshake").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_before_the_handshake_is_sent_after_it() {
    let server = TestServer::start().await;
    let (hub, receiver) = (server.caller("hub"), TestReceiver::start().await);
    receiver.script(&[Scripted::Status(503)]);
    let subscription = builders::subscription("referral-new", &receiver.endpoint, &[]);
    hub.post("Subscription", &subscription).await.expect(201);
    server.settle().await;
    let (referral, _) = builders::referred(&hub).await;
    server.settle().await;
    assert!(receiver.events().is_empty());
    server.retry_now().await;
    let events = receiver.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].number, 1);
    assert_eq!(events[0].focus, Some(format!("ServiceRequest/{}", referral["id"].as_str().unwrap())));
}

#[tokio::test(flavor = "multi_thread")]
async fn off_and_requested_again() {
    let server = TestServer::start().await;
    let (hub, receiver, reference) = super::subscribed(&server, "referral-new", &[]).await;
    builders::referred(&hub).await;
    server.settle().await;
    let mut subscription = hub.get(&reference).await.expect(200).json;
    subscription["status"] = "off".into();
    hub.put_back(&subscription).await.expect(200);
    server.settle().await;
    builders::referred(&hub).await;
    server.settle().await;
    assert_eq!(receiver.events().len(), 1, "one that is off is told nothing");
    let mut subscription = hub.get(&reference).await.expect(200).json;
    assert_eq!(subscription["status"], "off");
    subscription["status"] = "requested".into();
    hub.put_back(&subscription).await.expect(200);
    server.settle().await;
    assert_eq!(hub.get(&reference).await.expect(200).json["status"], "active");
    builders::referred(&hub).await;
    server.settle().await;
    let numbers: Vec<_> = receiver.events().iter().map(|event| event.number).collect();
    assert_eq!(numbers, [1, 2], "numbers go on");
    assert_eq!(receiver.of_kind("handshake").len(), 2);
}
