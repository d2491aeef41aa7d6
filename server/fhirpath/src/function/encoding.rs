//! Texts for other notations, <https://build.fhir.org/ig/HL7/FHIRPath/#additional-string-functions>: base64, hex, HTML, JSON.

use std::fmt::Write as _;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

use super::{Invocation, Items, string::made};

pub(super) fn encode<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    converted(call, |text, format| match format {
        "base64" => Some(STANDARD.encode(text)),
        "urlbase64" => Some(URL_SAFE.encode(text)),
        "hex" => Some(text.bytes().fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })),
        _ => None,
    })
}

pub(super) fn decode<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    converted(call, |text, format| {
        let bytes = match format {
            "base64" => STANDARD.decode(text).ok()?,
            "urlbase64" => URL_SAFE.decode(text).ok()?,
            "hex" => from_hex(text)?,
            _ => return None,
        };
        String::from_utf8(bytes).ok()
    })
}

pub(super) fn escape<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    converted(call, |text, format| match format {
        "html" => Some(ENTITIES.iter().fold(text.to_owned(), |text, (c, entity)| text.replace(c, entity))),
        "json" => {
            let quoted = serde_json::Value::from(text).to_string();
            Some(quoted[1..quoted.len() - 1].to_owned())
        }
        _ => None,
    })
}

pub(super) fn unescape<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    converted(call, |text, format| match format {
        "html" => {
            Some(ENTITIES.iter().rev().fold(text.to_owned(), |text, (c, entity)| text.replace(entity, c)))
        }
        // A quote that is not escaped stands for itself.
        "json" => serde_json::from_str(&format!("\"{text}\""))
            .or_else(|_| serde_json::from_str(&format!("\"{}\"", text.replace('"', "\\\""))))
            .ok(),
        _ => None,
    })
}

/// The ampersand first, so that no entity is escaped twice; undone in the opposite order.
const ENTITIES: [(&str, &str); 5] =
    [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")];

/// Empty when the input or the format is, or when the text cannot be converted.
fn converted<'a>(call: &Invocation<'_, 'a>, convert: impl Fn(&str, &str) -> Option<String>) -> Items<'a> {
    let Some((text, format)) = call.text()?.zip(call.text_argument(0)?) else { return Ok(Vec::new()) };
    convert(&text, &format).map_or(Ok(Vec::new()), |text| made(call, text))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
