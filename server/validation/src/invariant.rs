//! Invariants in FHIRPath, <https://hl7.org/fhir/R4/conformance-rules.html#constraints>: those of R4 and those of profiles,
//! compiled once and evaluated on the parsed JSON.

mod core;
mod received;
mod walk;

use canonical::Constraint;
use fhir::{Cause, Issue, IssueType, Severity};
use fhirpath::{Context, Expression};

use crate::{
    expression::At,
    report::{Report, short},
};

pub(crate) use core::is_of_r4;
pub(crate) use walk::{check_resource, compile_all};

/// One invariant, ready to be asked.
#[derive(Debug)]
pub(crate) struct Invariant {
    key: &'static str,
    severity: Severity,
    human: &'static str,
    text: &'static str,
    expression: Expression,
    /// Whether an empty result, that is, one that is not known, is taken for true.
    allows_unknown: bool,
}

impl Invariant {
    /// The invariant that this constraint states; `None` when it is stated in words only.
    pub(crate) fn compile(constraint: &'static Constraint) -> Option<Self> {
        let text = core::corrected(constraint).or(constraint.expression.as_deref())?;
        Some(Self {
            key: &constraint.key,
            severity: core::severity(constraint),
            human: &constraint.human,
            text,
            expression: Expression::parse(text).ok()?,
            allows_unknown: core::allows_unknown(constraint),
        })
    }

    /// Reports that it does not hold for the focus of the context, or that it cannot be told.
    pub(crate) fn check<'v>(&'v self, context: &Context<'v>, at: &At<'_>, report: &mut Report) {
        let issue = match self.expression.truth(context) {
            Ok(Some(true)) => return,
            Ok(None) if self.allows_unknown => return,
            Ok(_) => Issue::new(self.severity, IssueType::Invariant, self.sentence(context)),
            Err(error) => Issue::new(
                Severity::Information,
                IssueType::Informational,
                format!("Whether {} holds could not be told: {error}", self.key),
            ),
        };
        report.add(Cause::Unprocessable, issue.at(at.to_string()).by_rule(self.key));
    }

    /// What should hold, what was received instead, and the expression.
    fn sentence(&self, context: &Context<'_>) -> String {
        let human = self.human.trim().trim_end_matches('.');
        let received = received::told(self.text, context).map(|told| format!(" Received: {told}."));
        let received = received.unwrap_or_default();
        format!("{}: {human}.{received} This must be true here: {}", self.key, short(self.text))
    }
}
