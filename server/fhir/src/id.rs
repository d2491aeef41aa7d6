//! Logical ids and version ids, <https://hl7.org/fhir/R4/datatypes.html#id>.

use std::fmt;

use uuid::Uuid;

use crate::Error;

/// A logical id: 1 to 64 of `A-Z a-z 0-9 - .`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(Box<str>);

impl Id {
    /// The id that this text is; 400 when it is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if is_id(text) {
            Ok(Self(text.into()))
        } else {
            Err(Error::bad_request("An id has 1 to 64 of the characters A-Z, a-z, 0-9, '-' and '.'."))
        }
    }

    /// A new id: a UUID of version 7, so that ids made later sort later.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Id {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this text has the form of an id.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// The number of a version of one resource, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionId(i32);

impl VersionId {
    pub const FIRST: Self = Self(1);

    /// The version with this number; numbers come from the database or from [`VersionId::parse`].
    #[must_use]
    pub fn new(number: i32) -> Self {
        Self(number)
    }

    /// The version that this text names, if it names one that can exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        text.parse().ok().map(Self)
    }

    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
