//! Entity tags and dates as they stand in headers, <https://hl7.org/fhir/R4/http.html#cread>.
//!
//! What follows from them is judged by `interaction`, and enforced by the statement that writes.

use std::time::SystemTime;

use actix_web::http::header::HttpDate;
use fhir::Instant;

/// The time that this date of HTTP names; one that is none counts as not sent.
pub(crate) fn date(header: &str) -> Option<Instant> {
    let date: HttpDate = header.parse().ok()?;
    let since = SystemTime::from(date).duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Instant::from_microseconds)
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
    fn dates_that_are_none_are_not_there() {
        let at = Instant::from_microseconds(1_763_720_103_000_000);
        assert_eq!(date("Fri, 21 Nov 2025 10:15:03 GMT"), Some(at));
        assert_eq!(date("yesterday"), None);
    }
}
