//! `$status`, of one and of several.

use tests::{TestServer, receiver};

#[tokio::test(flavor = "multi_thread")]
async fn how_subscriptions_stand() {
    let server = TestServer::start().await;
    let (hub, _first, one) = super::subscribed(&server, "referral-new", &[]).await;
    let (_, _second, two) = super::subscribed(&server, "task-changed", &[]).await;
    tests::builders::referred(&hub).await;
    server.settle().await;
    let told = super::status(&hub, &one).await;
    assert_eq!(receiver::status(&told, "type"), Some("query-status"));
    assert_eq!(receiver::status(&told, "status"), Some("active"));
    assert_eq!(receiver::status(&told, "events-since-subscription-start"), Some("1"));
    let reference = format!("{}/{one}", server.base);
    assert_eq!(receiver::status(&told, "subscription"), Some(reference.as_str()));
    let ids: Vec<&str> = [&one, &two].map(|reference| reference.split('/').nth(1).unwrap()).to_vec();
    for (query, count) in [
        (String::new(), 2),
        (format!("?id={}", ids[0]), 1),
        (format!("?id={}&id={}", ids[0], ids[1]), 2),
        (format!("?id={},{}", ids[0], ids[1]), 2),
        ("?status=active".to_owned(), 2),
        ("?status=error".to_owned(), 0),
        ("?status=error&status=active".to_owned(), 2),
        ("?id=nobody".to_owned(), 0),
    ] {
        let answer = hub.get(&format!("Subscription/$status{query}")).await.expect(200);
        assert_eq!((answer.entries().len(), &answer.json["total"]), (count, &count.into()), "{query}");
        assert_eq!(answer.json["type"], "searchset");
    }
    let body =
        serde_json::json!({"resourceType": "Parameters", "parameter": [{"name": "id", "valueId": ids[0]}]});
    assert_eq!(hub.post("Subscription/$status", &body).await.expect(200).entries().len(), 1);
    hub.get("Subscription/nobody/$status").await.expect(404);
}
