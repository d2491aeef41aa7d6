//! Why a parameter of a query is not used: what `handling=lenient` may ignore, and what is refused always,
//! <https://hl7.org/fhir/R4/search.html#errors>.

use fhir::{Cause, Error, Issue, IssueType};

/// Why a parameter is not used.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The parameter is unknown or not supported; lenient handling leaves it out.
    Unknown(String),
    /// The request is wrong.
    Error(Error),
}

impl Refusal {
    pub(crate) fn invalid(diagnostics: impl Into<String>) -> Self {
        Self::Error(Error::bad_request(diagnostics))
    }

    /// A modifier, prefix or form that is not supported for the parameter: refused always.
    pub(crate) fn not_supported(diagnostics: impl Into<String>) -> Self {
        Self::Error(not_supported(diagnostics))
    }

    pub(crate) fn too_costly(diagnostics: impl Into<String>) -> Self {
        Self::Error(Error::new(Cause::TooCostly, diagnostics))
    }

    /// The error of strict handling.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Unknown(reason) => not_supported(reason),
            Self::Error(error) => error,
        }
    }

    /// The same refusal where leaving the parameter out would select more than was asked for.
    pub(crate) fn always(self) -> Self {
        Self::Error(self.into_error())
    }
}

fn not_supported(diagnostics: impl Into<String>) -> Error {
    Error::with_issue(Cause::BadRequest, Issue::error(IssueType::NotSupported, diagnostics))
}

/// A text of the client as it may stand in a message: short, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
