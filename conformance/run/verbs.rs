//! Whether each verb does what it says, and fails where the server does not: against a server that answers from a script.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::case::Level;
use super::client::Client;
use super::declared::Declared;
use super::suite;
use super::trial::Outcome;
use crate::bench::message::Inbox;
use crate::token::Token;

/// What the server answers at a path: one answer after the other, and the last one ever after.
type Script = HashMap<&'static str, Vec<(u16, String)>>;

fn page(ids: &[&str], next: Option<&str>) -> (u16, String) {
    let entries: Vec<_> = ids.iter().map(|id| json!({"resource": {"id": id}})).collect();
    let links: Vec<_> = next.map(|path| json!({"relation": "next", "url": path})).into_iter().collect();
    (200, json!({"resourceType": "Bundle", "entry": entries, "link": links}).to_string())
}

fn says(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

fn refusal(status: u16) -> (u16, String) {
    (
        status,
        r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","diagnostics":"No."}]}"#
            .to_owned(),
    )
}

async fn outcome(script: Script, given: &str, steps: &str) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let script = Arc::new(Mutex::new(script));
    let listening = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&script)));
        }
    });
    let text = format!(
        "cases:\n- id: a\n  title: t\n  level: SHALL\n  requirement: 1\n  given: {given}\n  steps: {steps}\n"
    );
    let group = suite::read("test", "a.yaml", &text).unwrap();
    let create = json!({"rest": [{"mode": "server", "resource": [{"type": "Basic", "interaction": [{"code": "create"}]}]}]});
    let client = Client::new(&base, Token::default()).unwrap();
    let mut records = super::run_group(&client, &Declared::new(create), "run", &group, &mut Vec::new()).await;
    listening.abort();
    records.remove(0).outcome
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) -> std::io::Result<()> {
    let mut inbox = Inbox::default();
    while let Some(message) = inbox.next(&mut stream).await? {
        let path = message.start.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        let (status, body) = {
            let mut script = script.lock().unwrap();
            let answers = script.get_mut(path.as_str()).unwrap();
            if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
        };
        let location = if status == 201 { "Location: Basic/7/_history/1\r\n" } else { "" };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} X\r\n{location}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

async fn passes(script: Script, steps: &str) {
    assert_eq!(outcome(script, "{}", steps).await, Outcome::Passed, "{steps}");
}

async fn fails(script: Script, steps: &str) {
    assert_eq!(outcome(script, "{}", steps).await, Outcome::Failed(Level::Shall), "{steps}");
}

#[tokio::test]
async fn a_walk_joins_the_pages_and_finds_what_is_lost() {
    let walk = "[{page_walk: GET a, expect: {body: {'$.entry[*].resource.id': {are: [x, y, z]}, '$.pages[*]': {count: 2}}}}]";
    let second =
        |ids: &[&str]| [("a", vec![page(&["x", "y"], Some("b"))]), ("b", vec![page(ids, None)])].into();
    passes(second(&["z"]), walk).await;
    fails(second(&[]), walk).await;
    fails(second(&["y", "z"]), walk).await;
    fails([("a", vec![page(&["x", "y"], Some("b"))]), ("b", vec![refusal(500)])].into(), walk).await;
    fails([("a", vec![page(&["x"], Some("a"))])].into(), "[{page_walk: GET a, expect: {status: 200}}]").await;
}

#[tokio::test]
async fn answers_at_once_are_judged_and_counted() {
    let create = "[{request: GET a, parallel: 3, answers: {201: 1}, expect: {status: [200, 201]}}]";
    let three = |statuses: [u16; 3]| [("a", statuses.map(|status| says(status, "")).to_vec())].into();
    passes(three([200, 201, 200]), create).await;
    fails(three([201, 201, 200]), create).await;
    fails(three([200, 200, 200]), create).await;
    fails(three([200, 201, 500]), create).await;
    let race = "[{race: [GET a, GET b], answers: {201: 1}, expect: {status: [200, 201]}}]";
    passes([("a", vec![says(200, "")]), ("b", vec![says(201, "")])].into(), race).await;
    fails([("a", vec![says(201, "")]), ("b", vec![says(201, "")])].into(), race).await;
}

#[tokio::test]
async fn eventually_is_not_at_once_and_not_never() {
    let wait = "[{request: GET a, eventually: 1, expect: {status: 200}}]";
    passes([("a", vec![says(202, ""), says(202, ""), says(200, "")])].into(), wait).await;
    fails([("a", vec![says(202, "")])].into(), wait).await;
}

#[tokio::test]
async fn what_is_saved_is_used_and_must_be_there() {
    let save = "[{request: GET a, save: {v: $.v}}, {request: GET $(v)}]";
    passes([("a", vec![says(200, r#"{"v":"b"}"#)]), ("b", vec![says(200, "")])].into(), save).await;
    fails([("a", vec![says(200, "{}")])].into(), save).await;
}

#[tokio::test]
async fn an_honest_refusal_is_no_failure_and_another_is() {
    let steps = "[{request: GET a, may_refuse: [400], expect: {status: 200}}]";
    let refused = outcome([("a", vec![refusal(400)])].into(), "{}", steps).await;
    assert_eq!(refused, Outcome::Skipped("refused with 400: No.".to_owned()));
    fails([("a", vec![refusal(404)])].into(), steps).await;
}

#[tokio::test]
async fn what_is_given_must_be_there() {
    let given = "{x: {resourceType: Basic}}";
    let read = "[{request: GET Basic/$(x), expect: {status: 200}}]";
    let created = [("Basic", vec![says(201, "")]), ("Basic/7", vec![says(200, "")])];
    assert_eq!(outcome(created.into(), given, read).await, Outcome::Passed);
    let refused = outcome([("Basic", vec![refusal(422)])].into(), given, read).await;
    assert_eq!(refused, Outcome::Blocked("what is given ('x') could not be created: 422 No.".to_owned()));
    let unwanted = outcome([("Observation", vec![])].into(), "{x: {resourceType: Observation}}", read).await;
    assert_eq!(unwanted, Outcome::Skipped("Observation.create is not declared".to_owned()));
}

#[tokio::test]
async fn a_weaker_expectation_fails_at_its_own_level() {
    let steps = "[{request: GET a, should: {status: 200}}]";
    let found = outcome([("a", vec![says(204, "")])].into(), "{}", steps).await;
    assert_eq!(found, Outcome::Failed(Level::Should));
    let silent =
        outcome([("a", vec![says(404, "")])].into(), "{}", "[{request: GET a, expect: {status: 404}}]").await;
    assert_eq!(silent, Outcome::Failed(Level::Should), "an error without an OperationOutcome");
}
