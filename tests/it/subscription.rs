//! Subscriptions: from the handshake to the last notification.

mod delivery;
mod events;
mod filter;
mod guard;
mod handshake;
mod status;

use serde_json::Value;
use tests::{Caller, TestReceiver, TestServer, builders};

/// A subscription of the hub to a topic, active.
async fn subscribed(server: &TestServer, topic: &str, filters: &[&str]) -> (Caller, TestReceiver, String) {
    let (hub, receiver) = (server.caller("hub"), TestReceiver::start().await);
    let subscription = builders::subscription(topic, &receiver.endpoint, filters);
    let reference = hub.post("Subscription", &subscription).await.expect(201).reference();
    server.settle().await;
    assert_eq!(hub.get(&reference).await.expect(200).json["status"], "active");
    (hub, receiver, reference)
}

/// The parameters of `$status` of one subscription.
async fn status(caller: &Caller, reference: &str) -> Value {
    let answer = caller.get(&format!("{reference}/$status")).await.expect(200);
    assert_eq!((answer.json["type"].as_str(), answer.entries().len()), (Some("searchset"), 1));
    answer.json
}
