//! The interval of time that a date, dateTime or instant stands for, <https://hl7.org/fhir/R4/datatypes.html#dateTime>.

use jiff::tz::TimeZone;

/// Half-open, `[low, high)`, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub low: i64,
    pub high: i64,
}

/// The interval that a text of any precision stands for; `zone` where it has none of its own.
#[must_use]
pub fn interval(text: &str, zone: &TimeZone) -> Option<Interval> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let low = date.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond();
    let high = date.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond();
    Some(Interval { low, high })
}

/// Where zone-less times are at home by default.
#[must_use]
pub fn london() -> &'static TimeZone {
    use std::sync::LazyLock;
    static LONDON: LazyLock<TimeZone> =
        LazyLock::new(|| TimeZone::get("Europe/London").expect("the time zone is bundled"));
    &LONDON
}
