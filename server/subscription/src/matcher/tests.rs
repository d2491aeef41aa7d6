use jiff::tz::TimeZone;
use proptest::prelude::*;
use search::Options;
use serde_json::{Value, json};
use store::Operation;

use super::*;
use crate::filter::Side;

const BASE: &str = "http://here/fhir";
const TOPICS: [&str; 3] = ["task-changed", "task-inbox", "referral-rejected"];

fn topic(name: &str) -> &'static Topic {
    Topic::find(&format!("https://homefirst.example/fhir/SubscriptionTopic/{name}")).unwrap()
}

fn filter(topic: &Topic, text: &str) -> Filter {
    Filter::parse(text, topic, &Options::new(BASE, TimeZone::UTC)).unwrap()
}

fn key(number: usize) -> Key {
    Key::of_parts("test", &[&number.to_string()])
}

fn change(previous: Option<Value>, current: Option<Value>) -> Change {
    let side = |value: Value| {
        let resource = fhir::Resource::new(value).unwrap();
        let rows = search::index(&resource, BASE, &TimeZone::UTC);
        Side { resource, rows, last_updated: 0 }
    };
    Change {
        resource_type: ResourceType::TASK,
        operation: if previous.is_some() { Operation::Update } else { Operation::Create },
        identity: Key::of_resource(ResourceType::TASK, "t"),
        previous: previous.map(side),
        current: current.map(side),
    }
}

fn task() -> impl Strategy<Value = Value> {
    let status = prop::sample::select(vec!["draft", "requested", "accepted", "rejected"]);
    let reference =
        |kind: &'static str| (0..3_u8).prop_map(move |n| json!({"reference": format!("{kind}/{n}")}));
    (status, reference("Organization"), reference("Patient"), reference("ServiceRequest"), 0..3_u8, any::<bool>()).prop_map(
        |(status, owner, patient, focus, code, by_identifier)| {
            let requester = if by_identifier { json!({"identifier": {"system": "http://i", "value": "1"}}) } else { owner.clone() };
            json!({"resourceType": "Task", "status": status, "owner": owner, "for": patient, "focus": focus,
                "requester": requester, "code": {"coding": [{"system": "http://c", "code": code.to_string()}]}})
        },
    )
}

fn filters() -> impl Strategy<Value = Vec<String>> {
    let number = || (0..3_u8, 0..3_u8);
    let one = prop_oneof![
        number().prop_map(|(a, b)| format!("owner=Organization/{a},Organization/{b}")),
        number().prop_map(|(a, _)| format!("Task.patient=Patient/{a}")),
        number().prop_map(|(a, b)| format!("Task?focus=ServiceRequest/{a}&code={b}")),
        number().prop_map(|(a, _)| format!("requester=Organization/{a}")),
        number().prop_map(|(a, _)| format!("code=http://c|{a}")),
        number().prop_map(|(a, _)| format!("code:not={a}")),
        Just("requester:identifier=http://i|1".to_owned()),
        Just("status=requested,accepted".to_owned()),
        Just("status:not=draft".to_owned()),
    ];
    prop::collection::vec(one, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_index_finds_what_a_look_at_every_subscription_finds(
        subscriptions in prop::collection::vec((0..TOPICS.len(), filters(), any::<bool>()), 0..25),
        changes in prop::collection::vec((prop::option::of(task()), task()), 1..6),
    ) {
        let wanted: Vec<_> = subscriptions
            .into_iter()
            .map(|(at, texts, keep)| {
                let topic = topic(TOPICS[at]);
                (topic, texts.iter().map(|text| filter(topic, text)).collect::<Vec<_>>(), keep)
            })
            .collect();
        let mut index = Index::default();
        for (number, (topic, filters, _)) in wanted.iter().enumerate() {
            index.insert(key(number), topic, filters.clone());
        }
        for (number, _) in wanted.iter().enumerate().filter(|(_, (_, _, keep))| !keep) {
            index.remove(key(number));
        }
        prop_assert_eq!(index.len(), wanted.iter().filter(|(_, _, keep)| *keep).count());
        for (previous, current) in changes {
            let change = change(previous, Some(current));
            let mut expected: Vec<Key> = wanted
                .iter()
                .enumerate()
                .filter(|(_, (topic, filters, keep))| {
                    *keep && is_triggered(topic, &change) && filters.iter().all(|filter| filter.admits(&change))
                })
                .map(|(number, _)| key(number))
                .collect();
            let mut found = index.matches(&change);
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_subscription_is_filed_under_the_filter_that_selects_most() {
    let topic = topic("task-changed");
    let rank = |texts: &[&str]| {
        let filters: Vec<_> = texts.iter().map(|text| filter(topic, text)).collect();
        filing(&filters, ResourceType::TASK)
    };
    let patient = Probe::Patient(Key::of_resource(ResourceType::PATIENT, "p"));
    assert_eq!(rank(&["status=requested", "patient=Patient/p", "owner=Organization/o"]), Some(vec![patient]));
    assert_eq!(rank(&["status=requested"]), Some(vec![Probe::Status("requested".to_owned())]));
    assert_eq!(rank(&["status:not=requested"]), None);
    assert_eq!(rank(&[]), None);
}

#[test]
fn an_empty_index_listens_to_nothing() {
    let mut index = Index::default();
    let topic = topic("task-changed");
    index.insert(key(1), topic, vec![filter(topic, "owner=Organization/a")]);
    assert!(index.listens_to(ResourceType::TASK) && !index.listens_to(ResourceType::PATIENT));
    index.insert(key(1), topic, Vec::new());
    assert_eq!(index.len(), 1);
    index.remove(key(1));
    index.remove(key(2));
    assert!(index.is_empty() && !index.listens_to(ResourceType::TASK));
}
