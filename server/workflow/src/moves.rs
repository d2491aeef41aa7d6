//! State machines as tables: which status a resource may have at first, and which may follow which,
//! <https://hl7.org/fhir/R4/statemachine.html>.
//!
//! Who may make a move is not decided here, and neither is what else a move needs.

use fhir::{Cause, Error, Issue, IssueType, Resource};

use crate::rule;

/// The moves of one resource type. `moves` has a row for every status that the type may have here.
#[derive(Debug)]
pub struct Machine {
    pub resource_type: &'static str,
    /// The statuses in which a resource may be created.
    pub first: &'static [&'static str],
    /// From each status: the statuses that may follow.
    pub moves: &'static [(&'static str, &'static [&'static str])],
    /// What to do instead of reopening what has ended.
    pub instead: &'static str,
}

impl Machine {
    /// The statuses that may follow this one; none for an unknown status.
    #[must_use]
    pub fn allowed_from(&self, status: &str) -> &'static [&'static str] {
        self.moves.iter().find(|(from, _)| *from == status).map_or(&[], |(_, to)| to)
    }

    /// Whether a resource with this status has not ended.
    #[must_use]
    pub fn is_open(&self, status: &str) -> bool {
        self.allowed_from(status).iter().any(|to| *to != "entered-in-error")
    }

    /// Refuses a resource that is created with a status that only a later move may give it.
    pub(crate) fn check_first(&self, resource: &Resource) -> Result<(), Error> {
        let status = self.status(resource)?;
        if self.first.contains(&status) {
            return Ok(());
        }
        Err(self.refuse(format!(
            "A {} cannot be created with the status '{status}'. It may begin as {}; create it so, and move it later.",
            self.resource_type,
            quoted(self.first)
        )))
    }

    /// Refuses a move that is not in the table, and any change of what has ended. Tags and labels in `meta` may always change.
    pub(crate) fn check_move(&self, previous: &Resource, resource: &Resource) -> Result<(), Error> {
        let to = self.status(resource)?;
        let from = previous.text("status").unwrap_or_default();
        if from == to {
            if self.is_open(from) || same_but_meta(previous, resource) {
                return Ok(());
            }
            return Err(self.refuse(format!(
                "This {} is '{from}' and cannot be changed any more. {} {}",
                self.resource_type,
                self.ways(from),
                self.instead
            )));
        }
        if self.allowed_from(from).contains(&to) {
            return Ok(());
        }
        let instead = if self.is_open(from) { "" } else { self.instead };
        let sentence = format!(
            "{}.status cannot move from '{from}' to '{to}'. {} {instead}",
            self.resource_type,
            self.ways(from)
        );
        Err(self.refuse(sentence.trim_end().to_owned()))
    }

    fn status<'a>(&self, resource: &'a Resource) -> Result<&'a str, Error> {
        match resource.text("status") {
            Some("unknown") => Err(rule::forbidden(
                rule::STATE_UNKNOWN,
                format!("{}.status", self.resource_type),
                format!(
                    "The status 'unknown' is not accepted, because no team could act on it. Send the status that the {} really has: {}.",
                    self.resource_type,
                    quoted(&self.moves.iter().map(|(status, _)| *status).collect::<Vec<_>>())
                ),
            )),
            Some(status) => Ok(status),
            None => {
                let issue =
                    Issue::error(IssueType::Required, format!("A {} needs a status.", self.resource_type))
                        .by_rule(rule::STATE_MOVE)
                        .at(format!("{}.status", self.resource_type));
                Err(Error::with_issue(Cause::Unprocessable, issue))
            }
        }
    }

    fn ways(&self, from: &str) -> String {
        match self.allowed_from(from) {
            [] => format!("From '{from}' no other status can be reached."),
            to => format!("From '{from}' it may move to {}.", quoted(to)),
        }
    }

    fn refuse(&self, diagnostics: String) -> Error {
        rule::forbidden(rule::STATE_MOVE, format!("{}.status", self.resource_type), diagnostics)
    }
}

/// `'a', 'b' or 'c'`.
pub(crate) fn quoted(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

pub(crate) fn same_but_meta(a: &Resource, b: &Resource) -> bool {
    fn rest(resource: &Resource) -> impl Iterator<Item = (&String, &fhir::Value)> {
        resource.members().iter().filter(|(name, _)| *name != "meta")
    }
    rest(a).count() == rest(b).count() && rest(a).all(|(name, value)| b.get(name) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_listed_as_in_a_sentence() {
        assert_eq!(quoted(&[]), "");
        assert_eq!(quoted(&["a"]), "'a'");
        assert_eq!(quoted(&["a", "b", "c"]), "'a', 'b' or 'c'");
    }
}
