//! The findings of one validation as they are collected, and the texts that they share.

use std::fmt::Display;

use fhir::{Cause, Issue, IssueType, Value};

use crate::{Finding, expression::At};

/// More errors than this, or more of the rest, help nobody, and would let a small request ask for a huge answer.
const MOST: usize = 250;

/// What was found until now.
#[derive(Default)]
pub(crate) struct Report {
    findings: Vec<Finding>,
    errors: usize,
}

impl Report {
    /// An error of form: HTTP 400.
    pub(crate) fn unparsable(&mut self, at: &At<'_>, code: IssueType, text: impl Into<String>) {
        self.add(Cause::Unparsable, Issue::error(code, text).at(at.to_string()));
    }

    /// An error of content: HTTP 422.
    pub(crate) fn unprocessable(&mut self, at: impl Display, code: IssueType, text: impl Into<String>) {
        self.add(Cause::Unprocessable, Issue::error(code, text).at(at.to_string()));
    }

    /// Something that does not stand in the way.
    pub(crate) fn warning(&mut self, at: impl Display, code: IssueType, text: impl Into<String>) {
        self.add(Cause::Unprocessable, Issue::warning(code, text).at(at.to_string()));
    }

    pub(crate) fn add(&mut self, cause: Cause, issue: Issue) {
        let is_error = issue.is_error();
        if issue.code == IssueType::CodeInvalid {
            // What is wrong with a code is said once, in the gravest words.
            let same = |known: &Finding| {
                known.issue.code == issue.code && known.issue.expression == issue.expression
            };
            if !is_error
                && self.findings.iter().any(|known| same(known) && known.issue.severity >= issue.severity)
            {
                return;
            }
            self.findings.retain(|known| !same(known) || known.issue.is_error());
        }
        let others = self.findings.len() - self.errors;
        // Warnings and notes do not use up the room of errors.
        if (if is_error { self.errors } else { others }) < MOST {
            self.errors += usize::from(is_error);
            self.findings.push(Finding { cause, issue });
        }
    }

    /// Whether something has not the form of its definition, so that what is said of its content may mean nothing.
    pub(crate) fn is_unparsable(&self) -> bool {
        self.findings.iter().any(|f| f.cause == Cause::Unparsable && f.issue.is_error())
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Takes over what is not known yet: a profile repeats the rules of its base, and must not repeat their findings.
    pub(crate) fn add_new_of(&mut self, other: Self) {
        let known = self.findings.len();
        for finding in other.findings {
            let is_known = self.findings[..known].iter().any(|k| {
                k.issue.code == finding.issue.code
                    && k.issue.rule == finding.issue.rule
                    && k.issue.severity >= finding.issue.severity
                    && k.issue.expression == finding.issue.expression
            });
            if !is_known {
                self.add(finding.cause, finding.issue);
            }
        }
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// Client text as it may be repeated in a message: cut to 100 characters.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A JSON value as it may be repeated in a message. Only as much of it is written out as is shown.
pub(crate) fn preview(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{}'", short(text)),
        Value::Array(items) if items.len() > 3 => format!("an array of {} items", items.len()),
        other => short(&other.to_string()),
    }
}

/// What kind of JSON a value is, in words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// `1 time`, `3 times`.
pub(crate) fn times(count: u32) -> String {
    if count == 1 { "1 time".to_owned() } else { format!("{count} times") }
}
