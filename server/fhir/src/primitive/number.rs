//! integer, unsignedInt, positiveInt and decimal, <https://hl7.org/fhir/R4/datatypes.html#integer>, by their text.

use serde_json::Number;

use super::refuse;

/// A whole number of 32 bits from `least` on, without fraction or exponent.
pub(super) fn integer(number: &Number, name: &str, least: i32) -> Result<(), String> {
    let text = number.to_string();
    // `-0` parses, and is an integer by its grammar, but no unsigned one.
    let signed = text.starts_with('-') && least >= 0;
    match text.parse::<i32>() {
        Ok(value) if value >= least && !signed => Ok(()),
        _ => refuse(
            &text,
            name,
            &format!("a whole number from {least} to {}, without fraction or exponent", i32::MAX),
        ),
    }
}
