//! Many writers, and a subscriber that is told of every write, once and in order; by one process or by two.

use super::ledger::{check_told, events};
use super::place::Place;
use super::receiver::{Mood, Receiver};
use super::writers::{Faults, Writers};
use super::{WRITERS, scale};

#[tokio::test(flavor = "multi_thread")]
async fn what_many_write_is_told_in_order() {
    write_and_listen(&Place::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_number_and_deliver_as_one() {
    let mut place = Place::start().await;
    place.start_another().await;
    write_and_listen(&place).await;
}

async fn write_and_listen(place: &Place) {
    let referrals = scale().referrals;
    let receiver = Receiver::start(Mood::Accept).await;
    let new = place.subscribe("referral-new", &receiver, "127.0.0.1", (10, 7)).await;
    let changed = place.subscribe("task-changed", &receiver, "127.0.0.1", (10, 20)).await;
    let clients: Vec<_> = place.servers.iter().map(|s| super::client::Client::new(&s.address())).collect();
    let ledger = Writers::start(place, &clients, WRITERS, referrals, Faults::None).await.finish().await;
    assert_eq!(ledger.referrals.len(), WRITERS * referrals);
    for (subscription, expected) in [(&new, &ledger.referrals), (&changed, &ledger.tasks)] {
        receiver.until_event(subscription, expected.len() as u64).await;
        check_told(&receiver.notifications(subscription), expected, false).unwrap();
        assert_eq!(events(&place.client(), subscription).await, expected.len() as u64);
    }
    ledger.check_stored(&place.client()).await;
}
