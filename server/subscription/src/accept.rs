//! Whether a Subscription may be stored, and as what,
//! <https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/components.html#accepting-subscription-requests>.
//!
//! To accept is to be able and willing to tell of every event: what cannot be honoured in full is refused, with all reasons
//! at once. Profile and base definition are checked elsewhere; who may subscribe to which types is for the caller to check.

use fhir::{Cause, Error, Instant, Issue, IssueType, Resource, ResourceType, Value};

use crate::outbound::Guard;
use crate::{Content, Definition, Settings, header};

/// A Subscription that may be stored.
#[derive(Debug)]
pub struct Accepted {
    /// With its status, and with the headers that its client did not send because it never saw them.
    pub resource: Resource,
    /// What its notifications are about: its client must have the right to read and search these types. None when it is
    /// switched off and not understood.
    pub resource_types: Vec<ResourceType>,
    /// How much of them is told.
    pub content: Content,
}

/// What a client sends, to be stored in the place of `previous` (`None` when there is none, or it was deleted).
///
/// A new Subscription is `requested` or `off`. A later version may be `off` (whatever else it says), or `requested` (`active` is taken for it): then
/// the endpoint gets a new handshake, and events go on after the last one that was accepted.
///
/// # Errors
/// 422 with one issue for everything that cannot be honoured.
pub fn accept(
    previous: Option<&Resource>,
    subscription: Resource,
    settings: &Settings,
) -> Result<Accepted, Error> {
    let mut subscription = subscription;
    if let Some(previous) = previous {
        restore(previous, &mut subscription);
    }
    let mut issues = Vec::new();
    match (subscription.text("status"), previous.is_some()) {
        (Some("requested" | "off"), _) => {}
        (Some("active"), true) => {
            subscription.members_mut().insert("status".to_owned(), Value::from("requested"));
        }
        (_, is_update) => {
            let sentence = if is_update {
                "A client may write the status 'requested' (to begin anew) or 'off'; the others are the server's."
            } else {
                "A new Subscription has the status 'requested'; it becomes active when its endpoint has accepted a handshake."
            };
            issues.push(Issue::error(IssueType::BusinessRule, sentence).at("Subscription.status"));
        }
    }
    // One that cannot be honoured any more can still be switched off.
    let is_end = previous.is_some() && subscription.text("status") == Some("off");
    let definition = match Definition::read(&subscription, settings) {
        Ok(definition) if !is_end => {
            issues.extend(check(&definition, &subscription, settings));
            Some(definition)
        }
        Err(found) if !is_end => {
            issues.extend(found);
            None
        }
        definition => definition.ok(),
    };
    if !issues.is_empty() {
        return Err(Error::with_issues(Cause::Unprocessable, issues));
    }
    Ok(Accepted {
        resource: subscription,
        resource_types: definition
            .as_ref()
            .map(|definition| definition.topic.resource_types())
            .unwrap_or_default(),
        content: definition.map_or(Content::Empty, |definition| definition.content),
    })
}

/// What depends on where and when, not on the text alone.
fn check(definition: &Definition, subscription: &Resource, settings: &Settings) -> Vec<Issue> {
    let mut issues = Vec::new();
    let confidential = definition.content == Content::FullResource;
    if let Err(sentence) = Guard::new(settings).endpoint(&definition.endpoint, confidential) {
        issues.push(Issue::error(IssueType::Value, sentence).at("Subscription.channel.endpoint"));
    }
    let is_over = definition.end.is_some_and(|end| end <= Instant::now());
    if is_over && subscription.text("status") != Some("off") {
        issues.push(Issue::error(IssueType::Value, "The end lies in the past.").at("Subscription.end"));
    }
    issues
}

/// Hides what only the client that wrote it may know: the values of `channel.header`. For every answer but the one to the
/// write itself.
pub fn mask(subscription: &mut Resource) {
    for header in headers_mut(subscription) {
        if let Some(text) = header.as_str() {
            *header = Value::from(header::masked(text));
        }
    }
}

/// A client that writes back what it read sends masked headers: they stand for the values of the version before.
fn restore(previous: &Resource, subscription: &mut Resource) {
    let known: Vec<&str> = headers(previous).filter_map(Value::as_str).collect();
    let mut taken = vec![false; known.len()];
    for header in headers_mut(subscription) {
        let Some(text) = header.as_str() else { continue };
        let at = (0..known.len()).find(|at| !taken[*at] && header::masked(known[*at]) == text);
        if let Some(at) = at {
            taken[at] = true;
            *header = Value::from(known[at]);
        }
    }
}

fn headers(subscription: &Resource) -> impl Iterator<Item = &Value> {
    subscription.get("channel").and_then(|channel| channel.get("header")?.as_array()).into_iter().flatten()
}

fn headers_mut(subscription: &mut Resource) -> impl Iterator<Item = &mut Value> {
    let channel = subscription.members_mut().get_mut("channel");
    channel.and_then(|channel| channel.get_mut("header")?.as_array_mut()).into_iter().flatten()
}

#[cfg(test)]
mod tests;
