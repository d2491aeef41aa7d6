//! Notifications: numbers, order, shapes, and what happens when they are not accepted.

use std::time::Duration;

use serde_json::Value;
use tests::{Scripted, TestReceiver, TestServer, builders, receiver};

#[tokio::test(flavor = "multi_thread")]
async fn once_and_in_order() {
    let server = TestServer::start().await;
    let (hub, receiver, _) = super::subscribed(&server, "task-changed", &[]).await;
    let team = server.caller("reablement");
    let mut expected = Vec::new();
    for _ in 0..4 {
        let (_, task) = builders::referred(&hub).await;
        let task = builders::move_task(&team, &task, "received").await.expect(200).json;
        builders::move_task(&team, &task, "accepted").await.expect(200);
        expected.extend(vec![format!("Task/{}", task["id"].as_str().unwrap()); 3]);
    }
    server.settle().await;
    let events = receiver.events();
    assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert_eq!(events.into_iter().map(|event| event.focus.unwrap()).collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_content_has_its_shape() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let mut receivers = Vec::new();
    for content in ["empty", "id-only", "full-resource"] {
        let receiver = TestReceiver::start().await;
        let subscription = builders::subscription("referral-new", &receiver.endpoint, &[]);
        hub.post("Subscription", &builders::with_content(subscription, content)).await.expect(201);
        receivers.push((content, receiver));
    }
    server.settle().await;
    let (referral, _) = builders::referred(&hub).await;
    server.settle().await;
    let address = format!("ServiceRequest/{}", referral["id"].as_str().unwrap());
    for (content, receiver) in receivers {
        let received = receiver.of_kind("event-notification");
        assert_eq!(received.len(), 1, "{content}");
        let bundle = &received[0].body;
        assert_eq!(bundle["type"], "history");
        assert!(bundle.get("total").is_none());
        let entries = bundle["entry"].as_array().unwrap();
        for entry in entries {
            assert!(
                entry["fullUrl"].is_string() && entry["request"]["method"].is_string(),
                "{content}: {entry}"
            );
            assert!(
                entry["request"]["url"].is_string() && entry["response"]["status"].is_string(),
                "{content}: {entry}"
            );
        }
        assert_eq!(receiver::status(bundle, "events-since-subscription-start"), Some("1"));
        assert_eq!(receiver::status(bundle, "type"), Some("event-notification"));
        assert_eq!(receiver::status(bundle, "status"), Some("active"));
        let status = entries[0]["resource"].to_string();
        match content {
            "empty" => {
                assert_eq!(entries.len(), 1);
                assert!(!status.contains("focus") && !status.contains("additional-context"));
                assert!(!received[0].text.contains(&address));
                assert_eq!(receiver::status(bundle, "topic"), None);
            }
            "id-only" => {
                assert!(status.contains(&address));
                assert!(entries[1..].iter().all(|entry| entry.get("resource").is_none()));
                assert!(entries[1]["fullUrl"].as_str().unwrap().ends_with(&address));
                assert!(
                    !received[0].text.contains("Reablement team") && !received[0].text.contains("reasonCode")
                );
            }
            _ => {
                assert!(status.contains(&address));
                let told: Vec<&Value> = entries[1..].iter().map(|entry| &entry["resource"]).collect();
                assert_eq!(told[0], &referral, "the version as it was written");
                assert!(
                    receiver::status(bundle, "topic").is_some_and(|topic| topic.ends_with("referral-new"))
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_holds_as_many_as_its_client_takes() {
    let server = TestServer::start().await;
    let (hub, receiver) = (server.caller("hub"), TestReceiver::start().await);
    let subscription = builders::subscription("referral-new", &receiver.endpoint, &[]);
    let subscription = builders::with_channel(subscription, "backport-max-count", "valuePositiveInt", 3);
    hub.post("Subscription", &subscription).await.expect(201);
    server.settle().await;
    receiver.script(&[Scripted::Status(500)]);
    for _ in 0..8 {
        builders::referred(&hub).await;
    }
    server.settle().await;
    server.retry_now().await;
    let mut seen = Vec::new();
    for received in receiver.of_kind("event-notification") {
        let numbers: Vec<u64> = received.events().iter().map(|event| event.number).collect();
        assert!((1..=3).contains(&numbers.len()), "{numbers:?}");
        let last = numbers.last().unwrap().to_string();
        assert_eq!(received.status("events-since-subscription-start"), Some(last.as_str()));
        seen.extend(numbers);
    }
    seen.dedup();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (1..=8).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_the_same_message() {
    let server = TestServer::start().await;
    let (hub, receiver, _) = super::subscribed(&server, "referral-new", &[]).await;
    receiver.script(&[Scripted::Status(500), Scripted::Reset, Scripted::Status(200)]);
    builders::referred(&hub).await;
    server.settle().await;
    // What happens meanwhile waits for its turn.
    builders::referred(&hub).await;
    server.retry_now().await;
    server.retry_now().await;
    let received = receiver.of_kind("event-notification");
    let numbers: Vec<Vec<u64>> = received
        .iter()
        .map(|received| received.events().iter().map(|event| event.number).collect())
        .collect();
    assert_eq!(numbers, [vec![1], vec![1], vec![1], vec![2]]);
    let ids: Vec<&str> = received.iter().map(|received| received.header("webhook-id")).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_is_off() {
    let server = TestServer::start().await;
    let (hub, receiver, reference) = super::subscribed(&server, "referral-new", &[]).await;
    receiver.always(Scripted::Status(410));
    builders::referred(&hub).await;
    server.settle().await;
    assert_eq!(hub.get(&reference).await.expect(200).json["status"], "off");
    let before = receiver.received().len();
    server.retry_now().await;
    assert_eq!(receiver.received().len(), before, "nothing more is sent there");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_failures_are_an_error_and_success_ends_it() {
    let server = TestServer::start().await;
    let (hub, receiver, reference) = super::subscribed(&server, "referral-new", &[]).await;
    receiver.script(&[Scripted::Status(500); 3]);
    builders::referred(&hub).await;
    server.settle().await;
    for expected in ["active", "error"] {
        server.retry_now().await;
        assert_eq!(hub.get(&reference).await.expect(200).json["status"], expected);
    }
    let told = super::status(&hub, &reference).await;
    assert_eq!(receiver::status(&told, "status"), Some("error"));
    assert!(told.to_string().contains("error-response"), "{told}");
    server.retry_now().await;
    assert_eq!(hub.get(&reference).await.expect(200).json["status"], "active");
    assert_eq!(receiver::status(&super::status(&hub, &reference).await, "status"), Some("active"));
    builders::referred(&hub).await;
    server.settle().await;
    let mut numbers: Vec<_> = receiver.events().iter().map(|event| event.number).collect();
    numbers.dedup();
    assert_eq!(numbers, [1, 2], "nothing was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_recovery_it_stays_in_error() {
    let mut server = TestServer::with(|config| config.subscription.auto_recover = false).await;
    server.leave_unsent();
    let (hub, receiver, reference) = super::subscribed(&server, "referral-new", &[]).await;
    receiver.script(&[Scripted::Status(500); 3]);
    builders::referred(&hub).await;
    server.settle().await;
    for _ in 0..3 {
        server.retry_now().await;
    }
    assert_eq!(hub.get(&reference).await.expect(200).json["status"], "error");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_answer_holds_up_nobody_else() {
    let server = TestServer::start().await;
    let (hub, slow) = (server.caller("hub"), TestReceiver::start().await);
    let subscription = builders::subscription("referral-new", &slow.endpoint, &[]);
    let subscription = builders::with_channel(subscription, "backport-timeout", "valueUnsignedInt", 1);
    let reference = hub.post("Subscription", &subscription).await.expect(201).reference();
    let (_, good, _) = super::subscribed(&server, "referral-new", &[]).await;
    slow.script(&[Scripted::Slow(Duration::from_secs(30))]);
    builders::referred(&hub).await;
    server.settle().await;
    assert_eq!(good.events().len(), 1);
    server.retry_now().await;
    assert_eq!(
        slow.events().iter().map(|event| event.number).collect::<Vec<_>>(),
        [1, 1],
        "and it is tried again"
    );
    assert_eq!(hub.get(&reference).await.expect(200).json["status"], "active");
}
