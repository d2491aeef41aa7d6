//! Who asks and who is asked: both are active, and who is asked offers what is asked for (IC-REF-04, IC-REF-05),
//! <https://hl7.org/fhir/R4/healthcareservice.html>.
//!
//! That they exist is checked where references are. Whether the person lives in the area that a team covers is not looked at: areas
//! are Locations of any shape.

use fhir::{Issue, IssueType, Resource, ResourceType, Value};

use crate::clock::Doubtful;
use crate::element::{code_in, items, reference, same_reference};
use crate::service_request::{performer, service_line};
use crate::{Related, rule};

/// What is wrong with the requester and the performer of a referral, as far as this version names others than the one before.
pub(crate) fn check(
    referral: &Resource,
    previous: Option<&Resource>,
    related: &Related,
    warnings: &mut Vec<Issue>,
) -> Vec<Issue> {
    let begun = previous.filter(|previous| previous.text("status") != Some("draft"));
    let is_new = |of: fn(&Resource) -> Option<&Value>| {
        begun.is_none_or(|previous| reference(of(previous)) != reference(of(referral)))
    };
    let mut issues = Vec::new();
    let requester = related.requester.as_ref().filter(|_| is_new(|request| request.get("requester")));
    if let Some(address) = requester.and_then(inactive) {
        let sentence = format!(
            "{address} is not active, so nobody there would learn what becomes of the referral. Name as requester who is."
        );
        issues.push(is_inactive(sentence, "ServiceRequest.requester"));
    }
    let asked = related.performer.as_ref().filter(|_| is_new(performer));
    if let Some(address) = asked.and_then(inactive) {
        let sentence = format!(
            "{address} is not active and takes no referrals. Name another performer, or none: the care-transfer hub then finds one."
        );
        issues.push(is_inactive(sentence, "ServiceRequest.performer"));
    }
    let line_is_new = begun.is_none_or(|previous| service_line(previous) != service_line(referral));
    if (asked.is_some() || line_is_new)
        && let Some(line) = line_not_offered(referral, related)
    {
        let instead = match related.candidates.as_slice() {
            [] => "No active team here does; leave performer out, and the care-transfer hub finds one."
                .to_owned(),
            some => format!(
                "Teams that do: {}. Without a performer the care-transfer hub finds one.",
                some.join(", ")
            ),
        };
        let asked = reference(performer(referral)).unwrap_or_default();
        let sentence = format!("{asked} does not offer the service line '{line}'. {instead}");
        let issue = |severity: fn(IssueType, String) -> Issue| {
            severity(IssueType::BusinessRule, sentence)
                .by_rule(rule::REFERRAL_LINE)
                .at("ServiceRequest.performer")
        };
        match related.settings.line_not_offered {
            Doubtful::Refuse => issues.push(issue(Issue::error)),
            Doubtful::Warn => warnings.push(issue(Issue::warning)),
            Doubtful::Ignore => {}
        }
    }
    issues
}

/// The service line of a request that its performer says it does not offer. The hub is asked for every line, and of whom nobody said
/// what they offer, nothing is known.
pub(crate) fn line_not_offered<'a>(request: &'a Resource, related: &Related) -> Option<&'a str> {
    let service = related.performer.as_ref()?;
    let line = service_line(request)?;
    if service.resource_type() != ResourceType::HEALTHCARE_SERVICE {
        return None;
    }
    let is_hub = related
        .hub
        .as_deref()
        .zip(service.address())
        .is_some_and(|(hub, address)| same_reference(hub, &address));
    let mut offered =
        items(service, "type").iter().filter_map(|kind| code_in(kind, "ic-service-line")).peekable();
    let is_silent = offered.peek().is_none();
    let offers = offered.any(|offer| offer == line || offer == "care-transfer-hub");
    (!is_hub && !is_silent && !offers).then_some(line)
}

/// The finding that a party is not active.
fn is_inactive(sentence: String, expression: &str) -> Issue {
    Issue::error(IssueType::BusinessRule, sentence).by_rule(rule::REFERRAL_OWNER).at(expression)
}

/// The address of what says that it is not active.
fn inactive(resource: &Resource) -> Option<String> {
    let is_inactive = resource.get("active").and_then(Value::as_bool) == Some(false);
    is_inactive.then(|| resource.address()).flatten()
}
