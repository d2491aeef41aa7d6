//! The discharge plan of a step-down referral: it is named once, it is a discharge plan, and it is about the same person (IC-REF-03),
//! <https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.basedOn>.
//!
//! A plan that is named by its identifier alone, or that another server keeps, is not looked at.

use fhir::{Issue, IssueType, Resource};

use crate::element::{is_reference_to, items, reference, same_reference};
use crate::referral::is_category;
use crate::service_request::{Kind, begins, kind};
use crate::{Related, rule};

/// Whether the plan must be loaded: when the referral becomes active, and when it names another one.
pub(crate) fn looks_at_plan(referral: &Resource, previous: Option<&Resource>) -> bool {
    let is_other = || previous.is_none_or(|previous| previous.get("basedOn") != referral.get("basedOn"));
    is_category(referral, "step-down") && (begins(referral, previous) || is_other())
}

/// What is wrong with the plan of a referral that is no draft any more.
pub(crate) fn check(referral: &Resource, previous: Option<&Resource>, related: &Related) -> Option<Issue> {
    if !is_category(referral, "step-down") {
        return None;
    }
    let (code, sentence) = match items(referral, "basedOn") {
        [] => (
            IssueType::Required,
            "A step-down referral names the discharge plan it belongs to: send basedOn with a reference to that \
             ServiceRequest. Both may be created in one transaction."
                .to_owned(),
        ),
        [one] if looks_at_plan(referral, previous) => {
            let text = reference(Some(one))?;
            (IssueType::BusinessRule, wrong_plan(text, referral, related)?)
        }
        [_] => return None,
        several => {
            let named: Vec<&str> = several.iter().filter_map(|one| reference(Some(one))).collect();
            let sentence = format!(
                "A step-down referral belongs to one discharge plan, and basedOn names {}: {}. Send the plan of this stay alone; what \
                 else belongs to the referral goes into supportingInfo.",
                several.len(),
                named.join(", ")
            );
            (IssueType::BusinessRule, sentence)
        }
    };
    Some(Issue::error(code, sentence).by_rule(rule::REFERRAL_PLAN).at("ServiceRequest.basedOn"))
}

/// Why what this names cannot be the plan of the referral.
fn wrong_plan(text: &str, referral: &Resource, related: &Related) -> Option<String> {
    if !is_reference_to(text, "ServiceRequest") {
        return text.contains('/').then(|| {
            format!(
                "basedOn of a step-down referral names '{text}', which is no ServiceRequest. Send a reference to the discharge plan, a \
                 ServiceRequest of the category 'discharge'."
            )
        });
    }
    let plan = related.plan.as_ref()?;
    if kind(plan) != Some(Kind::DischargePlan) {
        return Some(format!(
            "basedOn of a step-down referral names '{text}', which is no discharge plan: its category is not 'discharge'. Send a reference \
             to the discharge plan of this stay."
        ));
    }
    let (whose, person) = reference(plan.get("subject")).zip(reference(referral.get("subject")))?;
    (!same_reference(whose, person)).then(|| {
        format!(
            "The discharge plan '{text}' is about another person than this referral, whose subject is '{person}'. Correct basedOn or subject."
        )
    })
}
