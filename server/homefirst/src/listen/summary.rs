//! What a notification says, in one line.

use std::fmt;

use fhir::Value;

/// A notification as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notification {
    /// `handshake`, `heartbeat`, `event-notification` ...
    pub(super) kind: String,
    pub(super) subscription: String,
    pub(super) topic: String,
    pub(super) status: String,
    /// Events since the subscription began, as far as this notification tells.
    pub(super) total: Option<u64>,
    pub(super) events: Vec<Event>,
}

/// One event in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) number: u64,
    pub(super) focus: String,
    /// Status and code of the resource, when it came along.
    pub(super) summary: String,
}

impl Notification {
    /// The notification that this Bundle is, when it is one: its first entry is the status, as Parameters.
    pub(super) fn read(bundle: &Value) -> Option<Self> {
        let entries = bundle.get("entry")?.as_array()?;
        let parameters = entries.first()?.get("resource")?.get("parameter")?.as_array()?;
        let mut notification = Self::default();
        for parameter in parameters {
            match parameter.get("name")?.as_str()? {
                "type" => notification.kind = text(parameter),
                "status" => notification.status = text(parameter),
                "topic" => notification.topic = last_segment(&text(parameter)),
                "subscription" => notification.subscription = text(parameter),
                "events-since-subscription-start" => notification.total = text(parameter).parse().ok(),
                "notification-event" => notification.events.push(event(parameter, entries)),
                _ => {}
            }
        }
        (!notification.kind.is_empty()).then_some(notification)
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, topic, status, subscription, .. } = self;
        if self.events.is_empty() {
            let total = self.total.map_or_else(|| "?".to_owned(), |total| total.to_string());
            return write!(f, "{kind}  {topic}  {subscription} is {status}, {total} events so far");
        }
        for (at, event) in self.events.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n              " };
            write!(f, "{separator}{kind} #{}  {topic}  {}  {}", event.number, event.focus, event.summary)?;
        }
        Ok(())
    }
}

/// The value of a parameter, of whatever type.
fn text(parameter: &Value) -> String {
    let members = parameter.as_object().into_iter().flatten();
    let value = members.filter(|(name, _)| name.starts_with("value")).map(|(_, value)| value).next();
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(members)) => {
            members.get("reference").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

fn event(parameter: &Value, entries: &[Value]) -> Event {
    let mut event = Event::default();
    for part in parameter.get("part").and_then(Value::as_array).into_iter().flatten() {
        match part.get("name").and_then(Value::as_str) {
            Some("event-number") => event.number = text(part).parse().unwrap_or(0),
            Some("focus") => event.focus = text(part),
            _ => {}
        }
    }
    let is_focus = |entry: &&Value| {
        let url = entry.get("fullUrl").and_then(Value::as_str);
        url.is_some_and(|url| {
            !event.focus.is_empty()
                && (url == event.focus || event.focus.ends_with(url) || url.ends_with(&event.focus))
        })
    };
    event.summary = entries
        .iter()
        .find(is_focus)
        .and_then(|entry| entry.get("resource"))
        .map(summary)
        .unwrap_or_default();
    event
}

/// Status, code and priority of a resource, as far as it has them.
fn summary(resource: &Value) -> String {
    let word = |name: &str| resource.get(name).and_then(Value::as_str).map(str::to_owned);
    let concept = |name: &str| {
        let coding = resource.get(name)?.get("coding")?.get(0)?;
        Some(coding.get("code")?.as_str()?.to_owned())
    };
    let words = [word("status"), concept("businessStatus"), concept("code"), word("priority")];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn last_segment(url: &str) -> String {
    url.rsplit('/').next().unwrap_or(url).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_a_line() {
        let bundle = json!({"resourceType": "Bundle", "type": "history", "entry": [
            {"resource": {"resourceType": "Parameters", "parameter": [
                {"name": "subscription", "valueReference": {"reference": "Subscription/1"}},
                {"name": "topic", "valueCanonical": "https://x/SubscriptionTopic/task-inbox"},
                {"name": "status", "valueCode": "active"},
                {"name": "type", "valueCode": "event-notification"},
                {"name": "events-since-subscription-start", "valueString": "3"},
                {"name": "notification-event", "part": [
                    {"name": "event-number", "valueString": "3"},
                    {"name": "focus", "valueReference": {"reference": "http://h/fhir/Task/7"}}
                ]}
            ]}},
            {"fullUrl": "http://h/fhir/Task/7", "resource": {"resourceType": "Task", "status": "requested",
                "code": {"coding": [{"code": "fulfill"}]}, "priority": "stat"}}
        ]});
        let notification = Notification::read(&bundle).unwrap();
        assert_eq!(
            notification.to_string(),
            "event-notification #3  task-inbox  http://h/fhir/Task/7  requested fulfill stat"
        );
        assert_eq!(notification.total, Some(3));
        assert_eq!(Notification::read(&json!({"resourceType": "Patient"})), None);
        assert_eq!(Notification::read(&json!({"entry": [{"resource": {"parameter": []}}]})), None);
    }
}
