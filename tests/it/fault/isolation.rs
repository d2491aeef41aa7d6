//! Subscribers that hang, refuse or hang up do not keep others from being told.

use std::time::Duration;

use super::client::Client;
use super::ledger::{Version, check_told};
use super::place::Place;
use super::receiver::{Mood, Receiver};
use super::resources::referral;

/// More than one host may have requests in flight.
const HANGING: usize = 12;
const REFERRALS: usize = 20;
/// Longer than a lease lasts that is not renewed.
const LONG: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_hangs_delays_nobody_else() {
    let mut place = Place::start().await;
    place.start_another().await;
    let client = place.client();
    let hanging = Receiver::start(Mood::Hang).await;
    let refusing = Receiver::start(Mood::Refuse).await;
    let closing = Receiver::start(Mood::HangUp).await;
    let good = Receiver::start(Mood::Accept).await;
    let mut hung = Vec::new();
    for _ in 0..HANGING {
        hung.push(place.subscribe("referral-new", &hanging, "127.0.0.1", (60, 100)).await);
    }
    place.subscribe("referral-new", &refusing, "127.0.0.1", (60, 100)).await;
    place.subscribe("referral-new", &closing, "127.0.0.1", (60, 100)).await;
    let listener = place.subscribe("referral-new", &good, "localhost", (10, 1)).await;

    let patient = place.patient().await;
    let mut referrals = vec![refer(&client, 0, &patient).await];
    hanging.until("a request to hang on to", |_, open| open > 0).await;
    refusing.until("a notification to refuse", |told, _| told.iter().any(|t| !t.events.is_empty())).await;
    closing.until("a notification to hang up on", |told, _| told.iter().any(|t| !t.events.is_empty())).await;
    for number in 1..REFERRALS {
        referrals.push(refer(&client, number, &patient).await);
    }
    good.until_event(&listener, REFERRALS as u64).await;
    assert!(hanging.open() > 0, "the hanging requests were over before the others were told");
    let is_told =
        |told: &str| hanging.notifications(told).iter().any(|t| !t.events.is_empty() && t.is_accepted);
    assert!(!hung.iter().any(|subscription| is_told(subscription)), "a hanging request was answered");
    check_told(&good.notifications(&listener), &referrals, false).unwrap();

    // Neither process takes over what the other is still sending. When they can, they are told everything as well.
    tokio::time::sleep(LONG).await;
    hanging.set_mood(Mood::Accept);
    for subscription in &hung {
        hanging.until_event(subscription, REFERRALS as u64).await;
        check_told(&hanging.notifications(subscription), &referrals, false).unwrap();
    }
}

async fn refer(client: &Client, number: usize, patient: &str) -> Version {
    let answer = client.post("ServiceRequest", &[], &referral(&number.to_string(), patient)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    Version::of(answer.json())
}
