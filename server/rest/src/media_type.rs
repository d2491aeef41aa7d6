//! Media types as they stand in `Content-Type`, `Accept` and `_format`, <https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1>,
//! and those of FHIR, <https://hl7.org/fhir/R4/http.html#mime-type>.

/// How a resource is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Json,
    Xml,
}

/// The media types of resources, the preferred one of each syntax first.
pub(crate) const RESOURCE: [(&str, Syntax); 8] = [
    ("application/fhir+json", Syntax::Json),
    ("application/fhir+xml", Syntax::Xml),
    ("application/json", Syntax::Json),
    ("application/xml", Syntax::Xml),
    ("text/json", Syntax::Json),
    ("text/xml", Syntax::Xml),
    ("application/json+fhir", Syntax::Json),
    ("application/xml+fhir", Syntax::Xml),
];

/// A media type or range with its parameters; names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaType {
    pub(crate) essence: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// The media type that this text is, when it is one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = split(text, ';').into_iter();
        let essence = parts.next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        let is_token = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-*".contains(&b))
        };
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut parameters = Vec::new();
        for part in parts.filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=')?;
            let value = value.trim();
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            parameters.push((name.trim().to_ascii_lowercase(), value.to_owned()));
        }
        Some(Self { essence, parameters })
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether its `fhirVersion`, if any, is the one spoken here.
    pub(crate) fn is_our_version(&self) -> bool {
        self.parameter("fhirversion").is_none_or(|version| matches!(version, "4.0" | "4.0.1"))
    }

    /// FHIR's name for it and its syntax, when it is a media type of resources.
    pub(crate) fn resource(&self) -> Option<(&'static str, Syntax)> {
        RESOURCE.into_iter().find(|(name, _)| *name == self.essence)
    }
}

/// Whether a media type is FHIR's own, and no one else's content can have it.
pub(crate) fn is_fhir(essence: &str) -> bool {
    essence.contains("fhir")
}

/// The parts of a list, split at a separator that is not between quotes.
pub(crate) fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(|c: char| {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        c == separator && !is_quoted
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_parameters() {
        let media = MediaType::parse("Application/FHIR+json ; Charset=\"UTF-8\";fhirVersion=4.0").unwrap();
        assert_eq!(media.resource(), Some(("application/fhir+json", Syntax::Json)));
        assert_eq!(media.parameter("charset"), Some("UTF-8"));
        assert!(media.is_our_version());
        assert!(!MediaType::parse("application/json; fhirVersion=3.0").unwrap().is_our_version());
        for text in ["", "json", "a/", "/b", "a b/c", "a/b; x", "a/b/c"] {
            assert_eq!(MediaType::parse(text), None, "{text}");
        }
    }

    #[test]
    fn quoted_separators_do_not_separate() {
        assert_eq!(split("a;x=\"1;2\";y", ';'), ["a", "x=\"1;2\"", "y"]);
        assert_eq!(split("a, b", ','), ["a", " b"]);
    }
}
