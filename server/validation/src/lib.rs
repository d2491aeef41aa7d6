//! Resources against StructureDefinitions, <https://hl7.org/fhir/R4/validation.html>: the base definition first, then
//! the profiles that apply; every finding at once, each with its place, what was received and what is allowed.
//!
//! It is pure: whether a reference's target exists, and the rules of the workflow, are asked elsewhere.

mod binding;
mod cardinality;
mod claim;
mod code_form;
mod contained;
mod expression;
mod extension;
mod invariant;
mod narrative;
mod nested;
mod primitive;
mod profile;
mod reference;
mod report;
mod structure;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use canonical::Profile;
use fhir::{Cause, Error, Issue, IssueType, Resource, ResourceType, Severity};
use fhirpath::{Context, Node};

pub use claim::profiles_for;

/// One thing that is wrong, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// [`Cause::Unparsable`] when the content has not the form of its definition (unknown or ill-typed element, malformed
    /// primitive), [`Cause::Unprocessable`] when it is understood but refused (missing element, cardinality, binding,
    /// reference target, profile). A warning has the cause that it would have as an error.
    pub cause: Cause,
    pub issue: Issue,
}

/// What this server asks of resources beyond their base definition.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The types that the server acts on: their resources are held against the default profile of their content, whatever they claim, and
    /// may not hold a modifier that is not understood.
    /// Empty makes a general R4 server of it.
    pub required_profiles: HashSet<ResourceType>,
}

impl Default for Settings {
    /// The four workflow types.
    fn default() -> Self {
        let workflow = [
            ResourceType::SERVICE_REQUEST,
            ResourceType::TASK,
            ResourceType::EPISODE_OF_CARE,
            ResourceType::CARE_PLAN,
        ];
        Self { required_profiles: HashSet::from(workflow) }
    }
}

/// Compiles the profiles and invariants, and loads the terminology, which is otherwise done for the first resource.
pub fn prepare() {
    profile::compile_all();
    invariant::compile_all();
    canonical::terminology::terminology();
}

/// Everything that is wrong with the resource by its base definition, by the profiles that apply, and by those that resources within it
/// claim, at most 250 errors and 250 other findings.
#[must_use]
pub fn validate(resource: &Resource, settings: &Settings) -> Vec<Finding> {
    validate_against(resource, &profiles_for(resource, settings), settings)
}

/// The same with these profiles, whatever others the resource claims. They are for its type.
#[must_use]
pub fn validate_against(
    resource: &Resource,
    profiles: &[&'static Profile],
    settings: &Settings,
) -> Vec<Finding> {
    let is_acted_on = settings.required_profiles.contains(&resource.resource_type());
    let at = expression::At::root(resource.resource_type().name());
    let mut report = report::Report::default();
    structure::check_resource(resource, is_acted_on, &at, &mut report);
    if !report.is_unparsable() {
        invariant::check_resource(resource, &at, &mut report);
    }
    claim::check_claims(resource.members(), &at, &mut report);
    let contained = contained::Contained::of(resource.members());
    for profile in profiles {
        let mut of_profile = report::Report::default();
        let context = Context::of_resource(resource).with_profiles(profile::conforms);
        profile::check(profile, Node::resource(resource), context, &at, &contained, &mut of_profile);
        report.add_new_of(of_profile);
    }
    nested::check(resource.value(), &at, &mut report);
    report.into_findings()
}

/// The warnings, when there is no error among the findings; else an error that carries them all.
pub fn warnings(findings: Vec<Finding>) -> Result<Vec<Issue>, Error> {
    if findings.iter().any(|finding| finding.issue.is_error()) {
        return Err(into_error(findings));
    }
    let issues = findings.into_iter().map(|finding| finding.issue);
    Ok(issues.filter(|issue| issue.severity > Severity::Information).collect())
}

/// An error that carries all findings, with the cause of the gravest.
#[must_use]
pub fn into_error(findings: Vec<Finding>) -> Error {
    let errors = || findings.iter().filter(|finding| finding.issue.is_error());
    let is_unparsable = errors().any(|finding| finding.cause == Cause::Unparsable);
    let cause = if is_unparsable { Cause::Unparsable } else { Cause::Unprocessable };
    Error::with_issues(cause, findings.into_iter().map(|finding| finding.issue).collect())
}

impl Finding {
    /// Whether it says that an invariant does not hold.
    #[must_use]
    pub fn is_invariant(&self) -> bool {
        self.issue.code == IssueType::Invariant
    }
}
