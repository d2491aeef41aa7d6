//! Processes that die in the middle of everything. What was acknowledged is there afterwards, what was not is there once or not
//! at all, and the numbers of events go on where they were.

use super::ledger::{Ledger, check_told, events};
use super::place::Place;
use super::receiver::{Mood, Receiver};
use super::writers::{Faults, Writers};
use super::{WRITERS, scale};

/// Seconds for a request, and events in one. When a process is killed, its lanes do not wait for so long.
const LIMITS: (u32, u32) = (60, 10);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing() {
    let mut place = Place::start().await;
    let receiver = Receiver::start(Mood::Accept).await;
    let subscriptions = subscribe(&place, &receiver).await;
    let (kills, all) = (scale().kills, WRITERS * scale().referrals);
    let clients = [place.client()];
    let mut writers = Writers::start(&place, &clients, WRITERS, scale().referrals, Faults::Killed).await;
    for kill in 0..kills {
        writers.until(all * (kill + 1) / (kills + 1)).await;
        let hangs = kill % 2 == 1;
        if hangs {
            // It dies with a notification that was read, and whose answer it never sees.
            receiver.set_mood(Mood::Hang);
            receiver.until("a notification to hang on to", |_, open| open > 0).await;
        }
        place.servers[0].kill().unwrap();
        receiver.set_mood(Mood::Accept);
        let came = receiver.notifications(&subscriptions[0]).len();
        place.servers[0].start_again().await.unwrap();
        if kill + 1 < kills {
            let more = |told: &[super::receiver::Notification]| {
                told.iter().filter(|t| t.subscription == subscriptions[0]).count() > came
            };
            receiver.until("anything after the server was killed", |told, _| more(told)).await;
        }
    }
    let ledger = writers.finish().await;
    let repeated = check(&place, &receiver, &subscriptions, &ledger).await;
    println!(
        "{all} referrals, {} versions of Tasks, {kills} kills: {} requests without an answer, {repeated} events told again",
        ledger.tasks.len(),
        ledger.unknown
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_postgres_loses_nothing() {
    let mut place = Place::start().await;
    let receiver = Receiver::start(Mood::Accept).await;
    let subscriptions = subscribe(&place, &receiver).await;
    let all = WRITERS * scale().referrals;
    let clients = [place.client()];
    let mut writers = Writers::start(&place, &clients, WRITERS, scale().referrals, Faults::Unavailable).await;
    writers.until(all / 2).await;
    place.postgres.crash().await.unwrap();
    let ledger = writers.finish().await;
    assert!(ledger.refused > 0, "nobody noticed that Postgres was away");
    let repeated = check(&place, &receiver, &subscriptions, &ledger).await;
    assert!(place.servers[0].is_running().unwrap(), "the server recovers without being started again");
    println!(
        "{all} referrals, {} versions of Tasks, a crash: {} answers 503, {repeated} events told again",
        ledger.tasks.len(),
        ledger.refused
    );
}

/// Nothing waits for the disk when changes are taken out of the queue that nobody is told of. A crash may bring them back; they are no
/// events then, either.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_is_told_of_stays_so_after_a_crash() {
    let mut place = Place::start().await;
    let receiver = Receiver::start(Mood::Accept).await;
    let subscriptions = subscribe(&place, &receiver).await;
    for _ in 0..3 {
        for _ in 0..20 {
            place.patient().await;
        }
        place.postgres.crash().await.unwrap();
        place.until_it_writes().await;
    }
    let clients = [place.client()];
    let writers = Writers::start(&place, &clients, WRITERS, 2, Faults::Unavailable).await;
    let ledger = writers.finish().await;
    check(&place, &receiver, &subscriptions, &ledger).await;
}

async fn subscribe(place: &Place, receiver: &Receiver) -> [String; 2] {
    [
        place.subscribe("referral-new", receiver, "127.0.0.1", LIMITS).await,
        place.subscribe("task-changed", receiver, "127.0.0.1", LIMITS).await,
    ]
}

/// Checks that everything is as acknowledged, stored and told; how many events were told again.
async fn check(place: &Place, receiver: &Receiver, subscriptions: &[String; 2], ledger: &Ledger) -> usize {
    let mut repeated = 0;
    for (subscription, expected) in subscriptions.iter().zip([&ledger.referrals, &ledger.tasks]) {
        receiver.until_event(subscription, expected.len() as u64).await;
        repeated += check_told(&receiver.notifications(subscription), expected, true).unwrap();
        assert_eq!(events(&place.client(), subscription).await, expected.len() as u64);
    }
    ledger.check_stored(&place.client()).await;
    repeated
}
