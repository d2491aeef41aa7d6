//! Requests of intermediate care: which ServiceRequest is one, its allowed moves, its journey, and what both kinds have in common,
//! <https://hl7.org/fhir/R4/servicerequest.html>.
//!
//! A ServiceRequest without a category of ours is general FHIR and passes unchanged. Acceptance and rejection are not here: R4 has
//! no such request status; they are in the Task.

use fhir::{Error, Id, Instant, Issue, IssueType, Resource, ResourceType, Value};
use serde_json::json;

use crate::element::{code_in, fill, is_reference_to, items, put, reference};
use crate::moves::Machine;
use crate::{Needs, Outcome, Related, discharge_plan, extension, patient, referral, rule, step_down};

/// The moves of a request.
pub const MACHINE: Machine = Machine {
    resource_type: "ServiceRequest",
    first: &["draft", "active"],
    moves: &[
        ("draft", &["active", "revoked", "entered-in-error"]),
        ("active", &["on-hold", "revoked", "completed", "entered-in-error"]),
        ("on-hold", &["active", "revoked", "entered-in-error"]),
        ("revoked", &["entered-in-error"]),
        ("completed", &["entered-in-error"]),
        ("entered-in-error", &[]),
    ],
    instead: "Make a new ServiceRequest with 'replaces' instead.",
};

/// The system of journey numbers: the requisition that the parts of one spell of care share.
#[must_use]
pub fn journey_system() -> String {
    format!("{}/Id/journey-id", fhir::CANONICAL_BASE)
}

/// The two kinds of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From ward to care-transfer hub: category `discharge`.
    DischargePlan,
    /// To one team for one service line: any other category of ours.
    Referral,
}

/// Which kind of request it is; `None` when it is general FHIR.
#[must_use]
pub fn kind(request: &Resource) -> Option<Kind> {
    if request.resource_type() != ResourceType::SERVICE_REQUEST {
        return None;
    }
    let mut categories =
        items(request, "category").iter().filter_map(|concept| code_in(concept, "ic-referral-category"));
    let first = categories.next()?;
    let discharge = first == "discharge" || categories.any(|code| code == "discharge");
    Some(if discharge { Kind::DischargePlan } else { Kind::Referral })
}

/// Whether the referral is for a two-hour urgent community response.
#[must_use]
pub fn is_urgent_response(request: &Resource) -> bool {
    service_line(request) == Some("urgent-community-response")
}

/// The service line that is asked for.
#[must_use]
pub fn service_line(request: &Resource) -> Option<&str> {
    request.get("code").and_then(|code| code_in(code, "ic-service-line"))
}

/// The first performer.
pub(crate) fn performer(request: &Resource) -> Option<&Value> {
    items(request, "performer").first()
}

pub(crate) fn needs(request: &Resource, previous: Option<&Resource>) -> Needs {
    let Some(kind) = kind(request).or_else(|| previous.and_then(self::kind)) else {
        return Needs::default();
    };
    let address = previous.and_then(Resource::address);
    let text = |value: Option<&Value>| reference(value).map(str::to_owned);
    let patient = text(request.get("subject"));
    let begins = begins(request, previous);
    let changed = |of: fn(&Resource) -> Option<&Value>| {
        begins || previous.is_some_and(|previous| reference(of(previous)) != reference(of(request)))
    };
    let line_changed = previous.is_some_and(|previous| service_line(previous) != service_line(request));
    let requester = text(request.get("requester")).filter(|_| changed(|request| request.get("requester")));
    let performer = text(performer(request)).filter(|_| changed(performer) || line_changed);
    if kind == Kind::DischargePlan {
        return Needs {
            tasks_based_on: address,
            patient: patient.filter(|_| begins),
            encounter: text(request.get("encounter")),
            requester,
            performer,
            ..Needs::default()
        };
    }
    Needs {
        based_on: based_on(request)
            .map(str::to_owned)
            .filter(|_| request.get("requisition").is_none() || step_down::looks_at_plan(request, previous)),
        // A transaction may bring the referral and its Task together.
        tasks_of: address.clone().or_else(|| request.address()),
        episodes_of: address,
        open_of: patient
            .clone()
            .filter(|_| begins)
            .map(|patient| (patient, &[ResourceType::SERVICE_REQUEST][..])),
        patient: patient.filter(|_| begins),
        requester,
        performer,
        ..Needs::default()
    }
}

/// Whether this version makes the request active.
pub(crate) fn begins(request: &Resource, previous: Option<&Resource>) -> bool {
    request.text("status") == Some("active") && previous.is_none_or(|p| p.text("status") == Some("draft"))
}

/// A request is held, cancelled and ended by who made it, and not by the team that was asked.
pub(crate) fn movers(previous: &Resource) -> Option<Vec<String>> {
    let requester = reference(previous.get("requester")).filter(|_| kind(previous).is_some())?;
    // Where the performer asked itself, or nobody else is named, there is nobody to keep from it.
    let asked = reference(performer(previous))?;
    (!crate::same_reference(requester, asked)).then(|| vec![requester.to_owned()])
}

/// Refuses a request for somebody who has died.
pub(crate) fn check_death(
    request: &Resource,
    previous: Option<&Resource>,
    related: &Related,
) -> Option<Issue> {
    let sentence = "The record says that this person has died, so nobody is asked to care for them. If that is wrong, correct \
                    Patient.deceased first.";
    (begins(request, previous) && related.patient.as_ref().is_some_and(patient::has_died)).then(|| {
        Issue::error(IssueType::BusinessRule, sentence).by_rule(rule::DEATH).at("ServiceRequest.subject")
    })
}

pub(crate) fn create(request: Resource, id: &Id, related: &Related, now: Instant) -> Result<Outcome, Error> {
    match kind(&request) {
        None => Ok(Outcome::unchanged(request)),
        Some(Kind::DischargePlan) => discharge_plan::create(request, related, now),
        Some(Kind::Referral) => referral::create(request, id, related, now),
    }
}

pub(crate) fn update(
    previous: &Resource,
    request: Resource,
    related: &Related,
    now: Instant,
) -> Result<Outcome, Error> {
    let (was, is) = (kind(previous), kind(&request));
    if was.is_some() && is != was && previous.text("status") != Some("draft") {
        let issue = Issue::error(
            IssueType::BusinessRule,
            "A discharge plan stays one, and so does a referral: category may not lose or change its code of \
             ic-referral-category in that way. Revoke this request and make a new one.",
        );
        return rule::unless_refused(vec![issue.by_rule(rule::STATE_FIXED).at("ServiceRequest.category")])
            .map(|()| Outcome::unchanged(request));
    }
    match is {
        None => Ok(Outcome::unchanged(request)),
        Some(Kind::DischargePlan) => discharge_plan::update(previous, request, related, now),
        Some(Kind::Referral) => referral::update(previous, request, related, now),
    }
}

/// Gives the request a journey number where it has none: the one it had, that of the plan, or a new one. What has
/// ended gets none any more.
pub(crate) fn join_journey(request: &mut Resource, previous: Option<&Resource>, related: &Related) {
    let ended =
        previous.is_some_and(|previous| !MACHINE.is_open(previous.text("status").unwrap_or_default()));
    if ended {
        fill(request, previous.and_then(|previous| previous.get("requisition")), "requisition");
    } else if request.get("requisition").is_none() {
        let known =
            [previous, related.plan.as_ref()].into_iter().flatten().find_map(|from| from.get("requisition"));
        let journey = known
            .cloned()
            .unwrap_or_else(|| json!({"system": journey_system(), "value": Id::new().as_str()}));
        put(request, "requisition", Some(journey));
    }
}

/// Refuses another journey number than the one that Tasks and episodes already share.
pub(crate) fn check_journey(previous: &Resource, request: &Resource) -> Option<Issue> {
    let kept = previous.text("status") == Some("draft")
        || previous.get("requisition").is_none()
        || previous.get("requisition") == request.get("requisition");
    let sentence = "The journey's number cannot change once the request is active: Tasks and episodes share it. Send the \
                    requisition as it was, or leave it out.";
    (!kept).then(|| {
        Issue::error(IssueType::BusinessRule, sentence)
            .by_rule(rule::STATE_FIXED)
            .at("ServiceRequest.requisition")
    })
}

/// Refuses a revoked request that does not say why.
pub(crate) fn check_reason(request: &Resource) -> Option<Issue> {
    let sentence = "A revoked request says why: send the extension \
                    http://hl7.org/fhir/StructureDefinition/request-statusReason with a code of ic-status-reason.";
    (request.text("status") == Some("revoked") && status_reason(request).is_none()).then(|| {
        Issue::error(IssueType::Required, sentence).by_rule(rule::STATE_FACT).at("ServiceRequest.extension")
    })
}

/// Why the request has its status: a CodeableConcept.
pub(crate) fn status_reason(request: &Resource) -> Option<&Value> {
    extension::find_url(request.value(), STATUS_REASON).and_then(extension::value)
}

/// Says why the request has its status.
pub(crate) fn put_status_reason(request: &mut Resource, reason: Value) {
    let extension = json!({"url": STATUS_REASON, "valueCodeableConcept": reason});
    extension::put_url(request, STATUS_REASON, extension);
}

const STATUS_REASON: &str = "http://hl7.org/fhir/StructureDefinition/request-statusReason";

/// The text of the reference to the first ServiceRequest that the request is based on.
pub(crate) fn based_on(request: &Resource) -> Option<&str> {
    items(request, "basedOn")
        .iter()
        .filter_map(|item| reference(Some(item)))
        .find(|text| is_reference_to(text, "ServiceRequest"))
}
