//! The Task: contact, clock, episode, rejection, the end of the referral.

use fhir::{ResourceType, Value};
use serde_json::json;

use super::world::*;
use crate::clock::{Clock, Settings};
use crate::{extension, extension_url};

/// A two-hour referral and its Task.
fn start() -> (World, String, String) {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    (world, referral, task)
}

fn with(status: &'static str, output: Vec<Value>) -> impl FnOnce(&mut Value) {
    move |value| {
        value["status"] = json!(status);
        value["output"] = json!(output);
    }
}

fn because(status: &'static str, code: &'static str) -> impl FnOnce(&mut Value) {
    move |value| {
        value["status"] = json!(status);
        value["statusReason"] = reason(code);
    }
}

fn clock(world: &World, task: &str) -> Clock {
    Clock::of(&world.resources[task], &Settings::default()).unwrap()
}

#[test]
fn first_contact_stops_the_clock_and_begins_the_episode() {
    let (mut world, referral, task) = start();
    world.now = at("09:12");
    world.status_to(&task, "accepted").unwrap();
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    let planned = &world.resources[&episode];
    assert_eq!(planned.text("status"), Some("planned"));
    assert_eq!(planned.get("type"), Some(&json!([ours("ic-service-line", "urgent-community-response")])));
    assert_eq!(planned.get("managingOrganization").unwrap()["reference"], "Organization/community");
    assert_eq!(planned.get("referralRequest"), Some(&json!([{"reference": referral}])));
    assert_eq!(planned.get("patient").unwrap()["reference"], "Patient/p1");
    assert_eq!(
        planned.get("identifier").unwrap()[0],
        *world.resources[&referral].get("requisition").unwrap()
    );
    assert_eq!(extension::text(planned, "ic-entry-route"), Some("step-up"));
    assert_eq!(extension::text(planned, "ic-place-of-care"), Some("home"));
    assert!(planned.get("period").is_none());
    world.now = at("10:41");
    world.change(&task, with("in-progress", vec![contact("2026-11-21T10:38:00Z"), face_to_face()])).unwrap();
    let begun = &world.resources[&episode];
    assert_eq!(begun.get("period"), Some(&json!({"start": "2026-11-21T10:38:00Z"})));
    assert_eq!(
        begun.get("statusHistory"),
        Some(
            &json!([{"status": "planned", "period": {"start": "2026-11-21T09:12:00.000Z", "end": "2026-11-21T10:41:00.000Z"}},
            {"status": "active", "period": {"start": "2026-11-21T10:41:00.000Z"}}])
        )
    );
    assert_eq!(clock(&world, &task).status, "met");
    assert_eq!(clock(&world, &task).stop.as_deref(), Some("2026-11-21T10:38:00Z"));
    // A contact entered wrongly is corrected everywhere.
    world.now = at("12:00");
    world
        .change(&task, |value| value["output"] = json!([contact("2026-11-21T11:30:00Z"), face_to_face()]))
        .unwrap();
    assert_eq!(clock(&world, &task).status, "breached");
    assert_eq!(world.resources[&episode].get("period"), Some(&json!({"start": "2026-11-21T11:30:00Z"})));
    assert_eq!(world.resources[&episode].get("statusHistory").unwrap().as_array().unwrap().len(), 2);
    let output = vec![contact("2026-11-21T11:30:00Z"), face_to_face(), outcome("completed-no-ongoing")];
    world.now = at("13:00");
    world
        .change(&task, |value| {
            with("completed", output)(value);
            value["executionPeriod"] = json!({"end": "2026-11-21T12:45:00Z"});
        })
        .unwrap();
    let finished = &world.resources[&episode];
    assert_eq!(finished.text("status"), Some("finished"));
    assert_eq!(finished.get("period").unwrap()["end"], "2026-11-21T12:45:00Z");
    let how = extension::find(finished, "ic-outcome").and_then(extension::value);
    assert_eq!(how, Some(&ours("ic-episode-outcome", "completed-no-ongoing")));
    assert_eq!(world.status(&referral), "completed");
}

#[test]
fn what_a_move_needs() {
    let (mut world, _, task) = start();
    let missing = |at: &str| (422, "IC-STATE-03", at.to_owned());
    assert_eq!(refusal(world.status_to(&task, "rejected")), missing("Task.statusReason"));
    assert_eq!(refusal(world.status_to(&task, "cancelled")), missing("Task.statusReason"));
    world.status_to(&task, "accepted").unwrap();
    assert_eq!(refusal(world.status_to(&task, "in-progress")), missing("Task.output"));
    assert_eq!(refusal(world.status_to(&task, "failed")), missing("Task.statusReason"));
    world.now = at("10:41");
    world.change(&task, with("in-progress", vec![contact("2026-11-21T10:38:00Z"), face_to_face()])).unwrap();
    assert_eq!(refusal(world.change(&task, with("in-progress", vec![]))), missing("Task.output"));
    assert_eq!(refusal(world.status_to(&task, "completed")), missing("Task.output"));
    assert_eq!(refusal(world.status_to(&task, "on-hold")), missing("Task.statusReason"));
}

#[test]
fn when_a_contact_can_have_been() {
    for (time, mode, expected) in [
        ("2026-11-21T10:42:00Z", "01", Some("IC-CLK-03")),
        ("2026-11-22", "01", Some("IC-CLK-03")),
        ("2026-11-21T10:40:45Z", "01", None),
        ("2026-11-21T09:03:00Z", "01", Some("IC-CLK-02")),
        ("2026-11-20", "01", Some("IC-CLK-02")),
        ("2026-11-21", "01", Some("IC-CLK-02")),
        ("2026-11-21T09:04:30Z", "01", None),
        ("2026-11-21T10:00:00Z", "02", Some("IC-CLK-04")),
        // Nobody has said how.
        ("2026-11-21T10:00:00Z", "", Some("IC-CLK-04")),
    ] {
        let (mut world, _, task) = start();
        world.status_to(&task, "accepted").unwrap();
        world.now = at("10:40");
        let how = json!({"type": ours("ic-task-output", "first-contact-mode"),
            "valueCodeableConcept": ours("ic-contact-mechanism", mode)});
        let output = if mode.is_empty() { vec![contact(time)] } else { vec![contact(time), how] };
        let result = world.change(&task, with("in-progress", output));
        match expected {
            Some(rule) => assert_eq!(refusal(result), (422, rule, "Task.output".into()), "{time}"),
            None => result.unwrap(),
        }
    }
}

#[test]
fn a_late_entry_corrects_a_breach() {
    let (mut world, _, task) = start();
    world.status_to(&task, "accepted").unwrap();
    let breached = crate::clock::run_out(&world.resources[&task], &Settings::default(), at("11:06")).unwrap();
    world.resources.insert(task.clone(), breached);
    world.now = at("18:00");
    world.change(&task, with("in-progress", vec![contact("2026-11-21T10:15:00Z"), face_to_face()])).unwrap();
    assert_eq!(clock(&world, &task).status, "met");
}

#[test]
fn a_rejected_referral_goes_to_the_hub_with_its_clock_running_on() {
    let (mut world, referral, task) = start();
    world.now = at("09:30");
    world.change(&task, because("rejected", "out-of-area")).unwrap();
    assert_eq!(world.status(&referral), "active");
    let redirect =
        world.all(ResourceType::TASK).iter().find_map(|t| t.address().filter(|a| *a != task)).unwrap();
    let hubs = &world.resources[&redirect];
    assert_eq!(hubs.text("status"), Some("requested"));
    assert_eq!(hubs.get("owner").unwrap()["reference"], HUB);
    assert_eq!(hubs.get("input").unwrap()[0]["valueReference"]["reference"], task);
    assert_eq!(clock(&world, &redirect).start, at("09:05"));
    assert_eq!(clock(&world, &redirect).due, at("11:05"));
    assert_eq!(clock(&world, &task).status, "excluded");
    // The hub asks another team: its own Task makes room.
    let east = json!({"resourceType": "Task", "status": "requested", "intent": "order",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "focus": {"reference": referral}, "owner": {"reference": "HealthcareService/ucr-east"},
        "input": [{"type": ours("ic-task-input", "redirect-from"), "valueReference": {"reference": task}}]});
    world.now = at("09:40");
    let east = world.create(east).unwrap();
    assert_eq!(world.status(&redirect), "cancelled");
    assert_eq!(clock(&world, &east).due, at("11:05"));
    let filled = &world.resources[&east];
    assert_eq!(filled.get("for").unwrap()["reference"], "Patient/p1");
    assert_eq!(filled.text("authoredOn"), Some("2026-11-21T09:40:00.000Z"));
    assert_eq!(filled.get("groupIdentifier"), world.resources[&referral].get("requisition"));
    // Everybody says no: the hub again, and at last nobody, but the referral stays.
    world.change(&east, because("rejected", "capacity")).unwrap();
    assert_eq!(world.all(ResourceType::TASK).len(), 4);
    let last =
        world.all(ResourceType::TASK).into_iter().find(|t| t.text("status") == Some("requested")).unwrap();
    let last = last.address().unwrap();
    world.change(&last, because("rejected", "not-eligible")).unwrap();
    assert_eq!(world.all(ResourceType::TASK).len(), 4);
    assert_eq!(world.status(&referral), "active");
    assert_eq!(clock(&world, &last).status, "running");
}

#[test]
fn an_episode_follows_its_task_to_every_end() {
    let in_progress = |world: &mut World, task: &str| {
        world
            .change(task, with("in-progress", vec![contact("2026-11-21T09:06:00Z"), face_to_face()]))
            .unwrap();
    };
    for (before, end, code, expected, outcome) in [
        ("accepted", "cancelled", "patient-declined", "cancelled", None),
        ("accepted", "failed", "patient-readmitted", "cancelled", None),
        ("in-progress", "failed", "patient-readmitted", "finished", Some("hospital-readmission")),
        ("on-hold", "failed", "patient-died", "finished", Some("died")),
        ("on-hold", "cancelled", "redirected", "finished", Some("transferred-service")),
        ("in-progress", "entered-in-error", "sent-in-error", "entered-in-error", None),
    ] {
        let (mut world, referral, task) = start();
        world.status_to(&task, "accepted").unwrap();
        if before != "accepted" {
            in_progress(&mut world, &task);
        }
        let episode = world.only(ResourceType::EPISODE_OF_CARE);
        if before == "on-hold" {
            world.change(&task, because("on-hold", "patient-readmitted")).unwrap();
            assert_eq!(world.status(&episode), "onhold");
        }
        world.change(&task, because(end, code)).unwrap();
        assert_eq!(world.status(&episode), expected, "{before} {end}");
        let how = extension::find(&world.resources[&episode], "ic-outcome").and_then(extension::value);
        assert_eq!(how.cloned(), outcome.map(|code| ours("ic-episode-outcome", code)), "{before} {end}");
        if expected == "finished" {
            assert_eq!(world.resources[&episode].get("period").unwrap()["end"], "2026-11-21T09:06:00.000Z");
        }
        assert_eq!(world.status(&referral), "active");
    }
}

#[test]
fn going_on_after_a_pause_does_not_move_the_start() {
    let (mut world, _, task) = start();
    world.status_to(&task, "accepted").unwrap();
    world.change(&task, with("in-progress", vec![contact("2026-11-21T09:06:00Z"), face_to_face()])).unwrap();
    world.change(&task, because("on-hold", "patient-readmitted")).unwrap();
    world.now = at("2026-11-23T09:00:00Z");
    world.status_to(&task, "in-progress").unwrap();
    let episode = &world.resources[&world.only(ResourceType::EPISODE_OF_CARE)];
    assert_eq!(episode.text("status"), Some("active"));
    assert_eq!(episode.get("period"), Some(&json!({"start": "2026-11-21T09:06:00Z"})));
    let history = episode.get("statusHistory").unwrap().as_array().unwrap();
    let statuses: Vec<_> = history.iter().map(|entry| entry["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["planned", "active", "onhold", "active"]);
}

#[test]
fn what_was_asked_is_not_changed() {
    let (mut world, _, task) = start();
    for (element, value) in [
        ("for", json!({"reference": "Patient/p2"})),
        ("focus", json!({"reference": "ServiceRequest/other"})),
        ("requester", json!({"reference": "PractitionerRole/other"})),
        ("authoredOn", json!("2026-11-21T08:00:00Z")),
        ("intent", json!("plan")),
        ("code", json!({"text": "anything"})),
    ] {
        let changed = world.change(&task, |task| task[element] = value);
        assert_eq!(refusal(changed), (422, "IC-STATE-04", format!("Task.{element}")));
        let removed = world.change(&task, |task| drop(task.as_object_mut().unwrap().remove(element)));
        assert_eq!(refusal(removed).1, "IC-STATE-04", "{element}");
    }
}

#[test]
fn what_the_server_keeps_is_restored_and_a_wrong_clock_refused() {
    let (mut world, _, task) = start();
    let before = world.resources[&task].clone();
    world.now = at("09:30");
    // The same again, and the same without what the server keeps: nothing is to be written.
    for removed in ["", "extension", "restriction", "groupIdentifier", "basedOn", "lastModified"] {
        world.change(&task, |value| drop(value.as_object_mut().unwrap().remove(removed))).unwrap();
        assert!(world.resources[&task].same_content(&before), "{removed}");
    }
    let reset = world
        .change(&task, |value| value["extension"][0]["extension"][2]["valueDateTime"] = json!("2027-01-01"));
    assert_eq!(refusal(reset), (422, "IC-CLK-01", "Task.extension".into()));
    world.status_to(&task, "received").unwrap();
    assert_eq!(world.resources[&task].text("lastModified"), Some("2026-11-21T09:30:00.000Z"));
}

#[test]
fn a_task_is_made_for_a_referral_that_waits_and_for_its_person() {
    let (mut world, referral, task) = start();
    let mut second = world.resources[&task].value().clone();
    for element in ["id", "meta", "lastModified"] {
        second.as_object_mut().unwrap().remove(element);
    }
    second["for"]["reference"] = json!("Patient/p2");
    assert_eq!(refusal(world.create(second.clone())), (422, "IC-TASK-01", "Task.for".into()));
    second["for"]["reference"] = json!("Patient/p1");
    second["extension"] =
        json!([{"url": extension_url("ic-clock"), "extension": [{"url": "kind", "valueCode": "mine"}]}]);
    let created = world.create(second.clone()).unwrap();
    assert_eq!(world.warnings[0].rule, Some("IC-CLK-01"));
    assert_eq!(clock(&world, &created).kind, "ucr-2h");
    world.status_to(&referral, "entered-in-error").unwrap();
    assert_eq!(refusal(world.create(second)), (422, "IC-TASK-01", "Task.focus".into()));
}

#[test]
fn a_referral_is_completed_with_its_last_task() {
    let (mut world, referral, task) = start();
    let mut second = world.resources[&task].value().clone();
    for element in ["id", "meta", "extension", "restriction"] {
        second.as_object_mut().unwrap().remove(element);
    }
    second["owner"] = json!({"reference": "Organization/other"});
    let second = world.create(second).unwrap();
    for task in [&task, &second] {
        world.status_to(task, "accepted").unwrap();
        world
            .change(task, with("in-progress", vec![contact("2026-11-21T09:06:00Z"), face_to_face()]))
            .unwrap();
    }
    assert_eq!(world.all(ResourceType::EPISODE_OF_CARE).len(), 2);
    let output = || vec![contact("2026-11-21T09:06:00Z"), face_to_face(), outcome("completed-low-level")];
    world.change(&task, with("completed", output())).unwrap();
    assert_eq!(world.status(&referral), "active");
    world.change(&second, because("failed", "uncontactable")).unwrap();
    assert_eq!(world.status(&referral), "completed");
    assert!(world.all(ResourceType::EPISODE_OF_CARE).iter().all(|e| e.text("status") == Some("finished")));
}

#[test]
fn a_draft_task_gets_its_clock_when_it_is_requested() {
    let (mut world, _, task) = start();
    let mut draft = world.resources[&task].value().clone();
    for element in ["id", "meta", "extension", "restriction"] {
        draft.as_object_mut().unwrap().remove(element);
    }
    draft["status"] = json!("draft");
    let draft = world.create(draft).unwrap();
    assert!(Clock::of(&world.resources[&draft], &Settings::default()).is_none());
    world.status_to(&draft, "requested").unwrap();
    assert_eq!(clock(&world, &draft).due, at("11:05"));
}
