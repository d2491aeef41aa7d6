//! The earliest and latest moment that a partial date or time can stand for,
//! <https://hl7.org/fhirpath/N1/#lowboundaryprecision-integer-decimal--date--datetime--time>.
//!
//! Precisions are counted in digits: 4 is a year, 6 a month, 8 a day; 10 to 17 an hour to a millisecond; of a time, 2 to 9.

use jiff::civil;

use super::{Date, DateTime, Time};

/// The offset furthest east, in minutes: where a clock time comes first.
const EASTERNMOST: i16 = 14 * 60;
/// The offset furthest west in use.
const WESTERNMOST: i16 = -12 * 60;

/// Which end of what a value can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Low,
    High,
}

impl Date {
    /// Digits of its precision.
    #[must_use]
    pub fn precision(self) -> u32 {
        match (self.month, self.day) {
            (None, _) => 4,
            (_, None) => 6,
            _ => 8,
        }
    }

    /// The boundary to that precision; `None` for one that a date cannot have.
    #[must_use]
    pub(crate) fn boundary(self, end: End, precision: u32) -> Option<Self> {
        if !matches!(precision, 4 | 6 | 8) {
            return None;
        }
        let month = self.month.unwrap_or(if end == End::Low { 1 } else { 12 });
        let last = civil::Date::new(self.year, month as i8, 1).ok()?.days_in_month() as u8;
        let day = self.day.unwrap_or(if end == End::Low { 1 } else { last });
        Some(Self {
            year: self.year,
            month: (precision >= 6).then_some(month),
            day: (precision >= 8).then_some(day),
        })
    }
}

impl DateTime {
    /// Digits of its precision.
    #[must_use]
    pub fn precision(self) -> u32 {
        self.time.map_or(self.date.precision(), |time| 8 + time.precision())
    }

    /// The boundary to that precision; `None` for one that a dateTime cannot have.
    #[must_use]
    pub(crate) fn boundary(self, end: End, precision: u32) -> Option<Self> {
        if precision <= 8 {
            return self.date.boundary(end, precision).map(Self::from);
        }
        let date = self.date.boundary(end, 8)?;
        let time = Time::filled(self.time, end).to_precision(precision - 8)?;
        let offset = self.offset.unwrap_or(if end == End::Low { EASTERNMOST } else { WESTERNMOST });
        Some(Self { date, time: Some(time), offset: Some(offset) })
    }
}

impl Time {
    /// Digits of its precision.
    #[must_use]
    pub fn precision(self) -> u32 {
        match (self.minute, self.second, self.fraction) {
            (None, _, _) => 2,
            (_, None, _) => 4,
            (_, _, None) => 6,
            _ => 9,
        }
    }

    /// The boundary to that precision; `None` for one that a time cannot have.
    #[must_use]
    pub(crate) fn boundary(self, end: End, precision: u32) -> Option<Self> {
        Self::filled(Some(self), end).to_precision(precision)
    }

    fn filled(time: Option<Self>, end: End) -> Self {
        let (hour, sixtieth, nanos) = if end == End::Low { (0, 0, 0) } else { (23, 59, 999_000_000) };
        Self {
            hour: time.map_or(hour, |time| time.hour),
            minute: time.and_then(|time| time.minute).or(Some(sixtieth)),
            second: time.and_then(|time| time.second).or(Some(sixtieth)),
            fraction: time.and_then(|time| time.fraction).map(|(nanos, _)| (nanos, 3)).or(Some((nanos, 3))),
        }
    }

    fn to_precision(self, precision: u32) -> Option<Self> {
        if !matches!(precision, 2 | 4 | 6 | 9) {
            return None;
        }
        Some(Self {
            hour: self.hour,
            minute: self.minute.filter(|_| precision >= 4),
            second: self.second.filter(|_| precision >= 6),
            fraction: self.fraction.filter(|_| precision >= 9),
        })
    }
}
