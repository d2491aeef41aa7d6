//! `$status` and `$events`: how subscriptions stand, and what a client missed,
//! <http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status>,
//! <http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events>.
//!
//! Which Subscriptions a caller may see is the caller's to decide; what a caller may see of their events is decided here.

use std::collections::HashMap;

use fhir::{Error, Instant, Key, Resource, Value};
use serde_json::json;
use store::subscription::State;
use store::{Access, Store, Stored};

use crate::notification::{Kind, Standing, bundle, status_parameters};
use crate::{Content, GUIDE, Topic};

/// How many events one answer to `$events` has at most; the client sees from the last number that there are more.
const MAX_EVENTS: i64 = 500;

/// The answer to `$status`: a searchset Bundle with one entry for each of these Subscriptions (current versions, as the caller
/// may see them) whose status is one of `statuses`, or for all of them when that is empty. `url` is repeated as the self link.
///
/// # Errors
/// When the database cannot be asked.
pub async fn status(
    store: &Store,
    base: &str,
    subscriptions: &[Stored],
    statuses: &[String],
    url: &str,
) -> Result<Value, Error> {
    let keys: Vec<Key> = subscriptions.iter().map(|s| Key::of_resource(s.resource_type, &s.id)).collect();
    let states = store.subscription_states(&keys).await?;
    let states: HashMap<Key, &State> = states.iter().map(|state| (state.key, state)).collect();
    let mut entries = Vec::new();
    for (key, stored) in keys.iter().zip(subscriptions) {
        let Some(resource) = stored.resource()? else { continue };
        let standing = standing(base, &stored.id, &resource, states.get(key).copied());
        if statuses.is_empty() || statuses.iter().any(|status| status == standing.status) {
            let parameters = status_parameters(Kind::QueryStatus, &standing, std::iter::empty());
            let full_url = format!("urn:uuid:{}", parameters["id"].as_str().unwrap_or_default());
            entries.push(json!({"fullUrl": full_url, "resource": parameters, "search": {"mode": "match"}}));
        }
    }
    let mut bundle = json!({
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": Instant::now().to_string(),
        "total": entries.len(),
        "link": [{"relation": "self", "url": url}]
    });
    if !entries.is_empty() {
        bundle["entry"] = Value::from(entries);
    }
    Ok(bundle)
}

/// What the store knows; of a Subscription whose creation was not yet sequenced, what it says itself.
fn standing<'a>(
    base: &'a str,
    id: &'a str,
    resource: &'a Resource,
    state: Option<&'a State>,
) -> Standing<'a> {
    let error = state.and_then(|state| {
        let (code, text) = (state.error_code.as_deref(), state.error_text.as_deref());
        (code.is_some() || text.is_some()).then_some((code, text))
    });
    Standing {
        base,
        id,
        topic: resource.text("criteria"),
        status: state.map_or(resource.text("status").unwrap_or("requested"), |state| &state.status),
        events: state.map_or(0, |state| state.last_no),
        error,
    }
}

/// What a client asks `$events` for.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    /// `eventsSinceNumber`: the first number, included.
    pub since: Option<&'a str>,
    /// `eventsUntilNumber`: the last number, included.
    pub until: Option<&'a str>,
    /// `content`: how much of each event; the subscription's own when it is missing.
    pub content: Option<&'a str>,
}

/// The answer to `$events`: a history Bundle of this Subscription's events, at most 500, oldest first.
///
/// # Errors
/// 400 for a number or a content that is none; when the database cannot be asked.
pub async fn events(
    store: &Store,
    access: &Access,
    base: &str,
    subscription: &Stored,
    asked: &Asked<'_>,
) -> Result<Value, Error> {
    let resource = subscription.resource()?.ok_or_else(|| Error::not_found("The Subscription"))?;
    let key = Key::of_resource(subscription.resource_type, &subscription.id);
    let since = number(asked.since, "eventsSinceNumber")?.unwrap_or(1).max(1);
    let until = number(asked.until, "eventsUntilNumber")?.unwrap_or(i64::MAX);
    let content = match asked.content {
        Some(code) => Content::find(code)
            .ok_or_else(|| Error::bad_request("The parameter content is empty, id-only or full-resource."))?,
        None => own_content(&resource),
    };
    let states = store.subscription_states(&[key]).await?;
    let until = until.min(since.saturating_add(MAX_EVENTS - 1));
    let events = store.subscription_events(access, key, since, until).await?;
    let mut standing = standing(base, &subscription.id, &resource, states.first());
    if content == Content::Empty {
        standing.topic = None;
    }
    let topic = Topic::find(resource.text("criteria").unwrap_or_default());
    Ok(bundle(Kind::QueryEvent, &standing, content, topic, &events))
}

fn number(text: Option<&str>, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse::<u64>().ok().and_then(|number| i64::try_from(number).ok());
    number
        .map(Some)
        .ok_or_else(|| Error::bad_request(format!("The parameter {name} is the number of an event.")))
}

fn own_content(subscription: &Resource) -> Content {
    let payload =
        subscription.get("channel").and_then(|channel| channel.get("_payload")?.get("extension")?.as_array());
    let url = format!("{GUIDE}/StructureDefinition/backport-payload-content");
    let mut extensions = payload.into_iter().flatten();
    let extension = extensions.find(|extension| extension.get("url").and_then(Value::as_str) == Some(&url));
    extension
        .and_then(|extension| Content::find(extension.get("valueCode")?.as_str()?))
        .unwrap_or(Content::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_events() {
        assert_eq!(number(Some("22"), "n").unwrap(), Some(22));
        assert_eq!(number(None, "n").unwrap(), None);
        for text in ["", "-1", "a", "1.0", "99999999999999999999"] {
            assert!(number(Some(text), "n").is_err(), "{text}");
        }
    }

    #[test]
    fn a_subscription_that_is_not_sequenced_yet_says_what_its_resource_says() {
        let resource = Resource::new(
            json!({"resourceType": "Subscription", "status": "requested", "criteria": "http://t"}),
        );
        let resource = resource.unwrap();
        let standing = standing("http://x", "s", &resource, None);
        assert_eq!((standing.status, standing.events, standing.topic), ("requested", 0, Some("http://t")));
        assert_eq!(own_content(&resource), Content::Empty);
    }
}
