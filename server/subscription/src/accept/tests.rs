use serde_json::json;

use super::*;

fn settings() -> Settings {
    Settings::new("https://fhir.homefirst.example.nhs.uk/fhir")
}

/// The guide's example, for a topic of ours.
fn example() -> Value {
    let mut example: Value =
        serde_json::from_str(include_str!("../notification/examples/1-subscription-create.json")).unwrap();
    example["criteria"] = Value::from("https://homefirst.example/fhir/SubscriptionTopic/referral-new");
    example["end"] = Value::from("2999-03-31T23:59:59Z");
    example
}

fn ours(previous: Option<&Value>, value: Value, settings: &Settings) -> Result<Accepted, Error> {
    let previous = previous.map(|value| Resource::new(value.clone()).unwrap());
    accept(previous.as_ref(), Resource::new(value).unwrap(), settings)
}

fn set(pointer: &str, to: Value) -> Value {
    let mut value = example();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(members) if to.is_null() => {
            members.shift_remove(name);
        }
        Value::Object(members) => {
            members.insert(name.to_owned(), to);
        }
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = to,
        other => panic!("{other}"),
    }
    value
}

#[test]
fn the_example_is_accepted_as_it_is() {
    let accepted = ours(None, example(), &settings()).unwrap();
    assert_eq!(accepted.resource.value(), &example());
    assert_eq!(accepted.resource_types, [ResourceType::SERVICE_REQUEST]);
    assert_eq!(accepted.content, Content::IdOnly);
}

#[test]
fn what_cannot_be_honoured_is_refused_where_it_stands() {
    let extension = |name: &str, member: &str, value: Value| json!({"url": format!("{}/StructureDefinition/{name}", crate::GUIDE), member: value});
    let filter = |text: &str| extension("backport-filter-criteria", "valueString", Value::from(text));
    let check = |pointer: &str, to: Value, expression: &str| {
        let error = ours(None, set(pointer, to.clone()), &settings()).map(|_| ()).unwrap_err();
        assert_eq!(error.cause(), Cause::Unprocessable, "{pointer}");
        let found = error
            .issues()
            .iter()
            .any(|i| i.expression.iter().any(|e| e.starts_with(expression)) && !i.diagnostics.is_empty());
        assert!(found, "{pointer} = {to}: {:?}", error.issues());
    };
    check("/status", json!("active"), "Subscription.status");
    check("/status", json!("error"), "Subscription.status");
    check("/status", Value::Null, "Subscription.status");
    check("/criteria", json!("http://example.org/no-topic"), "Subscription.criteria");
    check("/criteria", json!("Task?status=requested"), "Subscription.criteria");
    check("/criteria", Value::Null, "Subscription.criteria");
    check("/_criteria/extension/0", filter("colour=red"), "Subscription.criteria.extension[0]");
    check(
        "/_criteria/extension/1",
        filter("Task.owner=Organization/1"),
        "Subscription.criteria.extension[1]",
    );
    check(
        "/_criteria/extension/1",
        extension("backport-filter-criteria", "valueUri", json!("x")),
        "Subscription.criteria.extension[1]",
    );
    check(
        "/_criteria/extension/0",
        json!({"url": "http://hl7.org/fhir/5.0/subscriptions-backport/StructureDefinition/backport-filter-criteria", "valueString": "status=active"}),
        "Subscription.criteria.extension",
    );
    check(
        "/channel/extension/0",
        json!({"url": "http://example.org/new", "valueBoolean": true}),
        "Subscription.channel.extension",
    );
    check(
        "/channel/extension/0",
        extension("backport-heartbeat-period", "valueUnsignedInt", json!(29)),
        "Subscription.channel.extension",
    );
    check(
        "/channel/extension/1",
        extension("backport-timeout", "valueUnsignedInt", json!(0)),
        "Subscription.channel.extension",
    );
    check(
        "/channel/extension/1",
        extension("backport-timeout", "valueUnsignedInt", json!(61)),
        "Subscription.channel.extension",
    );
    check(
        "/channel/extension/2",
        extension("backport-max-count", "valuePositiveInt", json!(101)),
        "Subscription.channel.extension",
    );
    check(
        "/channel/extension/2",
        extension("backport-max-count", "valuePositiveInt", json!(-1)),
        "Subscription.channel.extension",
    );
    check(
        "/channel/extension/2",
        extension("backport-timeout", "valueUnsignedInt", json!(9)),
        "Subscription.channel.extension",
    );
    for kind in ["websocket", "email", "sms", "message", "smoke-signals"] {
        check("/channel/type", json!(kind), "Subscription.channel.type");
    }
    check(
        "/channel/_type",
        json!({"extension": [extension("backport-channel-type", "valueCoding", json!({"code": "zulip"}))]}),
        "Subscription.channel.type",
    );
    for endpoint in [
        "http://community.example.nhs.uk/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "nonsense",
        "https://a:b@c.org/",
    ] {
        check("/channel/endpoint", json!(endpoint), "Subscription.channel.endpoint");
    }
    check("/channel/endpoint", Value::Null, "Subscription.channel.endpoint");
    for payload in [
        "application/fhir+xml",
        "text/plain",
        "application/fhir+json; fhirVersion=5.0",
        "application/json; a=b",
        "",
    ] {
        check("/channel/payload", json!(payload), "Subscription.channel.payload");
    }
    check("/channel/_payload", Value::Null, "Subscription.channel.payload");
    check(
        "/channel/_payload/extension/0",
        extension("backport-payload-content", "valueCode", json!("everything")),
        "Subscription.channel.payload",
    );
    for header in ["Host: x", "Content-Type: a/b", "webhook-id: 1", "A: b\r\nC: d", "nonsense"] {
        check("/channel/header/0", json!(header), "Subscription.channel.header[0]");
    }
    check("/end", json!("2001-01-01T00:00:00Z"), "Subscription.end");
    check("/end", json!("soon"), "Subscription.end");
    check("/modifierExtension", json!([{"url": "http://x"}]), "Subscription.modifierExtension");
    check(
        "/extension",
        json!([{"url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription.topic"}]),
        "Subscription.extension",
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut wrong = set("/channel/type", json!("sms"));
    wrong["status"] = json!("active");
    wrong["criteria"] = json!("x");
    wrong["channel"]["payload"] = json!("text/plain");
    assert_eq!(ours(None, wrong, &settings()).map(|_| ()).unwrap_err().issues().len(), 4);
}

#[test]
fn variants_that_are_fine() {
    for (pointer, value) in [
        ("/status", json!("off")),
        ("/end", Value::Null),
        ("/_criteria", Value::Null),
        ("/channel/extension", Value::Null),
        ("/channel/header", Value::Null),
        ("/channel/payload", json!("application/json")),
        ("/channel/payload", json!("application/fhir+json; fhirVersion=4.0; charset=UTF-8")),
        ("/extension", json!([{"url": "http://example.org/note", "valueString": "x"}])),
        ("/criteria", json!("https://homefirst.example/fhir/SubscriptionTopic/referral-new|0.1.0")),
    ] {
        let given = set(pointer, value);
        let accepted = ours(None, given.clone(), &settings()).unwrap_or_else(|e| panic!("{pointer}: {e}"));
        assert_eq!(accepted.resource.value(), &given);
    }
}

#[test]
fn plain_http_and_private_addresses_are_for_those_whom_the_operator_lists() {
    let full = json!({"extension": [{"url": format!("{}/StructureDefinition/backport-payload-content", crate::GUIDE), "valueCode": "full-resource"}]});
    let check = |settings: &Settings, endpoint: &str, whole: bool, expected: bool| {
        let mut given = set("/channel/endpoint", json!(endpoint));
        if whole {
            given["channel"]["_payload"] = full.clone();
        }
        assert_eq!(ours(None, given, settings).is_ok(), expected, "{endpoint} {whole}");
    };
    let dev = Settings { allow_loopback: true, ..settings() };
    check(&dev, "http://127.0.0.1:4000/hook", true, true);
    check(&settings(), "http://127.0.0.1:4000/hook", false, false);
    let listed = Settings { allow: vec!["hooks.nhs.uk".to_owned().try_into().unwrap()], ..settings() };
    check(&listed, "http://hooks.nhs.uk/a", false, true);
    check(&listed, "http://hooks.nhs.uk/a", true, false);
    check(&listed, "https://hooks.nhs.uk/a", true, true);
}

#[test]
fn a_client_may_ask_for_a_new_beginning_or_for_silence() {
    let previous = set("/status", json!("error"));
    for (status, expected) in [
        ("requested", Some("requested")),
        ("active", Some("requested")),
        ("off", Some("off")),
        ("error", None),
    ] {
        let accepted = ours(Some(&previous), set("/status", json!(status)), &settings()).ok();
        assert_eq!(accepted.as_ref().and_then(|a| a.resource.text("status")), expected, "{status}");
    }
    let mut over = set("/status", json!("off"));
    over["end"] = json!("2001-01-01T00:00:00Z");
    assert!(ours(Some(&previous), over.clone(), &settings()).is_ok());
    over["criteria"] = json!("http://example.org/no-topic-any-more");
    let accepted = ours(Some(&previous), over.clone(), &settings()).unwrap();
    assert!(accepted.resource_types.is_empty());
    assert!(ours(None, over, &settings()).is_err());
}

#[test]
fn headers_are_hidden_and_survive_being_written_back() {
    let mut stored = example();
    stored["channel"]["header"] = json!(["Authorization: Bearer one", "Authorization: Bearer two", "X-A: b"]);
    let mut shown = Resource::new(stored.clone()).unwrap();
    mask(&mut shown);
    assert_eq!(
        shown.value()["channel"]["header"],
        json!(["Authorization: ***", "Authorization: ***", "X-A: ***"])
    );
    let mut back = shown.into_value();
    back["status"] = json!("requested");
    back["channel"]["header"].as_array_mut().unwrap()[2] = json!("X-A: c");
    let accepted = ours(Some(&stored), back, &settings()).unwrap();
    let expected = json!(["Authorization: Bearer one", "Authorization: Bearer two", "X-A: c"]);
    assert_eq!(accepted.resource.value()["channel"]["header"], expected);
}
