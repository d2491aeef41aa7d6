//! The criteria of subscription topics: what has changed between two versions.

use super::*;

const CREATED: &str = "%previous.status !~ %current.status";

fn request(status: &str) -> Resource {
    resource(json!({
        "resourceType": "ServiceRequest", "status": status,
        "category": [{"coding": [{"system": "s", "code": "discharge"}]}],
        "extension": [{"url": "d", "extension": [{"url": "state", "valueCode": status}]}]
    }))
}

fn items(resource: Option<&Resource>) -> Vec<Item<'_>> {
    resource.map(|resource| Item::Node(Node::resource(resource))).into_iter().collect()
}

fn holds(text: &str, previous: Option<&Resource>, current: Option<&Resource>) -> bool {
    let context = Context::of_nothing()
        .with_variable("previous", items(previous))
        .with_variable("current", items(current));
    expression(text).holds(&context).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn criteria_on_two_versions() {
    let (draft, active) = (request("draft"), request("active"));
    let changed = "%previous.extension('d').extension('state').value !~ %current.extension('d').extension('state').value";
    for (text, previous, current, expected) in [
        (CREATED, Some(&draft), Some(&active), true),
        (CREATED, Some(&active), Some(&active), false),
        (CREATED, None, Some(&active), true),
        (CREATED, Some(&active), None, true),
        (CREATED, None, None, false),
        (changed, Some(&draft), Some(&active), true),
        (changed, Some(&active), Some(&active), false),
        (changed, None, Some(&active), true),
        ("%current.category.coding.where(code='discharge').empty()", None, Some(&active), false),
        (
            "%current.category.coding.where(code='discharge').exists() and %previous.empty()",
            None,
            Some(&active),
            true,
        ),
        ("%current.status in ('revoked'|'on-hold')", None, Some(&active), false),
        ("%current.status in ('active'|'on-hold')", None, Some(&active), true),
        ("%previous.status in ('active'|'on-hold')", None, Some(&active), false),
        (
            "%current.status.startsWith('act') and %current.status.matches('^a.*e$')",
            None,
            Some(&active),
            true,
        ),
        ("%previous.exists().not() and iif(%current.exists(), true, false)", None, Some(&active), true),
        ("%current.descendants().where($this is code).count() = 3", None, Some(&active), true),
    ] {
        assert_eq!(holds(text, previous, current), expected, "{text}");
    }
}

#[test]
fn the_criteria_of_our_own_topics_can_be_parsed() {
    for topic in canonical::definitions().topics() {
        for trigger in topic["resourceTrigger"].as_array().into_iter().flatten() {
            for criteria in trigger["fhirPathCriteria"].as_array().into_iter().flatten() {
                expression(criteria.as_str().unwrap());
            }
            if let Some(criteria) = trigger["fhirPathCriteria"].as_str() {
                expression(criteria);
            }
        }
    }
}

#[test]
fn a_variable_that_is_not_there_is_an_error() {
    let error = expression("%nobody").evaluate(&Context::of_nothing()).map(|_| ()).unwrap_err();
    assert_eq!(error, EvaluateError::UnknownVariable("nobody".to_owned()));
    assert!(expression("%resource").evaluate(&Context::of_nothing()).is_err());
}
