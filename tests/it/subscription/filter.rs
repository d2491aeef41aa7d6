//! Filters: joined by AND, and held against the version before or the version after.

use serde_json::json;
use tests::{TestReceiver, TestServer, builders, place};

#[tokio::test(flavor = "multi_thread")]
async fn each_is_told_what_its_filters_let_through() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let skils = format!("Task.owner={}", place::SKILS_SERVICE);
    let skils_as_query = format!("Task?owner={}", place::SKILS_SERVICE);
    let skils_bare = format!("owner={}", place::SKILS_SERVICE);
    let ucr = format!("Task.owner={}", place::UCR_SERVICE);
    let table: [(&[&str], usize); 9] = [
        (&[], 3),
        (&[&skils], 3),
        (&[&skils_as_query], 3),
        (&[&skils_bare], 3),
        (&[&ucr], 0),
        (&["Task.status=accepted"], 1),
        (&["Task.status=received"], 2),
        (&["Task.status=requested,received", &skils], 3),
        (&["Task.status:not=requested", &skils], 2),
    ];
    let mut receivers = Vec::new();
    for (filters, expected) in table {
        let receiver = TestReceiver::start().await;
        hub.post("Subscription", &builders::subscription("task-changed", &receiver.endpoint, filters))
            .await
            .expect(201);
        receivers.push((filters, expected, receiver));
    }
    server.settle().await;
    let (_, task) = builders::referred(&hub).await;
    let task = builders::move_task(&hub, &task, "received").await.expect(200).json;
    builders::move_task(&hub, &task, "accepted").await.expect(200);
    server.settle().await;
    for (filters, expected, receiver) in receivers {
        let numbers: Vec<_> = receiver.events().iter().map(|event| event.number as usize).collect();
        assert_eq!(numbers, (1..=expected).collect::<Vec<_>>(), "{filters:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_loses_a_task_is_told() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let mut receivers = Vec::new();
    for (caller, service) in [(&team, place::SKILS_SERVICE), (&server.caller("ucr"), place::UCR_SERVICE)] {
        let receiver = TestReceiver::start().await;
        let filter = format!("Task.owner={service}");
        let subscription = builders::subscription("task-changed", &receiver.endpoint, &[&filter]);
        caller.post("Subscription", &subscription).await.expect(201);
        receivers.push(receiver);
    }
    server.settle().await;
    let (_, mut task) = builders::referred(&hub).await;
    server.settle().await;
    assert_eq!(receivers.iter().map(|receiver| receiver.events().len()).collect::<Vec<_>>(), [1, 0]);
    task["owner"] = json!({"reference": place::UCR_SERVICE});
    let moved = hub.put_back(&task).await.expect(200).json;
    server.settle().await;
    assert_eq!(receivers.iter().map(|receiver| receiver.events().len()).collect::<Vec<_>>(), [2, 1]);
    // Later moves are not for the team that lost it.
    builders::move_task(&hub, &moved, "received").await.expect(200);
    server.settle().await;
    assert_eq!(receivers.iter().map(|receiver| receiver.events().len()).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_what_it_may_not_see() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let receiver = TestReceiver::start().await;
    let subscription = builders::subscription("task-changed", &receiver.endpoint, &[]);
    let council = server.caller("council");
    let reference = council.post("Subscription", &subscription).await.expect(201).reference();
    server.settle().await;
    let patient = builders::new_patient(&hub).await;
    let mut referral = builders::referral(&patient);
    referral["performer"] = json!([{"reference": place::UCR_SERVICE}]);
    referral["code"]["coding"][0]["code"] = "domiciliary-care".into();
    hub.post("ServiceRequest", &referral).await.expect(201);
    server.settle().await;
    assert!(receiver.events().is_empty());
    let told = super::status(&council, &reference).await;
    assert_eq!(tests::receiver::status(&told, "events-since-subscription-start"), Some("0"));
}
