//! The discharge plan: SC-01 and SC-02 of the domain as walks, and each rule.

use fhir::{ResourceType, Value};
use serde_json::json;

use super::world::*;
use crate::{extension, extension_url};

fn part(world: &World, plan: &str, name: &str) -> Option<String> {
    let discharge = extension::find(&world.resources[plan], "ic-discharge")?;
    Some(extension::part_text(discharge, name)?.to_owned())
}

fn state(world: &World, plan: &str) -> String {
    part(world, plan, "state").unwrap()
}

/// Adds parts to ic-discharge.
pub fn add(parts: Vec<Value>) -> impl FnOnce(&mut Value) {
    move |plan| plan["extension"][0]["extension"].as_array_mut().unwrap().extend(parts)
}

fn remove(plan: &mut Value, name: &str) {
    plan["extension"][0]["extension"].as_array_mut().unwrap().retain(|part| part["url"] != name);
}

pub fn planned(time: &str) -> Vec<Value> {
    vec![
        json!({"url": "plannedDischarge", "valueDateTime": time}),
        json!({"url": "plannedDischargeConfirmed", "valueBoolean": true}),
    ]
}

pub fn left(time: &str) -> Vec<Value> {
    vec![
        json!({"url": "actualDischarge", "valueDateTime": time}),
        json!({"url": "dischargeMethod", "valueCode": "1"}),
        json!({"url": "destination", "valueCodeableConcept": {"coding": [{"code": "19"}]}}),
    ]
}

/// A plan that is ready, its referral, and the Task of that.
fn ready() -> (World, String, String, String) {
    let mut world = World::new();
    let plan = world.create(discharge_plan(&[decision("2026-11-20T08:40:00Z", false)])).unwrap();
    let referral = world.create(reablement_referral(&plan)).unwrap();
    let task = world.only(ResourceType::TASK);
    (world, plan, referral, task)
}

#[test]
fn home_with_reablement() {
    let (mut world, plan, referral, task) = ready();
    assert_eq!(state(&world, &plan), "ready");
    assert_eq!(part(&world, &plan, "dischargeReadyDate").as_deref(), Some("2026-11-20"));
    assert_eq!(world.status(&task), "requested");
    assert_eq!(world.resources[&task].get("owner").unwrap()["reference"], REABLEMENT);
    // Too early to schedule: the team has not accepted.
    let error = world.change(&plan, add(planned("2026-11-21T15:00:00Z"))).unwrap_err();
    assert_eq!((error.cause().status(), error.issues()[0].rule), (422, Some("IC-DIS-04")));
    assert!(error.issues()[0].diagnostics.contains(&task));
    world.status_to(&task, "received").unwrap();
    world.status_to(&task, "accepted").unwrap();
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    assert_eq!(world.status(&episode), "planned");
    assert_eq!(extension::text(&world.resources[&episode], "ic-entry-route"), Some("step-down"));
    world.change(&plan, add(planned("2026-11-21T15:00:00Z"))).unwrap();
    assert_eq!(state(&world, &plan), "scheduled");
    world.now = at("15:20");
    world.change(&plan, add(left("2026-11-21T15:10:00Z"))).unwrap();
    assert_eq!((state(&world, &plan).as_str(), world.status(&plan)), ("departed", "completed"));
    assert_eq!(part(&world, &plan, "dischargeReadyDate").as_deref(), Some("2026-11-20"));
    world.now = at("17:30");
    world
        .change(&task, |value| {
            value["status"] = json!("in-progress");
            value["output"] = json!([contact("2026-11-21T17:00:00Z"), face_to_face()]);
        })
        .unwrap();
    assert_eq!(world.status(&episode), "active");
    world.now = at("2026-12-15T10:00:00Z");
    world
        .change(&task, |value| {
            value["status"] = json!("completed");
            value["output"].as_array_mut().unwrap().push(outcome("completed-no-ongoing"));
        })
        .unwrap();
    assert_eq!((world.status(&episode), world.status(&referral)), ("finished", "completed"));
    let note = world.change(&plan, |value| value["note"] = json!([{"text": "x"}]));
    assert_eq!(refusal(note).1, "IC-STATE-01");
}

#[test]
fn unwell_again_before_leaving() {
    let (mut world, plan, _, task) = ready();
    world.status_to(&task, "accepted").unwrap();
    world.change(&plan, add(planned("2026-11-21T15:00:00Z"))).unwrap();
    world.now = at("12:00");
    // The ward adds the decision only; the confirmation is taken back for it.
    world.change(&plan, add(vec![decision("2026-11-21T11:50:00Z", true)])).unwrap();
    assert_eq!(state(&world, &plan), "planning");
    assert_eq!(part(&world, &plan, "dischargeReadyDate"), None);
    assert_eq!(world.warnings[0].rule, Some("IC-DIS-03"));
    assert_eq!(world.status(&task), "on-hold");
    assert_eq!(world.resources[&task].get("statusReason"), Some(&reason("discharge-cancelled")));
    assert_eq!(world.status(&world.only(ResourceType::EPISODE_OF_CARE)), "planned");
    world.now = at("2026-11-24T10:00:00Z");
    world.change(&plan, add(vec![decision("2026-11-24T09:00:00Z", false)])).unwrap();
    assert_eq!(state(&world, &plan), "ready");
    assert_eq!(part(&world, &plan, "dischargeReadyDate").as_deref(), Some("2026-11-24"));
    assert_eq!(world.status(&task), "accepted");
    assert!(world.resources[&task].get("statusReason").is_none());
    world
        .change(&plan, |value| {
            remove(value, "plannedDischarge");
            remove(value, "plannedDischargeConfirmed");
            add(planned("2026-11-24T15:00:00Z"))(value);
        })
        .unwrap();
    assert_eq!(state(&world, &plan), "scheduled");
}

#[test]
fn ready_and_scheduled_at_once_counts_the_tasks_that_go_on() {
    let (mut world, plan, _, task) = ready();
    world.status_to(&task, "accepted").unwrap();
    world.change(&plan, add(vec![decision("2026-11-20T18:00:00Z", true)])).unwrap();
    assert_eq!((state(&world, &plan).as_str(), world.status(&task)), ("planning", "on-hold"));
    let mut parts = planned("2026-11-21T15:00:00Z");
    parts.push(decision("2026-11-21T08:00:00Z", false));
    world.change(&plan, add(parts)).unwrap();
    assert_eq!((state(&world, &plan).as_str(), world.status(&task)), ("scheduled", "accepted"));
}

#[test]
fn a_withdrawn_time_has_a_reason() {
    let (mut world, plan, _, task) = ready();
    world.status_to(&task, "accepted").unwrap();
    world.change(&plan, add(planned("2026-11-21T15:00:00Z"))).unwrap();
    let withdraw = |value: &mut Value| remove(value, "plannedDischarge");
    let (status, rule, at) = refusal(world.change(&plan, withdraw));
    assert_eq!((status, rule), (422, "IC-DIS-05"));
    assert!(at.ends_with("extension.where(url='delay')"), "{at}");
    let delay = json!({"url": "delay", "extension": [
        {"url": "reason", "valueCodeableConcept": ours("ic-delay-reason", "hospital-process.transport")}]});
    world
        .change(&plan, |value| {
            withdraw(value);
            add(vec![delay])(value);
        })
        .unwrap();
    assert_eq!(state(&world, &plan), "ready");
    assert_eq!(part(&world, &plan, "dischargeReadyDate").as_deref(), Some("2026-11-20"));
    assert_eq!(world.status(&task), "accepted");
}

#[test]
fn nobody_is_scheduled_who_needs_the_hospital() {
    let mut world = World::new();
    let mut parts = planned("2026-11-21T15:00:00Z");
    assert_eq!(refusal(world.create(discharge_plan(&parts))).1, "IC-DIS-03");
    parts.push(decision("2026-11-21T08:00:00Z", true));
    assert_eq!(refusal(world.create(discharge_plan(&parts))).1, "IC-DIS-03");
    let plan = world.create(discharge_plan(&[decision("2026-11-21T08:00:00Z", true)])).unwrap();
    assert_eq!(refusal(world.change(&plan, add(planned("2026-11-21T15:00:00Z")))).1, "IC-DIS-03");
}

#[test]
fn what_leaving_needs() {
    for (parts, expected) in [
        (left("2026-11-21T09:00:00Z"), None),
        (left("2026-11-21T09:00:00Z")[..2].to_vec(), Some("IC-DIS-01")),
        (left("2026-11-21T09:00:00Z")[..1].to_vec(), Some("IC-DIS-01")),
        (left("2026-11-21T12:00:00Z"), Some("IC-DIS-02")),
        (left("2026-11-19T12:00:00Z"), Some("IC-DIS-02")),
        (vec![decision("2026-11-21T12:00:00Z", true)], Some("IC-DIS-02")),
        (vec![json!({"url": "criteriaToReside", "extension": []})], Some("IC-STATE-03")),
    ] {
        let (mut world, plan, ..) = ready();
        let result = world.change(&plan, add(parts.clone()));
        match expected {
            Some(rule) => assert_eq!(refusal(result).1, rule, "{parts:?}"),
            None => result.unwrap(),
        }
    }
    let (mut world, plan, ..) = ready();
    assert_eq!(refusal(world.status_to(&plan, "completed")).1, "IC-DIS-01");
}

#[test]
fn the_derived_facts_are_the_servers() {
    let mut world = World::new();
    let mut parts = vec![decision("2026-11-20T08:40:00Z", false)];
    parts.push(json!({"url": "state", "valueCode": "departed"}));
    parts.push(json!({"url": "dischargeReadyDate", "valueDate": "2026-11-20"}));
    let plan = world.create(discharge_plan(&parts)).unwrap();
    assert_eq!(state(&world, &plan), "ready");
    assert_eq!(world.warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), [Some("IC-CLK-01")]);
    let set = |name: &'static str, value: Value| {
        move |plan: &mut Value| {
            for part in plan["extension"][0]["extension"].as_array_mut().unwrap() {
                if part["url"] == name {
                    *part = value.clone();
                }
            }
        }
    };
    let wrong = world.change(&plan, set("state", json!({"url": "state", "valueCode": "scheduled"})));
    assert_eq!((refusal(wrong)).1, "IC-CLK-01");
    let wrong = world.change(
        &plan,
        set("dischargeReadyDate", json!({"url": "dischargeReadyDate", "valueDate": "2026-11-21"})),
    );
    assert_eq!(refusal(wrong).1, "IC-CLK-01");
    // What was read is sent back, with a new fact; and what follows already may be sent too.
    world.change(&plan, add(vec![decision("2026-11-21T08:00:00Z", true)])).unwrap();
    assert_eq!(state(&world, &plan), "planning");
    world
        .change(&plan, |value| {
            add(vec![decision("2026-11-21T09:00:00Z", false)])(value);
            set("state", json!({"url": "state", "valueCode": "ready"}))(value);
        })
        .unwrap();
    // Left out, they are put back.
    let before = world.resources[&plan].clone();
    world.change(&plan, |value| remove(value, "state")).unwrap();
    assert_eq!(
        extension::find(&world.resources[&plan], "ic-discharge").map(|d| extension::part(d, "state")),
        Some(Some(&json!("ready")))
    );
    assert_eq!(world.resources[&plan].get("status"), before.get("status"));
}

#[test]
fn a_revoked_plan_is_cancelled_and_pauses_its_tasks() {
    let (mut world, plan, referral, task) = ready();
    world.status_to(&task, "accepted").unwrap();
    let why = json!({"url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
        "valueCodeableConcept": reason("patient-died")});
    world
        .change(&plan, |value| {
            value["status"] = json!("revoked");
            value["extension"].as_array_mut().unwrap().push(why.clone());
        })
        .unwrap();
    assert_eq!(state(&world, &plan), "cancelled");
    assert_eq!(world.status(&task), "on-hold");
    assert_eq!(world.warnings.len(), 1);
    world
        .change(&referral, |value| {
            value["status"] = json!("revoked");
            value["extension"] = json!([why]);
        })
        .unwrap();
    assert_eq!(world.status(&task), "cancelled");
    assert_eq!(world.status(&world.only(ResourceType::EPISODE_OF_CARE)), "cancelled");
}

#[test]
fn a_rejection_that_another_team_made_good_does_not_stand_in_the_way() {
    let (mut world, plan, _, task) = ready();
    world
        .change(&task, |value| {
            value["status"] = json!("rejected");
            value["statusReason"] = reason("capacity");
        })
        .unwrap();
    let schedule = |world: &mut World| world.change(&plan, add(planned("2026-11-21T15:00:00Z")));
    assert_eq!(refusal(schedule(&mut world)).1, "IC-DIS-04");
    let hubs =
        world.all(ResourceType::TASK).into_iter().find(|t| t.text("status") == Some("requested")).unwrap();
    let hubs = hubs.address().unwrap();
    world.change(&hubs, |value| value["owner"]["reference"] = json!("Organization/other")).unwrap();
    world.status_to(&hubs, "accepted").unwrap();
    schedule(&mut world).unwrap();
}

#[test]
fn a_plan_without_the_extension_is_in_planning() {
    let mut world = World::new();
    let mut value = discharge_plan(&[]);
    value.as_object_mut().unwrap().remove("extension");
    let plan = world.create(value).unwrap();
    let expected = json!([{"url": extension_url("ic-discharge"), "extension": [{"url": "state", "valueCode": "planning"}]}]);
    assert_eq!(world.resources[&plan].get("extension"), Some(&expected));
    assert!(world.all(ResourceType::TASK).is_empty());
}

#[test]
fn who_is_back_within_a_day_was_not_discharged() {
    let stay = |time: &str| {
        json!({"resourceType": "Encounter", "status": "in-progress", "class": {"code": "EMER"},
        "subject": {"reference": "Patient/p1"}, "period": {"start": time}})
    };
    for (time, after) in [("2026-11-22T14:00:00Z", "failed"), ("2026-11-22T15:00:00Z", "departed")] {
        let (mut world, plan, _, task) = ready();
        world.status_to(&task, "accepted").unwrap();
        world.now = at("15:05");
        world.change(&plan, add(left("2026-11-21T15:00:00Z"))).unwrap();
        assert_eq!((state(&world, &plan).as_str(), world.status(&plan)), ("departed", "completed"));
        world.now = at("2026-11-22T16:00:00Z");
        world.create(stay(time)).unwrap();
        assert_eq!((state(&world, &plan).as_str(), world.status(&plan)), (after, "completed"), "{time}");
        // Known as that from then on: read and sent back it is the same, and a second stay adds nothing.
        let told = world.resources[&plan].clone();
        world.change(&plan, |value| value["meta"]["tag"] = json!([{"code": "seen"}])).unwrap();
        assert_eq!(state(&world, &plan), after);
        world.create(stay("2026-11-22T14:30:00Z")).unwrap();
        assert_eq!(state(&world, &plan), "failed");
        assert!(after != "failed" || crate::moves::same_but_meta(&told, &world.resources[&plan]));
    }
}

#[test]
fn the_stay_that_the_discharge_ended_does_not_undo_it() {
    let (mut world, plan, _, task) = ready();
    let stay = |status: &str| {
        json!({"resourceType": "Encounter", "status": status, "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"}})
    };
    let encounter = world.create(stay("planned")).unwrap();
    world.change(&plan, |value| value["encounter"] = json!({"reference": encounter})).unwrap();
    world.status_to(&task, "accepted").unwrap();
    world.now = at("15:05");
    world.change(&plan, add(left("2026-11-21T15:00:00Z"))).unwrap();
    let begun = |value: &mut Value| {
        value["status"] = json!("in-progress");
        value["period"] = json!({"start": "2026-11-21T15:01:00Z"});
    };
    world.change(&encounter, begun).unwrap();
    // Nobody knows when this one began.
    world.create(stay("in-progress")).unwrap();
    assert_eq!(state(&world, &plan), "departed");
    let other = world.create(stay("planned")).unwrap();
    world.change(&other, begun).unwrap();
    assert_eq!(state(&world, &plan), "failed");
}
