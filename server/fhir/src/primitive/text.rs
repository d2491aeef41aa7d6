//! Primitives that are texts without an inner grammar: string, markdown, code, id,
//! <https://hl7.org/fhir/R4/datatypes.html#string>.

use super::refuse;
use crate::id::is_id;

/// The most characters of a string, <https://hl7.org/fhir/R4/datatypes.html#string>.
const MAX_LENGTH: usize = 1024 * 1024;

/// Some characters, no control characters but tab, carriage return and line feed.
pub(super) fn string(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("The text is empty; leave the element out.".to_owned());
    }
    if text.len() > MAX_LENGTH && text.chars().count() > MAX_LENGTH {
        return Err(format!("The text has more than {MAX_LENGTH} characters."));
    }
    if text.bytes().any(|b| b < b' ' && !matches!(b, b'\t' | b'\r' | b'\n')) {
        return Err(
            "The text has a control character other than tab, carriage return and line feed.".to_owned()
        );
    }
    Ok(())
}

/// No white space at the ends, single spaces within.
pub(super) fn code(text: &str) -> Result<(), String> {
    let whole = !text.is_empty()
        && text.split(' ').all(|word| !word.is_empty() && !word.contains(char::is_whitespace));
    if whole && string(text).is_ok() {
        return Ok(());
    }
    refuse(text, "a code", "characters with at most single spaces between them, none at the ends")
}

/// See [`is_id`].
pub(super) fn id(text: &str) -> Result<(), String> {
    if is_id(text) {
        Ok(())
    } else {
        refuse(text, "an id", "1 to 64 of the characters A-Z, a-z, 0-9, '-' and '.'")
    }
}
