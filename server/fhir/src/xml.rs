//! XML content, converted at the edge, <https://hl7.org/fhir/R4/xml.html>. The only module that names fhirbolt.
//!
//! XML is never stored and never validated as such: it becomes JSON, which the parser of record then reads as strictly
//! as any other. fhirbolt knows the order of elements and which of them repeat; what it would change or lose (white space
//! in narratives, line breaks in values, exponents, numbers past 32 bits) travels around it, and a panic in it is an
//! answer, not an end.

mod carry;
mod input;
mod output;
mod prepare;
#[cfg(test)]
mod tests;
pub(crate) mod token;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fhirbolt::{FhirRelease, FhirReleases};
use serde_json::Value;

use crate::{Cause, Error, json};

const R4: FhirRelease = FhirReleases::R4;
const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// How deep elements may stand in one another.
const MAX_DEPTH: usize = json::MAX_DEPTH;

/// The JSON form of an XML resource in UTF-8, as strict as [`json::parse`]; 400 where there is none. Document types,
/// entities, CDATA, unknown attributes and unknown elements are refused; comments are dropped; narratives are kept byte
/// for byte.
pub fn from_xml(bytes: &[u8]) -> Result<Value, Error> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = str::from_utf8(bytes).map_err(|_| Error::new(Cause::Unparsable, "The XML is not UTF-8."))?;
    json::parse(json::to_string(&input::convert(text)?).as_bytes())
}

/// The XML form of a resource, in UTF-8, indented. The value is one that [`json::parse`] and the structure of R4 accept;
/// else 500, or 406 where a text in it cannot be written in XML.
pub fn to_xml(value: &Value) -> Result<Vec<u8>, Error> {
    output::convert(value).map(String::into_bytes)
}

/// The result of a call into fhirbolt, or none when it panicked. It keeps no state that a panic could break.
fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

/// Text of a client, or of fhirbolt, which lists every element that there is, as it may be repeated in a sentence.
fn cut(text: &str) -> &str {
    text.char_indices().nth(300).map_or(text, |(end, _)| &text[..end])
}
