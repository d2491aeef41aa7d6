//! Notifications and their relatives as Bundles, for R4:
//! <http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-notification-r4>.
//!
//! The first entry is a Parameters resource that says how the subscription stands; the others are the versions that the events
//! are about, as they were then. Who may see what was decided when they were loaded.

use fhir::{Instant, Map, Value};
use serde_json::json;
use store::subscription::Event;
use store::{Operation, Stored};
use uuid::Uuid;

use crate::topic::Topic;
use crate::{Content, GUIDE};

/// What a Bundle is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Handshake,
    Heartbeat,
    EventNotification,
    QueryStatus,
    QueryEvent,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Heartbeat => "heartbeat",
            Self::EventNotification => "event-notification",
            Self::QueryStatus => "query-status",
            Self::QueryEvent => "query-event",
        }
    }
}

/// How a subscription stands, to be said.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    /// The server's address, without a slash at its end.
    pub base: &'a str,
    /// The id of the Subscription.
    pub id: &'a str,
    /// The canonical url of the topic; `None` where it is not to be told.
    pub topic: Option<&'a str>,
    pub status: &'a str,
    /// `events-since-subscription-start`
    pub events: i64,
    /// A code of <http://terminology.hl7.org/CodeSystem/subscription-error>, and a sentence.
    pub error: Option<(Option<&'a str>, Option<&'a str>)>,
}

/// The Bundle of a handshake, a heartbeat, a notification or the answer to `$events`.
#[must_use]
pub fn bundle(
    kind: Kind,
    standing: &Standing<'_>,
    content: Content,
    topic: Option<&Topic>,
    events: &[Event],
) -> Value {
    let told = events.iter().map(|event| event_parameter(standing.base, content, topic, event));
    let parameters = status_parameters(kind, standing, told);
    let mut entries = vec![json!({
        "fullUrl": format!("urn:uuid:{}", parameters["id"].as_str().unwrap_or_default()),
        "resource": parameters,
        "request": {"method": "GET", "url": status_url(standing)},
        "response": {"status": "200"}
    })];
    if content != Content::Empty {
        entries
            .extend(events.iter().filter_map(|event| entry(standing.base, content, event.version.as_ref()?)));
    }
    json!({
        "resourceType": "Bundle",
        "id": Uuid::now_v7().to_string(),
        "meta": {"profile": [format!("{GUIDE}/StructureDefinition/backport-subscription-notification-r4")]},
        "type": "history",
        "timestamp": Instant::now().to_string(),
        "entry": entries
    })
}

/// The address of `$status` of the subscription.
fn status_url(standing: &Standing<'_>) -> String {
    format!("{}/Subscription/{}/$status", standing.base, standing.id)
}

/// The Parameters that say how a subscription stands, in the order of the profile.
#[must_use]
pub fn status_parameters(kind: Kind, standing: &Standing<'_>, events: impl Iterator<Item = Value>) -> Value {
    let subscription = format!("{}/Subscription/{}", standing.base, standing.id);
    let mut parameter = vec![json!({"name": "subscription", "valueReference": {"reference": subscription}})];
    if let Some(topic) = standing.topic {
        parameter.push(json!({"name": "topic", "valueCanonical": topic}));
    }
    parameter.push(json!({"name": "status", "valueCode": standing.status}));
    parameter.push(json!({"name": "type", "valueCode": kind.code()}));
    parameter
        .push(json!({"name": "events-since-subscription-start", "valueString": standing.events.to_string()}));
    parameter.extend(events);
    if let Some((code, text)) = standing.error {
        let mut concept = Map::new();
        if let Some(code) = code {
            let system = "http://terminology.hl7.org/CodeSystem/subscription-error";
            concept.insert("coding".to_owned(), json!([{"system": system, "code": code}]));
        }
        if let Some(text) = text {
            concept.insert("text".to_owned(), Value::from(text));
        }
        parameter.push(json!({"name": "error", "valueCodeableConcept": concept}));
    }
    json!({
        "resourceType": "Parameters",
        "id": Uuid::now_v7().to_string(),
        "meta": {"profile": [format!("{GUIDE}/StructureDefinition/backport-subscription-status-r4")]},
        "parameter": parameter
    })
}

/// An event. Of one that may not be seen any more, only the number is told, so that no number is missing.
fn event_parameter(base: &str, content: Content, topic: Option<&Topic>, event: &Event) -> Value {
    let at = event.version.as_ref().map_or(event.at, |version| version.last_updated);
    let mut part = vec![
        json!({"name": "event-number", "valueString": event.number.to_string()}),
        json!({"name": "timestamp", "valueInstant": at.to_string()}),
    ];
    if let Some(version) = event.version.as_ref().filter(|_| content != Content::Empty) {
        let reference = |address: &str| json!({"reference": format!("{base}/{address}")});
        let focus = format!("{}/{}", version.resource_type, version.id);
        part.push(json!({"name": "focus", "valueReference": reference(&focus)}));
        // Of whole resources each that is mentioned would have to be sent as well.
        if let Some(topic) = topic.filter(|_| content == Content::IdOnly)
            && let Ok(Some(resource)) = version.resource()
        {
            let context = topic.additional_context(&resource, base);
            part.extend(
                context.iter().filter(|address| **address != focus).map(
                    |address| json!({"name": "additional-context", "valueReference": reference(address)}),
                ),
            );
        }
    }
    json!({"name": "notification-event", "part": part})
}

/// The entry of one version, as in a history.
fn entry(base: &str, content: Content, version: &Stored) -> Option<Value> {
    let address = format!("{}/{}", version.resource_type, version.id);
    let (method, url, status) = match version.operation {
        Operation::Create => ("POST", version.resource_type.name().to_owned(), "201"),
        Operation::Update => ("PUT", address.clone(), "200"),
        Operation::Delete => ("DELETE", address.clone(), "204"),
    };
    let mut entry = Map::new();
    entry.insert("fullUrl".to_owned(), Value::from(format!("{base}/{address}")));
    if content == Content::FullResource
        && let Some(text) = &version.text
    {
        entry.insert("resource".to_owned(), serde_json::from_slice(text).ok()?);
    }
    entry.insert("request".to_owned(), json!({"method": method, "url": url}));
    let response = json!({
        "status": status,
        "etag": format!("W/\"{}\"", version.version_id),
        "lastModified": version.last_updated.to_string()
    });
    entry.insert("response".to_owned(), response);
    Some(Value::Object(entry))
}

#[cfg(test)]
mod tests;
