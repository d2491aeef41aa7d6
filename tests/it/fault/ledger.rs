//! What clients were told was done, and whether that is what is there and what subscribers were told.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::client::Client;
use super::receiver::Notification;

/// A version that the server has acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// As `Task/1/_history/2`.
    pub(super) address: String,
    pub(super) content: Value,
}

impl Version {
    pub(super) fn of(content: Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (name, id) = (text(&content["resourceType"]), text(&content["id"]));
        let version = text(&content["meta"]["versionId"]);
        Self { address: format!("{name}/{id}/_history/{version}"), content }
    }
}

/// Everything that was acknowledged to one client, or to all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) referrals: Vec<Version>,
    /// Tasks, as they were made with their referral and as they were moved.
    pub(super) tasks: Vec<Version>,
    /// How many requests had no answer, so that they had to be repeated.
    pub(super) unknown: usize,
    /// How many were answered with 503.
    pub(super) refused: usize,
}

impl Ledger {
    pub(super) fn extend(&mut self, other: Self) {
        self.referrals.extend(other.referrals);
        self.tasks.extend(other.tasks);
        self.unknown += other.unknown;
        self.refused += other.refused;
    }

    /// Checks that everything acknowledged is there as it was acknowledged, and nothing beside it.
    pub(super) async fn check_stored(&self, client: &Client) {
        for version in self.referrals.iter().chain(&self.tasks) {
            let answer = client.get(&version.address).await;
            assert_eq!(answer.status, 200, "{} was acknowledged: {answer:?}", version.address);
            assert_eq!(answer.json(), version.content, "{}", version.address);
        }
        let resources = |versions: &[Version]| {
            let address = |version: &Version| version.address.split("/_history/").next().unwrap().to_owned();
            versions.iter().map(address).collect::<BTreeSet<_>>().len()
        };
        for (name, versions) in [("ServiceRequest", &self.referrals), ("Task", &self.tasks)] {
            let answer = client.get(&format!("{name}?_summary=count")).await;
            assert_eq!(answer.json()["total"], resources(versions), "{name}s in the database");
        }
    }
}

/// Whether a subscriber was told of these versions, of each once, with the numbers 1 to their count in order. What came again
/// came as the same notification, and only where `repeats` allows it. How many events came again.
pub(super) fn check_told(told: &[Notification], expected: &[Version], repeats: bool) -> Result<usize> {
    let mut first = BTreeMap::new();
    let mut repeated = 0;
    for notification in told {
        for event in &notification.events {
            let this = (notification.webhook_id.as_str(), event.version.as_str());
            match first.get(&event.number) {
                None => {
                    let next = first.len() as u64 + 1;
                    ensure!(event.number == next, "{next} is missing before {notification:?}");
                    first.insert(event.number, this);
                }
                Some(known) => {
                    ensure!(repeats, "{} came again without a reason: {notification:?}", event.number);
                    ensure!(*known == this, "{known:?} came again as something else: {notification:?}");
                    repeated += 1;
                }
            }
        }
    }
    let mut versions = BTreeMap::new();
    for (_, version) in first.values() {
        let (address, number) = version.split_once("/_history/").context("not a version")?;
        let number: u32 = number.parse()?;
        let previous = versions.insert(address, number);
        ensure!(previous.is_none_or(|previous| previous < number), "{version} came after {previous:?}");
    }
    let told: BTreeSet<&str> = first.values().map(|(_, version)| *version).collect();
    let acknowledged: BTreeSet<&str> = expected.iter().map(|version| version.address.as_str()).collect();
    let differ: Vec<_> = told.symmetric_difference(&acknowledged).collect();
    ensure!(differ.is_empty(), "either told or acknowledged, but not both: {differ:?}");
    ensure!(first.len() == expected.len(), "{} events for {} versions", first.len(), expected.len());
    Ok(repeated)
}

/// How many events the server says that there were for a subscription.
pub(super) async fn events(client: &Client, subscription: &str) -> u64 {
    let status = client.get(&format!("Subscription/{subscription}/$status")).await;
    assert_eq!(status.status, 200, "{status:?}");
    let bundle = status.json();
    let parameters = bundle["entry"][0]["resource"]["parameter"].as_array().unwrap();
    let total = parameters.iter().find(|parameter| parameter["name"] == "events-since-subscription-start");
    total.unwrap()["valueString"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_wrong_story_is_not_believed() {
    use super::receiver::Event;
    let version = |address: &str| Version { address: address.to_owned(), content: Value::Null };
    let expected = [version("Task/1/_history/1"), version("Task/1/_history/2")];
    let told = |story: &[(&str, u64, &str)]| -> Vec<Notification> {
        let notification = |(id, number, address): &(&str, u64, &str)| Notification {
            webhook_id: (*id).to_owned(),
            subscription: "1".to_owned(),
            kind: "event-notification".to_owned(),
            events: vec![Event { number: *number, version: format!("Task/1/_history/{address}") }],
            is_accepted: true,
        };
        story.iter().map(notification).collect()
    };
    for (story, repeats, is_good) in [
        (&[("a", 1, "1"), ("b", 2, "2")][..], false, true),
        (&[("a", 1, "1"), ("a", 1, "1"), ("b", 2, "2")][..], true, true),
        // Repeated without a reason, or as something new.
        (&[("a", 1, "1"), ("a", 1, "1"), ("b", 2, "2")][..], false, false),
        (&[("a", 1, "1"), ("c", 1, "1"), ("b", 2, "2")][..], true, false),
        (&[("a", 1, "1"), ("a", 1, "2"), ("b", 2, "2")][..], true, false),
        // Lost, invented, out of order, doubled under another number.
        (&[("a", 1, "1")][..], true, false),
        (&[("a", 1, "1"), ("b", 3, "2")][..], true, false),
        (&[("a", 1, "1"), ("b", 2, "2"), ("c", 3, "3")][..], true, false),
        (&[("b", 2, "2"), ("a", 1, "1")][..], true, false),
        (&[("a", 1, "2"), ("b", 2, "1")][..], true, false),
        (&[("a", 1, "1"), ("b", 2, "1"), ("c", 3, "2")][..], true, false),
    ] {
        let checked = check_told(&told(story), &expected, repeats);
        assert_eq!(checked.is_ok(), is_good, "{story:?}: {checked:?}");
    }
}
