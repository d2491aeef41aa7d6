//! Random walks: whatever clients send, in whatever order, every resource stays in a status of its table, only ever moves along it,
//! and what belongs together stays together.

use std::collections::BTreeMap;

use fhir::ResourceType;
use serde_json::json;

use super::world::*;
use crate::moves::Machine;
use crate::{discharge, episode_of_care, extension, service_request, task};

/// A small generator, so that every run walks the same ways.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

fn statuses(world: &World) -> BTreeMap<String, String> {
    world
        .resources
        .iter()
        .map(|(address, r)| (address.clone(), r.text("status").unwrap().to_owned()))
        .collect()
}

/// Whether `to` can be reached from `from` at all, in several steps or with the server's own holding, resuming and cancelling.
fn reaches(machine: &Machine, from: &str, to: &str) -> bool {
    let known = machine.moves.iter().any(|(status, _)| *status == to);
    known && (from == to || machine.is_open(from) || machine.allowed_from(from).contains(&to))
}

fn machine(resource_type: ResourceType) -> &'static Machine {
    match resource_type {
        ResourceType::TASK => &task::MACHINE,
        ResourceType::EPISODE_OF_CARE => &episode_of_care::MACHINE,
        _ => &service_request::MACHINE,
    }
}

fn check(world: &World, before: &BTreeMap<String, String>) {
    for (address, resource) in &world.resources {
        let status = resource.text("status").unwrap();
        let machine = machine(resource.resource_type());
        if let Some(from) = before.get(address) {
            assert!(reaches(machine, from, status), "{address}: {from} -> {status}");
        } else {
            assert!(machine.first.contains(&status), "{address}: new as {status}");
        }
        if resource.resource_type() == ResourceType::EPISODE_OF_CARE {
            let history = resource.get("statusHistory").unwrap().as_array().unwrap();
            let (last, closed) = history.split_last().unwrap();
            assert_eq!(last["status"], status);
            assert!(last["period"].get("end").is_none());
            assert!(closed.iter().all(|entry| entry["period"]["end"].is_string()));
            assert!(closed.windows(2).all(|pair| pair[0]["period"]["end"] == pair[1]["period"]["start"]));
            if matches!(status, "active" | "onhold" | "finished") {
                assert!(resource.get("period").unwrap()["start"].is_string(), "{:#}", resource.value());
            }
            if status == "finished" {
                assert!(extension::find(resource, "ic-outcome").is_some());
            }
        }
        if let Some(discharge) = extension::find(resource, "ic-discharge") {
            let state = extension::part_text(discharge, "state").unwrap();
            assert!(discharge::STATES.iter().any(|(listed, _)| *listed == state));
            assert_eq!(state == "departed", status == "completed", "{state} {status}");
        }
    }
    for referral in world.all(ResourceType::SERVICE_REQUEST) {
        if service_request::kind(referral) != Some(service_request::Kind::Referral) {
            continue;
        }
        let address = referral.address().unwrap();
        let tasks: Vec<_> = world
            .all(ResourceType::TASK)
            .into_iter()
            .filter(|task| task.get("focus").unwrap()["reference"] == address.as_str())
            .collect();
        let open = tasks.iter().any(|task| task::MACHINE.is_open(task.text("status").unwrap()));
        if !service_request::MACHINE.is_open(referral.text("status").unwrap()) {
            assert!(!open, "an ended referral has no open Task");
        }
        let open_episodes = world
            .all(ResourceType::EPISODE_OF_CARE)
            .into_iter()
            .filter(|episode| episode.get("referralRequest").unwrap()[0]["reference"] == address.as_str())
            .filter(|episode| episode_of_care::MACHINE.is_open(episode.text("status").unwrap()))
            .count();
        assert!(
            open_episodes
                <= tasks.iter().filter(|t| task::MACHINE.is_open(t.text("status").unwrap())).count()
        );
    }
}

#[test]
fn random_walks_stay_in_the_tables() {
    let mut accepted = 0;
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let mut world = World::new();
        let plan = world.create(discharge_plan(&[decision("2026-11-20T08:40:00Z", false)])).unwrap();
        world.create(reablement_referral(&plan)).unwrap();
        world.create(ucr_referral("draft")).unwrap();
        for minute in 0..60 {
            world.now = fhir::Instant::from_microseconds(at("09:10").microseconds() + minute * 60_000_000);
            let now = world.now.to_string();
            let before = statuses(&world);
            let addresses: Vec<String> = world.resources.keys().cloned().collect();
            let address = dice.pick(&addresses).clone();
            let machine = machine(world.resources[&address].resource_type());
            let to = dice.pick(machine.moves).0;
            let ward = dice.roll(5);
            let result = world.change(&address, |value| {
                if address == plan && ward < 4 {
                    let parts = value["extension"][0]["extension"].as_array_mut().unwrap();
                    match ward {
                        0 | 1 => parts.push(decision(&now, ward == 0)),
                        2 => {
                            parts.retain(|part| {
                                part["url"] != "plannedDischarge"
                                    && part["url"] != "plannedDischargeConfirmed"
                            });
                            parts.push(json!({"url": "plannedDischarge", "valueDateTime": now}));
                            parts.push(json!({"url": "plannedDischargeConfirmed", "valueBoolean": true}));
                        }
                        _ => parts.retain(|part| part["url"] != "plannedDischarge"),
                    }
                    return;
                }
                value["status"] = json!(to);
                if address.starts_with("Task/") {
                    value["statusReason"] = reason("capacity");
                    if matches!(to, "in-progress" | "completed") && value.get("output").is_none() {
                        value["output"] =
                            json!([contact(&now), face_to_face(), outcome("completed-no-ongoing")]);
                    }
                }
                if address.starts_with("ServiceRequest/") && to == "revoked" {
                    let why = "http://hl7.org/fhir/StructureDefinition/request-statusReason";
                    let extensions = value.as_object_mut().unwrap().entry("extension").or_insert(json!([]));
                    extensions
                        .as_array_mut()
                        .unwrap()
                        .push(json!({"url": why, "valueCodeableConcept": reason("other")}));
                }
            });
            match result {
                Ok(()) => accepted += 1,
                Err(error) => {
                    assert!(matches!(error.cause().status(), 409 | 422), "{error}");
                    assert!(
                        error
                            .issues()
                            .iter()
                            .all(|issue| issue.rule.is_some() && !issue.expression.is_empty())
                    );
                    assert_eq!(statuses(&world), before, "what is refused changes nothing");
                }
            }
            check(&world, &before);
        }
        world.put_back_everything();
    }
    assert!(accepted > 1000, "the walks must get somewhere: {accepted}");
}
