//! Episodes and plans written by clients.

use serde_json::{Value, json};

use super::world::*;
use crate::extension_url;

fn episode(status: &str) -> Value {
    json!({"resourceType": "EpisodeOfCare", "status": status, "type": [ours("ic-service-line", "reablement")],
        "patient": {"reference": "Patient/p1"}, "managingOrganization": {"reference": REABLEMENT},
        "referralRequest": [{"reference": "ServiceRequest/r"}], "statusHistory": [{"status": "active"}]})
}

#[test]
fn the_history_of_statuses_is_the_servers() {
    let mut world = World::new();
    let address = world.create(episode("planned")).unwrap();
    let history = |world: &World| world.resources[&address].get("statusHistory").cloned().unwrap();
    let planned = json!({"status": "planned", "period": {"start": "2026-11-21T09:06:00.000Z"}});
    assert_eq!(history(&world), json!([planned]));
    world.change(&address, |value| value["statusHistory"] = json!([])).unwrap();
    assert_eq!(history(&world), json!([planned]));
    assert_eq!(world.warnings.len(), 1);
    world.now = at("10:00");
    world.status_to(&address, "waitlist").unwrap();
    assert_eq!(
        history(&world),
        json!([{"status": "planned", "period": {"start": "2026-11-21T09:06:00.000Z", "end": "2026-11-21T10:00:00.000Z"}},
            {"status": "waitlist", "period": {"start": "2026-11-21T10:00:00.000Z"}}])
    );
}

#[test]
fn an_episode_has_a_start_an_end_and_an_outcome() {
    let mut world = World::new();
    assert_eq!(
        refusal(world.create(episode("active"))),
        (422, "IC-EP-03", "EpisodeOfCare.period.start".into())
    );
    let mut active = episode("active");
    active["period"] = json!({"start": "2026-11-20"});
    let address = world.create(active).unwrap();
    let error = world.status_to(&address, "finished").unwrap_err();
    let expressions: Vec<_> = error.issues().iter().flat_map(|issue| &issue.expression).collect();
    assert_eq!(expressions, ["EpisodeOfCare.extension", "EpisodeOfCare.period.end"]);
    let finish = |end: &str| {
        let end = end.to_owned();
        move |value: &mut Value| {
            value["status"] = json!("finished");
            value["period"]["end"] = json!(end);
            value["extension"] = json!([{"url": extension_url("ic-outcome"),
                "valueCodeableConcept": ours("ic-episode-outcome", "died")}]);
        }
    };
    assert_eq!(
        refusal(world.change(&address, finish("2026-11-19"))),
        (422, "IC-EP-03", "EpisodeOfCare.period".into())
    );
    world.change(&address, finish("2026-11-20")).unwrap();
}

#[test]
fn a_provider_has_one_open_episode_for_a_referral() {
    let mut world = World::new();
    world.create(episode("planned")).unwrap();
    assert_eq!(refusal(world.create(episode("waitlist"))), (409, "IC-EP-01", "EpisodeOfCare".into()));
    let mut other = episode("planned");
    other["managingOrganization"]["reference"] = json!("Organization/other");
    world.create(other).unwrap();
}

#[test]
fn an_active_plan_plans_something() {
    let mut world = World::new();
    let plan = |status: &str| {
        json!({"resourceType": "CarePlan", "status": status, "intent": "plan",
            "category": [ours("ic-careplan-category", "recovery")], "subject": {"reference": "Patient/p1"}})
    };
    let expected = (422, "IC-CP-01", "CarePlan.goal,CarePlan.activity".to_owned());
    assert_eq!(refusal(world.create(plan("active"))), expected);
    let address = world.create(plan("draft")).unwrap();
    assert_eq!(refusal(world.status_to(&address, "active")), expected);
    world
        .change(&address, |value| {
            value["status"] = json!("active");
            value["activity"] = json!([{"reference": {"reference": "Task/1"}}]);
        })
        .unwrap();
}
