//! What can go wrong: an expression that is none, and one that cannot be evaluated,
//! <https://hl7.org/fhirpath/N1/#expressions>. Missing data is never an error here: it is the empty collection.

use std::fmt;

/// Why a text is not an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The byte of the text at which the trouble was noticed.
    pub offset: usize,
    pub message: String,
}

impl ParseError {
    pub(crate) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FHIRPath, at character {}: {}", self.offset, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Why an expression has no result for this context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluateError {
    /// One item was needed and several were there.
    NotSingle(&'static str),
    /// An operator or function was given a type it has no meaning for.
    IllTyped(String),
    /// A variable that the context does not have.
    UnknownVariable(String),
    /// In a strict context: an element that the type does not have.
    UnknownElement { type_name: &'static str, element: String },
    /// A regular expression that cannot be used.
    Pattern(String),
    /// The evaluation took more steps, or made longer texts, than an evaluation may.
    TooCostly,
    /// Something that needs what this engine does not have, such as a terminology server.
    NotSupported(String),
}

impl EvaluateError {
    pub(crate) fn ill_typed(message: impl Into<String>) -> Self {
        Self::IllTyped(message.into())
    }
}

impl fmt::Display for EvaluateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSingle(what) => write!(f, "{what} needs a single item, and there are several."),
            Self::IllTyped(message) | Self::NotSupported(message) => f.write_str(message),
            Self::UnknownVariable(name) => write!(f, "The variable %{name} is not known here."),
            Self::UnknownElement { type_name, element } => {
                write!(f, "{type_name} has no element '{element}'.")
            }
            Self::Pattern(message) => write!(f, "The regular expression cannot be used: {message}"),
            Self::TooCostly => f.write_str("The evaluation would take more steps than one may."),
        }
    }
}

impl std::error::Error for EvaluateError {}
