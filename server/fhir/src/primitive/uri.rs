//! uri, url, canonical, oid and uuid, <https://hl7.org/fhir/R4/datatypes.html#uri>. Nothing is resolved.

use super::refuse;

/// Some characters without white space and control characters.
pub(super) fn uri(text: &str, name: &str) -> Result<(), String> {
    if !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    refuse(text, name, "characters without white space")
}

/// `urn:oid:` with arcs of digits.
pub(super) fn oid(text: &str) -> Result<(), String> {
    let valid = text.strip_prefix("urn:oid:").is_some_and(|arcs| {
        let mut arcs = arcs.split('.');
        let first = arcs.next();
        let mut count = 0;
        let rest = arcs.all(|arc| {
            count += 1;
            let digits = !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
            digits && (arc == "0" || !arc.starts_with('0'))
        });
        matches!(first, Some("0" | "1" | "2")) && rest && count > 0
    });
    if valid { Ok(()) } else { refuse(text, "an oid", "the form urn:oid:1.2.3") }
}

/// `urn:uuid:` with a UUID in lower case.
pub(super) fn uuid(text: &str) -> Result<(), String> {
    let valid = text.strip_prefix("urn:uuid:").is_some_and(|uuid| {
        uuid.len() == 36
            && uuid.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            })
    });
    if valid {
        Ok(())
    } else {
        refuse(text, "a uuid", "the form urn:uuid:c757873d-ec9a-4326-a141-556f43239520")
    }
}
