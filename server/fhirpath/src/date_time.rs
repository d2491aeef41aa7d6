//! Dates, dateTimes and times of partial precision, <https://hl7.org/fhirpath/N1/#date>.
//!
//! They keep the precision they were written with, and are compared as far as both go. Time zones are offsets: no rules of
//! any place are applied here.

use std::{cmp::Ordering, fmt};

use jiff::civil;

mod arithmetic;
mod boundary;

pub(crate) use boundary::End;

/// A year, a month or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub year: i16,
    pub month: Option<u8>,
    pub day: Option<u8>,
}

/// A date with, perhaps, a time of day and an offset from UTC in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    pub date: Date,
    pub time: Option<Time>,
    pub offset: Option<i16>,
}

/// An hour, a minute, a second or a fraction of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    pub hour: u8,
    pub minute: Option<u8>,
    pub second: Option<u8>,
    /// Nanoseconds, and how many digits of them were written.
    pub fraction: Option<(u32, u8)>,
}

impl Date {
    /// The date that this text is: `2026`, `2026-11` or `2026-11-21`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let year = number(parts.next()?, 4)?;
        let month = parts.next().map(|part| number(part, 2).ok_or(())).transpose().ok()?;
        let day = parts.next().map(|part| number(part, 2).ok_or(())).transpose().ok()?;
        let year = i16::try_from(year).ok()?;
        let (month, day) = (narrow(month), narrow(day));
        civil::Date::new(year, month.unwrap_or(1) as i8, day.unwrap_or(1) as i8).ok()?;
        (parts.next().is_none() && year > 0).then_some(Self { year, month, day })
    }

    /// How this date and that one lie in time; `None` when one is too vague to tell.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        compare(&DateTime::from(self).components(), &DateTime::from(other).components())
    }

    fn first_day(self) -> civil::Date {
        civil::Date::new(self.year, self.month.unwrap_or(1) as i8, self.day.unwrap_or(1) as i8)
            .unwrap_or(civil::Date::MIN)
    }
}

impl DateTime {
    /// The dateTime that this text is: a date, perhaps followed by `T`, a time and an offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Some((date, rest)) = text.split_once('T') else {
            return Date::parse(text).map(Self::from);
        };
        let date = Date::parse(date)?;
        let (time, offset) = match rest.find(['Z', '+', '-']) {
            Some(at) => (&rest[..at], Some(offset(&rest[at..])?)),
            None => (rest, None),
        };
        if time.is_empty() {
            return offset.is_none().then_some(Self::from(date));
        }
        date.day?;
        Some(Self { date, time: Some(Time::parse(time)?), offset })
    }

    /// This moment, in UTC, to the millisecond.
    #[must_use]
    pub fn of_timestamp(timestamp: jiff::Timestamp) -> Self {
        let at = timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        Self::of_civil(at, 0)
    }

    /// How this dateTime and that one lie in time; `None` when one is too vague to tell.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        match (self.time.is_some() && other.time.is_some(), self.offset, other.offset) {
            (true, Some(a), Some(b)) if a != b => {
                compare(&self.in_utc().components(), &other.in_utc().components())
            }
            (true, Some(_), None) | (true, None, Some(_)) => {
                // Without an offset a clock time may mean any of 26 hours.
                let days = other.date.first_day().until(self.date.first_day()).ok()?.get_days();
                (days.abs() > 1).then(|| days.cmp(&0))
            }
            _ => compare(&self.components(), &other.components()),
        }
    }

    fn components(self) -> [Option<u64>; 6] {
        let mut components = [Some(u64::from(self.date.year.unsigned_abs())), None, None, None, None, None];
        components[1] = self.date.month.map(u64::from);
        components[2] = self.date.day.map(u64::from);
        if let Some(time) = self.time {
            components[3..].copy_from_slice(&time.components());
        }
        components
    }

    fn in_utc(self) -> Self {
        let minutes = i64::from(self.offset.unwrap_or(0));
        let shifted = self.civil().checked_sub(jiff::Span::new().minutes(minutes)).unwrap_or(self.civil());
        Self { offset: Some(0), ..self.with_civil(shifted) }
    }

    fn civil(self) -> civil::DateTime {
        self.date.first_day().to_datetime(self.time.map_or(civil::Time::midnight(), Time::civil))
    }

    /// This point, to the precision that `self` has.
    fn with_civil(self, at: civil::DateTime) -> Self {
        let date = Date {
            year: at.year(),
            month: self.date.month.map(|_| at.month() as u8),
            day: self.date.day.map(|_| at.day() as u8),
        };
        Self { date, time: self.time.map(|time| time.with_civil(at.time())), offset: self.offset }
    }

    fn of_civil(at: civil::DateTime, offset: i16) -> Self {
        let date = Date { year: at.year(), month: Some(at.month() as u8), day: Some(at.day() as u8) };
        let millis = at.millisecond().unsigned_abs();
        let time = Time {
            hour: at.hour() as u8,
            minute: Some(at.minute() as u8),
            second: Some(at.second() as u8),
            fraction: Some((u32::from(millis) * 1_000_000, 3)),
        };
        Self { date, time: Some(time), offset: Some(offset) }
    }
}

impl Time {
    /// The time that this text is: `10`, `10:15`, `10:15:03` or `10:15:03.12`, without an offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (clock, fraction) = match text.split_once('.') {
            Some((clock, digits)) => (clock, Some(fraction(digits)?)),
            None => (text, None),
        };
        let mut parts = clock.split(':');
        let hour = narrow(Some(number(parts.next()?, 2)?))?;
        let minute = narrow(parts.next().map(|part| number(part, 2).ok_or(())).transpose().ok()?);
        let second = narrow(parts.next().map(|part| number(part, 2).ok_or(())).transpose().ok()?);
        let valid = hour < 24 && minute.is_none_or(|m| m < 60) && second.is_none_or(|s| s <= 60);
        let complete = parts.next().is_none() && (fraction.is_none() || second.is_some());
        (valid && complete).then_some(Self { hour, minute, second, fraction })
    }

    /// How this time and that one lie in a day; `None` when one is too vague to tell.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        compare(&self.components(), &other.components())
    }

    fn components(self) -> [Option<u64>; 3] {
        let nanos = self.fraction.map_or(0, |(nanos, _)| u64::from(nanos));
        let second = self.second.map(|second| u64::from(second) * 1_000_000_000 + nanos);
        [Some(u64::from(self.hour)), self.minute.map(u64::from), second]
    }

    fn civil(self) -> civil::Time {
        let second = self.second.unwrap_or(0).min(59) as i8;
        let nanos = self.fraction.map_or(0, |(nanos, _)| nanos) as i32;
        civil::Time::new(self.hour as i8, self.minute.unwrap_or(0) as i8, second, nanos)
            .unwrap_or(civil::Time::midnight())
    }

    fn with_civil(self, at: civil::Time) -> Self {
        Self {
            hour: at.hour() as u8,
            minute: self.minute.map(|_| at.minute() as u8),
            second: self.second.map(|_| at.second() as u8),
            fraction: self.fraction.map(|(_, digits)| (at.subsec_nanosecond().unsigned_abs(), digits)),
        }
    }
}

fn compare(a: &[Option<u64>], b: &[Option<u64>]) -> Option<Ordering> {
    for (a, b) in a.iter().zip(b) {
        match (a, b) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => return Some(a.cmp(b)),
            (None, None) => break,
            _ => return None,
        }
    }
    Some(Ordering::Equal)
}

fn number(text: &str, digits: usize) -> Option<u16> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn narrow(number: Option<u16>) -> Option<u8> {
    number.and_then(|number| u8::try_from(number).ok())
}

fn fraction(digits: &str) -> Option<(u32, u8)> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let kept = &digits[..digits.len().min(9)];
    let nanos: u32 = format!("{kept:0<9}").parse().ok()?;
    Some((nanos, kept.len() as u8))
}

fn offset(text: &str) -> Option<i16> {
    if text == "Z" {
        return Some(0);
    }
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    let total = i16::try_from(hours * 60 + minutes).ok().filter(|total| *total <= 14 * 60 && minutes < 60)?;
    Some(if text.starts_with('-') { -total } else { total })
}

impl From<Date> for DateTime {
    fn from(date: Date) -> Self {
        Self { date, time: None, offset: None }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        self.month.map_or(Ok(()), |month| write!(f, "-{month:02}"))?;
        self.day.map_or(Ok(()), |day| write!(f, "-{day:02}"))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(f)?;
        let Some(time) = self.time else { return Ok(()) };
        write!(f, "T{time}")?;
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.hour)?;
        self.minute.map_or(Ok(()), |minute| write!(f, ":{minute:02}"))?;
        self.second.map_or(Ok(()), |second| write!(f, ":{second:02}"))?;
        self.fraction.map_or(Ok(()), |(nanos, digits)| {
            write!(f, ".{}", &format!("{nanos:09}")[..usize::from(digits.clamp(1, 9))])
        })
    }
}

#[cfg(test)]
mod tests;
