//! `$events`: what a client missed can be asked for.

use tests::{TestServer, builders, receiver};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_told_again() {
    let server = TestServer::start().await;
    let (hub, sent, reference) = super::subscribed(&server, "referral-new", &[]).await;
    for _ in 0..5 {
        builders::referred(&hub).await;
    }
    server.settle().await;
    let all = sent.events();
    assert_eq!(all.len(), 5);
    for (query, expected) in [
        ("", &all[..]),
        ("?eventsSinceNumber=2&eventsUntilNumber=4", &all[1..4]),
        ("?eventsSinceNumber=5", &all[4..]),
        ("?eventsUntilNumber=1", &all[..1]),
        ("?eventsSinceNumber=6", &[]),
        ("?eventsSinceNumber=0&eventsUntilNumber=99", &all[..]),
    ] {
        let answer = hub.get(&format!("{reference}/$events{query}")).await.expect(200);
        assert_eq!(answer.json["type"], "history");
        assert_eq!(receiver::status(&answer.json, "type"), Some("query-event"));
        assert_eq!(receiver::status(&answer.json, "events-since-subscription-start"), Some("5"), "{query}");
        assert_eq!(receiver::events(&answer.json), expected, "{query}");
        for entry in answer.entries() {
            assert!(entry["request"].is_object() && entry["response"].is_object());
        }
    }
    let third = format!("{reference}/$events?content=full-resource&eventsSinceNumber=3&eventsUntilNumber=3");
    let full = hub.get(&third).await.expect(200);
    assert_eq!(full.entries()[1]["resource"]["resourceType"], "ServiceRequest");
    let empty = hub.get(&format!("{reference}/$events?content=empty")).await.expect(200);
    assert_eq!(empty.entries().len(), 1);
    assert!(!empty.text().contains("ServiceRequest/"));
    for query in ["eventsSinceNumber=x", "eventsSinceNumber=-1x", "content=all", "unknown=1"] {
        hub.get(&format!("{reference}/$events?{query}")).await.expect(400);
    }
    hub.get("Subscription/$events").await.expect(404);
}
