//! Content of any shape: wherever another kind of value stands, the rules accept or refuse, and never panic.

use fhir::{Id, Resource, Value};
use serde_json::json;

use super::world::*;
use crate::{Related, create, extension_url, needs, update};

/// The value with the node at `target` (in order of a walk) replaced; `None` when it has fewer nodes.
fn mutated(value: &Value, target: usize, with: &Value) -> Option<Value> {
    fn walk(value: &mut Value, left: &mut usize, with: &Value) -> bool {
        if *left == 0 {
            *value = with.clone();
            return true;
        }
        *left -= 1;
        match value {
            Value::Object(members) => members.values_mut().any(|member| walk(member, left, with)),
            Value::Array(items) => items.iter_mut().any(|item| walk(item, left, with)),
            _ => false,
        }
    }
    let mut copy = value.clone();
    let mut left = target;
    walk(&mut copy, &mut left, with).then_some(copy)
}

#[test]
fn no_shape_of_content_makes_the_rules_panic() {
    let mut world = World::new();
    let plan = world.create(discharge_plan(&[decision("2026-11-20T08:40:00Z", false)])).unwrap();
    let referral = world.create(reablement_referral(&plan)).unwrap();
    let task = world.only(fhir::ResourceType::TASK);
    world.status_to(&task, "accepted").unwrap();
    world
        .change(&task, |value| {
            value["status"] = json!("in-progress");
            value["output"] = json!([contact("2026-11-21T09:06:00Z"), face_to_face()]);
        })
        .unwrap();
    let episode = world.only(fhir::ResourceType::EPISODE_OF_CARE);
    let hold =
        json!({"url": extension_url("ic-hold"), "extension": [{"url": "from", "valueCode": "accepted"}]});
    let shapes = [
        json!(null),
        json!(true),
        json!(1),
        json!("x"),
        json!([]),
        json!({}),
        json!([[1], {"a": 1}]),
        json!([hold]),
    ];
    let mut seen = 0;
    for address in [plan, referral, task, episode] {
        let whole = world.resources[&address].clone();
        for shape in &shapes {
            for target in 1.. {
                let Some(value) = mutated(whole.value(), target, shape) else { break };
                let Ok(odd) = Resource::new(value) else { continue };
                let related = |odd: &Resource| Related {
                    referral: Some(odd.clone()),
                    plan: Some(odd.clone()),
                    tasks: vec![odd.clone(), whole.clone()],
                    episodes: vec![odd.clone(), world.all(fhir::ResourceType::EPISODE_OF_CARE)[0].clone()],
                    hub: Some(HUB.to_owned()),
                    ..Related::default()
                };
                for (previous, next) in [(&whole, &odd), (&odd, &whole), (&odd, &odd)] {
                    let _ = needs(next, Some(previous));
                    let _ = update(previous, next.clone(), &related(&odd), world.now);
                    for status in
                        ["active", "on-hold", "revoked", "completed", "onhold", "finished", "failed"]
                    {
                        let mut moved = next.clone();
                        moved.members_mut().insert("status".to_owned(), json!(status));
                        let _ = update(previous, moved, &related(&odd), world.now);
                    }
                }
                let _ = create(odd.clone(), &Id::new(), &related(&odd), world.now);
                let _ = crate::clock::run_out(&odd, &crate::Settings::default(), at("2027-01-01T00:00:00Z"));
                seen += 1;
            }
        }
    }
    assert!(seen > 1000, "{seen}");
}
