//! Back in hospital: an Encounter that begins while the person is in intermediate care names the episodes that it interrupts, and one that
//! begins within a day of leaving makes that discharge a failed one, <https://hl7.org/fhir/R4/encounter.html>.
//!
//! Whether the team goes on is its own decision. An Encounter that began before the episode did is the stay that led to it.

use fhir::primitive::date::Interval;
use fhir::{Instant, Resource, Value};
use serde_json::json;

use crate::element::{extension_url, reference, reference_to, same_reference};
use crate::{Effect, Needs, Outcome, Related, discharge_plan, episode_of_care, extension};

const NAME: &str = "ic-readmission";
/// Classes of stays that were not planned to be at home, <http://terminology.hl7.org/CodeSystem/v3-ActCode>.
const CLASSES: [&str; 4] = ["EMER", "IMP", "ACUTE", "NONAC"];

/// Whether the person is in hospital by this Encounter now.
fn is_stay(encounter: &Resource) -> bool {
    let class = encounter.get("class").and_then(|class| class.get("code")).and_then(Value::as_str);
    class.is_some_and(|class| CLASSES.contains(&class))
        && matches!(encounter.text("status"), Some("arrived" | "triaged" | "in-progress"))
}

pub(crate) fn needs(encounter: &Resource, previous: Option<&Resource>) -> Needs {
    let begins = is_stay(encounter) && !previous.is_some_and(is_stay);
    let patient = reference(encounter.get("subject")).filter(|_| begins).map(str::to_owned);
    let open_of = patient.clone().map(|patient| (patient, &[fhir::ResourceType::EPISODE_OF_CARE][..]));
    Needs { open_of, departures_of: patient, ..Needs::default() }
}

pub(crate) fn note(
    mut encounter: Resource,
    previous: Option<&Resource>,
    related: &Related,
    now: Instant,
) -> Outcome {
    // What was noted stays, and nobody else notes it.
    let kept: Vec<Value> =
        previous.map(|previous| extension::all_of(previous, NAME).cloned().collect()).unwrap_or_default();
    extension::put(&mut encounter, NAME, None);
    let is_known = |address: &str| {
        let known = kept.iter().filter_map(|known| reference(extension::value(known)));
        known.into_iter().any(|known| same_reference(known, address))
    };
    let admitted = start(&encounter, related);
    let interrupted = related.episodes.iter().filter(|episode| {
        let in_care = matches!(episode.text("status"), Some("active" | "onhold"));
        let before = match (start(episode, related), admitted) {
            (Some(began), Some(admitted)) => began.low <= admitted.low,
            _ => true,
        };
        in_care && before && episode_of_care::applies_to(episode)
    });
    let new = interrupted.filter_map(Resource::address).filter(|address| !is_known(address));
    let new: Vec<Value> = new
        .map(|episode| json!({"url": extension_url(NAME), "valueReference": reference_to(&episode)}))
        .collect();
    for extension in kept.into_iter().chain(new) {
        extension::add(&mut encounter, extension);
    }
    // Of a stay whose beginning is not said nobody knows whether it came after the leaving.
    let failed = related.departures.iter().filter(|plan| !is_stay_of(&encounter, plan));
    let effects = failed
        .filter_map(|plan| discharge_plan::failed(plan, &admitted?, related, now))
        .map(Effect::Update)
        .collect();
    Outcome { resource: encounter, effects, warnings: Vec::new() }
}

/// Whether this is the stay that the discharge ended.
fn is_stay_of(encounter: &Resource, plan: &Resource) -> bool {
    let stay = reference(plan.get("encounter"));
    stay.zip(encounter.address()).is_some_and(|(stay, address)| same_reference(stay, &address))
}

fn start(resource: &Resource, related: &Related) -> Option<Interval> {
    let text = resource.get("period")?.get("start")?.as_str()?;
    related.settings.interval(text)
}
