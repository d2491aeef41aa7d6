//! Adding a time-valued quantity, <https://hl7.org/fhirpath/N1/#datetime-arithmetic>.
//!
//! The fraction of an amount is ignored; an amount finer than the date is precise counts in whole units of its precision.

use jiff::Span;

use super::{Date, DateTime, Time};
use crate::{Decimal, quantity::CalendarUnit};

impl Date {
    /// The date that many units later (or earlier, for a negative amount); `None` outside the years 1 to 9999.
    #[must_use]
    pub fn checked_add(self, amount: Decimal, unit: CalendarUnit) -> Option<Self> {
        DateTime::from(self).checked_add(amount, unit).map(|moment| moment.date)
    }
}

impl DateTime {
    /// The dateTime that many units later (or earlier, for a negative amount); `None` outside the years 1 to 9999.
    #[must_use]
    pub fn checked_add(self, amount: Decimal, unit: CalendarUnit) -> Option<Self> {
        let (amount, unit) = at_precision(amount.truncated().to_integer()?, unit, self.finest());
        let moved = self.civil().checked_add(span(amount, unit)?).ok()?;
        (1..=9999).contains(&moved.year()).then(|| self.with_civil(moved))
    }

    fn finest(self) -> CalendarUnit {
        match (self.date.month, self.date.day, self.time) {
            (None, _, _) => CalendarUnit::Year,
            (_, None, _) => CalendarUnit::Month,
            (_, _, None) => CalendarUnit::Day,
            (_, _, Some(time)) => time.finest(),
        }
    }
}

impl Time {
    /// The time of day that much later, past midnight if need be; `None` for units of a day or more.
    #[must_use]
    pub fn checked_add(self, amount: Decimal, unit: CalendarUnit) -> Option<Self> {
        if unit <= CalendarUnit::Day {
            return None;
        }
        let (amount, unit) = at_precision(amount.truncated().to_integer()?, unit, self.finest());
        Some(self.with_civil(self.civil().wrapping_add(span(amount, unit)?)))
    }

    fn finest(self) -> CalendarUnit {
        match (self.minute, self.second, self.fraction) {
            (None, _, _) => CalendarUnit::Hour,
            (_, None, _) => CalendarUnit::Minute,
            (_, _, None) => CalendarUnit::Second,
            _ => CalendarUnit::Millisecond,
        }
    }
}

/// The same amount in a unit that is not finer than `finest`, without its fraction.
fn at_precision(mut amount: i64, mut unit: CalendarUnit, finest: CalendarUnit) -> (i64, CalendarUnit) {
    use CalendarUnit::{Day, Hour, Millisecond, Minute, Month, Second, Week, Year};
    while unit > finest {
        (amount, unit) = match unit {
            Millisecond => (amount / 1000, Second),
            Second => (amount / 60, Minute),
            Minute => (amount / 60, Hour),
            Hour => (amount / 24, Day),
            Day if finest == Year => (amount / 365, Year),
            Day => (amount / 30, Month),
            Week => (amount.saturating_mul(7), Day),
            Month | Year => (amount / 12, Year),
        };
    }
    (amount, unit)
}

fn span(amount: i64, unit: CalendarUnit) -> Option<Span> {
    let span = Span::new();
    match unit {
        CalendarUnit::Year => span.try_years(amount),
        CalendarUnit::Month => span.try_months(amount),
        CalendarUnit::Week => span.try_weeks(amount),
        CalendarUnit::Day => span.try_days(amount),
        CalendarUnit::Hour => span.try_hours(amount),
        CalendarUnit::Minute => span.try_minutes(amount),
        CalendarUnit::Second => span.try_seconds(amount),
        CalendarUnit::Millisecond => span.try_milliseconds(amount),
    }
    .ok()
}
