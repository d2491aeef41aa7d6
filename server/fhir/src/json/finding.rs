//! What the JSON parser finds wrong, each with its place, <https://hl7.org/fhir/R4/json.html>.
//!
//! A place is a FHIRPath-like expression. The resource type in front of it may stand anywhere in the object, so it is
//! put there at the end.

use std::fmt::Write as _;

use crate::{
    Cause, Error,
    outcome::{Issue, IssueType},
};

/// The most findings that one answer carries.
const MAX_FINDINGS: usize = 100;

/// The place of what is wrong before the type of the resource was read.
const UNREAD: &str = "Resource";

/// One step from the root to a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// A property, as it is written between its quotes.
    Name(&'a str),
    /// An item of an array.
    Index(usize),
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<(String, IssueType, String)>,
    left_out: usize,
}

impl Findings {
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds a finding at this place; past the first hundred they are only counted.
    pub(super) fn add(&mut self, path: &[Step<'_>], code: IssueType, sentence: impl Into<String>) {
        if self.found.len() < MAX_FINDINGS {
            self.found.push((expression(path), code, sentence.into()));
        } else {
            self.left_out += 1;
        }
    }

    /// The error that carries them all.
    pub(super) fn into_error(self, resource_type: Option<&str>) -> Error {
        let mut issues: Vec<Issue> = self
            .found
            .into_iter()
            .map(|(path, code, sentence)| {
                let issue = Issue::error(code, sentence);
                match (resource_type, path.as_str()) {
                    (None, "") => issue.at(UNREAD),
                    (None, path) => issue.at(path),
                    (Some(name), "") => issue.at(name),
                    (Some(name), path) => issue.at(format!("{name}.{path}")),
                }
            })
            .collect();
        if self.left_out > 0 {
            let sentence = format!("{} more findings are left out; correct these first.", self.left_out);
            issues.push(Issue::error(IssueType::Structure, sentence));
        }
        Error::with_issues(Cause::Unparsable, issues)
    }
}

/// `name[0]._given[1]`; property names, which are client text, are cut to 64 characters.
fn expression(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(index) => {
                // Writing to a String cannot fail.
                let _ = write!(text, "[{index}]");
            }
            Step::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(shown(name));
            }
        }
    }
    text
}

/// Client text as it may be repeated in a sentence: its first 64 characters, without control characters after the
/// first of them.
pub(super) fn shown(text: &str) -> &str {
    let end = text.char_indices().take(64).take_while(|(_, c)| !c.is_control()).last();
    end.map_or("", |(start, c)| &text[..start + c.len_utf8()])
}
