//! Transactions that want the same: the same person created by condition, the same resources in clashing orders,
//! <https://hl7.org/fhir/R4/http.html#trules>.

use serde_json::{Value, json};
use tests::builders::{self, NHS_NUMBER, REFERRAL};
use tokio::task::JoinSet;

use super::WRITERS;
use super::place::Place;
use super::resources::{condition, referral};

/// How many people each writer sends.
const ROUNDS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn transactions_about_the_same_person_make_one_person() {
    let place = Place::start().await;
    let client = place.client();
    for team in ["Organization/one", "Organization/two"] {
        let answer = client.put(team, &[], &organization(team, "-")).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let mut written = 0;
    for round in 0..ROUNDS {
        let patient = builders::patient();
        let mut transactions = JoinSet::new();
        for writer in 0..WRITERS {
            let (client, bundle) = (client.clone(), transaction(&patient, round, writer));
            transactions.spawn(async move { client.post("", &[], &bundle).await });
        }
        let mut people = Vec::new();
        for answer in transactions.join_all().await {
            if answer.status == 409 {
                continue;
            }
            assert_eq!(answer.status, 200, "{answer:?}");
            let bundle = answer.json();
            let entries = bundle["entry"].as_array().unwrap();
            assert_eq!(entries.len(), 6, "{bundle}");
            let of_type = |name: &'static str| {
                entries.iter().filter(move |entry| entry["resource"]["resourceType"] == name)
            };
            people.extend(of_type("Patient").map(|entry| entry["resource"]["id"].clone()));
            let person = format!("Patient/{}", people[0].as_str().unwrap());
            for referral in of_type("ServiceRequest") {
                assert_eq!(referral["resource"]["subject"]["reference"], person.as_str());
            }
            written += 1;
        }
        assert!(!people.is_empty(), "no transaction of round {round} was written");
        people.dedup();
        assert_eq!(people.len(), 1, "the transactions of round {round} made {people:?}");
        let found = client.search(&format!("Patient?identifier={NHS_NUMBER}|{}", number_of(&patient))).await;
        assert_eq!(found.len(), 1, "{found:?}");
    }
    // One that was not written left nothing behind: each that was wrote its own referral, and both teams.
    for (path, expected) in [
        (format!("ServiceRequest?identifier={}|&_count=1000", REFERRAL), written + ROUNDS),
        ("Organization/one/_history?_count=1000".to_owned(), written + 1),
        ("Organization/two/_history?_count=1000".to_owned(), written + 1),
    ] {
        assert_eq!(client.search(&path).await.len(), expected, "{path}");
    }
}

fn number_of(patient: &Value) -> &str {
    patient["identifier"][0]["value"].as_str().unwrap()
}

fn organization(address: &str, name: &str) -> Value {
    let id = address.rsplit('/').next().unwrap();
    json!({"resourceType": "Organization", "id": id, "active": true, "name": name})
}

/// The person and a shared referral by condition, a referral of the writer's own, the person named by condition, and two teams;
/// in an order that clashes with that of the next writer.
fn transaction(patient: &Value, round: usize, writer: usize) -> Value {
    let number = number_of(patient);
    let (shared, own) = (format!("shared-{round}"), format!("own-{round}-{writer}"));
    let by_condition = format!("Patient?identifier={NHS_NUMBER}|{number}");
    let create = |resource: Value, condition: Option<String>| {
        let mut request = json!({"method": "POST", "url": resource["resourceType"]});
        if let Some(condition) = condition {
            request["ifNoneExist"] = condition.into();
        }
        json!({"resource": resource, "request": request})
    };
    let update = |address: &str| {
        let name = format!("{round}-{writer}");
        json!({"resource": organization(address, &name), "request": {"method": "PUT", "url": address}})
    };
    let mut entries = vec![
        create(patient.clone(), Some(format!("identifier={NHS_NUMBER}|{number}"))),
        update("Organization/one"),
        create(referral(&shared, &by_condition), Some(condition(&shared))),
        create(referral(&own, &by_condition), None),
        update("Organization/two"),
    ];
    // The same identifiers and the same resources, taken from both ends.
    entries.push(json!({"request": {"method": "GET", "url": "Organization/leeds-hub"}}));
    if writer % 2 == 1 {
        entries.reverse();
    }
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}
