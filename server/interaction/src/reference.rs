//! References of what is to be written: they must name resources that are there and that the caller sees.

use std::collections::HashMap;

use fhir::reference::below;
use fhir::{Cause, Error, Issue, IssueType, Key, Reference, Resource};
use store::Target;

/// What a resource refers to, each with its expression, and what its version before did.
pub(crate) struct References {
    pub(crate) now: Vec<(String, Reference)>,
    pub(crate) before: Vec<(String, Reference)>,
}

impl References {
    pub(crate) fn of(now: Option<&Resource>, before: Option<&Resource>, base: &str) -> Self {
        let of = |resource: Option<&Resource>| resource.map(|it| it.references(base)).unwrap_or_default();
        Self { now: of(now), before: of(before) }
    }
}

/// Checks every reference of a resource, each with its expression, against the targets that were found, and against what the same unit does to them:
/// `leaves` says whether it leaves a resource there, `None` when it does not touch it. What the version before referred to may have gone out of
/// the caller's sight since.
///
/// # Errors
/// 400 for a conditional reference outside of a transaction, 422 with one finding for each reference that names nothing.
/// A resource that is missing and one that the caller may not see are refused in the same words.
pub(crate) fn check(
    references: &References,
    base: &str,
    targets: &HashMap<Key, Target>,
    leaves: impl Fn(Key) -> Option<bool>,
) -> Result<(), Error> {
    let mut missing = Vec::new();
    let References { now, before } = references;
    for (expression, reference) in now.iter().filter(|(expression, _)| !is_within_bundle(expression)) {
        match reference {
            Reference::Conditional { .. } => {
                return Err(Error::with_issue(
                    Cause::BadRequest,
                    Issue::error(
                        IssueType::Invalid,
                        "A conditional reference is only for entries of a transaction. Refer to the resource by its id.",
                    )
                    .at(expression.clone()),
                ));
            }
            Reference::Local { resource_type, id, .. } => {
                let key = Key::of_resource(*resource_type, id);
                let was_there = || before.iter().any(|(_, reference)| reference.key() == Some(key));
                let is_there = || {
                    targets.get(&key).is_some_and(|target| !target.deleted && (target.visible || was_there()))
                };
                if !leaves(key).unwrap_or_else(is_there) {
                    let sentence = format!(
                        "{resource_type}/{id} is not known here. Create it first, or send both in one transaction."
                    );
                    missing.push(Issue::error(IssueType::NotFound, sentence).at(expression.clone()));
                }
            }
            Reference::Foreign(text) if is_ours(text, base) => {
                let shown: String = text.chars().take(100).collect();
                let sentence = format!("'{shown}' is no address of a resource: write Type/id.");
                missing.push(Issue::error(IssueType::NotFound, sentence).at(expression.clone()));
            }
            Reference::Urn(_) | Reference::Contained(_) | Reference::Foreign(_) => {}
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::with_issues(Cause::Unprocessable, missing)) }
}

/// Whether a reference stands in a Bundle that is stored as a whole, a document or a message: it is resolved within it.
pub(crate) fn is_within_bundle(expression: &str) -> bool {
    expression.starts_with("Bundle.entry[")
}

/// Whether this is an address on this server: one below its base, or a relative one.
fn is_ours(text: &str, base: &str) -> bool {
    let before_path = text.split(['/', '?', '#']).next().unwrap_or_default();
    !before_path.contains(':') || below(text, base).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_on_this_server() {
        for (text, expected) in [
            ("Foo/1", true),
            ("Patient/a b", true),
            ("nonsense", true),
            ("http://here/fhir/Foo/1", true),
            ("HTTP://Here:80/fhir/Foo/1", true),
            ("http://here/fhirx/Foo/1", false),
            ("http://there/fhir/Foo/1", false),
            ("mailto:x@y", false),
        ] {
            assert_eq!(is_ours(text, "http://here/fhir"), expected, "{text}");
        }
    }
}
