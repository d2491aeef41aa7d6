//! The one table of errors, <https://hl7.org/fhir/R4/http.html#summary>: every cause that a client can bring about has its
//! status and its issue code.

use std::time::Duration;

use serde_json::json;
use tests::{TestServer, builders};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn every_cause_has_its_status_and_code() {
    let server = TestServer::start().await;
    let (epr, hub, nobody) = (server.caller("epr"), server.caller("hub"), server.caller("nobody"));
    let stranger = server.with_token(None);
    let (_, task) = builders::referred(&hub).await;
    let patient = task["for"]["reference"].as_str().unwrap();
    let task_address = format!("Task/{}", task["id"].as_str().unwrap());
    let gone = epr.post("Patient", &builders::patient()).await.expect(201).reference();
    epr.delete(&gone).await.expect(204);
    let location = json!({"resourceType": "Location", "name": "Twin", "identifier": [{"system": "urn:x", "value": "twin"}]});
    for _ in 0..2 {
        epr.post("Location", &location).await.expect(201);
    }
    let many = vec!["a"; 51].join(",");
    let long = "a".repeat(9000);

    let stale = hub.request("PUT", &task_address).header("if-match", "W/\"77\"").json(&task).send().await;
    let unguarded = hub.put(&task_address, &task).await;
    let twins = epr.request("POST", "Location").header("if-none-exist", "identifier=urn:x|twin");
    let backwards = builders::move_task(&hub, &task, "draft").await;
    let missing = json!({"resourceType": "Observation", "code": {"text": "no status"}});
    let unknown = json!({"resourceType": "Patient", "surname": "x"});
    let csv = epr.request("POST", "Patient").header("content-type", "text/csv").body("a,b");
    let turtle = epr.request("GET", "Patient").header("accept", "text/turtle");
    for (cause, answer, status, code) in [
        ("Unparsable", epr.post("Patient", &unknown).await, 400, "structure"),
        ("BadRequest", epr.get("Patient?_count=-1").await, 400, "invalid"),
        ("BadRequest, by IC-VER-01", unguarded, 400, "required"),
        ("TooCostly", epr.get(&format!("Patient?family={many}")).await, 400, "too-costly"),
        ("Login", stranger.get("Patient").await, 401, "login"),
        ("Forbidden", nobody.get("Patient").await, 403, "forbidden"),
        ("UnknownType", epr.get("Foo").await, 404, "not-supported"),
        ("NotFound", epr.get("Patient/nobody").await, 404, "not-found"),
        ("MethodNotAllowed", hub.delete(&task_address).await, 405, "not-supported"),
        ("NotAcceptable", turtle.send().await, 406, "not-supported"),
        ("ForbiddenMove", backwards, 409, "conflict"),
        ("Referenced", hub.delete(patient).await, 409, "conflict"),
        ("Deleted", epr.get(&gone).await, 410, "deleted"),
        ("VersionMismatch", stale, 412, "conflict"),
        ("MultipleMatches", twins.json(&location).send().await, 412, "multiple-matches"),
        ("UriTooLong", epr.get(&format!("Patient?family={long}")).await, 414, "too-long"),
        ("UnsupportedMediaType", csv.send().await, 415, "not-supported"),
        ("Unprocessable", epr.post("Observation", &missing).await, 422, "required"),
    ] {
        assert_eq!((answer.status, answer.code()), (status, code), "{cause}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let server = TestServer::with(|config| config.http.body_timeout_ms = 200).await;
    let token = server.caller("epr").token().unwrap().to_owned();
    let mut stream = TcpStream::connect(server.running().address).await.unwrap();
    let head = format!(
        "POST /fhir/Patient HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/fhir+json\r\ncontent-length: 100\r\n\r\n{{\"resourceType\":"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    server.caller("epr").get("Patient").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_that_takes_too_long_ends() {
    let server = TestServer::with(|config| config.http.request_timeout_ms = 300).await;
    let epr = server.caller("epr");
    epr.get("Patient").await.expect(200);
    let mut other = server.database.connect().await;
    let blocking = other.transaction().await.unwrap();
    blocking.batch_execute("LOCK TABLE resource IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answer = epr.get("Patient").await.expect(504);
    assert_eq!(answer.code(), "timeout");
    blocking.rollback().await.unwrap();
    epr.get("Patient").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_waited_for_by_the_client() {
    let mut server = TestServer::with(|config| config.database.wait_ms = 500).await;
    server.leave_unsent();
    let epr = server.caller("epr");
    epr.get("Patient").await.expect(200);
    server.database.lock_out(true).await;
    let answer = epr.get("Patient").await.expect(503);
    assert_eq!((answer.code(), answer.header("retry-after")), ("transient", "1"));
    let written = epr.post("Patient", &builders::patient()).await.expect(503);
    assert_eq!(written.code(), "transient");
    server.database.lock_out(false).await;
    let since = std::time::Instant::now();
    while epr.get("Patient").await.status != 200 {
        assert!(since.elapsed() < Duration::from_secs(60), "the server does not find its database again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    epr.post("Patient", &builders::patient()).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_can_be_read_all_the_same() {
    let mut server = TestServer::start().await;
    server.leave_unsent();
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    epr.get("Organization?_count=1").await.expect(200);
    let read_only = async |is: bool| {
        let client = server.database.connect().await;
        let sql = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {is}', current_database()); END $$"
        );
        client.batch_execute("SET default_transaction_read_only = off").await.unwrap();
        client.batch_execute(&sql).await.unwrap();
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        client.batch_execute(others).await.unwrap();
    };
    // As a standby is, and as a full disk makes it: those that were connected are cut off, and may have to ask twice.
    read_only(true).await;
    let settled = async |wanted: u16| {
        let since = std::time::Instant::now();
        loop {
            let answer = epr.post("Patient", &builders::patient()).await;
            assert!([201, 503].contains(&answer.status), "{}", answer.text());
            if answer.status == wanted && epr.get(&patient).await.status == 200 {
                return answer;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{}", answer.text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let refused = settled(503).await;
    assert_eq!((refused.code(), refused.header("retry-after")), ("transient", "1"));
    // A process that was not there before pages too, although the secret of its cursors is that of all.
    let config = tests::database::config(&server.database.url());
    let beside = config.store().unwrap();
    assert_eq!(beside.secret("cursor").await.unwrap().len(), 32);
    beside.close();
    for address in
        [patient.as_str(), "Organization?_count=1", "Patient/_history?_count=1", "Subscription/$status"]
    {
        epr.get(address).await.expect(200);
    }
    read_only(false).await;
    settled(201).await;
}

/// Backends of Postgres that are stopped, and go on when this is dropped.
struct Stopped(Vec<String>);

impl Stopped {
    fn signal(&self, signal: &str) -> bool {
        let kill = std::process::Command::new("kill").arg(signal).args(&self.0).status();
        kill.is_ok_and(|status| status.success())
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_does_not_wait_for_a_database_that_does_not_answer() {
    let mut server = TestServer::start().await;
    server.leave_unsent();
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let ready = server.base.replace("/fhir", "/readyz");
    let own = server.database.connect().await;
    let others = "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let stopped = Stopped(own.query(others, &[]).await.unwrap().iter().map(|row| row.get(0)).collect());
    assert!(stopped.signal("-STOP"), "the tests run as who runs their Postgres, or as root");
    // A connection is made anew where none is idle; that one answers.
    let http = reqwest::Client::new();
    let since = std::time::Instant::now();
    let asked = || async {
        tokio::time::timeout(Duration::from_secs(30), http.get(&ready).send()).await.unwrap().unwrap()
    };
    let mut answer = asked().await;
    while answer.status() != 503 {
        assert!(since.elapsed() < Duration::from_secs(60), "it is ready without its database");
        answer = asked().await;
    }
    assert!(answer.headers().contains_key("retry-after"));
    drop(stopped);
    while asked().await.status() != 200 || epr.get(&patient).await.status != 200 {
        assert!(since.elapsed() < Duration::from_secs(120), "it does not become ready again");
    }
}
