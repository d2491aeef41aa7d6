//! JSON content: the parser of record, <https://hl7.org/fhir/R4/json.html>.

use serde_json::Value;

use crate::{Cause, Error, Resource};

/// The value that these bytes are; 400 with all findings otherwise.
pub fn parse(bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(|e| Error::new(Cause::Unparsable, e.to_string()))
}

/// The resource that these bytes are; 400 with all findings otherwise.
pub fn object(bytes: &[u8]) -> Result<Resource, Error> {
    Resource::new(parse(bytes)?)
}

/// The compact text of a value.
#[must_use]
pub fn to_string(value: &Value) -> String {
    value.to_string()
}
