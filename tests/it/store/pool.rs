//! Connections: armed when they are made, and never given back with a transaction open.

use std::time::Duration;

use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_has_a_time_limit() {
    let server = TestServer::with(|config| config.database.statement_timeout_ms = 400).await;
    let epr = server.caller("epr");
    // All connections of the pool, one after the other and at once.
    let mut blocked = server.database.connect().await;
    let blocking = blocked.transaction().await.unwrap();
    blocking.batch_execute("LOCK TABLE resource IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answers = futures_util::future::join_all((0..4).map(|_| epr.get("Patient"))).await;
    for answer in answers {
        assert_eq!((answer.status, answer.code()), (504, "timeout"), "{}", answer.text());
    }
    blocking.rollback().await.unwrap();
    epr.get("Patient").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_given_up_leave_nothing_open() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let url = server.base.clone();
    let token = epr.token().unwrap().to_owned();
    let mut given_up = 0;
    for round in 0..40_u64 {
        let entries: Vec<_> =
            (0..30).map(|at| builders::create_entry(&format!("urn:x:{at}"), &builders::patient())).collect();
        let body = builders::transaction(&entries).to_string();
        let http = reqwest_client();
        let sending = http
            .post(&url)
            .bearer_auth(&token)
            .header("content-type", "application/fhir+json")
            .body(body)
            .send();
        let waited = tokio::time::timeout(Duration::from_millis(round), sending).await;
        given_up += usize::from(waited.is_err());
    }
    assert!(given_up > 0);
    epr.get("Patient?_count=1").await.expect(200);
    server.settle().await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
    let since = std::time::Instant::now();
    while server.count(open).await > 0 {
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "a connection went back with its transaction open"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let parts = "SELECT count(*) FROM (SELECT date_trunc('milliseconds', min(last_updated)) FROM version v \
                 WHERE resource_type = (SELECT resource_type FROM resource WHERE key = v.key) GROUP BY key HAVING count(*) > 1) x";
    assert_eq!(server.count(parts).await, 0, "nothing was written twice");
    let written = server.count("SELECT count(*) FROM audit WHERE client = 'demo-epr'").await;
    assert_eq!(written % 30, 0, "all of a transaction, or nothing of it");
}

fn reqwest_client() -> reqwest::Client {
    reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_is_dropped_changes_nothing() {
    let server = TestServer::start().await;
    let config = tests::database::config(&server.database.url());
    let store = config.store().unwrap();
    for _ in 0..8 {
        // More often than the pool has connections: each is closed, and its lock is let go.
        let outbox = store.outbox().await.unwrap();
        drop(outbox);
    }
    store.ping().await.unwrap();
    server.settle().await;
    store.close();
    assert!(store.ping().await.is_err());
}
