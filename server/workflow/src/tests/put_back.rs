//! What the server has written is valid by its profile, and a client may send it back unchanged: after each step of a discharge home
//! (SC-01 of the domain), of one that is stopped (SC-02), and after each way in which work ends early.

use fhir::{ResourceType, Value};
use serde_json::json;

use super::discharge::{add, left, planned};
use super::world::*;
use crate::{Settings, clock, extension};

fn output(task: &mut Value, kind: &str, name: &str, value: Value) {
    let item = json!({"type": ours("ic-task-output", kind), name: value});
    match task.get_mut("output").and_then(Value::as_array_mut) {
        Some(list) => list.push(item),
        None => task["output"] = json!([item]),
    }
}

fn seen(task: &mut Value) {
    task["status"] = json!("in-progress");
    output(task, "first-contact", "valueDateTime", json!("2026-11-21T17:00:00Z"));
    output(task, "first-contact-mode", "valueCodeableConcept", ours("ic-contact-mechanism", "01"));
    output(task, "first-contact-role", "valueCodeableConcept", ours("ic-professional", "physiotherapist"));
    output(task, "first-therapy-contact", "valueDateTime", json!("2026-11-21T17:00:00Z"));
}

/// A plan of this journey that is ready, its referral and the Task of that, each checked.
fn ready() -> (World, String, String, String) {
    let mut world = World::new();
    let mut value = discharge_plan(&[decision("2026-11-20T08:40:00Z", false)]);
    add(vec![json!({"url": "recommendedPathway", "valueCode": "P1"})])(&mut value);
    let plan = world.create(value).unwrap();
    world.put_back_everything();
    let referral = world.create(reablement_referral(&plan)).unwrap();
    world.put_back_everything();
    let task = world.only(ResourceType::TASK);
    (world, plan, referral, task)
}

#[test]
fn after_each_step_of_a_discharge_home() {
    let (mut world, plan, referral, task) = ready();
    for status in ["received", "accepted"] {
        world.status_to(&task, status).unwrap();
        world.put_back_everything();
    }
    world.change(&plan, add(planned("2026-11-21T15:00:00Z"))).unwrap();
    world.put_back_everything();
    world.now = at("15:20");
    let destination = json!({"coding": [
        {"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland", "code": "19"}]});
    let departed = left("2026-11-21T15:10:00Z").into_iter().map(|mut part| {
        if part["url"] == "destination" {
            part["valueCodeableConcept"] = destination.clone();
        }
        part
    });
    world.change(&plan, add(departed.collect())).unwrap();
    world.put_back_everything();
    world.now = at("17:30");
    world.change(&task, seen).unwrap();
    world.put_back_everything();
    world.now = at("2026-12-15T10:00:00Z");
    let completed = |task: &mut Value| {
        task["status"] = json!("completed");
        output(task, "outcome", "valueCodeableConcept", ours("ic-episode-outcome", "completed-no-ongoing"));
    };
    world.change(&task, completed).unwrap();
    world.put_back_everything();
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    let statuses = [&plan, &referral, &task, &episode].map(|address| world.status(address));
    assert_eq!(statuses, ["completed", "completed", "completed", "finished"]);
}

#[test]
fn while_a_stopped_discharge_holds_its_task() {
    let (mut world, plan, referral, task) = ready();
    world.status_to(&task, "accepted").unwrap();
    world.now = at("12:00");
    world.change(&plan, add(vec![decision("2026-11-21T11:50:00Z", true)])).unwrap();
    assert!(extension::find(&world.resources[&task], "ic-hold").is_some());
    world.put_back_everything();
    world.change(&plan, add(vec![decision("2026-11-21T11:55:00Z", false)])).unwrap();
    world.put_back_everything();
    world.status_to(&referral, "on-hold").unwrap();
    assert!(extension::find(&world.resources[&task], "ic-hold").is_some());
    world.put_back_everything();
}

#[test]
fn when_a_team_says_no_or_the_clock_runs_out() {
    let mut world = World::new();
    world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    world.now = at("11:06");
    let breached = clock::run_out(&world.resources[&task], &Settings::default(), world.now).unwrap();
    world.resources.insert(task.clone(), breached);
    world.put_back_everything();
    let rejected = |task: &mut Value| {
        task["status"] = json!("rejected");
        task["statusReason"] = json!({"text": "the only nurse is ill"});
    };
    world.change(&task, rejected).unwrap();
    assert_eq!(world.all(ResourceType::TASK).len(), 2);
    world.put_back_everything();
}

#[test]
fn when_work_ends_early_the_outcome_is_one_of_the_outcomes_and_says_why() {
    let early = |reasons: &[Value]| {
        let other = ours("ic-episode-outcome", "ended-other-reason")["coding"][0].clone();
        json!([&[other], reasons].concat())
    };
    let foreign = json!({"system": "http://other/reasons", "code": "9"});
    for (reason, coding, text) in [
        (reason("patient-died"), json!(ours("ic-episode-outcome", "died")["coding"]), None),
        (reason("uncontactable"), early(&[reason("uncontactable")["coding"][0].clone()]), None),
        (json!({"coding": [foreign], "text": "strike"}), early(&[foreign]), Some("strike")),
        (json!({"text": "moved to his daughter's"}), early(&[]), Some("moved to his daughter's")),
    ] {
        let (mut world, _, referral, task) = ready();
        world.status_to(&task, "accepted").unwrap();
        world.now = at("17:30");
        world.change(&task, seen).unwrap();
        let mut revoked = World { resources: world.resources.clone(), ..World::new() };
        revoked.now = world.now;
        let fail = |task: &mut Value| {
            task["status"] = json!("failed");
            task["statusReason"] = reason.clone();
        };
        world.change(&task, fail).unwrap();
        let why = json!({"url": "http://hl7.org/fhir/StructureDefinition/request-statusReason", "valueCodeableConcept": reason});
        let revoke = |referral: &mut Value| {
            referral["status"] = json!("revoked");
            referral["extension"].as_array_mut().unwrap().push(why);
        };
        revoked.change(&referral, revoke).unwrap();
        for world in [world, revoked] {
            world.put_back_everything();
            let episode = &world.resources[&world.only(ResourceType::EPISODE_OF_CARE)];
            assert_eq!(episode.text("status"), Some("finished"));
            let outcome = extension::find(episode, "ic-outcome").and_then(extension::value).unwrap();
            assert_eq!(outcome["coding"], coding, "{reason}");
            assert_eq!(outcome.get("text").and_then(Value::as_str), text, "{reason}");
        }
    }
}

#[test]
fn an_episode_does_not_end_before_a_contact_by_a_clock_that_is_ahead() {
    let (mut world, _, _, task) = ready();
    world.status_to(&task, "accepted").unwrap();
    world.now = at("2026-11-21T16:59:30Z");
    world.change(&task, seen).unwrap();
    let fail = |task: &mut Value| {
        task["status"] = json!("failed");
        task["statusReason"] = reason("patient-readmitted");
    };
    world.change(&task, fail).unwrap();
    world.put_back_everything();
    let episode = &world.resources[&world.only(ResourceType::EPISODE_OF_CARE)];
    let contact = "2026-11-21T17:00:00Z";
    assert_eq!(episode.get("period"), Some(&json!({"start": contact, "end": contact})));
}

#[test]
fn the_link_from_episode_to_task_survives_an_update_that_leaves_it_out() {
    let (mut world, _, _, task) = ready();
    world.status_to(&task, "accepted").unwrap();
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    let before = world.resources[&episode].clone();
    world.change(&episode, |value| drop(value.as_object_mut().unwrap().remove("extension"))).unwrap();
    let link = extension::find(&world.resources[&episode], "ic-task");
    assert_eq!(link, extension::find(&before, "ic-task"));
    assert_eq!(link.and_then(extension::value), Some(&json!({"reference": task})));
}
