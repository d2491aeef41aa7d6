//! From an HTTP request to an `interaction::Request`: what its body is, by its `Content-Type`,
//! <https://hl7.org/fhir/R4/http.html#mime-type>.

use bytes::Bytes;
use fhir::{Cause, Error, Value};
use interaction::{JSON_PATCH, MERGE_PATCH, Verb};

use crate::binary::{self, About, takes_content};
use crate::media_type::{MediaType, Syntax, is_fhir};

/// The media type that says no more than that it is JSON.
const PLAIN_JSON: &str = "application/json";

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    None,
    Json,
    Xml,
    JsonPatch,
    MergePatch,
    /// A patch of any form, as its content says.
    PlainPatch,
    /// The parameters of a search.
    Form,
    /// A Binary, or what it is to hold.
    Binary,
}

/// Whether a request with this verb has a body that counts. Bodies of other verbs are left unread.
pub(crate) fn has_body(verb: Verb) -> bool {
    matches!(verb, Verb::Post | Verb::Put | Verb::Patch)
}

/// Whether this address takes the parameters of a search as a form.
pub(crate) fn takes_form(address: &str) -> bool {
    address == "_search" || address.ends_with("/_search")
}

/// What the body is that a request with this verb to this address sends with these values of `Content-Type`.
///
/// # Errors
/// 415 when it is nothing that can be read here.
pub(crate) fn body_kind(
    verb: Verb,
    address: &str,
    content_types: &[&str],
    is_empty: bool,
) -> Result<BodyKind, Error> {
    let refused = |sentence: &str| Error::new(Cause::UnsupportedMediaType, sentence);
    if takes_form(address) && is_empty {
        return Ok(BodyKind::Form);
    }
    // Whether a body is needed is for the interaction to say.
    if is_empty {
        return Ok(BodyKind::None);
    }
    let [content_type] = content_types else {
        return Err(refused("A request with a body names its Content-Type, once."));
    };
    let media_type =
        MediaType::parse(content_type).ok_or_else(|| refused("The Content-Type is not a media type."))?;
    let is_binary =
        takes_content(verb, address) && media_type.resource().is_none_or(|(name, _)| !is_fhir(name));
    if is_binary {
        return Ok(BodyKind::Binary);
    }
    if media_type.parameter("charset").is_some_and(|charset| !is_utf_8(charset)) {
        return Err(refused("The body has to be UTF-8."));
    }
    if !media_type.is_our_version() {
        return Err(refused("The server speaks FHIR version 4.0."));
    }
    if takes_form(address) {
        return match media_type.essence.as_str() {
            "application/x-www-form-urlencoded" => Ok(BodyKind::Form),
            _ => Err(refused("The parameters of _search come as application/x-www-form-urlencoded.")),
        };
    }
    match (media_type.resource(), verb) {
        _ if takes_content(verb, address) => Ok(BodyKind::Binary),
        (Some((PLAIN_JSON, _)), Verb::Patch) => Ok(BodyKind::PlainPatch),
        (Some((_, Syntax::Json)), _) => Ok(BodyKind::Json),
        (Some((_, Syntax::Xml)), _) => Ok(BodyKind::Xml),
        (None, Verb::Patch) if media_type.essence == JSON_PATCH => Ok(BodyKind::JsonPatch),
        (None, Verb::Patch) if media_type.essence == MERGE_PATCH => Ok(BodyKind::MergePatch),
        (None, Verb::Patch) => Err(refused(
            "A patch comes as application/json-patch+json or application/merge-patch+json, or as Parameters in application/fhir+json or application/fhir+xml.",
        )),
        (None, _) => Err(refused("A resource comes as application/fhir+json or application/fhir+xml.")),
    }
}

fn is_utf_8(charset: &str) -> bool {
    ["utf-8", "utf8"].iter().any(|name| charset.eq_ignore_ascii_case(name))
}

/// What a body says.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) resource: Option<Value>,
    pub(crate) json_patch: Option<Value>,
    pub(crate) merge_patch: Option<Value>,
    pub(crate) form: Option<String>,
}

/// What this body says; of a Binary, with what the request says about it.
///
/// # Errors
/// 400 with every finding when it cannot be parsed.
pub(crate) fn parse_body(kind: BodyKind, body: &Bytes, about: &About) -> Result<Parsed, Error> {
    let mut parsed = Parsed::default();
    match kind {
        BodyKind::None => {}
        BodyKind::Json => parsed.resource = Some(fhir::json::parse(body)?),
        BodyKind::Xml => parsed.resource = Some(fhir::xml::from_xml(body)?),
        BodyKind::JsonPatch => parsed.json_patch = Some(fhir::json::parse(body)?),
        BodyKind::MergePatch => parsed.merge_patch = Some(fhir::json::parse_patch(body)?),
        BodyKind::PlainPatch => match fhir::json::parse_patch(body)? {
            patch if patch.is_array() => parsed.json_patch = Some(patch),
            patch if patch.get("resourceType").is_none() => parsed.merge_patch = Some(patch),
            _ => parsed.resource = Some(fhir::json::parse(body)?),
        },
        BodyKind::Form => {
            let form = std::str::from_utf8(body).map_err(|_| Error::bad_request("The form is not UTF-8."))?;
            parsed.form = Some(form.trim().to_owned());
        }
        BodyKind::Binary => parsed.resource = Some(binary::read(about, body)?),
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_says_what_a_body_is() {
        use BodyKind::{Form, Json, Xml};
        let form = "application/x-www-form-urlencoded";
        for (address, types, expect) in [
            ("Task", &["application/fhir+json"][..], Ok(Json)),
            ("Task", &["application/json; charset=UTF-8"], Ok(Json)),
            ("Task", &["text/json"], Ok(Json)),
            ("Task/1", &["application/json-patch+json"], Err(415)),
            ("Task", &["application/fhir+xml; fhirVersion=4.0"], Ok(Xml)),
            ("Task/_search", &[form], Ok(Form)),
            ("Task/_search", &["application/fhir+json"], Err(415)),
            ("Task", &[form], Err(415)),
            ("Task", &[], Err(415)),
            ("Task", &["text/csv"], Err(415)),
            ("Task", &["text/html"], Err(415)),
            ("Task", &["application/json; charset=utf-7"], Err(415)),
            ("Task", &["application/fhir+json; fhirVersion=3.0"], Err(415)),
            ("Task", &["application/json", "application/xml"], Err(415)),
            ("Task", &["json"], Err(415)),
        ] {
            let found = body_kind(Verb::Post, address, types, false).map_err(|error| error.cause().status());
            assert_eq!(found, expect, "{address} {types:?}");
        }
        for (address, content_type, expect) in [
            ("Binary", "image/png", Ok(BodyKind::Binary)),
            ("Binary", "text/plain; charset=iso-8859-1", Ok(BodyKind::Binary)),
            ("Binary", "application/fhir+json", Ok(BodyKind::Binary)),
            ("Binary", "application/fhir+json; fhirVersion=3.0", Err(415)),
            ("Binary", "nonsense", Err(415)),
            ("Binary/_search", "image/png", Err(415)),
            ("Binary/$validate", "image/png", Err(415)),
        ] {
            let found = body_kind(Verb::Post, address, &[content_type], false);
            assert_eq!(found.map_err(|error| error.cause().status()), expect, "{address} {content_type}");
        }
        assert_eq!(body_kind(Verb::Post, "Task/1/$x", &[], true).unwrap(), BodyKind::None);
        assert_eq!(body_kind(Verb::Post, "Task/_search", &[], true).unwrap(), Form);
        for (content_type, expect) in [
            ("application/json-patch+json", Ok(BodyKind::JsonPatch)),
            ("application/merge-patch+json", Ok(BodyKind::MergePatch)),
            ("application/json; charset=utf-8", Ok(BodyKind::PlainPatch)),
            ("application/fhir+json", Ok(Json)),
            ("application/fhir+xml", Ok(Xml)),
            ("application/xml-patch+xml", Err(415)),
        ] {
            let found = body_kind(Verb::Patch, "Task/1", &[content_type], false);
            assert_eq!(found.map_err(|error| error.cause().status()), expect, "{content_type}");
        }
    }
}
