//! Which media type the answer has, <https://hl7.org/fhir/R4/http.html#mime-type>: `_format` first, then `Accept` with its
//! weights, then JSON.

use fhir::{Cause, Error};

use crate::media_type::{MediaType, RESOURCE, Syntax, is_fhir, split};

/// The media type and syntax of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) media_type: &'static str,
    pub(crate) syntax: Syntax,
}

impl Default for Format {
    fn default() -> Self {
        let (media_type, syntax) = RESOURCE[0];
        Self { media_type, syntax }
    }
}

/// The format that is asked for by these values of `Accept` and by `_format`.
///
/// # Errors
/// 406 when nothing that is asked for can be given.
pub(crate) fn negotiate(accept: &[&str], format: Option<&str>) -> Result<Format, Error> {
    let found = match format {
        Some(format) => of_parameter(format),
        None => of_header(accept),
    };
    found.ok_or_else(not_acceptable)
}

/// A `_format`; clients that forget to encode the plus sign send a space.
fn of_parameter(format: &str) -> Option<Format> {
    match format {
        "json" => return Some(Format::default()),
        "xml" => return Some(Format { media_type: "application/fhir+xml", syntax: Syntax::Xml }),
        _ => {}
    }
    let format = format.trim().replacen("fhir ", "fhir+", 1);
    let (media_type, syntax) = MediaType::parse(&format).filter(MediaType::is_our_version)?.resource()?;
    Some(Format { media_type, syntax })
}

fn of_header(accept: &[&str]) -> Option<Format> {
    if accept.iter().all(|value| value.trim().is_empty()) {
        return Some(Format::default());
    }
    let (mut ranges, refused) = weighed(accept);
    ranges.retain(MediaType::is_our_version);
    ranges.iter().find_map(|range| {
        let (media_type, syntax) = range.resource().or_else(|| {
            let prefix = range.essence.strip_suffix('*')?;
            let prefix = if range.essence == "*/*" { "" } else { prefix };
            RESOURCE
                .into_iter()
                .find(|(name, _)| name.starts_with(prefix) && !refused.iter().any(|r| r == name))
        })?;
        Some(Format { media_type, syntax })
    })
}

/// The ranges of these values of `Accept`, the preferred ones first, and the names of those that are refused.
fn weighed(accept: &[&str]) -> (Vec<MediaType>, Vec<String>) {
    let ranges = accept.iter().flat_map(|value| split(value, ',')).filter_map(MediaType::parse);
    let (mut taken, refused): (Vec<_>, Vec<_>) = ranges.partition(|range| weight(range) > 0);
    taken.sort_by_key(|range| std::cmp::Reverse(weight(range)));
    (taken, refused.into_iter().map(|range| range.essence).collect())
}

/// How a Binary is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Resource(Format),
    /// The bytes that it holds.
    Content,
}

/// How a Binary whose content is of this type is answered to these values of `Accept`: as a resource where a type of FHIR is
/// named, <https://hl7.org/fhir/R4/binary.html>. The general types of JSON and XML name it where nothing else is taken.
///
/// # Errors
/// 406 when FHIR of another version is all that is taken.
pub(crate) fn choose(accept: &[String], content: &str) -> Result<Choice, Error> {
    let accept: Vec<&str> = accept.iter().map(String::as_str).collect();
    let (ranges, _) = weighed(&accept);
    for range in &ranges {
        match range.resource() {
            Some((media_type, syntax)) if is_fhir(media_type) && range.is_our_version() => {
                return Ok(Choice::Resource(Format { media_type, syntax }));
            }
            _ if range.essence == content && !is_fhir(content) => return Ok(Choice::Content),
            _ => {}
        }
    }
    let mut general = ranges.iter().filter_map(MediaType::resource).filter(|(name, _)| !is_fhir(name));
    let kind = content.split('/').next().unwrap_or_default();
    let takes_content = |range: &MediaType| {
        range.essence.strip_suffix("/*").is_some_and(|taken| taken == "*" || taken == kind)
    };
    match general.next() {
        _ if ranges.iter().any(takes_content) => Ok(Choice::Content),
        Some((media_type, syntax)) => Ok(Choice::Resource(Format { media_type, syntax })),
        None if ranges.iter().any(|range| !is_fhir(&range.essence)) || ranges.is_empty() => {
            Ok(Choice::Content)
        }
        None => Err(not_acceptable()),
    }
}

fn not_acceptable() -> Error {
    Error::new(
        Cause::NotAcceptable,
        "The answer can be application/fhir+json or application/fhir+xml, of FHIR version 4.0; what was asked for is neither.",
    )
}

/// The weight of a range, in thousandths; one that is malformed counts as 1.
fn weight(range: &MediaType) -> u16 {
    let Some(q) = range.parameter("q") else { return 1000 };
    match q.parse::<f32>() {
        // The clamp makes the number one that the type has.
        Ok(q) if q.is_finite() => (q.clamp(0.0, 1.0) * 1000.0) as u16,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_weighed() {
        for (accept, expect) in [
            (&[][..], Some("application/fhir+json")),
            (&[""], Some("application/fhir+json")),
            (&["*/*"], Some("application/fhir+json")),
            (&["application/json"], Some("application/json")),
            (&["text/json"], Some("text/json")),
            (&["application/fhir+xml"], Some("application/fhir+xml")),
            (&["text/xml"], Some("text/xml")),
            (&["application/json+fhir"], Some("application/json+fhir")),
            (&["application/fhir+xml;q=0.5, application/fhir+json"], Some("application/fhir+json")),
            (&["application/fhir+xml;q=0.5", "application/json;q=0.4"], Some("application/fhir+xml")),
            (&["text/turtle, application/*;q=0.1"], Some("application/fhir+json")),
            (&["text/*"], Some("text/json")),
            (&["application/fhir+json;q=0, */*"], Some("application/fhir+xml")),
            (&["application/fhir+json; fhirVersion=4.0"], Some("application/fhir+json")),
            (&["application/fhir+json; fhirVersion=3.0"], None),
            (&["application/fhir+json; fhirVersion=5.0, application/fhir+xml"], Some("application/fhir+xml")),
            (&["text/turtle"], None),
            (&["image/png"], None),
            (&["application/fhir+json;q=0"], None),
            (&["nonsense"], None),
            (&["application/json;q=nonsense"], Some("application/json")),
        ] {
            assert_eq!(negotiate(accept, None).ok().map(|f| f.media_type), expect, "{accept:?}");
        }
    }

    #[test]
    fn a_binary_is_a_resource_where_fhir_is_named() {
        let (json, xml) = (Some("application/fhir+json"), Some("application/fhir+xml"));
        for (accept, content, expect) in [
            ("", "image/png", Ok(None)),
            ("*/*", "image/png", Ok(None)),
            ("image/png", "image/png", Ok(None)),
            ("image/*", "image/png", Ok(None)),
            // What is not had is not asked for again: the content is what it is.
            ("application/pdf", "image/png", Ok(None)),
            ("application/fhir+json", "image/png", Ok(json)),
            ("application/fhir+xml", "image/png", Ok(xml)),
            ("*/*, application/fhir+json", "image/png", Ok(json)),
            ("application/fhir+json;q=0.5, image/png", "image/png", Ok(None)),
            ("application/fhir+json, image/png;q=0.9", "image/png", Ok(json)),
            ("application/fhir+json;q=0, */*", "image/png", Ok(None)),
            ("application/fhir+json", "application/fhir+json", Ok(json)),
            ("application/json", "application/json", Ok(None)),
            ("application/json", "image/png", Ok(Some("application/json"))),
            ("application/json, text/plain, */*", "image/png", Ok(None)),
            ("text/html, application/xml;q=0.9, */*;q=0.8", "application/pdf", Ok(None)),
            ("application/fhir+json; fhirVersion=3.0", "image/png", Err(406)),
            ("application/fhir+json; fhirVersion=3.0, image/png", "image/png", Ok(None)),
        ] {
            let found = choose(&[accept.to_owned()], content).map_err(|error| error.cause().status());
            let found = found.map(|choice| match choice {
                Choice::Resource(format) => Some(format.media_type),
                Choice::Content => None,
            });
            assert_eq!(found, expect, "{accept} {content}");
        }
    }

    #[test]
    fn the_parameter_overrides_the_header() {
        for (format, expect) in [
            ("json", Some("application/fhir+json")),
            ("xml", Some("application/fhir+xml")),
            ("application/json", Some("application/json")),
            ("application/fhir json", Some("application/fhir+json")),
            ("text/xml", Some("text/xml")),
            ("application/fhir+json;fhirVersion=3.0", None),
            ("ttl", None),
            ("html", None),
            ("*/*", None),
        ] {
            let found = negotiate(&["application/fhir+xml"], Some(format));
            assert_eq!(found.as_ref().ok().map(|f| f.media_type), expect, "{format}");
            if let Err(error) = found {
                assert_eq!(error.cause().status(), 406);
            }
        }
    }
}
