//! Whether the numbers of a subscription's events come one after the other.

use std::collections::HashMap;

use super::summary::Notification;

/// The highest number that was seen of each subscription.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    seen: HashMap<String, u64>,
}

impl Sequences {
    /// Takes note of a notification; says what is odd about its numbers. The first one may begin anywhere.
    pub(super) fn note(&mut self, notification: &Notification) -> Option<String> {
        let mut remarks = Vec::new();
        if notification.kind == "handshake" {
            self.seen.insert(notification.subscription.clone(), notification.total.unwrap_or(0));
            return None;
        }
        for number in notification.events.iter().map(|event| event.number) {
            let seen = self.seen.entry(notification.subscription.clone()).or_insert(number.saturating_sub(1));
            match number {
                number if number <= *seen => remarks.push(format!("{number} came again")),
                number if number == *seen + 2 => remarks.push(format!("{} is missing", *seen + 1)),
                number if number > *seen + 1 => {
                    remarks.push(format!("{} to {} are missing", *seen + 1, number - 1))
                }
                _ => {}
            }
            *seen = number.max(*seen);
        }
        if notification.events.is_empty()
            && let Some(total) = notification.total
            && let Some(seen) = self.seen.get(&notification.subscription)
            && total > *seen
        {
            remarks.push(format!("{} to {total} have not come yet", *seen + 1));
        }
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::Event;
    use super::*;

    #[test]
    fn gaps_and_repetitions_are_noted() {
        let mut sequences = Sequences::default();
        let mut note = |kind: &str, total: u64, numbers: &[u64]| {
            sequences.note(&Notification {
                kind: kind.to_owned(),
                subscription: "Subscription/1".to_owned(),
                total: Some(total),
                events: numbers.iter().map(|number| Event { number: *number, ..Event::default() }).collect(),
                ..Notification::default()
            })
        };
        assert_eq!(note("handshake", 0, &[]), None);
        assert_eq!(note("event-notification", 1, &[1]), None);
        assert_eq!(note("event-notification", 3, &[2, 3]), None);
        assert_eq!(note("event-notification", 3, &[3]).as_deref(), Some("3 came again"));
        assert_eq!(note("event-notification", 5, &[5]).as_deref(), Some("4 is missing"));
        assert_eq!(note("event-notification", 9, &[9]).as_deref(), Some("6 to 8 are missing"));
        assert_eq!(note("heartbeat", 9, &[]), None);
        assert_eq!(note("heartbeat", 11, &[]).as_deref(), Some("10 to 11 have not come yet"));
    }
}
