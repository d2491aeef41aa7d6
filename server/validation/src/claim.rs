//! Which profiles a resource is held against: those that it claims in `meta.profile`, and the default ones of its content,
//! <https://hl7.org/fhir/R4/profiling.html>.

use canonical::{Profile, definitions};
use fhir::{CANONICAL_BASE, IssueType, Map, Resource, ResourceType, Value};

use crate::{
    Settings,
    expression::At,
    report::{Report, short},
};

/// Where R4's own definitions are.
pub(crate) const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";
const TASK_CODE: &str = "http://hl7.org/fhir/CodeSystem/task-code";

/// The profiles that apply: those claimed that are known and fit the type, then, for the types in
/// `settings.required_profiles`, the default one. A profile is named once, and not beside one that narrows it.
#[must_use]
pub fn profiles_for(resource: &Resource, settings: &Settings) -> Vec<&'static Profile> {
    let mut profiles = claimed(resource.members());
    if settings.required_profiles.contains(&resource.resource_type())
        && let Some(profile) = default_name(resource)
            .and_then(|name| definitions().profile(&format!("{CANONICAL_BASE}/StructureDefinition/{name}")))
        && !profiles.iter().any(|known| std::ptr::eq(*known, profile))
    {
        profiles.push(profile);
    }
    without_bases(&mut profiles);
    profiles
}

/// The profiles that apply to a resource within another: those that it claims.
pub(crate) fn profiles_within(members: &Map<String, Value>) -> Vec<&'static Profile> {
    let mut profiles = claimed(members);
    without_bases(&mut profiles);
    profiles
}

/// Those claimed that are known and fit the type, each once.
fn claimed(members: &Map<String, Value>) -> Vec<&'static Profile> {
    let name = members.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    let mut profiles: Vec<&'static Profile> = Vec::new();
    for (_, url) in claims(members) {
        if let Some(profile) = definitions().profile(url).filter(|profile| profile.type_name == name)
            && !profiles.iter().any(|known| std::ptr::eq(*known, profile))
        {
            profiles.push(profile);
        }
    }
    profiles
}

fn without_bases(profiles: &mut Vec<&'static Profile>) {
    let narrowed: Vec<&Profile> = profiles.iter().flat_map(|profile| bases(profile)).collect();
    profiles.retain(|profile| !narrowed.iter().any(|base| std::ptr::eq(*base, *profile)));
}

/// The profiles of ours that this one narrows, the nearest first.
fn bases(profile: &'static Profile) -> impl Iterator<Item = &'static Profile> {
    let base = |profile: &&'static Profile| definitions().profile(profile.base.as_deref()?);
    // A definition that is its own base would go round; none of ours is deeper than this.
    std::iter::successors(base(&profile), base).take(8)
}

/// Reports claims that cannot be true, and warns of those that cannot be examined.
pub(crate) fn check_claims(members: &Map<String, Value>, at: &At<'_>, report: &mut Report) {
    let name = members.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    for (index, url) in claims(members) {
        let meta = at.member("meta");
        let at = meta.item("profile", Some(index));
        match definitions().profile(url) {
            Some(profile) if profile.type_name != name => {
                let text = format!(
                    "The profile '{}' is for {}, not for {name}. Remove the claim.",
                    short(url),
                    profile.type_name
                );
                report.unprocessable(at, IssueType::Structure, text);
            }
            Some(_) => {}
            None if url.strip_prefix(CORE).is_some_and(|base| base == name) => {}
            None => {
                let text = format!(
                    "The profile '{}' is not known here; the resource was not held against it.",
                    short(url)
                );
                report.warning(at, IssueType::NotSupported, text);
            }
        }
    }
}

fn claims(members: &Map<String, Value>) -> impl Iterator<Item = (usize, &str)> {
    let claimed = members.get("meta").and_then(|meta| meta.get("profile")).and_then(Value::as_array);
    claimed.into_iter().flatten().enumerate().filter_map(|(index, url)| Some((index, url.as_str()?)))
}

/// The name of the profile that the content of a resource asks for.
fn default_name(resource: &Resource) -> Option<&'static str> {
    let own = |id: &str| format!("{CANONICAL_BASE}/CodeSystem/{id}");
    // Without a code, any of the system.
    let has = |concepts: Option<&Value>, system: &str, code: &str| {
        let concepts = match concepts {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let codings = concepts.iter().filter_map(|concept| concept.get("coding")?.as_array()).flatten();
        codings.into_iter().any(|coding| {
            coding.get("system").and_then(Value::as_str) == Some(system)
                && (code.is_empty() || coding.get("code").and_then(Value::as_str) == Some(code))
        })
    };
    match resource.resource_type() {
        ResourceType::SERVICE_REQUEST => {
            let category = |code| has(resource.get("category"), &own("ic-referral-category"), code);
            let line = |code| has(resource.get("code"), &own("ic-service-line"), code);
            Some(match () {
                () if category("discharge") => "HFDischargePlan",
                () if line("urgent-community-response") => "HFUCRReferral",
                () if line("virtual-ward") => "HFVirtualWardReferral",
                () => "HFReferral",
            })
        }
        ResourceType::TASK => {
            let code = resource.get("code");
            let activity = |wanted: &str| has(code, &own("ic-activity-type"), wanted);
            match () {
                () if has(code, TASK_CODE, "fulfill") => Some("HFFulfilmentTask"),
                () if activity("84-day-check") || activity("91-day-check") => Some("HFOutcomeCheck"),
                () if activity("") => Some("HFActivityTask"),
                () => None,
            }
        }
        ResourceType::EPISODE_OF_CARE => Some("HFEpisode"),
        ResourceType::CARE_PLAN => Some("HFRecoveryPlan"),
        // Types that are required only where the configuration names them.
        ResourceType::OBSERVATION => {
            has(resource.get("code"), &own("ic-score-instrument"), "").then_some("HFIndependenceScore")
        }
        ResourceType::HEALTHCARE_SERVICE => {
            has(resource.get("type"), &own("ic-service-line"), "").then_some("HFTeamService")
        }
        ResourceType::PATIENT => Some("HFPatient"),
        ResourceType::FLAG => Some("HFFlag"),
        ResourceType::CONSENT => Some("HFConsent"),
        ResourceType::PROVENANCE => Some("HFProvenance"),
        ResourceType::AUDIT_EVENT => Some("HFAuditEvent"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_content_names_the_default() {
        let category = |code| json!([{"coding": [{"system": format!("{CANONICAL_BASE}/CodeSystem/ic-referral-category"), "code": code}]}]);
        let coded = |system: &str, code: &str| json!({"coding": [{"system": format!("{CANONICAL_BASE}/CodeSystem/{system}"), "code": code}]});
        let cases = [
            (
                json!({"resourceType": "ServiceRequest", "category": category("discharge")}),
                Some("HFDischargePlan"),
            ),
            (json!({"resourceType": "ServiceRequest", "category": category("step-up")}), Some("HFReferral")),
            (json!({"resourceType": "ServiceRequest", "category": "discharge"}), Some("HFReferral")),
            (
                json!({"resourceType": "Task", "code": {"coding": [{"system": TASK_CODE, "code": "fulfill"}]}}),
                Some("HFFulfilmentTask"),
            ),
            (json!({"resourceType": "Task", "code": {"coding": [{"code": "fulfill"}]}}), None),
            (
                json!({"resourceType": "Task", "code": coded("ic-activity-type", "review")}),
                Some("HFActivityTask"),
            ),
            (
                json!({"resourceType": "Task", "code": coded("ic-activity-type", "91-day-check")}),
                Some("HFOutcomeCheck"),
            ),
            (
                json!({"resourceType": "ServiceRequest", "code": coded("ic-service-line", "urgent-community-response")}),
                Some("HFUCRReferral"),
            ),
            (
                json!({"resourceType": "ServiceRequest", "code": coded("ic-service-line", "virtual-ward")}),
                Some("HFVirtualWardReferral"),
            ),
            (
                json!({"resourceType": "ServiceRequest", "code": coded("ic-service-line", "reablement")}),
                Some("HFReferral"),
            ),
            (json!({"resourceType": "EpisodeOfCare"}), Some("HFEpisode")),
            (json!({"resourceType": "CarePlan"}), Some("HFRecoveryPlan")),
            (json!({"resourceType": "Patient"}), Some("HFPatient")),
            (
                json!({"resourceType": "Observation", "code": coded("ic-score-instrument", "barthel")}),
                Some("HFIndependenceScore"),
            ),
            (json!({"resourceType": "Observation", "code": {"text": "Weight"}}), None),
            (
                json!({"resourceType": "HealthcareService", "type": [coded("ic-service-line", "reablement")]}),
                Some("HFTeamService"),
            ),
            (json!({"resourceType": "HealthcareService"}), None),
            (json!({"resourceType": "Consent"}), Some("HFConsent")),
            (json!({"resourceType": "Goal"}), None),
        ];
        for (json, expected) in cases {
            let resource = Resource::new(json).unwrap();
            assert_eq!(default_name(&resource), expected, "{:?}", resource.value());
        }
    }

    #[test]
    fn the_types_that_are_required_are_held_to_their_default() {
        let score = json!({"resourceType": "Observation", "code": {"coding": [{"system": format!("{CANONICAL_BASE}/CodeSystem/ic-score-instrument"), "code": "cfs"}]}});
        let score = Resource::new(score).unwrap();
        let names = |settings: &Settings| -> Vec<_> {
            profiles_for(&score, settings).iter().map(|profile| profile.name.as_str()).collect()
        };
        assert!(names(&Settings::default()).is_empty());
        let required = Settings { required_profiles: [ResourceType::OBSERVATION].into() };
        assert_eq!(names(&required), ["HFIndependenceScore"]);
    }

    #[test]
    fn a_profile_is_not_held_beside_one_that_narrows_it() {
        let url = |name: &str| format!("{CANONICAL_BASE}/StructureDefinition/{name}");
        let line = json!({"coding": [{"system": format!("{CANONICAL_BASE}/CodeSystem/ic-service-line"),
            "code": "urgent-community-response"}]});
        for claims in
            [json!([]), json!([url("HFReferral")]), json!([url("HFUCRReferral"), url("HFReferral")])]
        {
            let json = json!({"resourceType": "ServiceRequest", "meta": {"profile": claims}, "code": line});
            let profiles = profiles_for(&Resource::new(json).unwrap(), &Settings::default());
            let names: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
            assert_eq!(names, ["HFUCRReferral"]);
        }
    }
}
