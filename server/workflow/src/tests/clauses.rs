//! What a referral, an episode, a score or a visit may say: each case is one clause, and how it is broken.

use fhir::{Issue, ResourceType, Severity};
use serde_json::{Value, json};

use super::world::*;
use crate::{Doubtful, extension_url};

fn extension(name: &str, value: &str, content: Value) -> Value {
    json!({"url": extension_url(name), value: content})
}

/// The world after a plan of this person.
fn planned(person: &str) -> (World, String) {
    let mut world = World::new();
    let mut plan = discharge_plan(&[decision("2026-11-20T08:40:00Z", false)]);
    plan["subject"]["reference"] = json!(person);
    let plan = world.create(plan).unwrap();
    (world, plan)
}

#[test]
fn a_step_down_referral_belongs_to_one_plan_of_the_same_person() {
    let (mut world, plan) = planned("Patient/p1");
    let other = world.create(reablement_referral(&plan)).unwrap();
    let wrong = (422, "IC-REF-03", "ServiceRequest.basedOn".to_owned());
    let cases = [
        ("none", json!([])),
        ("two", json!([{"reference": plan}, {"reference": plan}])),
        ("a referral", json!([{"reference": other}])),
        ("a plan of care", json!([{"reference": "CarePlan/c"}])),
    ];
    for (name, based_on) in cases {
        let mut referral = reablement_referral(&plan);
        referral["basedOn"] = based_on;
        assert_eq!(refusal(world.create(referral)), wrong, "{name}");
    }
    // Kept elsewhere, or named by its number: nobody here can look.
    for (name, based_on) in [
        ("elsewhere", json!([{"reference": "https://elsewhere.example/fhir/ServiceRequest/1"}])),
        ("by number", json!([{"identifier": {"system": "https://ward.example/number", "value": "7"}}])),
    ] {
        let mut referral = reablement_referral(&plan);
        referral["basedOn"] = based_on;
        world.create(referral).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    // A referral that has begun is not moved to what is no plan, and goes on otherwise.
    assert_eq!(refusal(world.change(&other, |value| value["basedOn"][0]["reference"] = json!(other))), wrong);
    world.change(&other, |value| value["note"] = json!([{"text": "Key at the neighbour's."}])).unwrap();
    let (mut world, plan) = planned("Patient/another");
    assert_eq!(refusal(world.create(reablement_referral(&plan))), wrong);
}

#[test]
fn a_step_down_draft_may_wait_for_its_plan() {
    let (mut world, _) = planned("Patient/p1");
    let mut draft = reablement_referral("ServiceRequest/none");
    draft["status"] = json!("draft");
    draft.as_object_mut().unwrap().shift_remove("basedOn");
    let draft = world.create(draft).unwrap();
    assert_eq!(
        refusal(world.status_to(&draft, "active")),
        (422, "IC-REF-03", "ServiceRequest.basedOn".to_owned())
    );
}

#[test]
fn a_two_hour_response_says_where() {
    for (place, told) in [(None, true), (Some("bed-unit"), true), (Some("temporary"), false)] {
        let referral = || {
            let mut referral = ucr_referral("active");
            let extensions = referral["extension"].as_array_mut().unwrap();
            match place {
                Some(place) => extensions[1] = extension("ic-place-of-care", "valueCode", json!(place)),
                None => drop(extensions.remove(1)),
            }
            referral
        };
        let mut world = World::new();
        world.create(referral()).unwrap();
        assert_eq!(world.warnings.iter().any(|issue| issue.rule == Some("IC-UCR-03")), told, "{place:?}");
        assert!(world.warnings.iter().all(|issue| issue.severity == Severity::Warning), "{place:?}");
        world.settings.ucr_outside_standard = Doubtful::Refuse;
        match world.create(referral()) {
            Ok(_) => assert!(!told, "{place:?}"),
            refused => {
                assert_eq!(refusal(refused), (422, "IC-UCR-03", "ServiceRequest.extension".to_owned()));
                assert!(told, "{place:?}");
            }
        }
        world.settings.ucr_outside_standard = Doubtful::Ignore;
        world.create(referral()).unwrap();
        assert!(world.warnings.iter().all(|issue| issue.rule != Some("IC-UCR-03")), "{place:?}");
    }
}

#[test]
fn a_contact_that_was_counted_is_not_asked_for_its_mode_again() {
    let mut world = World::new();
    world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    world.status_to(&task, "accepted").unwrap();
    world.now = at("10:40");
    world.settings.ucr_accept_remote = true;
    world
        .change(&task, |value| {
            value["status"] = json!("in-progress");
            value["output"] = json!([contact("2026-11-21T10:38:00Z")]);
        })
        .unwrap();
    world.settings.ucr_accept_remote = false;
    let held = |value: &mut Value| {
        value["status"] = json!("on-hold");
        value["statusReason"] = reason("patient-readmitted");
    };
    world.change(&task, held).unwrap();
    // Nobody makes it a telephone call afterwards.
    let by_telephone = |value: &mut Value| {
        let how = json!({"type": ours("ic-task-output", "first-contact-mode"), "valueCodeableConcept": ours("ic-contact-mechanism", "02")});
        value["output"].as_array_mut().unwrap().push(how);
    };
    assert_eq!(refusal(world.change(&task, by_telephone)), (422, "IC-CLK-04", "Task.output".to_owned()));
}

#[test]
fn a_bed_is_asked_for_when_the_person_is_in_it() {
    let mut world = World::new();
    let mut referral = ucr_referral("active");
    referral["code"] = ours("ic-service-line", "bed-based-intermediate-care");
    referral["reasonCode"] = json!([ours("ic-referral-reason", "rehabilitation")]);
    referral["priority"] = json!("urgent");
    world.create(referral).unwrap();
    let task = world.only(ResourceType::TASK);
    world.status_to(&task, "accepted").unwrap();
    world.now = at("10:40");
    world
        .change(&task, |value| {
            value["status"] = json!("in-progress");
            value["output"] = json!([contact("2026-11-21T10:38:00Z")]);
        })
        .unwrap();
    let rules: Vec<_> = world.warnings.iter().filter_map(|issue| issue.rule).collect();
    assert_eq!(rules, ["IC-EP-04"]);
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    assert_eq!(world.status(&episode), "active");
}

#[test]
fn what_has_happened_is_not_in_the_future() {
    let (before, after) = ("2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z");
    let score = |when| json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": when, "code": ours("ic-score-instrument", "barthel")});
    let visit = |status, start, end| {
        json!({"resourceType": "Task", "status": status, "intent": "order", "code": ours("ic-activity-type", "care-visit"),
        "executionPeriod": {"start": start, "end": end}})
    };
    let person = |element: &str, when| json!({"resourceType": "Patient", element: when});
    let (refused, warned, silent) = (Some(Severity::Error), Some(Severity::Warning), None);
    let cases = [
        (score(before), silent),
        (score(after), refused),
        (
            json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": after, "code": {"text": "x"}}),
            silent,
        ),
        (visit("completed", before, after), refused),
        (visit("completed", before, before), silent),
        (visit("in-progress", after, after), refused),
        (visit("in-progress", before, after), silent),
        (visit("accepted", after, after), silent),
        (person("deceasedDateTime", "2026-11-22"), refused),
        (person("deceasedDateTime", "2026-11-21"), silent),
        (person("birthDate", "2062-01-01"), warned),
        (json!({"resourceType": "Condition", "onsetDateTime": after}), warned),
        (json!({"resourceType": "Condition", "onsetDateTime": "2026-11"}), silent),
    ];
    for (resource, expected) in cases {
        let mut world = World::new();
        let result = world.create(resource.clone());
        let told = |issues: &[Issue]| {
            issues.iter().find(|issue| issue.rule == Some("IC-TIME-01")).map(|issue| issue.severity)
        };
        match result {
            Ok(_) => {
                assert_eq!(told(&world.warnings), expected.filter(|_| expected != refused), "{resource}")
            }
            Err(error) => {
                assert_eq!((told(error.issues()), error.cause().status()), (expected, 422), "{resource}");
            }
        }
        assert!(expected != refused || world.resources.is_empty(), "{resource}");
    }
}

#[test]
fn an_episode_is_not_begun_or_ended_tomorrow() {
    let (mut world, plan) = planned("Patient/p1");
    world.create(reablement_referral(&plan)).unwrap();
    let task = world.only(ResourceType::TASK);
    world.status_to(&task, "accepted").unwrap();
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    let begun = |when: &'static str| {
        move |value: &mut Value| {
            value["status"] = json!("active");
            value["period"] = json!({"start": when});
        }
    };
    let start = (422, "IC-TIME-01", "EpisodeOfCare.period.start".to_owned());
    assert_eq!(refusal(world.change(&episode, begun("2026-11-22"))), start);
    world.change(&episode, begun("2026-11-21T09:00:00Z")).unwrap();
}

/// A team that has accepted: its Task and its episode.
fn accepted() -> (World, String, String, String) {
    let (mut world, plan) = planned("Patient/p1");
    world.create(reablement_referral(&plan)).unwrap();
    let task = world.only(ResourceType::TASK);
    world.status_to(&task, "accepted").unwrap();
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    (world, plan, task, episode)
}

#[test]
fn an_activity_is_a_part_of_a_teams_task_for_the_same_person() {
    let (mut world, _, task, _) = accepted();
    let visit = |of: &str, person: &str| {
        json!({"resourceType": "Task", "status": "accepted", "intent": "order", "code": ours("ic-activity-type", "care-visit"),
        "partOf": [{"reference": of}], "for": {"reference": person}, "owner": {"reference": REABLEMENT}})
    };
    let first = world.create(visit(&task, "Patient/p1")).unwrap();
    let refused = |at: &str| (422, "IC-TASK-01", at.to_owned());
    assert_eq!(refusal(world.create(visit(&first, "Patient/p1"))), refused("Task.partOf"));
    assert_eq!(refusal(world.create(visit(&task, "Patient/p2"))), refused("Task.for"));
    let elsewhere = "https://elsewhere.example/fhir/Task/1";
    world.create(visit(elsewhere, "Patient/p2")).unwrap();
    assert_eq!(
        refusal(world.change(&first, |value| value["for"]["reference"] = json!("Patient/p2"))),
        refused("Task.for")
    );
    world.status_to(&first, "requested").unwrap();
}

#[test]
fn an_episode_belongs_to_its_referral_and_a_score_to_its_episode() {
    let (mut world, plan, _, episode) = accepted();
    let mut another = world.resources[&episode].value().clone();
    another["managingOrganization"] = json!({"reference": "Organization/another"});
    let members = another.as_object_mut().unwrap();
    ["id", "meta", "statusHistory", "extension"].iter().for_each(|name| drop(members.shift_remove(*name)));
    let refused = |at: &str| (422, "IC-EP-05", at.to_owned());
    let changed = |pointer: &str, text: &str| {
        let mut other = another.clone();
        *other.pointer_mut(pointer).unwrap() = json!(text);
        other
    };
    for (pointer, text, at) in [
        ("/patient/reference", "Patient/p2", "EpisodeOfCare.patient"),
        ("/identifier/0/value", "another journey", "EpisodeOfCare.identifier"),
        ("/type/0/coding/0/code", "virtual-ward", "EpisodeOfCare.type"),
        ("/referralRequest/0/reference", plan.as_str(), "EpisodeOfCare.referralRequest"),
    ] {
        assert_eq!(refusal(world.create(changed(pointer, text))), refused(at));
    }
    world.create(another).unwrap();
    let score = |of: &str, person: &str| {
        json!({"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-11-21", "subject": {"reference": person},
        "code": ours("ic-score-instrument", "barthel"), "extension": [extension("ic-episode", "valueReference", json!({"reference": of}))]})
    };
    world.create(score(&episode, "Patient/p1")).unwrap();
    assert_eq!(refusal(world.create(score(&episode, "Patient/p2"))), refused("Observation.subject"));
    assert_eq!(refusal(world.create(score(&plan, "Patient/p1"))), refused("Observation.extension"));
}

#[test]
fn who_is_known_under_another_record_is_told_of() {
    let cases = [
        (json!({}), None),
        (json!({"active": true}), None),
        (json!({"active": false}), Some("Patient.active is false")),
        (json!({"link": [{"type": "replaces", "other": {"reference": "Patient/p9"}}]}), None),
        (
            json!({"link": [{"type": "replaced-by", "other": {"reference": "Patient/p9"}}]}),
            Some("merged into Patient/p9"),
        ),
        (
            json!({"active": false, "link": [{"type": "replaced-by", "other": {"identifier": {"value": "L7"}}}]}),
            Some("the record with the identifier 'L7'"),
        ),
    ];
    for (members, told) in cases {
        let mut world = World::new();
        let mut patient = json!({"resourceType": "Patient", "id": "p1"});
        patient.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        world.put(patient);
        let about = |world: &World, at: &str| {
            let issue = world.warnings.iter().find(|issue| issue.rule == Some("IC-REF-07"));
            assert_eq!(issue.is_some(), told.is_some(), "{members}: {:?}", world.warnings);
            if let (Some(issue), Some(told)) = (issue, told) {
                assert!(issue.diagnostics.contains(told) && issue.expression == [at], "{issue:?}");
            }
        };
        let referral = world.create(ucr_referral("active")).unwrap();
        about(&world, "ServiceRequest.subject");
        let task = world.only(ResourceType::TASK);
        let visit = json!({"resourceType": "Task", "status": "requested", "intent": "order", "partOf": [{"reference": task}],
            "code": ours("ic-activity-type", "therapy-visit"), "for": {"reference": "Patient/p1"}});
        world.create(visit).unwrap();
        about(&world, "Task.for");
        // It is told once, and not with each later change.
        world.change(&referral, |value| value["note"] = json!([{"text": "Key safe."}])).unwrap();
        assert!(world.warnings.iter().all(|issue| issue.rule != Some("IC-REF-07")));
    }
}

#[test]
fn a_discharge_plan_is_written_before_it_is_sent_and_addressed_to_a_hub() {
    let mut world = World::new();
    let ward = |line: &str| json!({"resourceType": "HealthcareService", "id": line, "active": true, "type": [ours("ic-service-line", line)]});
    world.put(ward("care-transfer-hub"));
    world.put(ward("reablement"));
    for (team, told) in [("care-transfer-hub", false), ("reablement", true)] {
        let mut plan = discharge_plan(&[]);
        plan["performer"] = json!([{"reference": format!("HealthcareService/{team}")}]);
        world.create(plan).unwrap();
        assert_eq!(world.warnings.iter().any(|issue| issue.rule == Some("IC-REF-05")), told, "{team}");
    }
    let mut late = discharge_plan(&[]);
    late["authoredOn"] = json!("2026-11-21T10:00:00Z");
    assert_eq!(refusal(world.create(late)), (422, "IC-REF-06", "ServiceRequest.authoredOn".to_owned()));
}
