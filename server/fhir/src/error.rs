//! The one error value, and the one table from its cause to HTTP status and issue type,
//! <https://hl7.org/fhir/R4/http.html#summary>, <https://hl7.org/fhir/R4/valueset-issue-type.html>.

use std::fmt;

use crate::outcome::{Issue, IssueType};

/// Why an interaction failed. Each cause has one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The content cannot be parsed, or has an unknown, ill-typed or malformed element.
    Unparsable,
    /// A request parameter, header or address cannot be understood.
    BadRequest,
    /// Understood, but refused: profile, invariant, binding, reference or business rule.
    Unprocessable,
    /// A forbidden move of a state machine.
    ForbiddenMove,
    UnknownType,
    NotFound,
    Deleted,
    /// `If-Match` names a version that is not the current one.
    VersionMismatch,
    /// A condition that must select at most one resource selects several.
    MultipleMatches,
    /// Another writer was faster, more often than we retry.
    WriteConflict,
    /// The same business identifier is there already.
    Duplicate,
    /// The resource is still referred to.
    Referenced,
    /// No token, or one that is not accepted.
    Login,
    /// The token does not allow this.
    Forbidden,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    TooLarge,
    UriTooLong,
    /// The body did not arrive in time.
    RequestTimeout,
    /// The request would cost more than a request may.
    TooCostly,
    Throttled,
    /// The database cannot be reached for the moment.
    Transient,
    Timeout,
    /// A fault of this server. The text goes to the log; the caller sees a fixed sentence.
    Exception,
}

impl Cause {
    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().0
    }

    /// The issue type that the answer carries when the finding names none of its own.
    #[must_use]
    pub fn issue_type(self) -> IssueType {
        self.row().1
    }

    fn row(self) -> (u16, IssueType) {
        match self {
            Self::Unparsable => (400, IssueType::Structure),
            Self::BadRequest => (400, IssueType::Invalid),
            Self::TooCostly => (400, IssueType::TooCostly),
            Self::Login => (401, IssueType::Login),
            Self::Forbidden => (403, IssueType::Forbidden),
            Self::UnknownType => (404, IssueType::NotSupported),
            Self::NotFound => (404, IssueType::NotFound),
            Self::MethodNotAllowed => (405, IssueType::NotSupported),
            Self::NotAcceptable => (406, IssueType::NotSupported),
            Self::ForbiddenMove | Self::WriteConflict | Self::Referenced => (409, IssueType::Conflict),
            Self::Duplicate => (409, IssueType::Duplicate),
            Self::RequestTimeout => (408, IssueType::Timeout),
            Self::Deleted => (410, IssueType::Deleted),
            Self::VersionMismatch => (412, IssueType::Conflict),
            Self::MultipleMatches => (412, IssueType::MultipleMatches),
            Self::TooLarge => (413, IssueType::TooLong),
            Self::UriTooLong => (414, IssueType::TooLong),
            Self::UnsupportedMediaType => (415, IssueType::NotSupported),
            Self::Unprocessable => (422, IssueType::Processing),
            Self::Throttled => (429, IssueType::Throttled),
            Self::Exception => (500, IssueType::Exception),
            Self::Transient => (503, IssueType::Transient),
            Self::Timeout => (504, IssueType::Timeout),
        }
    }
}

/// What every fallible function of the house returns in the end: a cause, the findings, and the source for the log.
#[derive(Debug)]
pub struct Error {
    cause: Cause,
    issues: Vec<Issue>,
    /// `Type/id` of the resource that stands in the way.
    address: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with one finding, whose type is the one of the cause.
    #[must_use]
    pub fn new(cause: Cause, diagnostics: impl Into<String>) -> Self {
        Self::with_issue(cause, Issue::error(cause.issue_type(), diagnostics))
    }

    /// An error with one finding.
    #[must_use]
    pub fn with_issue(cause: Cause, issue: Issue) -> Self {
        Self { cause, issues: vec![issue], address: None, source: None }
    }

    /// An error with several findings; with none, one is made from the cause.
    #[must_use]
    pub fn with_issues(cause: Cause, issues: Vec<Issue>) -> Self {
        if issues.is_empty() {
            return Self::new(cause, "The request could not be carried out.");
        }
        Self { cause, issues, address: None, source: None }
    }

    #[must_use]
    pub fn bad_request(diagnostics: impl Into<String>) -> Self {
        Self::new(Cause::BadRequest, diagnostics)
    }

    #[must_use]
    pub fn unknown_type(name: &str) -> Self {
        Self::new(Cause::UnknownType, format!("'{}' is not a resource type of FHIR R4.", short(name)))
    }

    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(Cause::NotFound, format!("{} is not known here.", short(what)))
    }

    #[must_use]
    pub fn deleted(what: &str) -> Self {
        Self::new(
            Cause::Deleted,
            format!("{what} was deleted. Its versions can still be read from its history."),
        )
    }

    /// A fault of this server, with its reason for the log.
    #[must_use]
    pub fn exception(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Cause::Exception, "The server met an unexpected condition.").from_source(source)
    }

    /// The same error with the reason that the log should name.
    #[must_use]
    pub fn from_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error, which names the resource that stands in the way, as `Type/id`.
    #[must_use]
    pub fn naming(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// `Type/id` of the resource that stands in the way, when it is named.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause
    }

    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    #[must_use]
    pub fn into_issues(self) -> Vec<Issue> {
        self.issues
    }

    /// The same error as seen from a Bundle: every expression begins with the entry, as `Bundle.entry[3].resource.status`.
    #[must_use]
    pub fn in_entry(mut self, index: usize) -> Self {
        for issue in &mut self.issues {
            issue.place_in_entry(index);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.cause)?;
        for issue in &self.issues {
            write!(f, ": {}", issue.diagnostics)?;
        }
        if let Some(source) = &self.source {
            write!(f, " ({source})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}

/// Client text as it may be repeated in a message: cut to 100 characters.
fn short(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
