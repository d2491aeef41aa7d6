//! Conditional reads, <https://hl7.org/fhir/R4/http.html#cread>: whether the client has the current version already.
//!
//! `If-Match` is not judged here: it is for writes.

use fhir::Instant;

/// The conditions of a read.
#[derive(Clone, Debug, Default)]
pub struct ReadConditions {
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<Instant>,
}

impl ReadConditions {
    /// Whether the client has the version with this entity tag, last updated at this time. `If-None-Match` wins over
    /// `If-Modified-Since`, which is compared in whole seconds.
    #[must_use]
    pub fn has_it(&self, etag: &str, last_updated: Option<Instant>) -> bool {
        if let Some(tags) = &self.if_none_match {
            let opaque = |tag: &str| {
                let tag = tag.trim();
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                tag.trim_matches('"').to_owned()
            };
            return tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == opaque(etag));
        }
        let seconds = |instant: Instant| instant.microseconds().div_euclid(1_000_000);
        match (self.if_modified_since, last_updated) {
            (Some(since), Some(last_updated)) => seconds(since) >= seconds(last_updated),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_wins_over_the_date() {
        let second = 1_000_000;
        let at = Instant::from_microseconds(1_763_720_103_120_456);
        let (same, later, earlier) = (
            at.microseconds() / second * second,
            at.microseconds() + 86_400 * second,
            at.microseconds() - second,
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
        ] {
            let conditions = ReadConditions {
                if_none_match: tags.map(str::to_owned),
                if_modified_since: date.map(Instant::from_microseconds),
            };
            assert_eq!(conditions.has_it("W/\"3\"", Some(at)), expect, "{tags:?} {date:?}");
        }
    }
}
