//! Clocks that run out while processes die: each breach is written once, and told once.

use serde_json::{Value, json};
use tests::{builders, place};

use super::ledger::events;
use super::place::Place;
use super::receiver::{Mood, Receiver};
use super::resources::referral;
use super::scale;

/// Seconds for a request, and events in one.
const LIMITS: (u32, u32) = (10, 10);

#[tokio::test(flavor = "multi_thread")]
async fn clocks_run_out_once_whatever_is_killed() {
    let mut place = Place::start().await;
    place.start_another().await;
    let receiver = Receiver::start(Mood::Accept).await;
    let subscription = place.subscribe("clock-breach", &receiver, "127.0.0.1", LIMITS).await;
    let all = scale().referrals * 2;
    let mut tasks = Vec::new();
    for number in 0..all {
        let patient = place.patient().await;
        let answer = place.client().post("ServiceRequest", &[], &urgent(number, &patient)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        tasks.push(answer.id());
        // Both are at it; one dies, and comes back.
        if number == all / 3 {
            place.servers[1].kill().unwrap();
        }
        if number == all * 2 / 3 {
            place.servers[1].start_again().await.unwrap();
        }
    }
    place.servers[1].kill().unwrap();
    receiver.until_event(&subscription, all as u64).await;
    assert_eq!(events(&place.client(), &subscription).await, all as u64);
    for referral in tasks {
        let found = place.client().search(&format!("Task?focus=ServiceRequest/{referral}")).await;
        let task = &found[0];
        assert_eq!(task["meta"]["versionId"], "2", "{task}");
        assert!(task.to_string().contains("breached"), "{task}");
    }
}

/// A referral for urgent community response whose two hours have passed.
fn urgent(number: usize, patient: &str) -> Value {
    let mut referral = referral(&format!("urgent-{number}"), patient);
    let code = |name: &str, code: &str| json!({"coding": [{"system": format!("{}/CodeSystem/{name}", builders::CANONICAL), "code": code}]});
    referral["code"] = code("ic-service-line", "urgent-community-response");
    referral["reasonCode"] = json!([code("ic-ucr-need", "fall")]);
    referral["priority"] = "stat".into();
    referral["performer"] = json!([{"reference": place::UCR_SERVICE}]);
    let clock_start = json!({
        "url": format!("{}/StructureDefinition/ic-clock-start", builders::CANONICAL), "valueDateTime": builders::hours_ago(3)
    });
    referral["extension"].as_array_mut().expect("a source").push(clock_start);
    referral
}
