//! Which media type the answer has, <https://hl7.org/fhir/R4/http.html#mime-type>: `_format` first, then `Accept` with its
//! weights, then JSON.

use fhir::{Cause, Error};

use crate::media_type::{MediaType, RESOURCE, Syntax, split};

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
    found.ok_or_else(|| {
        Error::new(
            Cause::NotAcceptable,
            "The answer can be application/fhir+json or application/fhir+xml, of FHIR version 4.0; what was asked for is neither.",
        )
    })
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
    let ranges: Vec<&str> =
        accept.iter().flat_map(|value| split(value, ',')).filter(|r| !r.trim().is_empty()).collect();
    if ranges.is_empty() {
        return Some(Format::default());
    }
    let mut ranges: Vec<(MediaType, u16)> = ranges
        .into_iter()
        .filter_map(MediaType::parse)
        .map(|range| (weight(&range), range))
        .map(|(q, r)| (r, q))
        .collect();
    let refused: Vec<String> =
        ranges.iter().filter(|(_, weight)| *weight == 0).map(|(range, _)| range.essence.clone()).collect();
    ranges.retain(|(range, weight)| *weight > 0 && range.is_our_version());
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    ranges.iter().find_map(|(range, _)| {
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
