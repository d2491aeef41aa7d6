//! `/metrics`: how the server does, in the text format of Prometheus.

use std::time::{Duration, Instant};

use tests::{TestReceiver, TestServer, builders};

/// The value of the one line that begins so.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_watch_see_what_waits() {
    let mut server = TestServer::with(|config| config.server.metrics = "127.0.0.1:0".to_owned()).await;
    server.leave_unsent();
    let (hub, receiver) = (server.caller("hub"), TestReceiver::start().await);
    hub.post("Subscription", &builders::subscription("task-changed", &receiver.endpoint, &[]))
        .await
        .expect(201);
    server.settle().await;
    let (referral, _) = builders::referred(&hub).await;
    server.settle().await;
    hub.get("Task/nobody/$made-up").await.expect(404);

    let address = format!("http://{}/metrics", server.running().metrics.unwrap());
    let scraped = async || {
        let answer = reqwest::get(&address).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        answer.text().await.unwrap()
    };
    let text = scraped().await;
    let read = "http_server_request_duration_seconds_count{route=\"[type]\",method=\"POST\",status=\"201\"}";
    // A Subscription, a patient and a referral.
    assert_eq!(value(&text, read), Some(3.0), "{text}");
    for (series, expected) in [
        ("database_up", 1.0),
        ("change_queue_depth", 0.0),
        ("change_dead", 0.0),
        ("subscription_state{state=\"active\"}", 1.0),
        ("subscription_undelivered_events{state=\"active\"}", 0.0),
        ("db_pool_waiting", 0.0),
    ] {
        assert_eq!(value(&text, series), Some(expected), "{series}: {text}");
    }
    assert!(value(&text, "subscription_attempts_total{result=\"accepted\"}") >= Some(2.0), "{text}");
    let patient = referral["subject"]["reference"].as_str().unwrap().split('/').nth(1).unwrap();
    for hidden in [patient, "made-up", "demo-hub", "Patient"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    // It is not where clients are.
    hub.get(&server.base.replace("/fhir", "/metrics")).await.expect(404);

    // Without its database the server still says what it has answered.
    server.database.lock_out(true).await;
    let since = Instant::now();
    while value(&scraped().await, "database_up") != Some(0.0) {
        assert!(since.elapsed() < Duration::from_secs(60), "the database is not missed");
    }
    server.database.lock_out(false).await;
    while value(&scraped().await, "database_up") != Some(1.0) {
        assert!(since.elapsed() < Duration::from_secs(120), "the database is not found again");
    }
}
