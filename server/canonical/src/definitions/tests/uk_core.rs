//! Our profiles beside those of UK Core, <https://simplifier.net/hl7fhirukcorer4>: what each of its differentials asks of an element,
//! and whether ours asks as much. It is not part of this repository: point `HOMEFIRST_UK_CORE` at the folder with
//! `UKCore-Patient.xml` and the others.
//!
//! What is not restated is argued in [`NOT_RESTATED`], and in the README of the profiles.

use std::{env, fs, path::Path};

use roxmltree::{Document, Node};

use crate::structure::{Profile, ProfileElement, Strength};

use super::*;

/// UK Core's profile, and those of ours that stand beside it. The Tasks that a team makes for itself are not among them.
const PAIRS: [(&str, &[&str]); 11] = [
    ("Patient", &["HFPatient"]),
    ("ServiceRequest", &["HFReferral", "HFDischargePlan"]),
    ("Task", &["HFFulfilmentTask"]),
    ("EpisodeOfCare", &["HFEpisode"]),
    ("CarePlan", &["HFRecoveryPlan"]),
    ("HealthcareService", &["HFTeamService"]),
    ("Flag", &["HFFlag"]),
    ("Consent", &["HFConsent"]),
    ("Observation", &["HFIndependenceScore"]),
    ("Provenance", &["HFProvenance"]),
    ("AuditEvent", &["HFAuditEvent"]),
];

/// The profile of ours, the element of UK Core's, and why the one does not repeat the other.
const NOT_RESTATED: [(&str, &str, &str); 11] = [
    ("HFPatient", "identifier:nhsNumber.system", "a pattern of ours says the same"),
    ("HFPatient", "maritalStatus", "an extensible value set that warns only, and that is of no use here"),
    (
        "HFPatient",
        "contact.relationship",
        "an extensible value set that warns only, and that is of no use here",
    ),
    ("HFPatient", "communication.language", "it has every code of BCP 47"),
    ("HFTeamService", "communication", "it has every code of BCP 47"),
    ("HFTeamService", "specialty", "an extensible value set that warns only, and that is of no use here"),
    ("HFDischargePlan", "basedOn", "a plan for discharge is based on no request"),
    ("HFConsent", "source[x]", "the paper behind a consent is not kept here"),
    ("HFIndependenceScore", "category", "a score is told by its code"),
    ("HFIndependenceScore", "component", "a score is one number"),
    ("HFProvenance", "signature", "signatures are not looked into"),
];

#[test]
fn uk_core_asks_no_more() {
    let Ok(folder) = env::var("HOMEFIRST_UK_CORE") else {
        eprintln!("SKIPPED: HOMEFIRST_UK_CORE is not set, so our profiles were not compared with UK Core's");
        return;
    };
    let mut open = Vec::new();
    let mut compared = 0;
    for (name, ours) in PAIRS {
        let text = fs::read_to_string(Path::new(&folder).join(format!("UKCore-{name}.xml"))).unwrap();
        let document = Document::parse(&text).unwrap();
        let differential = document.descendants().find(|node| node.has_tag_name("differential")).unwrap();
        for own in ours {
            let url = format!("https://homefirst.example/fhir/StructureDefinition/{own}");
            let profile = definitions().profile(&url).unwrap();
            for element in differential.children().filter(|node| node.has_tag_name("element")) {
                compared += 1;
                open.extend(missing(profile, element).into_iter().map(|what| format!("{own}: {what}")));
            }
        }
    }
    println!("{compared} elements of UK Core were compared");
    assert!(open.is_empty(), "{}", open.join("\n"));
}

/// What UK Core asks of an element and the profile does not, unless it is argued.
fn missing(profile: &Profile, element: Node<'_, '_>) -> Vec<String> {
    let id = element.attribute("id").unwrap();
    let below = id.split_once('.').map_or("", |(_, below)| below);
    // A slice of what others may add: nobody has to use it.
    let Some(own) = profile.elements.iter().find(|own| own.id == id) else {
        let is_asked = value(element, "min").is_some_and(|min| min != "0")
            || value(element, "mustSupport") == Some("true");
        return is_asked.then(|| format!("{id} is not there")).into_iter().collect();
    };
    if NOT_RESTATED.iter().any(|(name, place, _)| *name == profile.name && *place == below) {
        return Vec::new();
    }
    differences(own, element).into_iter().map(|what| format!("{id}: {what}")).collect()
}

fn differences(own: &ProfileElement, element: Node<'_, '_>) -> Vec<String> {
    let mut found = Vec::new();
    let number = |name: &str| value(element, name).and_then(|text| text.parse::<u32>().ok());
    if number("min").is_some_and(|min| own.min < min) {
        found.push(format!("at least {}", value(element, "min").unwrap_or_default()));
    }
    if number("max").is_some_and(|max| own.max.is_none_or(|own| own > max)) {
        found.push(format!("at most {}", value(element, "max").unwrap_or_default()));
    }
    if value(element, "mustSupport") == Some("true") && !own.must_support {
        found.push("must be supported".to_owned());
    }
    let children = || element.children().filter(Node::is_element);
    for child in children().filter(|child| child.tag_name().name().starts_with("fixed")) {
        let wanted = child.attribute("value");
        if own.fixed.as_ref().or(own.pattern.as_ref()).and_then(Value::as_str) != wanted {
            found.push(format!("is {}", wanted.unwrap_or("a fixed value")));
        }
    }
    let binding = children().find(|child| child.has_tag_name("binding"));
    let strength = binding.and_then(|binding| value(binding, "strength"));
    if matches!(strength, Some("required" | "extensible")) {
        let wanted = binding.and_then(|binding| value(binding, "valueSet"));
        let is_held = own.binding.as_ref().is_some_and(|own| {
            matches!(own.strength, Strength::Required | Strength::Extensible)
                && (Some(own.value_set.as_str()) == wanted
                    || own.value_set.starts_with("https://homefirst.example/"))
        });
        if !is_held {
            found.push(format!("is bound to {}", wanted.unwrap_or_default()));
        }
    }
    found
}

fn value<'a>(element: Node<'a, '_>, name: &str) -> Option<&'a str> {
    element.children().find(|child| child.has_tag_name(name)).and_then(|child| child.attribute("value"))
}
