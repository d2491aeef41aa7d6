use bytes::Bytes;
use fhir::{ResourceType, VersionId};

use super::*;

const BASE: &str = "https://fhir.homefirst.example.nhs.uk/fhir";
const ID: &str = "8b1d6c2e-4f0a-4c55-9d3a-0b6f3f2a7c11";
const TOPIC: &str = "https://fhir.homefirst.example.nhs.uk/SubscriptionTopic/referral-state-change";

fn standing<'a>(status: &'a str, events: i64) -> Standing<'a> {
    Standing { base: BASE, id: ID, topic: Some(TOPIC), status, events, error: None }
}

/// 2026-11-21T10:15:02.918Z and that many milliseconds more.
fn at(more: i64) -> Instant {
    let start: jiff::Timestamp = "2026-11-21T10:15:02.918Z".parse().unwrap();
    Instant::from_microseconds(start.as_microsecond() + more * 1000)
}

fn version(id: &str, operation: Operation, number: i32, more: i64, text: Value) -> Stored {
    Stored {
        resource_type: ResourceType::SERVICE_REQUEST,
        id: id.to_owned(),
        version_id: VersionId::new(number),
        last_updated: at(more),
        operation,
        text: (operation != Operation::Delete).then(|| Bytes::from(text.to_string())),
        seq: 1,
    }
}

fn referral() -> Value {
    json!({"resourceType": "ServiceRequest", "id": "sr-1001",
        "meta": {"versionId": "3", "lastUpdated": "2026-11-21T10:15:02.918Z"}, "status": "active", "intent": "order",
        "subject": {"reference": "Patient/pt-77"}, "performer": [{"reference": "Organization/team-4"}]})
}

fn event(number: i64, version: Option<Stored>) -> Event {
    Event { number, at: at(0), version }
}

/// Without what is new in every Bundle.
fn steady(mut bundle: Value) -> Value {
    for member in ["id", "timestamp"] {
        bundle.as_object_mut().unwrap().shift_remove(member);
    }
    for entry in bundle["entry"].as_array_mut().unwrap() {
        if entry["fullUrl"].as_str().unwrap().starts_with("urn:uuid:") {
            assert_eq!(entry["fullUrl"].as_str().unwrap()[9..], *entry["resource"]["id"].as_str().unwrap());
            entry["fullUrl"] = Value::Null;
            entry["resource"]["id"] = Value::Null;
        }
    }
    bundle
}

fn example(text: &str) -> Value {
    steady(serde_json::from_str(text).unwrap())
}

#[test]
fn handshake_and_heartbeat_are_as_in_the_examples() {
    let handshake = bundle(Kind::Handshake, &standing("requested", 0), Content::IdOnly, None, &[]);
    assert_eq!(steady(handshake), example(include_str!("examples/2-handshake.json")));
    let heartbeat = bundle(Kind::Heartbeat, &standing("active", 41), Content::IdOnly, None, &[]);
    assert_eq!(steady(heartbeat), example(include_str!("examples/3-heartbeat.json")));
}

#[test]
fn an_empty_notification_says_that_and_when_only() {
    let events = [event(42, Some(version("sr-1001", Operation::Update, 3, 0, referral())))];
    let standing = Standing { topic: None, ..standing("active", 42) };
    let found = bundle(Kind::EventNotification, &standing, Content::Empty, topics_first(), &events);
    assert_eq!(steady(found), example(include_str!("examples/4-event-empty.json")));
}

fn topics_first() -> Option<&'static Topic> {
    Topic::find("https://homefirst.example/fhir/SubscriptionTopic/referral-changed")
}

#[test]
fn an_id_only_notification_names_what_changed_and_what_belongs_to_it() {
    let second = json!({"resourceType": "ServiceRequest", "id": "sr-1002", "status": "active"});
    let events = [
        event(42, Some(version("sr-1001", Operation::Update, 3, 0, referral()))),
        event(43, Some(version("sr-1002", Operation::Create, 1, 32, second))),
    ];
    let found =
        bundle(Kind::EventNotification, &standing("active", 43), Content::IdOnly, topics_first(), &events);
    let mut expected = example(include_str!("examples/5-event-id-only.json"));
    expected["entry"][2]["response"] =
        json!({"status": "201", "etag": "W/\"1\"", "lastModified": "2026-11-21T10:15:02.950Z"});
    assert_eq!(steady(found), expected);
}

#[test]
fn a_full_notification_carries_the_version_of_the_event() {
    let events = [event(42, Some(version("sr-1001", Operation::Update, 3, 0, referral())))];
    let found = bundle(
        Kind::EventNotification,
        &standing("active", 42),
        Content::FullResource,
        topics_first(),
        &events,
    );
    assert_eq!(steady(found), example(include_str!("examples/6-event-full-resource.json")));
}

#[test]
fn a_deletion_has_no_resource() {
    let events = [event(1, Some(version("sr-1", Operation::Delete, 4, 0, Value::Null)))];
    let found = bundle(Kind::EventNotification, &standing("active", 1), Content::FullResource, None, &events);
    let entry = &found["entry"][1];
    assert!(entry.get("resource").is_none());
    assert_eq!(entry["request"], json!({"method": "DELETE", "url": "ServiceRequest/sr-1"}));
    assert_eq!(entry["response"]["status"], "204");
}

#[test]
fn what_may_not_be_seen_any_more_leaves_its_number_only() {
    let events = [event(7, None), event(8, Some(version("sr-1001", Operation::Update, 3, 0, referral())))];
    for content in [Content::IdOnly, Content::FullResource] {
        let found = bundle(Kind::EventNotification, &standing("active", 8), content, topics_first(), &events);
        let told: Vec<_> = found["entry"][0]["resource"]["parameter"].as_array().unwrap()[5..].to_vec();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0]["part"].as_array().unwrap().len(), 2, "{}", told[0]);
        assert_eq!(told[0]["part"][0]["valueString"], "7");
        assert_eq!(found["entry"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_status_tells_the_error() {
    let standing = Standing { error: Some((Some("no-response"), None)), ..standing("error", 47) };
    let found = status_parameters(Kind::QueryStatus, &standing, std::iter::empty());
    let example: Value = serde_json::from_str(include_str!("examples/7-status-reply.json")).unwrap();
    assert_eq!(found["parameter"], example["entry"][0]["resource"]["parameter"]);
    assert_eq!(found["meta"], example["entry"][0]["resource"]["meta"]);
}

#[test]
fn every_entry_has_a_request_and_a_response() {
    let events: Vec<_> = [Operation::Create, Operation::Update, Operation::Delete]
        .into_iter()
        .zip(1..)
        .map(|(operation, number)| event(number, Some(version("sr-1001", operation, 1, 0, referral()))))
        .collect();
    for content in [Content::Empty, Content::IdOnly, Content::FullResource] {
        let found = bundle(Kind::QueryEvent, &standing("active", 3), content, topics_first(), &events);
        let entries = found["entry"].as_array().unwrap();
        assert_eq!(entries.len(), if content == Content::Empty { 1 } else { 4 });
        for entry in entries {
            assert!(
                entry["request"]["method"].is_string() && entry["response"]["status"].is_string(),
                "{entry}"
            );
            assert!(!entry["fullUrl"].as_str().unwrap().contains("_history"));
        }
    }
}
