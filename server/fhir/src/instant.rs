//! Points in time, as the server itself makes them, <https://hl7.org/fhir/R4/datatypes.html#instant>.

use std::fmt;

use jiff::Timestamp;

/// A point in time in UTC, with the precision that the database keeps (microseconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant(i64);

impl Instant {
    #[must_use]
    pub fn now() -> Self {
        Self(Timestamp::now().as_microsecond())
    }

    /// The point that this text of type instant names; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_complete = text.len() >= "2026-11-21T10:15:03Z".len() && text.contains('T');
        let timestamp: Timestamp = text.parse().ok().filter(|_| is_complete)?;
        Some(Self(timestamp.as_microsecond()))
    }

    /// The point that many microseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    #[must_use]
    pub fn microseconds(self) -> i64 {
        self.0
    }

    /// The same point for calendar arithmetic; the far ends of time are clamped.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// The HTTP-date of the second that contains it, as in `Last-Modified`.
    #[must_use]
    pub fn http_date(self) -> String {
        self.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

/// FHIR's form, with milliseconds: `2026-11-21T10:15:03.120Z`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp().strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_an_instant() {
        let instant = Instant::from_microseconds(1_763_720_103_120_456);
        assert_eq!(instant.to_string(), "2025-11-21T10:15:03.120Z");
        assert_eq!(instant.http_date(), "Fri, 21 Nov 2025 10:15:03 GMT");
        assert_eq!(Instant::parse("2025-11-21T11:15:03.120456+01:00"), Some(instant));
        for text in ["2025-11-21", "2025-11-21T10:15:03", "yesterday", ""] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
        assert_eq!(Instant::from_microseconds(1_763_720_103_000_000).to_string(), "2025-11-21T10:15:03.000Z");
    }
}
