//! Holds what was written against what was notified: what is missing, what came twice, what came out of order,
//! <https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html>.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// One event of a notification.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number in the subscription.
    pub number: u64,
    /// The id of the resource it is about, where the notification says so.
    pub focus: Option<String>,
}

/// When one resource was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Just before the request.
    pub sent: Instant,
    /// When the answer was there.
    pub answered: Instant,
}

/// What one subscription was told.
#[derive(Debug, Default)]
pub struct Ledger {
    written: Vec<(String, Written)>,
    arrived: HashMap<String, Instant>,
    numbers: HashSet<u64>,
    highest: u64,
    /// Events that came again.
    pub repeated: u64,
    /// Events that came after one with a higher number.
    pub late: u64,
}

impl Ledger {
    /// A resource was written that must be notified.
    pub fn write(&mut self, id: String, written: Written) {
        self.written.push((id, written));
    }

    /// An event arrived.
    pub fn arrive(&mut self, event: Event, at: Instant) {
        if !self.numbers.insert(event.number) {
            self.repeated += 1;
            return;
        }
        if event.number < self.highest {
            self.late += 1;
        }
        self.highest = self.highest.max(event.number);
        if let Some(focus) = event.focus {
            self.arrived.entry(focus).or_insert(at);
        }
    }

    /// Numbers below the highest that never came.
    pub fn gaps(&self) -> u64 {
        self.highest.saturating_sub(self.numbers.len() as u64)
    }

    /// Resources that were written and not notified.
    pub fn missing(&self) -> usize {
        self.written.iter().filter(|(id, _)| !self.arrived.contains_key(id)).count()
    }

    /// How many were written.
    pub fn count(&self) -> usize {
        self.written.len()
    }

    /// Each resource that was written and notified, after the first ones, with when it arrived.
    pub fn pairs(&self, first: usize) -> impl Iterator<Item = (Written, Instant)> {
        let pair = |(id, written): &(String, Written)| Some((*written, *self.arrived.get(id)?));
        self.written.iter().skip(first).filter_map(pair)
    }
}

/// The events in a notification; none in a handshake or a heartbeat.
pub fn events(notification: &[u8]) -> Result<Vec<Event>> {
    let bundle: Value = serde_json::from_slice(notification).context("a notification is not JSON")?;
    let parameters = bundle.pointer("/entry/0/resource/parameter").and_then(Value::as_array);
    let parameters = parameters.context("a notification does not begin with its status")?;
    let events = parameters.iter().filter(|parameter| parameter["name"] == "notification-event");
    events
        .map(|event| {
            let parts = event["part"].as_array().map(Vec::as_slice).unwrap_or_default();
            let part = |name: &str| parts.iter().find(|part| part["name"] == name);
            let number = part("event-number").and_then(|part| part["valueString"].as_str());
            let number = number.and_then(|text| text.parse().ok()).context("an event without a number")?;
            let reference =
                part("focus").and_then(|part| part.pointer("/valueReference/reference")?.as_str());
            let focus = reference.and_then(|text| text.rsplit_once('/')).map(|(_, id)| id.to_owned());
            Ok(Event { number, focus })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn gaps_repeats_and_late_events_are_counted() {
        for (numbers, gaps, repeated, late) in [
            (&[][..], 0, 0, 0),
            (&[1, 2, 3], 0, 0, 0),
            (&[1, 2, 2, 3, 1], 0, 2, 0),
            (&[1, 3], 1, 0, 0),
            (&[1, 4, 2], 1, 0, 1),
            (&[2, 1, 3], 0, 0, 1),
        ] {
            let mut ledger = Ledger::default();
            for number in numbers {
                ledger.arrive(Event { number: *number, focus: None }, Instant::now());
            }
            assert_eq!((ledger.gaps(), ledger.repeated, ledger.late), (gaps, repeated, late), "{numbers:?}");
        }
    }

    #[test]
    fn what_was_written_and_not_notified_is_missing() {
        let now = Instant::now();
        let mut ledger = Ledger::default();
        for id in ["a", "b", "c"] {
            ledger.write(id.to_owned(), Written { sent: now, answered: now });
        }
        for (number, id) in [(1, "a"), (2, "c"), (3, "stranger")] {
            ledger.arrive(Event { number, focus: Some(id.to_owned()) }, now);
        }
        assert_eq!(
            (ledger.count(), ledger.missing(), ledger.pairs(0).count(), ledger.pairs(1).count()),
            (3, 1, 2, 1)
        );
    }

    #[test]
    fn events_are_read_from_a_notification() {
        let status =
            |parameters: Value| json!({"entry": [{"resource": {"parameter": parameters}}]}).to_string();
        let event = |number: &str, focus: &str| {
            json!({"name": "notification-event", "part": [
                {"name": "event-number", "valueString": number},
                {"name": "focus", "valueReference": {"reference": focus}}
            ]})
        };
        let handshake = status(json!([{"name": "type", "valueCode": "handshake"}]));
        assert_eq!(events(handshake.as_bytes()).unwrap(), []);
        let two = status(json!([event("7", "http://server/fhir/Task/a"), event("8", "Task/b")]));
        let expected = [(7, "a"), (8, "b")].map(|(number, id)| Event { number, focus: Some(id.to_owned()) });
        assert_eq!(events(two.as_bytes()).unwrap(), expected);
        for broken in ["", "{}", &status(json!([event("seven", "Task/a")]))] {
            assert!(events(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
