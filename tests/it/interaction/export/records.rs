//! The records of patients: of all, of a group, of some. What is in one is what `$everything` says.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Caller, TestServer, builders, place};

use super::{Export, address_of};

/// A group of these patients, which the hub manages.
async fn group(hub: &Caller, members: &[Value]) -> String {
    let group = json!({"resourceType": "Group", "type": "person", "actual": true, "member": members,
        "managingEntity": {"reference": place::HUB}});
    hub.post("Group", &group).await.expect(201).reference()
}

fn member(patient: &str) -> Value {
    json!({"entity": {"reference": patient}})
}

async fn everything(caller: &Caller, patient: &str) -> BTreeSet<String> {
    let answer = caller.get(&format!("{patient}/$everything?_count=1000")).await.expect(200);
    answer.entries().iter().map(|entry| address_of(&entry["resource"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_are_what_everything_says() {
    let server = TestServer::start().await;
    let (hub, reablement) = (server.caller("hub"), server.caller("reablement"));
    let mut patients = Vec::new();
    for _ in 0..3 {
        let (referral, _) = builders::referred(&hub).await;
        let patient = referral["subject"]["reference"].as_str().unwrap().to_owned();
        let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "subject": {"reference": patient}, "performer": [{"reference": place::HUB}]});
        hub.post("Observation", &observation).await.expect(201);
        patients.push(patient);
    }
    // Of nobody's record.
    let apart = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "performer": [{"reference": place::HUB}]});
    let apart = hub.post("Observation", &apart).await.expect(201).reference();
    let [first, second, third] = patients.as_slice() else { unreachable!() };
    let of_two = group(&hub, &[member(first), member(second)]).await;
    for caller in [&hub, &reablement] {
        let mut all = BTreeSet::new();
        for patient in &patients {
            all.extend(everything(caller, patient).await);
        }
        let exported = Export::begin(caller, "Patient/$export").await.addresses().await;
        let others: Vec<_> = exported.difference(&all).collect();
        assert!(all.is_subset(&exported), "{:?}", all.difference(&exported).collect::<Vec<_>>());
        // The person of the demo place comes with it.
        let demo = caller.get(&format!("{}/$everything?_count=1000", place::PATIENT_1)).await;
        let demo: BTreeSet<_> = demo.entries().iter().map(|entry| address_of(&entry["resource"])).collect();
        assert!(others.iter().all(|other| demo.contains(*other)), "{others:?}");
        assert!(!exported.contains(&apart));
    }
    let mut of_members = everything(&hub, first).await;
    of_members.extend(everything(&hub, second).await);
    let exported = Export::begin(&hub, &format!("{of_two}/$export")).await.addresses().await;
    assert_eq!(exported, of_members);
    assert!(!exported.contains(third));
    let tasks = Export::begin(&hub, &format!("{of_two}/$export?_type=Task")).await.addresses().await;
    assert_eq!(tasks, of_members.into_iter().filter(|address| address.starts_with("Task/")).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_group_its_members_now() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let mut patients = Vec::new();
    for _ in 0..4 {
        let (referral, _) = builders::referred(&hub).await;
        patients.push(referral["subject"]["reference"].as_str().unwrap().to_owned());
    }
    let mut members: Vec<Value> = patients.iter().map(|patient| member(patient)).collect();
    members[1]["inactive"] = json!(true);
    members[2]["period"] = json!({"end": "2020-01-01"});
    members[3]["period"] = json!({"end": "2999-01-01"});
    let group = group(&hub, &members).await;
    let exported = Export::begin(&hub, &format!("{group}/$export?_type=Patient")).await.addresses().await;
    assert_eq!(exported, [patients[0].clone(), patients[3].clone()].into());

    let named = async |address: &str, patients: &[&str]| {
        let parameters: Vec<_> = patients
            .iter()
            .map(|patient| json!({"name": "patient", "valueReference": {"reference": patient}}))
            .chain([json!({"name": "_type", "valueString": "Patient"})])
            .collect();
        let parameters = json!({"resourceType": "Parameters", "parameter": parameters});
        hub.request("POST", address).header("prefer", "respond-async").json(&parameters).send().await
    };
    let address = format!("{group}/$export");
    let one = Export::of(&hub, named(&address, &[&patients[3]]).await);
    assert_eq!(one.addresses().await, [patients[3].clone()].into());
    named(&address, &[&patients[1]]).await.expect(400);
    named(&address, &[&patients[0], "Patient/none"]).await.expect(400);
    let two = Export::of(&hub, named("Patient/$export", &[&patients[1], &patients[2]]).await);
    assert_eq!(two.addresses().await, patients[1..3].iter().cloned().collect());
    named("Patient/$export", &["Patient/none"]).await.expect(400);
    named("Patient/$export", &["Organization/leeds-hub"]).await.expect(400);
    named("$export", &[&patients[0]]).await.expect(400);
    server.caller("council").get(&group).await.expect(404);
    super::kick_off(&server.caller("council"), &address).await.expect(404);
}
