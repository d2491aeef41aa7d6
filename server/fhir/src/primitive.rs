//! FHIR's primitive types, <https://hl7.org/fhir/R4/datatypes.html#primitive>.

pub mod date;

use serde_json::Value;

/// Whether a JSON value is a valid primitive of that type; else a sentence saying what was received and what is allowed.
pub fn check(type_name: &str, value: &Value) -> Result<(), String> {
    match type_name {
        "boolean" if !value.is_boolean() => Err(format!("{value} is not a boolean.")),
        _ => Ok(()),
    }
}
