//! The referral: its Task in the same transaction, its journey, its amendments, its end.

use fhir::ResourceType;
use serde_json::json;

use super::world::*;
use crate::{Needs, extension, extension_url, needs, service_request};

fn revoke(world: &mut World, referral: &str, code: &str) -> Result<(), fhir::Error> {
    let why = json!({"url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
        "valueCodeableConcept": reason(code)});
    world.change(referral, |value| {
        value["status"] = json!("revoked");
        value["extension"].as_array_mut().unwrap().push(why);
    })
}

#[test]
fn an_active_referral_gets_its_task() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    let task = world.resources[&world.only(ResourceType::TASK)].clone();
    let journey = world.resources[&referral].get("requisition").unwrap().clone();
    assert_eq!(journey["system"], "https://homefirst.example/fhir/Id/journey-id");
    let expected = json!({
        "status": "requested", "intent": "order", "priority": "stat",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "focus": {"reference": referral}, "basedOn": [{"reference": referral}], "for": {"reference": "Patient/p1"},
        "requester": {"reference": "PractitionerRole/gp"}, "owner": {"reference": UCR_TEAM},
        "authoredOn": "2026-11-21T09:06:00.000Z", "lastModified": "2026-11-21T09:06:00.000Z",
        "reasonCode": ours("ic-ucr-need", "fall"), "groupIdentifier": journey,
        // The clock runs from its stated start, not from when we heard of it.
        "restriction": {"period": {"end": "2026-11-21T11:05:00.000Z"}},
        "extension": [{"url": extension_url("ic-clock"), "extension": [
            {"url": "kind", "valueCode": "ucr-2h"}, {"url": "start", "valueDateTime": "2026-11-21T09:05:00.000Z"},
            {"url": "due", "valueDateTime": "2026-11-21T11:05:00.000Z"}, {"url": "status", "valueCode": "running"}]}]
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(task.get(name), Some(value), "{name}");
    }
    assert_eq!(task.members().len(), expected.as_object().unwrap().len() + 3, "{:#}", task.value());
}

#[test]
fn a_referral_without_performer_goes_to_the_hub() {
    let mut world = World::new();
    let mut referral = ucr_referral("active");
    referral.as_object_mut().unwrap().remove("performer");
    world.create(referral.clone()).unwrap();
    let task = &world.resources[&world.only(ResourceType::TASK)];
    assert_eq!(task.get("owner").unwrap()["reference"], HUB);
    assert_eq!(task.get("businessStatus"), Some(&ours("ic-task-business-status", "awaiting-triage")));
    let mut world = World { hub: None, ..World::new() };
    world.create(referral).unwrap();
    assert_eq!(world.warnings[0].rule, Some("IC-REF-04"));
    assert!(world.all(ResourceType::TASK)[0].get("owner").is_none());
}

#[test]
fn a_task_sent_with_the_referral_takes_the_place_of_ours() {
    let referral = fhir::Resource::new(ucr_referral("active")).unwrap();
    for (status, effects) in [("requested", 0), ("cancelled", 1)] {
        let task = fhir::Resource::new(json!({"resourceType": "Task", "id": "t", "status": status})).unwrap();
        let related = crate::Related { tasks: vec![task], ..crate::Related::default() };
        let outcome = crate::create(referral.clone(), &fhir::Id::new(), &related, at("09:06")).unwrap();
        assert_eq!(outcome.effects.len(), effects, "{status}");
    }
}

#[test]
fn a_draft_has_no_task_until_it_is_activated_and_then_one() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("draft")).unwrap();
    assert!(world.all(ResourceType::TASK).is_empty());
    let journey = world.resources[&referral].get("requisition").cloned();
    world.status_to(&referral, "active").unwrap();
    world.only(ResourceType::TASK);
    world.change(&referral, |value| value["note"] = json!([{"text": "key safe"}])).unwrap();
    world.change(&referral, |value| drop(value.as_object_mut().unwrap().remove("requisition"))).unwrap();
    world.only(ResourceType::TASK);
    assert_eq!(world.resources[&referral].get("requisition").cloned(), journey);
    let other = world.change(&referral, |value| value["requisition"]["value"] = json!("other"));
    assert_eq!(refusal(other), (422, "IC-STATE-04", "ServiceRequest.requisition".into()));
}

#[test]
fn the_journey_is_the_plans() {
    let mut world = World::new();
    let plan = world.create(discharge_plan(&[])).unwrap();
    let referral = world.create(reablement_referral(&plan)).unwrap();
    let journey = world.resources[&plan].get("requisition");
    assert!(journey.is_some());
    assert_eq!(world.resources[&referral].get("requisition"), journey);
    let task = &world.resources[&world.only(ResourceType::TASK)];
    assert_eq!(task.get("basedOn"), Some(&json!([{"reference": referral}, {"reference": plan}])));
}

#[test]
fn what_a_referral_must_say() {
    let mut world = World::new();
    let without_start = |status: &str| {
        let mut referral = ucr_referral(status);
        referral["extension"].as_array_mut().unwrap().remove(0);
        referral
    };
    assert_eq!(refusal(world.create(without_start("active"))).1, "IC-UCR-01");
    let draft = world.create(without_start("draft")).unwrap();
    assert_eq!(refusal(world.status_to(&draft, "active")).1, "IC-UCR-01");
    assert!(world.all(ResourceType::TASK).is_empty());
    let started = |time: &str| {
        let mut referral = ucr_referral("active");
        referral["extension"][0]["valueDateTime"] = json!(time);
        referral
    };
    assert_eq!(refusal(world.create(started("2026-11-21T09:12:00Z"))).1, "IC-UCR-02");
    world.create(started("2026-11-21T09:10:00Z")).unwrap();
    assert!(world.warnings.is_empty());
    world.create(started("2026-11-20T09:00:00Z")).unwrap();
    assert_eq!(world.warnings[0].rule, Some("IC-UCR-02"));
    let mut step_down = reablement_referral("ServiceRequest/x");
    step_down.as_object_mut().unwrap().remove("basedOn");
    assert_eq!(refusal(world.create(step_down)).1, "IC-REF-03");
    let mut early = ucr_referral("active");
    early["authoredOn"] = json!("2026-11-22");
    assert_eq!(refusal(world.create(early.clone())).1, "IC-REF-06");
    early["authoredOn"] = json!("2026-01");
    early["extension"][1]["valueCode"] = json!("hospital");
    world.create(early).unwrap();
    assert_eq!(
        world.warnings.iter().map(|w| w.rule.unwrap()).collect::<Vec<_>>(),
        ["IC-REF-06", "IC-UCR-03", "IC-DUP-02"]
    );
}

#[test]
fn a_revoked_referral_says_why_and_ends_its_task() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    assert_eq!(
        refusal(world.status_to(&referral, "revoked")),
        (422, "IC-STATE-03", "ServiceRequest.extension".into())
    );
    revoke(&mut world, &referral, "patient-declined").unwrap();
    assert_eq!(world.status(&task), "cancelled");
    assert_eq!(world.resources[&task].get("statusReason"), Some(&reason("patient-declined")));
    let clock = extension::find(&world.resources[&task], "ic-clock").unwrap();
    assert_eq!(extension::part_text(clock, "status"), Some("excluded"));
    assert_eq!(refusal(world.status_to(&referral, "active")).0, 409);
    world.status_to(&referral, "entered-in-error").unwrap();
    assert_eq!(world.status(&task), "cancelled");
}

#[test]
fn a_referral_in_error_takes_task_and_episode_with_it() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    world.status_to(&task, "accepted").unwrap();
    world.status_to(&referral, "entered-in-error").unwrap();
    assert_eq!(world.status(&task), "entered-in-error");
    assert_eq!(world.resources[&task].get("statusReason"), Some(&reason("sent-in-error")));
    assert_eq!(world.status(&world.only(ResourceType::EPISODE_OF_CARE)), "entered-in-error");
}

#[test]
fn a_referral_on_hold_pauses_its_task_where_it_is() {
    for status in ["requested", "received", "accepted", "ready", "in-progress"] {
        let mut world = World::new();
        let referral = world.create(ucr_referral("active")).unwrap();
        let task = world.only(ResourceType::TASK);
        world.now = at("10:40");
        for step in ["received", "accepted", "ready", "in-progress"] {
            if world.status(&task) == status {
                break;
            }
            world
                .change(&task, |value| {
                    value["status"] = json!(step);
                    if step == "in-progress" {
                        value["output"] = json!([contact("2026-11-21T10:38:00Z"), face_to_face()]);
                    }
                })
                .unwrap();
        }
        world.status_to(&referral, "on-hold").unwrap();
        assert_eq!(world.status(&task), "on-hold", "{status}");
        world.status_to(&referral, "active").unwrap();
        assert_eq!(world.status(&task), status);
        assert!(extension::find(&world.resources[&task], "ic-hold").is_none());
        for episode in world.all(ResourceType::EPISODE_OF_CARE) {
            let expected = if status == "in-progress" { "active" } else { "planned" };
            assert_eq!(episode.text("status"), Some(expected));
        }
        assert_eq!(world.all(ResourceType::TASK).len(), 1);
    }
}

#[test]
fn a_hold_by_the_team_is_not_ended_by_the_referral() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    world.now = at("10:40");
    world.status_to(&task, "accepted").unwrap();
    let start = |value: &mut fhir::Value| {
        value["status"] = json!("in-progress");
        value["output"] = json!([contact("2026-11-21T10:38:00Z"), face_to_face()]);
    };
    world.change(&task, start).unwrap();
    let pause = |value: &mut fhir::Value| {
        value["status"] = json!("on-hold");
        value["statusReason"] = reason("patient-readmitted");
    };
    world.change(&task, pause).unwrap();
    world.status_to(&referral, "on-hold").unwrap();
    world.status_to(&referral, "active").unwrap();
    assert_eq!(world.status(&task), "on-hold");
    assert_eq!(world.all(ResourceType::TASK).len(), 1);
}

#[test]
fn what_a_team_works_on_is_not_changed() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    let other_team =
        |value: &mut fhir::Value| value["performer"][0]["reference"] = json!("HealthcareService/ucr-east");
    let other_line = |value: &mut fhir::Value| value["code"] = ours("ic-service-line", "virtual-ward");
    let other_person = |value: &mut fhir::Value| value["subject"]["reference"] = json!("Patient/p2");
    let conflict = |element: &str| (409, "IC-AMD-01", format!("ServiceRequest.{element}"));
    assert_eq!(refusal(world.change(&referral, other_person)), conflict("subject"));
    // Before anybody has accepted, the Task follows the referral.
    world.status_to(&task, "received").unwrap();
    world.change(&referral, other_team).unwrap();
    assert_eq!(world.resources[&task].get("owner").unwrap()["reference"], "HealthcareService/ucr-east");
    assert_eq!(world.status(&task), "requested");
    let less = |value: &mut fhir::Value| value["priority"] = json!("asap");
    assert_eq!(refusal(world.change(&referral, less)).1, "IC-UCR-04");
    world.change(&referral, |value| explained(value, "asap")).unwrap();
    let clock = crate::clock::Clock::of(&world.resources[&task], &crate::Settings::default()).unwrap();
    assert_eq!(clock.status, "excluded");
    assert_eq!(
        world.resources[&task].get("restriction"),
        Some(&json!({"period": {"end": "2026-11-21T23:59:00.000Z"}}))
    );
    world.status_to(&task, "accepted").unwrap();
    assert_eq!(
        refusal(world.change(&referral, |v| v["performer"][0]["reference"] = json!(UCR_TEAM))),
        conflict("performer")
    );
    assert_eq!(refusal(world.change(&referral, other_line)), conflict("code"));
    world.change(&referral, |value| value["supportingInfo"] = json!([{"reference": "Flag/1"}])).unwrap();
}

#[test]
fn an_urgent_response_begins_as_one() {
    let mut world = World::new();
    let wrong = (422, "IC-UCR-04", "ServiceRequest.priority".to_owned());
    for priority in ["routine", "urgent", "asap"] {
        let mut referral = ucr_referral("active");
        referral["priority"] = json!(priority);
        assert_eq!(refusal(world.create(referral.clone())), wrong, "{priority}");
        referral["status"] = json!("draft");
        let draft = world.create(referral).unwrap();
        assert_eq!(refusal(world.status_to(&draft, "active")), wrong, "{priority}");
        world
            .change(&draft, |value| {
                value["status"] = json!("active");
                value["priority"] = json!("stat");
            })
            .unwrap();
    }
}

/// Another priority, and why.
fn explained(value: &mut fhir::Value, priority: &str) {
    value["priority"] = json!(priority);
    let why = "http://hl7.org/fhir/StructureDefinition/request-statusReason";
    let reason = json!({"text": format!("now {priority}")});
    value["extension"].as_array_mut().unwrap().retain(|extension| extension["url"] != why);
    value["extension"].as_array_mut().unwrap().push(json!({"url": why, "valueCodeableConcept": reason}));
}

#[test]
fn what_becomes_more_urgent_gets_a_clock_of_its_own() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    world.change(&referral, |value| explained(value, "urgent")).unwrap();
    world.now = at("12:00");
    world.change(&referral, |value| explained(value, "stat")).unwrap();
    let clock = crate::clock::Clock::of(&world.resources[&task], &crate::Settings::default()).unwrap();
    assert_eq!(
        (clock.kind.as_str(), clock.status.as_str(), clock.start, clock.due),
        ("ucr-2h", "running", at("12:00"), at("14:00"))
    );
}

#[test]
fn a_second_referral_of_the_same_day_is_suspected() {
    let mut world = World::new();
    world.create(ucr_referral("active")).unwrap();
    let mut second = ucr_referral("active");
    second["identifier"][0]["value"] = json!("8");
    world.create(second.clone()).unwrap();
    assert_eq!(world.warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), [Some("IC-DUP-02")]);
    world.settings.suspected_duplicate = crate::Doubtful::Refuse;
    let (status, rule, _) = refusal(world.create(second.clone()));
    assert_eq!((status, rule), (409, "IC-DUP-02"));
    let why = json!({"url": extension_url("ic-duplicate-override"), "valueString": "a second fall"});
    let mut meant = second.clone();
    meant["extension"].as_array_mut().unwrap().push(why);
    world.create(meant).unwrap();
    assert_eq!(world.warnings, []);
    let mut other = second.clone();
    other["subject"]["reference"] = json!("Patient/p2");
    world.create(other).unwrap();
    world.now = at("2026-11-22T09:10:00Z");
    world.create(second).unwrap();
}

#[test]
fn who_is_asked_offers_it_and_is_active() {
    let mut world = World::new();
    let service = |id: &str, line: &str, active: bool| json!({"resourceType": "HealthcareService", "id": id, "active": active, "type": [ours("ic-service-line", line)]});
    world.put(service("ucr-south", "reablement", true));
    world.create(ucr_referral("active")).unwrap();
    assert_eq!(world.warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), [Some("IC-REF-05")]);
    world.settings.line_not_offered = crate::Doubtful::Refuse;
    let (status, rule, at) = refusal(world.create(ucr_referral("active")));
    assert_eq!((status, rule, at.as_str()), (422, "IC-REF-05", "ServiceRequest.performer"));
    world.put(service("ucr-south", "urgent-community-response", false));
    assert_eq!(refusal(world.create(ucr_referral("active"))).1, "IC-REF-04");
    world.put(service("ucr-south", "care-transfer-hub", true));
    world.create(ucr_referral("active")).unwrap();
    world.put(service("ucr-south", "urgent-community-response", true));
    let referral = world.create(ucr_referral("active")).unwrap();
    // Who is asked already stays asked.
    world.put(service("ucr-south", "urgent-community-response", false));
    world.change(&referral, |value| value["note"] = json!([{"text": "key safe"}])).unwrap();
    world.put(json!({"resourceType": "PractitionerRole", "id": "gp", "active": false}));
    world.put(service("ucr-south", "urgent-community-response", true));
    let (_, rule, at) = refusal(world.create(ucr_referral("active")));
    assert_eq!((rule, at.as_str()), ("IC-REF-04", "ServiceRequest.requester"));
}

#[test]
fn nobody_is_referred_who_has_died_and_children_are_noticed() {
    let mut world = World::new();
    let person =
        |member: &str, value: fhir::Value| json!({"resourceType": "Patient", "id": "p1", member: value});
    world.put(person("birthDate", json!("2010-01-01")));
    world.create(ucr_referral("active")).unwrap();
    assert_eq!(world.warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), [Some("IC-UCR-03")]);
    for (member, value) in [("deceasedBoolean", json!(true)), ("deceasedDateTime", json!("2026-11-20"))] {
        world.put(person(member, value));
        assert_eq!(
            refusal(world.create(ucr_referral("active"))),
            (422, "IC-DEATH-01", "ServiceRequest.subject".into())
        );
        assert_eq!(refusal(world.create(discharge_plan(&[]))).1, "IC-DEATH-01");
        world.create(ucr_referral("draft")).unwrap();
    }
    world.put(person("deceasedBoolean", json!(false)));
    world.create(discharge_plan(&[])).unwrap();
}

#[test]
fn a_referral_is_not_completed_over_an_open_task() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    assert_eq!(
        refusal(world.status_to(&referral, "completed")),
        (422, "IC-STATE-03", "ServiceRequest.status".into())
    );
}

#[test]
fn a_referral_stays_a_referral() {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    for category in [json!([ours("ic-referral-category", "discharge")]), json!([{"text": "none"}])] {
        let changed = world.change(&referral, |value| value["category"] = category);
        assert_eq!(refusal(changed), (422, "IC-STATE-04", "ServiceRequest.category".into()));
    }
}

#[test]
fn what_the_rules_must_see() {
    let resource = |value| fhir::Resource::new(value).unwrap();
    let mut referral = resource(reablement_referral("ServiceRequest/plan"));
    let based_on = Some("ServiceRequest/plan".to_owned());
    let person = Some("Patient/p1".to_owned());
    let begins = Needs {
        based_on: based_on.clone(),
        patient: person.clone(),
        requester: Some("PractitionerRole/hub-nurse".into()),
        performer: Some(REABLEMENT.into()),
        open_of: Some(("Patient/p1".into(), &[ResourceType::SERVICE_REQUEST])),
        ..Needs::default()
    };
    assert_eq!(needs(&referral, None), begins);
    referral.members_mut().insert("id".into(), json!("r"));
    let address = Some("ServiceRequest/r".to_owned());
    assert_eq!(needs(&referral, None), Needs { tasks_of: address.clone(), ..begins });
    let expected = Needs { based_on, tasks_of: address.clone(), episodes_of: address, ..Needs::default() };
    assert_eq!(needs(&referral, Some(&referral)), expected);
    let mut plan = resource(discharge_plan(&[]));
    let ward = Some("PractitionerRole/ward".to_owned());
    assert_eq!(needs(&plan, None), Needs { patient: person, requester: ward, ..Needs::default() });
    plan.members_mut().insert("id".into(), json!("p"));
    let expected = Needs { tasks_based_on: Some("ServiceRequest/p".into()), ..Needs::default() };
    assert_eq!(needs(&plan, Some(&plan)), expected);
    assert_eq!(needs(&resource(json!({"resourceType": "ServiceRequest"})), None), Needs::default());
    assert_eq!(service_request::service_line(&referral), Some("reablement"));
}
