//! Conditional reads, <https://hl7.org/fhir/R4/http.html#cread>: whether the client has the current version already.
//!
//! `If-Match` is not judged here: it is read by `interaction`, and enforced by the statement that writes.

use std::time::{Duration, SystemTime};

use actix_web::http::header::HttpDate;
use fhir::Instant;

/// The conditions of a read.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadConditions {
    pub(crate) if_none_match: Option<String>,
    pub(crate) if_modified_since: Option<String>,
}

impl ReadConditions {
    /// Whether the client has the version with this entity tag, last updated at this time. `If-None-Match` wins over
    /// `If-Modified-Since`; a date that is none is ignored.
    pub(crate) fn has_it(&self, etag: &str, last_updated: Option<Instant>) -> bool {
        if let Some(tags) = &self.if_none_match {
            let opaque = |tag: &str| {
                let tag = tag.trim();
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                tag.trim_matches('"').to_owned()
            };
            return tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == opaque(etag));
        }
        let since = self.if_modified_since.as_deref().and_then(|date| date.parse::<HttpDate>().ok());
        match (since, last_updated) {
            (Some(since), Some(last_updated)) => {
                let seconds = u64::try_from(last_updated.microseconds()).unwrap_or(0) / 1_000_000;
                SystemTime::from(since) >= SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
            }
            _ => false,
        }
    }
}

/// An entity tag of content that has no version of its own.
pub(crate) fn of_content(content: &[u8]) -> String {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("W/\"{:016x}\"", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_wins_over_the_date() {
        let at = Instant::from_microseconds(1_763_720_103_120_456);
        let (same, later, earlier) = (
            "Fri, 21 Nov 2025 10:15:03 GMT",
            "Sat, 22 Nov 2025 10:15:03 GMT",
            "Fri, 21 Nov 2025 10:15:02 GMT",
        );
        for (tags, date, expect) in [
            (None, None, false),
            (Some("W/\"3\""), None, true),
            (Some("\"3\""), None, true),
            (Some("3"), None, true),
            (Some("*"), None, true),
            (Some("W/\"1\", W/\"3\""), None, true),
            (Some("W/\"33\""), None, false),
            (Some("W/\"2\""), Some(later), false),
            (None, Some(same), true),
            (None, Some(later), true),
            (None, Some(earlier), false),
            (None, Some("yesterday"), false),
        ] {
            let conditions = ReadConditions {
                if_none_match: tags.map(str::to_owned),
                if_modified_since: date.map(str::to_owned),
            };
            assert_eq!(conditions.has_it("W/\"3\"", Some(at)), expect, "{tags:?} {date:?}");
        }
    }
}
