//! Many updates of one resource at once: with If-Match one of them wins, without it each becomes a version of its own,
//! <https://hl7.org/fhir/R4/http.html#concurrency>.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::task::JoinSet;

use super::place::Place;
use super::resources::referral;

const CLIENTS: usize = 16;
/// How often each client updates without If-Match.
const UPDATES: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_updates_of_the_same_version_wins() {
    let place = Place::start().await;
    let client = place.client();
    let patient = place.patient().await;
    let referral = client.post("ServiceRequest", &[], &referral("one", &patient)).await;
    assert_eq!(referral.status, 201, "{referral:?}");
    let task = client.search(&format!("Task?focus=ServiceRequest/{}", referral.id())).await.remove(0);
    let address = format!("Task/{}", task["id"].as_str().unwrap());

    let mut updates = JoinSet::new();
    for number in 0..CLIENTS {
        let (client, address, mut task) = (client.clone(), address.clone(), task.clone());
        task["status"] = json!("received");
        task["description"] = json!(format!("received by {number}"));
        updates.spawn(async move { client.put(&address, &[("if-match", "W/\"1\"")], &task).await });
    }
    let answers = updates.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1, "{won:?}");
    assert!(lost.iter().all(|answer| answer.status == 412), "{lost:?}");
    let current = client.get(&address).await;
    assert_eq!((current.version(), current.json()), (2, won[0].json()));
    assert_eq!(client.search(&format!("{address}/_history")).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unguarded_update_is_a_version() {
    let place = Place::start().await;
    let client = place.client();
    let address = place.patient().await;
    let patient = client.get(&address).await.json();

    let mut updates = JoinSet::new();
    for number in 0..CLIENTS {
        let (client, address, mut patient) = (client.clone(), address.clone(), patient.clone());
        updates.spawn(async move {
            let mut answers = Vec::new();
            for update in 0..UPDATES {
                patient["name"][0]["family"] = json!(format!("Ackroyd-{number}-{update}"));
                answers.push(client.put(&address, &[], &patient).await);
            }
            answers
        });
    }
    let mut versions = BTreeMap::from([(1, patient)]);
    for answers in updates.join_all().await {
        let mut last = 1;
        for answer in answers {
            if answer.status == 409 {
                continue;
            }
            assert_eq!(answer.status, 200, "{answer:?}");
            let version = answer.version();
            assert!(version > last, "a client's second update is {version}, its first was {last}");
            last = version;
            let replaced = versions.insert(version, answer.json());
            assert_eq!(replaced, None, "two updates became version {version}");
        }
    }
    let count = versions.len() as u32;
    assert!(versions.keys().copied().eq(1..=count), "{:?}", versions.keys());
    assert!(count > UPDATES as u32, "hardly any update was written");
    let history = client.search(&format!("{address}/_history?_count=1000")).await;
    assert!(history.iter().rev().eq(versions.values()), "the history is what was acknowledged");
}
