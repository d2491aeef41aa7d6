//! Whether the suite can fail: every matcher of every case, and every case against servers that lie.
//!
//! A case that no wrong answer fails says nothing, however green it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::case::{Case, Step};
use super::client::Client;
use super::declared::Declared;
use super::matcher::Matcher;
use super::suite::{self, Group};
use super::trial::{Outcome, RUN_SYSTEM};
use crate::bench::message::Inbox;
use crate::token::Token;

/// A server that gives plausible but wrong answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Liar {
    /// Says yes to everything, and finds everything that it was ever given.
    Agreeable,
    /// Has never heard of anything.
    Refusing,
    /// Breaks down, with a page for people.
    Failing,
    /// Says yes, and shows something else.
    Hollow,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_fails_against_a_server_that_breaks_down() {
    for (case, outcome) in outcomes(Liar::Failing).await {
        assert!(matches!(outcome, Outcome::Failed(_)), "{case} is {outcome:?} although everything is 500");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_case_is_satisfied_by_yes_and_by_no() {
    let refused = outcomes(Liar::Refusing).await;
    let mut passed = Vec::new();
    for ((case, yes), (_, no)) in outcomes(Liar::Agreeable).await.into_iter().zip(refused) {
        if yes == Outcome::Passed && no == Outcome::Passed {
            passed.push(case);
        }
    }
    assert!(passed.is_empty(), "these pass whether the server says yes or knows nothing: {passed:#?}");
}

/// What a hollow answer satisfies looks at the status alone. Each of these is about nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn few_cases_look_at_the_status_alone() {
    let hollow = outcomes(Liar::Hollow).await;
    let passed = hollow.iter().filter(|(_, outcome)| *outcome == Outcome::Passed);
    let mut found: Vec<_> = passed.map(|(case, _)| case.as_str()).collect();
    let mut argued: Vec<_> =
        include_str!("hollow.txt").lines().filter_map(|line| line.split_whitespace().next()).collect();
    found.sort_unstable();
    argued.sort_unstable();
    assert_eq!(found, argued, "those on the left look at the status alone, those on the right are said to");
}

#[test]
fn every_matcher_of_every_case_can_fail() {
    for case in cases().into_iter().map(|(_, case)| case) {
        each_matcher(&case.steps, &mut |matcher| {
            let read = Matcher::read(matcher).unwrap();
            let fails = wrong_values(matcher)
                .into_iter()
                .any(|values| !read.faults(&values.iter().collect::<Vec<_>>()).is_empty());
            assert!(fails, "{}: nothing fails {matcher}", case.id);
        });
    }
}

#[test]
fn every_step_expects_something_of_its_own() {
    for (_, case) in cases() {
        let last = Step::read(case.steps.last().unwrap()).unwrap();
        let says = last.expect.has_status() || !last.answers.is_empty();
        assert!(says, "{}: the last step does not say what it expects", case.id);
    }
}

fn cases() -> Vec<(Group, Case)> {
    let groups = suite::embedded().unwrap();
    groups.iter().flat_map(|group| group.cases.iter().map(|case| (group.clone(), case.clone()))).collect()
}

fn each_matcher(steps: &[Value], visit: &mut impl FnMut(&Value)) {
    for step in steps {
        for section in ["expect", "should", "own"] {
            let maps = ["header", "body"].into_iter().filter_map(|part| step[section][part].as_object());
            maps.flat_map(Map::values).for_each(&mut *visit);
            step[section].get("text").into_iter().for_each(&mut *visit);
        }
        if let Some(between) = step["between"].as_array() {
            each_matcher(between, visit);
        }
    }
}

/// Values that a wrong answer might have where the matcher looks.
fn wrong_values(matcher: &Value) -> Vec<Vec<Value>> {
    let many: Vec<Value> = (0..1000).map(Value::from).chain([json!("b"), json!("a"), json!("b")]).collect();
    let mut wrong =
        vec![vec![], vec![json!("something else")], many.clone(), many.into_iter().rev().collect()];
    for value in matcher.as_object().into_iter().flat_map(Map::values) {
        // What must not be there, there: the excluded values, and the letters of the pattern.
        wrong.push(value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]));
        if let Some(pattern) = value.as_str() {
            let pattern = pattern.trim_start_matches("(?i)").trim_start_matches("(?s)");
            let letters: String = pattern.chars().filter(|letter| !r"^$\()[]*+?".contains(*letter)).collect();
            wrong.push(vec![Value::from(letters)]);
        }
    }
    wrong
}

async fn outcomes(liar: Liar) -> Vec<(String, Outcome)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/fhir", listener.local_addr().unwrap());
    let store = Arc::new(Mutex::new(BTreeMap::new()));
    let (own, shared) = (base.clone(), Arc::clone(&store));
    let listening = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, liar, own.clone(), Arc::clone(&shared)));
        }
    });
    let client = Client::new(&base, Token::default()).unwrap();
    let mut outcomes = Vec::new();
    for (group, case) in cases() {
        let declared = Declared::new(statement(&group, &case));
        let id = case.id.clone();
        let single = Group { cases: vec![case], ..group };
        let mut records = super::run_group(&client, &declared, "run", &single, &mut Vec::new()).await;
        outcomes.push((id, records.remove(0).outcome));
        store.lock().unwrap().clear();
    }
    listening.abort();
    outcomes
}

type Store = Arc<Mutex<BTreeMap<String, Value>>>;

async fn serve(mut stream: TcpStream, liar: Liar, base: String, store: Store) -> std::io::Result<()> {
    let mut inbox = Inbox::default();
    while let Some(message) = inbox.next(&mut stream).await? {
        let (method, rest) = message.start.split_once(' ').unwrap_or_default();
        let path =
            rest.split(' ').next().unwrap_or_default().trim_start_matches("/fhir").trim_start_matches('/');
        let body = String::from_utf8_lossy(message.body).into_owned();
        let (status, location, content) = answer(liar, &base, &store, method, path, &body);
        let kind = if content.starts_with('<') { "text/html" } else { "application/fhir+json" };
        let location = location.map_or(String::new(), |url| format!("Location: {url}\r\n"));
        let length = content.len();
        let content = if method == "HEAD" { "" } else { &content };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nETag: W/\"1\"\r\nLast-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
             {location}Content-Length: {length}\r\n\r\n{content}"
        );
        stream.write_all(head.as_bytes()).await?;
    }
    Ok(())
}

fn answer(
    liar: Liar,
    base: &str,
    store: &Store,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, Option<String>, String) {
    let mut store = store.lock().unwrap();
    let resource_type = path.split(['/', '?', '$']).next().unwrap_or_default();
    // What is given is created by every liar: the lies begin with the steps.
    if method == "POST" && (body.contains(RUN_SYSTEM) || liar == Liar::Agreeable) {
        let id = format!("id-{}", store.len() + 1);
        let mut resource: Value =
            serde_json::from_str(body).unwrap_or_else(|_| json!({"resourceType": "Basic"}));
        if let Value::Object(members) = &mut resource {
            members.insert("id".into(), json!(id));
            members.insert("meta".into(), json!({"versionId": "1", "lastUpdated": "1970-01-01T00:00:00Z"}));
        }
        store.insert(format!("{resource_type}/{id}"), resource.clone());
        let location = format!("{base}/{resource_type}/{id}/_history/1");
        return (201, Some(location), resource.to_string());
    }
    match liar {
        Liar::Failing => (500, None, "<html>Something went wrong</html>".to_owned()),
        Liar::Refusing => {
            let outcome = json!({"resourceType": "OperationOutcome", "issue": [
                {"severity": "error", "code": "not-found", "diagnostics": "no"}]});
            (404, None, outcome.to_string())
        }
        Liar::Hollow if method == "POST" => {
            (201, Some(format!("{base}/Basic/1/_history/1")), r#"{"resourceType":"Basic"}"#.to_owned())
        }
        Liar::Hollow => (200, None, r#"{"resourceType":"Basic"}"#.to_owned()),
        Liar::Agreeable => match store.get(path.split(['?', '$']).next().unwrap_or_default()) {
            Some(resource) => (200, None, resource.to_string()),
            None => {
                let entries: Vec<_> = store
                    .values()
                    .map(|resource| json!({"resource": resource, "search": {"mode": "match"}}))
                    .collect();
                let bundle = json!({"resourceType": "Bundle", "type": "searchset", "entry": entries});
                (200, None, bundle.to_string())
            }
        },
    }
}

/// A statement that declares exactly what the case needs.
fn statement(group: &Group, case: &Case) -> Value {
    let mut rest =
        json!({"mode": "server", "interaction": [], "operation": [], "security": {}, "compartment": []});
    let mut types: BTreeMap<String, Value> = BTreeMap::new();
    let (mut formats, mut patches) = (vec![json!("json")], Vec::new());
    let given = group.given.values().chain(case.given.values());
    let created = given.filter_map(|resource| Some(format!("{}.create", resource["resourceType"].as_str()?)));
    // Something to go through, for the cases that go through everything.
    let always = [
        "Basic?code",
        "Basic.read",
        "Basic.searchInclude=Basic:subject",
        "Basic.searchRevInclude=Basic:subject",
    ]
    .map(str::to_owned);
    for need in created.chain(case.needs.iter().cloned()).chain(always) {
        if need.starts_with("not ") {
            continue;
        }
        if let Some((name, value)) = need.split_once('=').filter(|(name, _)| !name.contains('.')) {
            match name {
                "format" => formats.push(json!(value)),
                "patchFormat" => patches.push(json!(value)),
                _ => {
                    rest["compartment"] =
                        json!([format!("http://hl7.org/fhir/CompartmentDefinition/{value}")])
                }
            }
        } else if need == "security" {
            rest["security"]["service"] = json!([{}]);
        } else if need == "cors" {
            rest["security"]["cors"] = json!(true);
        } else if let Some(code) = need.strip_prefix("system.") {
            push(&mut rest["interaction"], json!({"code": code}));
        } else if let Some(name) = need.strip_prefix('$') {
            push(&mut rest["operation"], json!({"name": name}));
        } else {
            let name = need.split(['.', '?', '$']).next().unwrap_or_default();
            let resource = types.entry(name.to_owned()).or_insert_with(|| json!({"type": name}));
            declare(resource, &need[name.len()..]);
        }
    }
    rest["resource"] = types.into_values().collect();
    json!({"format": formats, "patchFormat": patches, "rest": [rest]})
}

fn declare(resource: &mut Value, need: &str) {
    if let Some(name) = need.strip_prefix('?') {
        push(&mut resource["searchParam"], json!({"name": name, "type": "token"}));
    } else if let Some(name) = need.strip_prefix('$') {
        push(&mut resource["operation"], json!({"name": name}));
    } else if let Some(member) = need.strip_prefix('.') {
        match member.split_once('=') {
            Some((name, value)) if name.starts_with("search") => push(&mut resource[name], json!(value)),
            Some((name, value)) => resource[name] = json!(value),
            None => match member {
                "conditionalCreate" | "conditionalUpdate" | "updateCreate" => resource[member] = json!(true),
                "conditionalRead" => resource[member] = json!("full-support"),
                "conditionalDelete" => resource[member] = json!("single"),
                "versioning" => resource[member] = json!("versioned"),
                code => push(&mut resource["interaction"], json!({"code": code})),
            },
        }
    }
}

fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        other => *other = json!([item]),
    }
}
