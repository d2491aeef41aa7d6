//! Binary as the bytes that it holds, <https://hl7.org/fhir/R4/binary.html>: read with an `Accept` that names no type of FHIR, or
//! written as content of any type.
//!
//! Everything else about a Binary is as for any resource. Parts of the content (`Range`) are not answered.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use fhir::{Error, Resource, ResourceType, Value};
use interaction::Verb;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::media_type::{MediaType, Syntax, is_fhir};
use crate::negotiate::{Choice, Format, choose};

/// The header that stands for `Binary.securityContext` beside the bytes.
pub(crate) const SECURITY_CONTEXT: &str = "x-security-context";

/// What a browser may show in place: it runs no scripts. Everything else is to be saved.
const INERT: [&str; 8] = [
    "application/pdf",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "text/plain",
];

/// Whether a request with this method reads a Binary, or a version of one.
pub(crate) fn is_read(method: &str, address: &str) -> bool {
    matches!(method, "GET" | "HEAD")
        && match address.split('/').collect::<Vec<_>>().as_slice() {
            ["Binary", id] | ["Binary", id, "_history", _] => !id.starts_with(['_', '$']),
            _ => false,
        }
}

/// Whether a request with this verb to this address may send the content of a Binary.
pub(crate) fn takes_content(verb: Verb, address: &str) -> bool {
    match address.split('/').collect::<Vec<_>>().as_slice() {
        ["Binary"] => matches!(verb, Verb::Post | Verb::Put),
        ["Binary", _] => verb == Verb::Put,
        _ => false,
    }
}

/// How a Binary with this JSON text is answered to these values of `Accept`.
pub(crate) enum Shown {
    Resource(Format),
    Content(Answer),
}

/// # Errors
/// 406 when `Accept` takes only FHIR of another version.
pub(crate) fn show(text: &Bytes, accept: &[String], otherwise: Format) -> Result<Shown, Error> {
    let resource = fhir::json::object(text)?;
    if is_part(&resource) {
        return Ok(Shown::Resource(otherwise));
    }
    let declared = resource.text("contentType").unwrap_or_default();
    let content_type =
        MediaType::parse(declared).filter(|_| declared.bytes().all(|b| b.is_ascii_graphic() || b == b' '));
    let essence = content_type.as_ref().map_or("application/octet-stream", |known| known.essence.as_str());
    if let Choice::Resource(format) = choose(accept, essence)? {
        return Ok(Shown::Resource(format));
    }
    let data: String = resource.text("data").unwrap_or_default().split_ascii_whitespace().collect();
    let Ok(data) = lenient().decode(data) else { return Ok(Shown::Resource(otherwise)) };
    let mut answer = Answer::empty(200);
    answer.body = data.into();
    // What others stored is never to run as a page of this server.
    if !INERT.contains(&essence) {
        answer = answer
            .with("content-disposition", "attachment")
            .with("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
    }
    if let Some(context) = resource.get("securityContext").and_then(|context| context["reference"].as_str()) {
        answer = answer.with(SECURITY_CONTEXT, context);
    }
    let content_type = if content_type.is_some() { declared } else { essence };
    Ok(Shown::Content(answer.with("content-type", content_type)))
}

/// Whether it was read with `_summary` or `_elements`, and so without its data, perhaps.
fn is_part(resource: &Resource) -> bool {
    let tags = resource.get("meta").and_then(|meta| meta["tag"].as_array());
    tags.is_some_and(|tags| tags.iter().any(|tag| tag["code"] == "SUBSETTED"))
}

/// Base64 whose last bits need not be zero.
fn lenient() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&STANDARD, config)
}

/// What a request that writes a Binary says beside its content.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    /// As it was sent.
    pub(crate) content_type: String,
    pub(crate) security_context: Option<String>,
    /// The id in the address of an update.
    pub(crate) id: Option<String>,
}

/// The Binary that a body is: the resource itself, or one that holds these bytes, whatever they are.
///
/// # Errors
/// 400 for a Binary that cannot be parsed, and for what claims to be FHIR and is nothing at all.
pub(crate) fn read(about: &About, body: &Bytes) -> Result<Value, Error> {
    let known = MediaType::parse(&about.content_type).and_then(|media_type| media_type.resource());
    if let Some((name, syntax)) = known {
        let resource_type = match syntax {
            Syntax::Json => json_type(body),
            Syntax::Xml => xml_type(body),
        };
        let is_meant = match &resource_type {
            Some(found) => found == ResourceType::BINARY.name(),
            None => is_fhir(name),
        };
        match syntax {
            _ if !is_meant => {}
            Syntax::Json => return fhir::json::parse(body),
            Syntax::Xml => return fhir::xml::from_xml(body),
        }
    }
    let mut binary = json!({"resourceType": ResourceType::BINARY.name()});
    if let Some(id) = &about.id {
        binary["id"] = json!(id);
    }
    binary["contentType"] = json!(about.content_type.trim());
    if let Some(context) = &about.security_context {
        binary["securityContext"] = json!({"reference": context.trim()});
    }
    binary["data"] = json!(BASE64_STANDARD.encode(body));
    Ok(binary)
}

/// The `resourceType` of what is at least JSON.
fn json_type(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "resourceType")]
        resource_type: Option<String>,
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice::<Typed>(body) {
        Ok(typed) => typed.resource_type,
        // One that names its type twice, or breaks off, still says what it is meant to be.
        Err(_) => {
            let text = String::from_utf8_lossy(body);
            let words: String = text.chars().filter(|c| !c.is_whitespace()).take(200).collect();
            words.contains("\"resourceType\":\"Binary\"").then(|| ResourceType::BINARY.name().to_owned())
        }
    }
}

/// The local name of the root element of what looks like XML.
fn xml_type(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let is_root = |tag: &&str| tag.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let root = text.split('<').skip(1).find(is_root)?;
    let name = root.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next()?;
    Some(name.rsplit(':').next().unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(binary: Value, accept: &str) -> (Option<&'static str>, Option<Answer>) {
        let text = Bytes::from(binary.to_string());
        match show(&text, &[accept.to_owned()], Format::default()).unwrap() {
            Shown::Resource(format) => (Some(format.media_type), None),
            Shown::Content(answer) => (None, Some(answer)),
        }
    }

    #[test]
    fn content_cannot_run_as_a_page() {
        for (content_type, is_inert, told) in [
            ("image/png", true, "image/png"),
            ("text/plain;charset=iso-8859-1", true, "text/plain;charset=iso-8859-1"),
            ("text/html", false, "text/html"),
            ("image/svg+xml", false, "image/svg+xml"),
            ("application/xhtml+xml", false, "application/xhtml+xml"),
            ("nonsense", false, "application/octet-stream"),
            ("text/html\r\nx: y", false, "application/octet-stream"),
        ] {
            let binary =
                json!({"resourceType": "Binary", "contentType": content_type, "data": "PHA+\n aGk8"});
            let answer = shown(binary, "*/*").1.unwrap();
            assert_eq!(answer.body, "<p>hi<");
            assert_eq!(answer.header("content-type"), Some(told), "{content_type}");
            assert_eq!(answer.header("content-disposition").is_none(), is_inert, "{content_type}");
            let policy = answer.header("content-security-policy").unwrap_or("");
            assert_eq!(policy.contains("sandbox"), !is_inert, "{content_type}");
        }
    }

    #[test]
    fn a_part_and_what_is_no_base64_are_shown_as_the_resource() {
        let part =
            json!({"resourceType": "Binary", "meta": {"tag": [{"code": "SUBSETTED"}]}, "contentType": "a/b"});
        assert_eq!(shown(part, "a/b").0, Some("application/fhir+json"));
        let broken = json!({"resourceType": "Binary", "contentType": "a/b", "data": "?"});
        assert_eq!(shown(broken, "a/b").0, Some("application/fhir+json"));
        assert!(
            shown(json!({"resourceType": "Binary", "contentType": "a/b"}), "a/b").1.unwrap().body.is_empty()
        );
    }

    #[test]
    fn a_body_is_a_binary_or_its_content() {
        let of = |content_type: &str, body: &'static str| {
            let about = About {
                content_type: content_type.into(),
                security_context: Some("Patient/1".into()),
                id: None,
            };
            read(&about, &Bytes::from_static(body.as_bytes()))
                .map(|value| value["contentType"].as_str().unwrap_or("").to_owned())
        };
        for (content_type, body, expect) in [
            ("image/png", "x", Some("image/png")),
            ("application/fhir+json", r#"{"resourceType":"Binary","contentType":"a/b"}"#, Some("a/b")),
            ("application/json", r#"{"resourceType":"Binary","contentType":"a/b"}"#, Some("a/b")),
            (
                "application/fhir+json",
                r#"{"resourceType":"Patient","active":null}"#,
                Some("application/fhir+json"),
            ),
            ("application/json", r#"{"a":null,"a":[]}"#, Some("application/json")),
            ("application/json", r#"{"resourceType": "Binary","contentType":"a/b""#, None),
            ("application/json", r#"{"resourceType":"Binary","resourceType":"Binary"}"#, None),
            ("application/json", "{", Some("application/json")),
            ("application/fhir+json", "{", None),
            (
                "application/fhir+xml",
                "<?xml version=\"1.0\"?><!-- x --><Binary xmlns=\"http://hl7.org/fhir\"><contentType value=\"a/b\"/></Binary>",
                Some("a/b"),
            ),
            ("text/xml", "<ClinicalDocument/>", Some("text/xml")),
            ("application/fhir+xml", "<Binary", None),
            ("application/fhir+xml", "x", None),
        ] {
            assert_eq!(of(content_type, body).ok().as_deref(), expect, "{content_type} {body}");
        }
        let about = About {
            content_type: "a/b".into(),
            security_context: Some(" Patient/1".into()),
            id: Some("i".into()),
        };
        let expect = json!({
            "resourceType": "Binary", "id": "i", "contentType": "a/b", "securityContext": {"reference": "Patient/1"}, "data": "eA=="
        });
        assert_eq!(read(&about, &Bytes::from_static(b"x")).unwrap(), expect);
    }
}
