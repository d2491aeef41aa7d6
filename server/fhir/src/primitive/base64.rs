//! base64Binary, <https://hl7.org/fhir/R4/datatypes.html#base64Binary>. White space is allowed between characters.

/// Whole groups of four characters, padding only at the end. The content itself is not decoded.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut characters = 0usize;
    let mut padding = 0usize;
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => characters += 1,
            _ => {
                return Err(
                    "The text is not base64: only A-Z, a-z, 0-9, '+', '/' and '=' at the end.".to_owned()
                );
            }
        }
    }
    if characters > 0 && padding <= 2 && (characters + padding).is_multiple_of(4) {
        return Ok(());
    }
    Err("The text is not base64: its characters come in groups of four, the last filled up with '='."
        .to_owned())
}
