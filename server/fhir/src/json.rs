//! JSON content: the strict parser of record, <https://hl7.org/fhir/R4/json.html>.
//!
//! What it accepts is one resource without duplicate properties, empty values, stray nulls or characters that FHIR or the
//! database cannot hold, or a patch, whose values may be empty or null; numbers keep their exact text. What it refuses, it refuses with
//! every finding at once, each with its place. It does not know the elements of any resource type.

mod finding;
mod parser;
mod string;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::{Error, Resource};

/// How deep arrays and objects may stand in one another.
pub const MAX_DEPTH: usize = 64;
/// The most bytes of a string that is neither base64 content nor a narrative.
pub const MAX_STRING: usize = 1024 * 1024;
/// The most characters of a number.
pub const MAX_NUMBER: usize = 1000;

/// The value that these bytes are; 400 with all findings otherwise. A UTF-8 byte order mark is skipped.
///
/// Numbers keep their text (`1.00`, `1e2`), which `serde_json::from_str` would not: it rewrites exponents.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    parser::parse(bytes, false)
}

/// The patch that these bytes are, whose values may be empty or null; 400 with all findings otherwise.
pub fn parse_patch(bytes: &[u8]) -> Result<Value, Error> {
    parser::parse(bytes, true)
}

/// The resource that these bytes are; 400 with all findings otherwise.
pub fn object(bytes: &[u8]) -> Result<Resource, Error> {
    Resource::new(parse(bytes)?)
}

/// The compact text of a value, numbers as they were read.
#[must_use]
pub fn to_string(value: &Value) -> String {
    value.to_string()
}
