//! date, dateTime, instant and time, and the interval of time that such a text stands for,
//! <https://hl7.org/fhir/R4/datatypes.html#dateTime>, <https://hl7.org/fhir/R4/search.html#date>.
//!
//! It compares nothing: the prefixes of a search live where queries are understood.

use std::sync::LazyLock;

use jiff::{
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::refuse;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 86_400 * SECOND;
/// The calendar repeats after 400 years, weekdays and therefore clock changes included.
const CYCLE: i64 = 146_097 * DAY;

/// Half-open, `[low, high)`, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub low: i64,
    pub high: i64,
}

/// The interval that a date, dateTime or instant of any precision stands for, minutes without seconds included, as a
/// search may have them; `zone` is used where the text has none. None when the text is no such thing.
///
/// Days have their true length: 23 or 25 hours where the clock changes. Fractions finer than microseconds are cut.
#[must_use]
pub fn interval(text: &str, zone: &TimeZone) -> Option<Interval> {
    let parts = Parts::read(text)?;
    let Parts { year, month, day, time } = parts;
    if let Some(time) = time {
        let low = match time.offset {
            Some(offset) => at(year, month, day, 0, &TimeZone::UTC)? + time.since_midnight - offset,
            None => at(year, month, day, time.since_midnight, zone)?,
        };
        return Some(Interval { low, high: low + time.length });
    }
    let low = at(year, month, day, 0, zone)?;
    let high = match parts.precision() {
        Precision::Day => next_day(year, month, day, zone)?,
        Precision::Month if month != Some(12) => at(year, month.map(|month| month + 1), None, 0, zone)?,
        Precision::Month | Precision::Year => at(year + 1, None, None, 0, zone)?,
    };
    Some(Interval { low, high })
}

/// Where zone-less times are at home by default.
#[must_use]
pub fn london() -> &'static TimeZone {
    static LONDON: LazyLock<TimeZone> =
        LazyLock::new(|| TimeZone::get("Europe/London").expect("the time zone database is compiled in"));
    &LONDON
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Result<(), String> {
    match Parts::read(text) {
        Some(Parts { time: None, .. }) => Ok(()),
        _ => refuse(text, "a date", "YYYY, YYYY-MM or YYYY-MM-DD, a day that exists"),
    }
}

/// A date, or a day with seconds and a zone.
pub(super) fn date_time(text: &str) -> Result<(), String> {
    match Parts::read(text) {
        Some(parts) if parts.time.is_none_or(Time::is_whole) => Ok(()),
        _ => refuse(
            text,
            "a dateTime",
            "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with Z or an offset such as +01:00, a day that exists",
        ),
    }
}

/// A day with seconds and a zone.
pub(super) fn instant(text: &str) -> Result<(), String> {
    match Parts::read(text) {
        Some(parts) if parts.time.is_some_and(Time::is_whole) => Ok(()),
        _ => refuse(
            text,
            "an instant",
            "YYYY-MM-DDThh:mm:ss with Z or an offset such as +01:00, a day that exists",
        ),
    }
}

/// `hh:mm:ss`, with a fraction or without.
pub(super) fn time(text: &str) -> Result<(), String> {
    match Time::read(text) {
        Some(Time { offset: None, seconds: true, .. }) => Ok(()),
        _ => refuse(text, "a time", "hh:mm:ss from 00:00:00 on, without zone"),
    }
}

/// A date, with or without a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    time: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    Year,
    Month,
    Day,
}

/// A time of day, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Time {
    since_midnight: i64,
    /// How long a stretch of time the text stands for.
    length: i64,
    /// Whether the text has seconds.
    seconds: bool,
    /// Of the zone, east of Greenwich.
    offset: Option<i64>,
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        // Every date is ASCII, so that slices by byte are safe behind this line.
        if !text.is_ascii() {
            return None;
        }
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(Time::read(time)?)),
            None => (text, None),
        };
        let mut fields = date.split('-');
        let year = i16::try_from(digits(fields.next()?, 4)?).ok().filter(|year| *year > 0)?;
        let month = optional(fields.next(), 12)?;
        let day = optional(fields.next(), 31)?;
        if fields.next().is_some() || (time.is_some() && day.is_none()) {
            return None;
        }
        Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
        Some(Self { year, month, day, time })
    }

    fn precision(&self) -> Precision {
        match (self.month, self.day) {
            (_, Some(_)) => Precision::Day,
            (Some(_), None) => Precision::Month,
            (None, None) => Precision::Year,
        }
    }
}

impl Time {
    fn read(text: &str) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        let zone_start = text.find(['Z', '+', '-']).unwrap_or(text.len());
        let (clock, zone) = text.split_at(zone_start);
        let offset = match zone {
            "" => None,
            "Z" => Some(0),
            _ => Some(offset(zone)?),
        };
        let mut fields = clock.split(':');
        let hour = digits(fields.next()?, 2).filter(|hour| *hour < 24)?;
        let minute = digits(fields.next()?, 2).filter(|minute| *minute < 60)?;
        let since_midnight = i64::from(hour * 60 + minute) * MINUTE;
        let Some(rest) = fields.next() else {
            return Some(Self { since_midnight, length: MINUTE, seconds: false, offset });
        };
        if fields.next().is_some() {
            return None;
        }
        let (second, fraction) = match rest.split_once('.') {
            Some((second, fraction)) => (second, Some(fraction)),
            None => (rest, None),
        };
        // The sixtieth is a leap second.
        let second = digits(second, 2).filter(|second| *second <= 60)?;
        let (part, length) = fraction.map_or(Some((0, SECOND)), microseconds)?;
        let since_midnight = since_midnight + i64::from(second) * SECOND + part;
        Some(Self { since_midnight, length, seconds: true, offset })
    }

    fn is_whole(self) -> bool {
        self.seconds && self.offset.is_some()
    }
}

/// The number that these digits are, when there are as many as that.
fn digits(text: &str, count: usize) -> Option<u32> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A field of two digits from 1 to `most` that may be missing; none when it is there and wrong.
fn optional(text: Option<&str>, most: i8) -> Option<Option<i8>> {
    let Some(text) = text else { return Some(None) };
    let value = i8::try_from(digits(text, 2)?).ok()?;
    (1..=most).contains(&value).then_some(Some(value))
}

/// `+01:00`, at most 14 hours, in microseconds.
fn offset(text: &str) -> Option<i64> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text[1..].split_once(':')?;
    let minutes = digits(hours, 2)? * 60 + digits(minutes, 2).filter(|minutes| *minutes < 60)?;
    (minutes <= 14 * 60).then_some(sign * i64::from(minutes) * MINUTE)
}

/// The fraction of a second with these digits, and how long a stretch of time its last digit is.
fn microseconds(digits: &str) -> Option<(i64, i64)> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut part = 0;
    let mut length = SECOND;
    for digit in digits.bytes().take(6) {
        length /= 10;
        part += i64::from(digit - b'0') * length;
    }
    Some((part, length))
}

/// When the clock in that zone stood that many microseconds past midnight of that day. A time that the clock skips is
/// the one that much later; of a time that it shows twice, the first.
fn at(year: i16, month: Option<i8>, day: Option<i8>, since_midnight: i64, zone: &TimeZone) -> Option<i64> {
    let (date, cycles) = nearby(year, month, day)?;
    Some(on(date, since_midnight, zone)? + cycles * CYCLE)
}

fn next_day(year: i16, month: Option<i8>, day: Option<i8>, zone: &TimeZone) -> Option<i64> {
    let (date, cycles) = nearby(year, month, day)?;
    Some(on(date.tomorrow().ok()?, 0, zone)? + cycles * CYCLE)
}

/// That day, or the same one 400 years before, because the last days of 9999 are past what jiff knows.
fn nearby(year: i16, month: Option<i8>, day: Option<i8>) -> Option<(Date, i64)> {
    let cycles = i16::from(year >= 9_900);
    let date = Date::new(year - 400 * cycles, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    Some((date, i64::from(cycles)))
}

fn on(date: Date, since_midnight: i64, zone: &TimeZone) -> Option<i64> {
    // A leap second is the first second of the next minute, which may be on the next day.
    let (date, since_midnight) = if since_midnight < DAY {
        (date, since_midnight)
    } else {
        (date.tomorrow().ok()?, since_midnight - DAY)
    };
    let seconds = since_midnight / SECOND;
    let clock = DateTime::from_parts(
        date,
        jiff::civil::Time::new(
            i8::try_from(seconds / 3600).ok()?,
            i8::try_from(seconds / 60 % 60).ok()?,
            i8::try_from(seconds % 60).ok()?,
            i32::try_from(since_midnight % SECOND * 1000).ok()?,
        )
        .ok()?,
    );
    Some(clock.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}
