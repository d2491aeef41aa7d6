//! FHIR's primitive types, <https://hl7.org/fhir/R4/datatypes.html#primitive>: whether a JSON value is one of them.
//!
//! It does not know value sets, nor whether anything that is named exists.

mod base64;
pub mod date;
mod number;
#[cfg(test)]
mod tests;
mod text;
mod uri;
mod xhtml;

use serde_json::Value;

pub use xhtml::has_content;

/// Whether a JSON value is a valid primitive of that type (`boolean`, `code`, `dateTime` ...); else a sentence that says
/// what was received and what is allowed. A type that is no primitive of R4 is refused as well.
pub fn check(type_name: &str, value: &Value) -> Result<(), String> {
    match (type_name, value) {
        ("boolean", Value::Bool(_)) | ("decimal", Value::Number(_)) => Ok(()),
        ("integer", Value::Number(number)) => number::integer(number, "an integer", i32::MIN),
        ("unsignedInt", Value::Number(number)) => number::integer(number, "an unsignedInt", 0),
        ("positiveInt", Value::Number(number)) => number::integer(number, "a positiveInt", 1),
        ("string" | "markdown", Value::String(text)) => text::string(text),
        ("code", Value::String(text)) => text::code(text),
        ("id", Value::String(text)) => text::id(text),
        ("uri", Value::String(text)) => uri::uri(text, "a uri"),
        ("url", Value::String(text)) => uri::uri(text, "a url"),
        ("canonical", Value::String(text)) => uri::uri(text, "a canonical"),
        ("oid", Value::String(text)) => uri::oid(text),
        ("uuid", Value::String(text)) => uri::uuid(text),
        ("base64Binary", Value::String(text)) => base64::check(text),
        ("date", Value::String(text)) => date::date(text),
        ("dateTime", Value::String(text)) => date::date_time(text),
        ("instant", Value::String(text)) => date::instant(text),
        ("time", Value::String(text)) => date::time(text),
        ("xhtml", Value::String(text)) => xhtml::check(text),
        _ => match json_type(type_name) {
            Some(allowed) => Err(format!("{} was received; a {type_name} is {allowed}.", received(value))),
            None => Err(format!("'{}' is not a primitive type of FHIR R4.", shown(type_name))),
        },
    }
}

/// Whether this is the name of a primitive type of R4.
#[must_use]
pub fn is_primitive(type_name: &str) -> bool {
    json_type(type_name).is_some()
}

/// The JSON type of a primitive type.
fn json_type(type_name: &str) -> Option<&'static str> {
    match type_name {
        "boolean" => Some("true or false, without quotes"),
        "integer" | "unsignedInt" | "positiveInt" | "decimal" => Some("a JSON number, without quotes"),
        "string" | "markdown" | "code" | "id" | "uri" | "url" | "canonical" | "oid" | "uuid"
        | "base64Binary" | "date" | "dateTime" | "instant" | "time" | "xhtml" => Some("a JSON string"),
        _ => None,
    }
}

fn received(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("The boolean {value}"),
        Value::Number(number) => format!("The number {}", shown(&number.to_string())),
        Value::String(text) => format!("The string '{}'", shown(text)),
        Value::Array(_) => "An array".to_owned(),
        Value::Object(_) => "An object".to_owned(),
    }
}

fn refuse(text: &str, name: &str, allowed: &str) -> Result<(), String> {
    Err(format!("'{}' is not {name}: {allowed}.", shown(text)))
}

/// Client text as it may be repeated in a sentence: its first 64 characters.
fn shown(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
