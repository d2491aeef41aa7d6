//! Work that goes from one team to another.

use fhir::{Id, Resource, ResourceType};
use serde_json::json;

use super::world::*;
use crate::clock::Clock;
use crate::handover::{self, HandOver};
use crate::{Effect, Outcome, Settings, extension};

const EAST: &str = "HealthcareService/ucr-east";

type Hand = fn(&Resource, &HandOver, &Id, &crate::Related, fhir::Instant) -> Result<Outcome, fhir::Error>;

/// Hands a Task over, and answers the address of the new one.
fn hand(world: &mut World, task: &str, to: &str, hand: Hand) -> Result<String, fhir::Error> {
    let previous = world.resources[task].clone();
    let related = world.load(&handover::needs(&previous));
    let id = Id::new();
    let outcome = hand(&previous, &HandOver { to: to.into(), reason: None }, &id, &related, world.now)?;
    world.apply(Effect::Update(outcome.resource));
    for effect in outcome.effects {
        world.apply(effect);
    }
    Ok(format!("Task/{id}"))
}

fn business_status(world: &World, task: &str) -> Option<String> {
    let status = world.resources[task].get("businessStatus")?;
    Some(status["coding"][0]["code"].as_str()?.to_owned())
}

#[test]
fn a_redirect_keeps_the_clock() {
    for (moves, end) in [
        (&[][..], "rejected"),
        (&["received"], "rejected"),
        (&["accepted"], "failed"),
        (&["accepted", "ready"], "failed"),
    ] {
        let mut world = World::new();
        world.create(ucr_referral("active")).unwrap();
        let task = world.only(ResourceType::TASK);
        for status in moves {
            world.status_to(&task, status).unwrap();
        }
        world.now = at("09:40");
        let new = hand(&mut world, &task, EAST, handover::redirect).unwrap();
        assert_eq!((world.status(&task), world.status(&new)), (end, "requested"), "{moves:?}");
        let clock = |task: &str| Clock::of(&world.resources[task], &Settings::default()).unwrap();
        assert_eq!(
            (clock(&new).start, clock(&new).due, clock(&new).status.as_str()),
            (at("09:05"), at("11:05"), "running")
        );
        assert_eq!(clock(&task).status, "excluded");
        assert_eq!(world.resources[&new].get("owner").unwrap()["reference"], EAST);
        assert_eq!(world.all(ResourceType::TASK).len(), 2, "the hub is not asked as well");
        assert!(extension::find(&world.resources[&new], "ic-redirect").is_some());
        for episode in world.all(ResourceType::EPISODE_OF_CARE) {
            assert_eq!(episode.text("status"), Some("cancelled"));
        }
        world.put_back_everything();
        assert_eq!(refusal(hand(&mut world, &task, EAST, handover::redirect)).0, 409);
        assert_eq!(refusal(hand(&mut world, &new, EAST, handover::redirect)).0, 422);
    }
}

#[test]
fn the_hub_hands_on_what_nobody_took() {
    let mut world = World::new();
    let mut open = ucr_referral("active");
    open.as_object_mut().unwrap().remove("performer");
    world.create(open).unwrap();
    let task = world.only(ResourceType::TASK);
    hand(&mut world, &task, EAST, handover::redirect).unwrap();
    assert_eq!(world.status(&task), "cancelled");
}

/// A Task in progress, and the one that was made by its transfer.
fn offered() -> (World, String, String, String) {
    let mut world = World::new();
    let referral = world.create(ucr_referral("active")).unwrap();
    let task = world.only(ResourceType::TASK);
    assert_eq!(
        refusal(hand(&mut world, &task, EAST, handover::transfer)).0,
        409,
        "nobody has seen the person"
    );
    world.status_to(&task, "accepted").unwrap();
    world.now = at("10:00");
    world
        .change(&task, |value| {
            value["output"] = json!([contact("2026-11-21T09:50:00Z"), face_to_face()]);
            value["status"] = json!("in-progress");
        })
        .unwrap();
    world.now = at("12:00");
    let new = hand(&mut world, &task, EAST, handover::transfer).unwrap();
    assert_eq!(
        (world.status(&task), business_status(&world, &task).as_deref()),
        ("in-progress", Some("handing-over"))
    );
    assert_eq!(
        refusal(hand(&mut world, &task, "HealthcareService/west", handover::transfer)).0,
        409,
        "one at a time"
    );
    (world, referral, task, new)
}

#[test]
fn a_transfer_that_is_accepted_ends_one_episode_and_begins_the_other() {
    let (mut world, referral, task, new) = offered();
    let first = world.only(ResourceType::EPISODE_OF_CARE);
    assert_eq!(world.status(&first), "active");
    world.now = at("13:00");
    world.status_to(&new, "accepted").unwrap();
    assert_eq!(
        (world.status(&task), world.status(&new), world.status(&first)),
        ("completed", "accepted", "finished")
    );
    assert_eq!(world.status(&referral), "active");
    let second =
        world.all(ResourceType::EPISODE_OF_CARE).into_iter().find(|e| e.address().unwrap() != first).unwrap();
    let second = second.address().unwrap();
    assert_eq!(world.status(&second), "active");
    let start = |world: &World| world.resources[&second].get("period").unwrap()["start"].clone();
    assert_eq!(start(&world), "2026-11-21T13:00:00.000Z");
    world.put_back_everything();
    world.now = at("15:00");
    world
        .change(&new, |value| {
            value["output"] = json!([contact("2026-11-21T14:30:00Z"), face_to_face()]);
            value["status"] = json!("in-progress");
        })
        .unwrap();
    assert_eq!(start(&world), "2026-11-21T13:00:00.000Z", "it began at the hand-over");
    world
        .change(&new, |value| {
            value["output"].as_array_mut().unwrap().push(outcome("completed-no-ongoing"));
            value["status"] = json!("completed");
        })
        .unwrap();
    assert_eq!((world.status(&second), world.status(&referral)), ("finished", "completed"));
}

#[test]
fn a_transfer_that_is_rejected_leaves_everything_as_it_was() {
    let (mut world, referral, task, new) = offered();
    world
        .change(&new, |value| {
            value["status"] = json!("rejected");
            value["statusReason"] = reason("capacity");
        })
        .unwrap();
    assert_eq!(
        (world.status(&task), business_status(&world, &task).as_deref()),
        ("in-progress", Some("in-contact"))
    );
    assert_eq!((world.status(&referral), world.all(ResourceType::TASK).len()), ("active", 2));
    let episode = world.only(ResourceType::EPISODE_OF_CARE);
    assert_eq!(world.status(&episode), "active");
    hand(&mut world, &task, "HealthcareService/west", handover::transfer).unwrap();
}
