//! Every table of moves, against the moves written out by hand: from each status to each status of the type.

use fhir::{Resource, Value};
use serde_json::json;

use super::world::{contact, discharge_plan, face_to_face, ours, outcome, reason, refusal, ucr_referral};
use crate::moves::Machine;
use crate::{
    Related, care_plan, create, discharge, episode_of_care, extension_url, service_request, task, update,
};

/// Rows: from; columns: to, in the same order. `x` may move, `.` may not, `=` is the same status.
struct Matrix {
    machine: &'static Machine,
    statuses: &'static [&'static str],
    rows: &'static [&'static str],
}

const MATRICES: [Matrix; 4] = [
    Matrix {
        machine: &service_request::MACHINE,
        statuses: &["draft", "active", "on-hold", "revoked", "completed", "entered-in-error"],
        rows: &["=x.x.x", ".=xxxx", ".x=x.x", "...=.x", "....=x", ".....="],
    },
    Matrix {
        machine: &task::MACHINE,
        statuses: &[
            "draft",
            "requested",
            "received",
            "accepted",
            "rejected",
            "ready",
            "cancelled",
            "in-progress",
            "on-hold",
            "failed",
            "completed",
            "entered-in-error",
        ],
        rows: &[
            "=x.........x",
            ".=xxx.x....x",
            "..=xx.x....x",
            "...=.xxx.x.x",
            "....=......x",
            ".....=xx.x.x",
            "......=....x",
            ".......=xxxx",
            "......xx=x.x",
            ".........=.x",
            "..........=x",
            "...........=",
        ],
    },
    Matrix {
        machine: &episode_of_care::MACHINE,
        statuses: &["planned", "waitlist", "active", "onhold", "finished", "cancelled", "entered-in-error"],
        rows: &["=xx..xx", ".=x..xx", "..=xx.x", "..x=x.x", "....=.x", ".....=x", "......="],
    },
    Matrix {
        machine: &care_plan::MACHINE,
        statuses: &["draft", "active", "on-hold", "revoked", "completed", "entered-in-error"],
        rows: &["=x.x.x", ".=xxxx", ".x=x.x", "...=.x", "....=x", ".....="],
    },
];

/// A resource of the type that has everything any status needs.
fn complete(resource_type: &str, status: &str) -> Resource {
    let mut value = match resource_type {
        "ServiceRequest" => ucr_referral(status),
        "Task" => json!({"focus": {"reference": "ServiceRequest/r"}, "for": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
            "output": [contact("2026-11-21T10:38:00Z"), face_to_face(), outcome("completed-no-ongoing")],
            "statusReason": reason("capacity")}),
        "EpisodeOfCare" => json!({"type": [ours("ic-service-line", "reablement")],
            "period": {"start": "2026-11-21T10:38:00Z", "end": "2026-11-21T10:40:00Z"},
            "extension": [{"url": extension_url("ic-outcome"), "valueCodeableConcept": ours("ic-episode-outcome", "died")}]}),
        _ => {
            json!({"category": [ours("ic-careplan-category", "recovery")], "goal": [{"reference": "Goal/1"}]})
        }
    };
    if resource_type == "ServiceRequest" {
        let why = "http://hl7.org/fhir/StructureDefinition/request-statusReason";
        value["extension"]
            .as_array_mut()
            .unwrap()
            .push(json!({"url": why, "valueCodeableConcept": reason("other")}));
    }
    value["resourceType"] = json!(resource_type);
    value["status"] = json!(status);
    value["id"] = json!("1");
    Resource::new(value).unwrap()
}

fn related() -> Related {
    Related { referral: Some(complete("ServiceRequest", "active")), ..Related::default() }
}

#[test]
fn every_move_is_allowed_or_refused_as_the_matrix_says() {
    let now = super::world::at("11:00");
    for Matrix { machine, statuses, rows } in MATRICES {
        assert_eq!(machine.moves.len(), statuses.len(), "{}", machine.resource_type);
        for (from, row) in statuses.iter().zip(rows) {
            assert_eq!(row.len(), statuses.len());
            for (to, cell) in statuses.iter().zip(row.chars()) {
                let label = format!("{} {from} -> {to}", machine.resource_type);
                let previous = complete(machine.resource_type, from);
                let result = update(&previous, complete(machine.resource_type, to), &related(), now);
                match cell {
                    'x' | '=' => {
                        let outcome = result.unwrap_or_else(|error| panic!("{label}: {error}"));
                        assert_eq!(outcome.resource.text("status"), Some(*to), "{label}");
                    }
                    _ => {
                        let error = result.expect_err(&label);
                        let issue = &error.issues()[0];
                        assert_eq!(
                            (error.cause().status(), issue.rule),
                            (409, Some("IC-STATE-01")),
                            "{label}"
                        );
                        assert_eq!(issue.code.code(), "conflict");
                        assert_eq!(issue.expression, [format!("{}.status", machine.resource_type)]);
                        for allowed in machine.allowed_from(from) {
                            assert!(
                                issue.diagnostics.contains(&format!("'{allowed}'")),
                                "{label}: {}",
                                issue.diagnostics
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn only_the_first_statuses_may_be_created() {
    let now = super::world::at("11:00");
    for Matrix { machine, statuses, .. } in MATRICES {
        for status in statuses {
            let result = create(complete(machine.resource_type, status), &fhir::Id::new(), &related(), now);
            if machine.first.contains(status) {
                assert!(result.is_ok(), "{} {status}: {result:?}", machine.resource_type);
            } else {
                let expected = (409, "IC-STATE-01", format!("{}.status", machine.resource_type));
                assert_eq!(refusal(result), expected, "{status}");
            }
        }
        let unknown = create(complete(machine.resource_type, "unknown"), &fhir::Id::new(), &related(), now);
        assert_eq!(refusal(unknown).1, "IC-STATE-02");
    }
}

#[test]
fn what_has_ended_is_not_changed_but_for_its_labels() {
    let now = super::world::at("11:00");
    for Matrix { machine, statuses, .. } in MATRICES {
        for status in statuses.iter().filter(|status| !machine.is_open(status)) {
            let previous = complete(machine.resource_type, status);
            let mut noted = previous.clone();
            noted.members_mut().insert("note".to_owned(), json!([{"text": "late"}]));
            let late = machine.resource_type == "ServiceRequest" && *status == "completed";
            let rule = if late { "IC-AMD-02" } else { "IC-STATE-01" };
            assert_eq!(refusal(update(&previous, noted, &related(), now)).1, rule, "{status}");
            let mut labelled = previous.clone();
            labelled.members_mut().insert("meta".to_owned(), json!({"tag": [{"code": "x"}]}));
            assert!(
                update(&previous, labelled, &related(), now).is_ok(),
                "{} {status}",
                machine.resource_type
            );
        }
    }
}

#[test]
fn a_discharge_plan_moves_like_any_request() {
    let plan = |status: &str, left: bool| {
        let mut value = discharge_plan(&[]);
        value["id"] = json!("1");
        value["status"] = json!(status);
        let why = "http://hl7.org/fhir/StructureDefinition/request-statusReason";
        let extensions = value["extension"].as_array_mut().unwrap();
        extensions.push(json!({"url": why, "valueCodeableConcept": reason("patient-died")}));
        if left {
            extensions[0]["extension"] = json!([
                {"url": "actualDischarge", "valueDateTime": "2026-11-21T10:00:00Z"}, {"url": "dischargeMethod", "valueCode": "1"},
                {"url": "destination", "valueCodeableConcept": {"coding": [{"code": "19"}]}}]);
        }
        Resource::new(value).unwrap()
    };
    let machine = &service_request::MACHINE;
    for (from, _) in machine.moves {
        for (to, _) in machine.moves {
            let result = update(
                &plan(from, false),
                plan(to, *to == "completed"),
                &Related::default(),
                super::world::at("11:00"),
            );
            if machine.allowed_from(from).contains(to) {
                assert_eq!(result.unwrap().resource.text("status"), Some(*to), "{from} {to}");
            } else if from != to {
                assert_eq!(result.unwrap_err().cause().status(), 409, "{from} {to}");
            }
        }
    }
}

#[test]
fn the_states_of_a_discharge_are_those_of_its_table() {
    let states: Vec<&str> = discharge::STATES.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, ["planning", "ready", "delayed", "scheduled", "departed", "cancelled", "failed"]);
    assert!(discharge::STATES.iter().flat_map(|(_, to)| *to).all(|to| states.contains(to)));
}

#[test]
fn resources_outside_intermediate_care_pass_unchanged() {
    let now = super::world::at("11:00");
    let resources: [Value; 6] = [
        json!({"resourceType": "ServiceRequest", "status": "unknown", "category": [{"coding": [{"code": "step-up"}]}]}),
        json!({"resourceType": "Task", "status": "completed", "focus": {"reference": "ServiceRequest/lipid"}}),
        json!({"resourceType": "EpisodeOfCare", "status": "finished", "type": [{"text": "x"}]}),
        json!({"resourceType": "CarePlan", "status": "unknown", "category": []}),
        json!({"resourceType": "Observation", "status": "unknown"}),
        json!({"resourceType": "Task", "status": "completed", "focus": {"reference": "https://far/fhir/ServiceRequest/1"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]}}),
    ];
    for value in resources {
        let resource = Resource::new(value).unwrap();
        let created = create(resource.clone(), &fhir::Id::new(), &Related::default(), now).unwrap();
        assert_eq!((created.resource, created.effects), (resource.clone(), vec![]));
        let updated = update(&resource, resource.clone(), &Related::default(), now).unwrap();
        assert_eq!((updated.resource, updated.effects), (resource, vec![]));
    }
}
