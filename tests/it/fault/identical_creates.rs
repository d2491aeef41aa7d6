//! The same create sent many times at once, as an impatient system does, <https://hl7.org/fhir/R4/http.html#ccreate>.

use tokio::task::JoinSet;

use super::ledger::{Version, check_told};
use super::place::Place;
use super::receiver::{Mood, Receiver};
use super::resources::{condition, referral};

const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_identical_creates_creates() {
    let place = Place::start().await;
    let client = place.client();
    let receiver = Receiver::start(Mood::Accept).await;
    let new = place.subscribe("referral-new", &receiver, "127.0.0.1", (10, 1)).await;
    let inbox = place.subscribe("task-inbox", &receiver, "127.0.0.1", (10, 1)).await;
    let patient = place.patient().await;

    let mut creates = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (client, body) = (client.clone(), referral("same", &patient));
        creates.spawn(async move {
            client.post("ServiceRequest", &[("if-none-exist", &condition("same"))], &body).await
        });
    }
    let answers = creates.join_all().await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    let expected: Vec<u16> = std::iter::repeat_n(200, AT_ONCE - 1).chain([201]).collect();
    assert_eq!(statuses, expected);
    let created = Version::of(answers[0].json());
    for answer in &answers {
        assert_eq!(answer.json(), created.content);
        assert_eq!(answer.version(), 1);
    }

    let referrals = client.search(&format!("ServiceRequest?{}", condition("same"))).await;
    assert_eq!(referrals, std::slice::from_ref(&created.content));
    let tasks = client.search(&format!("Task?patient={patient}")).await;
    let [task] = tasks.as_slice() else { panic!("not one Task: {tasks:?}") };

    // What comes after it is told after it, so that a second event of it would have come by then.
    let after = client.post("ServiceRequest", &[], &referral("after", &patient)).await;
    assert_eq!(after.status, 201, "{after:?}");
    let tasks_after = client.search(&format!("Task?focus=ServiceRequest/{}", after.id())).await;
    receiver.until_event(&new, 2).await;
    receiver.until_event(&inbox, 2).await;
    check_told(&receiver.notifications(&new), &[created, Version::of(after.json())], false).unwrap();
    let tasks = [Version::of(task.clone()), Version::of(tasks_after[0].clone())];
    check_told(&receiver.notifications(&inbox), &tasks, false).unwrap();
}
