//! Why a question about codes has no answer here.

use std::fmt;

use super::CodeSystem;
use crate::split_version;

/// What would have to be known to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The code system with this canonical url, in this version if it names one.
    CodeSystem(String),
    /// The value set with this canonical url, as well.
    ValueSet(String),
    /// All of a code system, of which only a part or nothing is held: `not-present`, `fragment` or `example`.
    Content { system: String, content: String },
    /// What a filter means.
    Filter { property: String, op: String },
    /// Value sets that import each other in a circle, or too much of them.
    TooCostly(String),
}

impl Unknown {
    pub(super) fn content(code_system: &CodeSystem) -> Self {
        Self::Content { system: code_system.url.clone(), content: code_system.content.clone() }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CodeSystem(canonical) => write!(f, "The code system {} is not held here", Named(canonical)),
            Self::ValueSet(canonical) => write!(f, "The value set {} is not held here", Named(canonical)),
            Self::Content { system, content } => {
                write!(f, "Of the code system {system} only a part is held here (its content is '{content}')")
            }
            Self::Filter { property, op } => {
                write!(f, "The filter '{property} {op}' is not supported here")
            }
            Self::TooCostly(url) => {
                write!(f, "The value set {url} imports others in a circle, or too many of them")
            }
        }
    }
}

/// A canonical in words.
struct Named<'a>(&'a str);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match split_version(self.0) {
            (url, Some(version)) => write!(f, "{url} in the version '{version}'"),
            (url, None) => f.write_str(url),
        }
    }
}
