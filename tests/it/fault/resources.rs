//! The resources that the tests write: a referral and a subscription.

use serde_json::{Value, json};
use tests::builders::{self, CANONICAL, REFERRAL};

const GUIDE: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";

/// An active referral of this person, under this identifier.
pub(super) fn referral(identifier: &str, patient: &str) -> Value {
    let mut referral = builders::referral(patient);
    referral["identifier"] = json!([{"system": REFERRAL, "value": identifier}]);
    referral
}

/// The condition that no referral has this identifier yet.
pub(super) fn condition(identifier: &str) -> String {
    format!("identifier={REFERRAL}|{identifier}")
}

/// A subscription to a topic of ours, to be told the ids. `limits` are seconds for one request and events in one.
pub(super) fn subscription(topic: &str, endpoint: &str, (timeout, max_count): (u32, u32)) -> Value {
    json!({
        "resourceType": "Subscription",
        "meta": {"profile": [format!("{GUIDE}/backport-subscription")]},
        "status": "requested",
        "reason": "Tests",
        "criteria": format!("{CANONICAL}/SubscriptionTopic/{topic}"),
        "channel": {
            "extension": [
                {"url": format!("{GUIDE}/backport-timeout"), "valueUnsignedInt": timeout},
                {"url": format!("{GUIDE}/backport-max-count"), "valuePositiveInt": max_count}
            ],
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "_payload": {"extension": [
                {"url": format!("{GUIDE}/backport-payload-content"), "valueCode": "id-only"}
            ]}
        }
    })
}
