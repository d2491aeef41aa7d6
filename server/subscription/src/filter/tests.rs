use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::Operation;

use super::*;

const BASE: &str = "http://here/fhir";

fn parse(topic: &str, text: &str) -> Result<Filter, String> {
    let topic = Topic::find(&format!("https://homefirst.example/fhir/SubscriptionTopic/{topic}")).unwrap();
    Filter::parse(text, topic, &Options::new(BASE, TimeZone::UTC))
}

fn side(value: Value) -> Side {
    let resource = Resource::new(value).unwrap();
    let rows = search::index(&resource, BASE, &TimeZone::UTC);
    Side { resource, rows, last_updated: 0 }
}

fn task(status: &str, owner: &str) -> Value {
    json!({"resourceType": "Task", "id": "t", "status": status, "owner": {"reference": format!("Organization/{owner}")},
        "for": {"reference": "Patient/p"}, "code": {"coding": [{"system": "http://s", "code": "fulfill"}]}})
}

fn change(previous: Option<Value>, current: Option<Value>) -> Change {
    Change {
        resource_type: ResourceType::TASK,
        operation: Operation::Update,
        identity: Key::of_resource(ResourceType::TASK, "t"),
        previous: previous.map(side),
        current: current.map(side),
    }
}

#[test]
fn the_forms_of_a_filter() {
    for text in [
        "owner=Organization/a",
        "Task.owner=Organization/a",
        "Task?owner=Organization/a",
        "?owner=Organization/a",
        "owner=http://here/fhir/Organization/a",
        "owner:Organization=a",
        "Task.owner=Organization/x,Organization/a",
        "Task?owner=Organization/a&status=requested",
        "Task.status:not=draft",
        "code=http://s|fulfill",
        "code=fulfill",
        "Task.patient=Patient/p",
        "Task.status=draft,requested",
        "owner=Organization%2Fa",
    ] {
        let filter = parse("task-changed", text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert!(filter.admits(&change(None, Some(task("requested", "a")))), "{text}");
    }
    for text in [
        "owner=Organization/b",
        "Task.status=draft",
        "Task?owner=Organization/a&status=draft",
        "status:not=requested",
    ] {
        let filter = parse("task-changed", text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert!(!filter.admits(&change(None, Some(task("requested", "a")))), "{text}");
    }
}

#[test]
fn what_the_topic_does_not_offer_is_refused_by_name() {
    for (text, word) in [
        ("colour=red", "colour"),
        ("Task.intent=order", "intent"),
        ("Patient.name=x", "Patient"),
        ("Nothing.owner=x", "Nothing"),
        ("Nothing?owner=x", "Nothing"),
        ("owner:above=Organization/a", ":above"),
        ("status:in=http://vs", ":in"),
        ("status:missing=true", ":missing"),
        ("owner.name=x", "owner"),
        ("_has:Task:focus:status=x", "_has"),
        ("owner=", ""),
        ("", ""),
        ("owner=%zz", ""),
    ] {
        let refusal = parse("task-changed", text).map(|_| text).unwrap_err();
        assert!(refusal.contains(word) && !refusal.is_empty(), "{text}: {refusal}");
    }
}

#[test]
fn either_version_may_meet_a_filter_and_all_of_one_filter_the_same_version() {
    let check = |text: &str, previous: Option<Value>, current: Option<Value>, expected: bool| {
        assert_eq!(
            parse("task-changed", text).unwrap().admits(&change(previous, current)),
            expected,
            "{text}"
        );
    };
    check("owner=Organization/a", Some(task("requested", "a")), Some(task("requested", "b")), true);
    check("owner=Organization/b", Some(task("requested", "a")), Some(task("requested", "b")), true);
    check("owner=Organization/c", Some(task("requested", "a")), Some(task("requested", "b")), false);
    check("owner=Organization/a", Some(task("requested", "a")), None, true);
    check(
        "Task?owner=Organization/a&status=accepted",
        Some(task("requested", "a")),
        Some(task("accepted", "b")),
        false,
    );
    check(
        "Task?owner=Organization/a&status=requested",
        Some(task("requested", "a")),
        Some(task("accepted", "b")),
        true,
    );
}
