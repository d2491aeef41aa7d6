use serde_json::json;

use super::*;

const BASE: &str = "https://homefirst.example/fhir/SubscriptionTopic";

fn topic(name: &str) -> &'static Topic {
    Topic::find(&format!("{BASE}/{name}")).unwrap_or_else(|| panic!("{name}"))
}

fn resource(value: Value) -> Resource {
    Resource::new(value).unwrap()
}

#[test]
fn every_topic_compiles_and_its_filters_are_search_parameters() {
    assert_eq!(topics().len(), canonical::definitions().topics().len());
    assert!(topics().len() >= 10);
    for topic in topics() {
        for by in &topic.filters {
            let parameter = search::registry().parameter(by.resource_type, &by.parameter);
            assert!(parameter.is_some_and(|parameter| parameter.indexed), "{} {}", topic.url, by.parameter);
        }
    }
}

#[test]
fn a_topic_is_found_by_its_canonical_and_its_own_version_only() {
    let topic = topic("task-changed");
    assert!(Topic::find(&format!("{}|{}", topic.url, topic.version)).is_some());
    for other in
        [format!("{}|9.9", topic.url), format!("{}/", topic.url), String::new(), "Task?status=x".to_owned()]
    {
        assert!(Topic::find(&other).is_none(), "{other}");
    }
}

#[test]
fn triggers_compare_the_versions_before_and_after() {
    let check = |name: &str, operation, previous: Option<Value>, current: Option<Value>, expected: bool| {
        let (previous, current) = (previous.map(resource), current.map(resource));
        let resource_type = current.as_ref().or(previous.as_ref()).unwrap().resource_type();
        let found = topic(name).is_triggered(resource_type, operation, previous.as_ref(), current.as_ref());
        assert_eq!(found, expected, "{name} {operation:?} {previous:?} {current:?}");
    };
    let task = |status: &str, owner: &str| {
        Some(
            json!({"resourceType": "Task", "status": status, "owner": {"reference": format!("Organization/{owner}")}}),
        )
    };
    let request = |status: &str| Some(json!({"resourceType": "ServiceRequest", "status": status}));
    check("task-changed", Operation::Create, None, task("requested", "a"), true);
    check("task-changed", Operation::Update, task("requested", "a"), task("accepted", "a"), true);
    check("task-changed", Operation::Update, task("requested", "a"), task("requested", "b"), true);
    check("task-changed", Operation::Update, task("requested", "a"), task("requested", "a"), false);
    check("task-changed", Operation::Delete, task("requested", "a"), None, false);
    check("task-changed", Operation::Create, None, request("active"), false);
    check("referral-new", Operation::Create, None, request("active"), true);
    check("referral-new", Operation::Create, None, request("draft"), false);
    check("referral-new", Operation::Update, request("draft"), request("active"), true);
    check("referral-new", Operation::Update, request("active"), request("active"), false);
    check("referral-cancelled", Operation::Update, request("active"), request("revoked"), true);
    let discharge = json!({"resourceType": "ServiceRequest", "status": "active", "category": [{"coding": [{
        "system": "https://homefirst.example/fhir/CodeSystem/ic-referral-category", "code": "discharge"}]}]});
    check("referral-new", Operation::Create, None, Some(discharge), false);
    let patient = |dead: bool| Some(json!({"resourceType": "Patient", "deceasedBoolean": dead}));
    check("person-died", Operation::Update, patient(false), patient(true), true);
    check("person-died", Operation::Update, patient(true), patient(true), false);
    check("person-died", Operation::Create, None, patient(false), false);
}

#[test]
fn local_references_that_the_topic_includes_are_context() {
    let task =
        resource(json!({"resourceType": "Task", "id": "t", "focus": {"reference": "ServiceRequest/r"},
        "for": {"reference": "http://here/fhir/Patient/p"}, "owner": {"reference": "Organization/o"}}));
    assert_eq!(
        topic("task-changed").additional_context(&task, "http://here/fhir"),
        ["ServiceRequest/r", "Patient/p"]
    );
    let bare = resource(
        json!({"resourceType": "Task", "for": {"display": "somebody"}, "focus": {"reference": "http://x/Task/1"}}),
    );
    assert!(topic("task-changed").additional_context(&bare, "http://here/fhir").is_empty());
}

#[test]
fn a_topic_that_is_not_understood_is_not_offered() {
    let base = json!({"url": "http://t", "resourceTrigger": [{"resource": "http://hl7.org/fhir/StructureDefinition/Task"}]});
    assert!(Topic::compile(&base).is_ok());
    for trigger in [
        json!({"resource": "Nothing"}),
        json!({"resource": "Task", "fhirPathCriteria": "%current.("}),
        json!({"resource": "Task", "queryCriteria": {"current": "status=x"}}),
        json!({"resource": "Task", "supportedInteraction": ["read"]}),
    ] {
        let topic = json!({"url": "http://t", "resourceTrigger": [trigger]});
        assert!(Topic::compile(&topic).is_err(), "{topic}");
    }
    assert!(Topic::compile(&json!({"url": "http://t"})).is_err());
}
