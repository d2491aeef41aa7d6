//! What time alone brings, and what a death ends.

use fhir::{ResourceType, Value};
use serde_json::json;

use super::world::*;
use crate::clock::Clock;
use crate::{Settings, extension, timer};

fn clock(world: &World, task: &str) -> Clock {
    Clock::of(&world.resources[task], &Settings::default()).unwrap()
}

fn reminded(world: &World, address: &str, kind: &str) -> bool {
    extension::is_reminded(&world.resources[address], kind)
}

#[test]
fn a_clock_warns_once_and_breaches_once() {
    let mut world = World::new();
    world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    assert_eq!(timer::due(&world.resources[&task], &Settings::default()), Some(at("10:35")));
    world.now = at("10:34");
    assert!(world.tick().is_empty());
    world.now = at("10:35");
    assert_eq!(world.tick(), std::slice::from_ref(&task));
    assert!(reminded(&world, &task, timer::CLOCK_WARNING));
    // A client that leaves it out does not bring it back.
    world.change(&task, |value| value["status"] = json!("received")).unwrap();
    world
        .change(&task, |value| {
            let extensions = value["extension"].as_array_mut().unwrap();
            extensions.retain(|extension| extension["url"] != crate::extension_url("ic-reminder"));
        })
        .unwrap();
    assert!(reminded(&world, &task, timer::CLOCK_WARNING));
    world.put_back_everything();
    world.now = at("11:05");
    assert!(world.tick().is_empty(), "the due time itself is in time");
    world.now = at("11:06");
    assert_eq!(world.tick(), std::slice::from_ref(&task));
    assert_eq!(clock(&world, &task).status, "breached");
    world.now = at("23:00");
    assert!(world.tick().is_empty());
    // A late entry takes the breach back.
    world.status_to(&task, "accepted").unwrap();
    world
        .change(&task, |value| {
            value["output"] = json!([contact("2026-11-21T10:15:00Z"), face_to_face()]);
            value["status"] = json!("in-progress");
        })
        .unwrap();
    assert_eq!(clock(&world, &task).status, "met");
    assert!(world.tick().is_empty());
}

#[test]
fn after_an_outage_nobody_is_warned_of_what_has_happened() {
    let mut world = World::new();
    world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    world.now = at("2026-11-23T09:00:00Z");
    assert_eq!(world.tick(), std::slice::from_ref(&task));
    assert_eq!(clock(&world, &task).status, "breached");
    assert!(!reminded(&world, &task, timer::CLOCK_WARNING));
}

fn episode(start: &str) -> Value {
    json!({
        "resourceType": "EpisodeOfCare", "id": "e1", "status": "active", "patient": {"reference": "Patient/p1"},
        "identifier": [{"system": crate::service_request::journey_system(), "value": "j1"}],
        "type": [ours("ic-service-line", "reablement")], "managingOrganization": {"reference": REABLEMENT},
        "referralRequest": [{"reference": "ServiceRequest/r"}], "period": {"start": start}
    })
}

#[test]
fn an_episode_is_long_after_35_days_and_over_the_limit_after_42() {
    let mut world = World::new();
    // The first of March: day 42 ends at midnight before the twelfth of April, in summer time.
    let address = world.put(episode("2026-03-01T10:00:00Z"));
    for (now, long, over) in [
        ("2026-04-04T22:59:59Z", false, false),
        ("2026-04-04T23:00:00Z", true, false),
        ("2026-04-11T22:59:59Z", true, false),
        ("2026-04-11T23:00:00Z", true, true),
    ] {
        world.now = at(now);
        world.tick();
        assert_eq!(
            (
                reminded(&world, &address, timer::EPISODE_LONG),
                reminded(&world, &address, timer::EPISODE_OVER_LIMIT)
            ),
            (long, over),
            "{now}"
        );
    }
    assert_eq!(world.status(&address), "active");
    assert!(world.tick().is_empty());
}

#[test]
fn a_plan_left_open_is_asked_about_once() {
    let mut world = World::new();
    let mut ended = episode("2026-11-01");
    ended["status"] = json!("finished");
    ended["period"]["end"] = json!("2026-11-20T10:00:00Z");
    ended["extension"] = json!([
        {"url": crate::extension_url("ic-outcome"), "valueCodeableConcept": ours("ic-episode-outcome", "residential")},
        {"url": crate::extension_url("ic-task"), "valueReference": {"reference": "Task/t"}}]);
    world.put(ended);
    world.put(
        json!({"resourceType": "Task", "id": "t", "status": "completed", "owner": {"reference": REABLEMENT},
        "for": {"reference": "Patient/p1"}, "requester": {"reference": HUB}}),
    );
    let plan = json!({"resourceType": "CarePlan", "id": "c", "status": "active", "intent": "plan", "subject": {"reference": "Patient/p1"},
        "identifier": [{"system": crate::service_request::journey_system(), "value": "j1"}],
        "category": [ours("ic-careplan-category", "recovery")], "activity": [{"detail": {"status": "scheduled"}}]});
    let other = {
        let mut other = plan.clone();
        other["id"] = json!("d");
        other["identifier"][0]["value"] = json!("j2");
        other
    };
    world.put(plan);
    world.put(other);
    world.now = at("2026-11-21T09:59:00Z");
    assert!(world.tick().is_empty());
    world.now = at("2026-11-21T10:00:00Z");
    world.tick();
    let tasks = world.all(ResourceType::TASK);
    assert_eq!(tasks.len(), 2);
    let review = tasks.iter().find(|task| task.get("focus").is_some()).unwrap();
    assert_eq!(review.get("focus").unwrap()["reference"], "CarePlan/c");
    assert_eq!(review.get("owner").unwrap()["reference"], REABLEMENT);
    assert!(world.tick().is_empty());
}

#[test]
fn a_delay_is_written_at_midnight_and_asked_about_at_eight() {
    let mut world = World::new();
    let plan = world.create(discharge_plan(&[decision("2026-11-21T08:40:00Z", false)])).unwrap();
    let state = |world: &World| {
        let discharge = extension::find(&world.resources[&plan], "ic-discharge").unwrap();
        extension::part_text(discharge, "state").unwrap().to_owned()
    };
    assert_eq!(state(&world), "ready");
    world.now = at("23:59");
    assert!(world.tick().is_empty());
    world.now = at("2026-11-22T00:00:00Z");
    assert_eq!(world.tick(), std::slice::from_ref(&plan));
    assert_eq!(state(&world), "delayed");
    world.put_back_everything();
    world.now = at("2026-11-22T08:00:00Z");
    assert_eq!(world.tick(), std::slice::from_ref(&plan));
    let question = world.only(ResourceType::TASK);
    assert_eq!(world.resources[&question].get("owner").unwrap()["reference"], "PractitionerRole/ward");
    assert_eq!(world.resources[&question].get("focus").unwrap()["reference"], plan.as_str());
    assert!(world.tick().is_empty());
    // Unwell again, and ready again: that is asked about anew.
    world
        .change(&plan, |value| {
            value["extension"][0]["extension"]
                .as_array_mut()
                .unwrap()
                .push(decision("2026-11-22T07:00:00Z", true))
        })
        .unwrap();
    assert_eq!(state(&world), "planning");
    assert!(!reminded(&world, &plan, timer::DELAY_UNEXPLAINED));
}

#[test]
fn a_delay_with_a_reason_is_not_asked_about() {
    let mut world = World::new();
    let delay = json!({"url": "delay", "extension": [
        {"url": "reason", "valueCodeableConcept": ours("ic-delay-reason", "hospital-process.transport")}]});
    world.create(discharge_plan(&[decision("2026-11-20T08:40:00Z", false), delay])).unwrap();
    world.now = at("2026-11-25T00:00:00Z");
    assert_eq!(world.tick().len(), 1, "it is delayed, and that is all");
    world.now = at("2026-11-26T00:00:00Z");
    assert!(world.tick().is_empty());
}

/// A person of this birth date, home from hospital, whose reablement team has seen them.
fn in_care(born: &str) -> (World, String) {
    let mut world = World::new();
    world.put(json!({"resourceType": "Patient", "id": "p1", "birthDate": born}));
    let plan = world.create(discharge_plan(&[decision("2026-11-20T08:40:00Z", false)])).unwrap();
    world.create(reablement_referral(&plan)).unwrap();
    let task = world.only(ResourceType::TASK);
    world.status_to(&task, "accepted").unwrap();
    let left = json!([
        {"url": "actualDischarge", "valueDateTime": "2026-11-21T09:00:00Z"}, {"url": "dischargeMethod", "valueCode": "1"},
        {"url": "destination", "valueCodeableConcept": {"coding": [{"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland", "code": "19"}]}}]);
    world
        .change(&plan, |value| {
            value["extension"][0]["extension"]
                .as_array_mut()
                .unwrap()
                .extend(left.as_array().unwrap().clone());
        })
        .unwrap();
    world.now = at("12:00");
    world
        .change(&task, |value| {
            value["output"] = json!([contact("2026-11-21T11:00:00Z"), face_to_face()]);
            value["status"] = json!("in-progress");
        })
        .unwrap();
    (world, task)
}

#[test]
fn outcome_checks_are_made_for_those_of_65_and_told_on_their_day() {
    for (born, checks) in [("1961-11-21", 2), ("1961-11-22", 0)] {
        let (mut world, task) = in_care(born);
        world
            .change(&task, |value| {
                value["output"].as_array_mut().unwrap().push(outcome("residential"));
                value["status"] = json!("completed");
            })
            .unwrap();
        let made: Vec<_> =
            world.all(ResourceType::TASK).into_iter().filter(|t| crate::outcome_check::is_check(t)).collect();
        assert_eq!(made.len(), checks, "{born}");
        let days: Vec<_> =
            made.iter().map(|check| check.get("restriction").unwrap()["period"]["start"].clone()).collect();
        if checks == 0 {
            continue;
        }
        assert!(days.contains(&json!("2027-02-13")) && days.contains(&json!("2027-02-20")), "{days:?}");
        world.put_back_everything();
        world.now = at("2027-02-13T00:00:00Z");
        assert_eq!(world.tick().len(), 1);
        world.now = at("2027-03-13T00:00:00Z");
        assert_eq!(world.tick().len(), 1);
    }
}

#[test]
fn a_death_ends_what_is_open() {
    let (mut world, task) = in_care("1941-03-09");
    let waiting = world.create(ucr_referral("active")).unwrap();
    world.put(
        json!({"resourceType": "Task", "id": "visit", "status": "requested", "partOf": [{"reference": task}],
        "for": {"reference": "Patient/p1"}, "code": ours("ic-activity-type", "care-visit")}),
    );
    world.put(
        json!({"resourceType": "Task", "id": "now", "status": "in-progress", "partOf": [{"reference": task}],
        "for": {"reference": "Patient/p1"}, "code": ours("ic-activity-type", "care-visit")}),
    );
    world.hub = None;
    world.change("Patient/p1", |value| value["deceasedDateTime"] = json!("2026-11-21T11:30:00Z")).unwrap();
    assert_eq!((world.status(&task), world.status(&waiting)), ("completed", "revoked"));
    assert_eq!(crate::task_output::outcome_code(&world.resources[&task]), Some("died"));
    assert_eq!((world.status("Task/visit"), world.status("Task/now")), ("cancelled", "in-progress"));
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    assert_eq!(world.status(&episode), "finished");
    assert_eq!(world.resources[&episode].get("period").unwrap()["end"], "2026-11-21T11:30:00Z");
    for request in world.all(ResourceType::SERVICE_REQUEST) {
        assert_ne!(request.text("status"), Some("active"));
    }
    let open = world.all(ResourceType::TASK).into_iter().filter(|t| crate::fulfilment::is_open(t)).count();
    assert_eq!(open, 1, "the visit that is under way");
    // Nothing is told of any of it later.
    world.now = at("2027-11-21T11:30:00Z");
    let told = world.tick();
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn back_in_hospital_names_the_episode() {
    let (mut world, _) = in_care("1941-03-09");
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    let encounter = |class: &str, status: &str| {
        json!({"resourceType": "Encounter", "status": status, "class": {"code": class}, "subject": {"reference": "Patient/p1"},
            "period": {"start": "2026-11-21T11:30:00Z"}})
    };
    for (class, status, noted) in [
        ("IMP", "in-progress", true),
        ("EMER", "arrived", true),
        ("AMB", "in-progress", false),
        ("IMP", "planned", false),
    ] {
        let address = world.create(encounter(class, status)).unwrap();
        let named = extension::find(&world.resources[&address], "ic-readmission").and_then(extension::value);
        assert_eq!(named, noted.then(|| json!({"reference": episode})).as_ref(), "{class} {status}");
    }
    let planned = world.create(encounter("IMP", "planned")).unwrap();
    for status in ["in-progress", "finished"] {
        world.status_to(&planned, status).unwrap();
        assert!(extension::find(&world.resources[&planned], "ic-readmission").is_some());
    }
}
