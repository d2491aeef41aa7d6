//! `If-Match` of a write, <https://hl7.org/fhir/R4/http.html#concurrency>, `If-None-Match: *`, and
//! [`If-Unmodified-Since`](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.4).

use fhir::{Error, Instant, VersionId};

use super::Conditions;

/// Which versions an `If-Match` allows to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    Absent,
    Any,
    Versions(Vec<VersionId>),
    /// `If-None-Match: *`: there must be none.
    Nothing,
    /// `If-Unmodified-Since`: what is there must not be newer, in whole seconds. Of what is not there it says nothing.
    UnmodifiedSince(Instant),
}

/// Whether a version that was written at this time is one that `If-Unmodified-Since` allows.
pub(crate) fn is_unmodified(last_updated: Instant, since: Instant) -> bool {
    let seconds = |instant: Instant| instant.microseconds().div_euclid(1_000_000);
    seconds(last_updated) <= seconds(since)
}

/// What the headers allow to be there, of a write that makes nothing new.
pub(super) fn if_match_existing(conditions: Conditions) -> Result<IfMatch, Error> {
    match if_match(conditions)? {
        IfMatch::Nothing => Err(Error::bad_request("If-None-Match is for reads and updates.")),
        if_match => Ok(if_match),
    }
}

/// `W/"3"`, `"3"`, `3`, a list of these, or `*`; or `If-None-Match: *`. `If-Unmodified-Since` counts where neither is there.
pub(super) fn if_match(conditions: Conditions) -> Result<IfMatch, Error> {
    let header = match (conditions.if_match, conditions.if_none_match.as_deref().map(str::trim)) {
        (None, None) => {
            return Ok(conditions.if_unmodified_since.map_or(IfMatch::Absent, IfMatch::UnmodifiedSince));
        }
        (None, Some("*")) => return Ok(IfMatch::Nothing),
        (Some(header), None) => header,
        (None, Some(_)) => {
            return Err(Error::bad_request("Of a write, If-None-Match can only be *: nothing may be there."));
        }
        (Some(_), Some(_)) => {
            return Err(Error::bad_request("If-Match and If-None-Match cannot both hold. Send one of them."));
        }
    };
    if header.trim() == "*" {
        return Ok(IfMatch::Any);
    }
    let mut versions = Vec::new();
    for tag in header.split(',').map(str::trim) {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        let text = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
            return Err(Error::bad_request(
                "If-Match holds a version as W/\"3\", several with commas, or *.",
            ));
        }
        // A tag that no version of ours can have matches none of them, which is not an error but a 412.
        versions.extend(VersionId::parse(text));
    }
    Ok(IfMatch::Versions(versions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_if_match() {
        let parse =
            |text: &str| if_match(Conditions { if_match: Some(text.to_owned()), ..Conditions::default() });
        assert_eq!(parse("*").unwrap(), IfMatch::Any);
        for one in ["W/\"3\"", "\"3\"", "3"] {
            assert_eq!(parse(one).unwrap(), IfMatch::Versions(vec![VersionId::new(3)]), "{one}");
        }
        assert_eq!(parse("W/\"99999999999\"").unwrap(), IfMatch::Versions(vec![]));
        assert!(parse("\"1 OR 1=1\"").is_err());
        assert!(parse("").is_err());
        let none = |if_match: Option<&str>, if_none_match: &str| {
            let (if_match, if_none_match) = (if_match.map(str::to_owned), Some(if_none_match.to_owned()));
            super::if_match(Conditions { if_match, if_none_match, ..Conditions::default() })
        };
        assert_eq!(none(None, "*").unwrap(), IfMatch::Nothing);
        assert!(none(None, "W/\"3\"").is_err() && none(Some("*"), "*").is_err());
    }

    #[test]
    fn a_version_wins_over_a_date_and_a_date_has_whole_seconds() {
        let at = Instant::from_microseconds(1_763_720_103_999_999);
        let dated = |if_match: Option<&str>| {
            let conditions = Conditions {
                if_match: if_match.map(str::to_owned),
                if_unmodified_since: Some(at),
                ..Conditions::default()
            };
            super::if_match(conditions).unwrap()
        };
        assert_eq!(dated(None), IfMatch::UnmodifiedSince(at));
        assert_eq!(dated(Some("*")), IfMatch::Any);
        let second = Instant::from_microseconds(1_763_720_103_000_000);
        assert!(is_unmodified(at, second) && is_unmodified(second, at));
        assert!(!is_unmodified(at, Instant::from_microseconds(1_763_720_102_999_999)));
    }
}
