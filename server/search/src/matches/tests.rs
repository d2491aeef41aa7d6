mod composite;
mod concept;
mod date;
mod near;
mod reference;
mod string;
mod token;
mod uri;

use fhir::{Key, Resource, ResourceType, primitive::date::london};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Options, decode_pairs, index, parse};

fn options() -> Options {
    Options::new("http://here/fhir", london().clone())
}

fn found(resource: &Value, query: &str) -> bool {
    let resource = Resource::new(resource.clone()).unwrap();
    let options = options();
    let rows = index(&resource, &options.base, &options.zone);
    let query = parse(resource.resource_type(), &decode_pairs(query).unwrap(), &options).unwrap();
    let identity = resource.key().unwrap_or(Key::of_resource(ResourceType::TASK, ""));
    query.criteria.iter().all(|criterion| matches(criterion, &rows, identity, 1_767_312_000_120_456).unwrap())
}

fn check(resource: &Value, finds: &[&str], misses: &[&str]) {
    for query in finds {
        assert!(found(resource, query), "{query} should find {resource}");
    }
    for query in misses {
        assert!(!found(resource, query), "{query} should not find {resource}");
    }
}

#[test]
fn chains_are_not_decided_here() {
    let options = options();
    let task = Resource::new(json!({"resourceType": "Task", "id": "t"})).unwrap();
    let rows = index(&task, &options.base, &options.zone);
    for query in ["patient.name=x", "_has:Provenance:target:agent=x"] {
        let query = parse(ResourceType::TASK, &decode_pairs(query).unwrap(), &options).unwrap();
        assert_eq!(matches(&query.criteria[0], &rows, task.key().unwrap(), 0), None);
    }
}

prop_compose! {
    fn task()(
        status in "draft|requested|accepted|completed",
        codes in prop::collection::vec(("[ab]", "[xyz]"), 0..3),
        owner in prop::option::of("[12]"),
        foreign in any::<bool>(),
        day in prop::option::of(1_u32..29),
    ) -> (Value, String, Vec<(String, String)>, Option<String>, Option<u32>) {
        let mut task = json!({"resourceType": "Task", "id": "t", "status": status});
        if !codes.is_empty() {
            let codings: Vec<_> = codes.iter().map(|(system, code)| json!({"system": system, "code": code})).collect();
            task["code"] = json!({"coding": codings});
        }
        let owner = owner.map(|id| if foreign { format!("http://there/Organization/{id}") } else { format!("Organization/{id}") });
        if let Some(owner) = &owner {
            task["owner"] = json!({"reference": owner});
        }
        if let Some(day) = day {
            task["authoredOn"] = json!(format!("2026-02-{day:02}"));
        }
        (task, status, codes, owner, day)
    }
}

proptest! {
    #[test]
    fn a_task_is_found_by_what_it_says_and_by_nothing_else(
        (task, status, codes, owner, day) in task(),
        asked in "draft|requested|accepted|completed", system in "[ab]", code in "[xyz]", id in "[12]", on in 1_u32..29,
    ) {
        let has_code = codes.iter().any(|(_, c)| *c == code);
        let local = format!("Organization/{id}");
        let foreign = format!("http://there/Organization/{id}");
        let day = day.unwrap_or_default();
        for (query, expect) in [
            (format!("status={asked}"), status == asked),
            (format!("status:not={asked}"), status != asked),
            (format!("code={code}"), has_code),
            (format!("code:not={code}"), !has_code),
            (format!("code={system}|{code}"), codes.contains(&(system.clone(), code.clone()))),
            (format!("code={system}|"), codes.iter().any(|(s, _)| *s == system)),
            (format!("code=|{code}"), false),
            ("code:missing=true".to_owned(), codes.is_empty()),
            (format!("owner={local}"), owner.as_deref() == Some(&local)),
            (format!("owner={foreign},{local}"), owner.as_deref() == Some(&local) || owner.as_deref() == Some(&foreign)),
            (format!("owner:not={id}"), owner.as_deref() != Some(&local)),
            ("owner:missing=true".to_owned(), owner.is_none()),
            (format!("authored-on=2026-02-{on:02}"), day == on),
            (format!("authored-on=ge2026-02-{on:02}"), day >= on),
            (format!("authored-on=lt2026-02-{on:02}"), day != 0 && day < on),
            (format!("authored-on=ne2026-02-{on:02}"), day != 0 && day != on),
            ("authored-on:missing=false".to_owned(), day != 0),
        ] {
            prop_assert_eq!(found(&task, &query), expect, "{} on {}", query, task);
        }
    }
}
