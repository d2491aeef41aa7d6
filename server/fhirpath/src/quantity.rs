//! Quantities: a number with a calendar unit or a UCUM unit, <https://hl7.org/fhirpath/N1/#quantity>.

use std::{cmp::Ordering, fmt};

use crate::{Decimal, unit::Measure};

/// The longest code of a unit, in bytes.
const MAX_CODE: usize = 256;

/// A number of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    pub value: Decimal,
    pub unit: Unit,
}

/// What a quantity counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Written as a word: `4 days`.
    Calendar(CalendarUnit),
    /// Written as a UCUM code: `4 'd'`. The dimensionless unit is `1`.
    Ucum(Box<str>),
}

/// The units of calendar durations, the longest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CalendarUnit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

impl CalendarUnit {
    /// The unit that this word names, in the singular or the plural.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.strip_suffix('s').unwrap_or(word) {
            "year" => Self::Year,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" => Self::Day,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            "millisecond" => Self::Millisecond,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
            Self::Millisecond => "millisecond",
        }
    }

    fn ucum(self) -> &'static str {
        match self {
            Self::Year => "a",
            Self::Month => "mo",
            Self::Week => "wk",
            Self::Day => "d",
            Self::Hour => "h",
            Self::Minute => "min",
            Self::Second => "s",
            Self::Millisecond => "ms",
        }
    }
}

impl Unit {
    /// The unit with this UCUM code; `None` when it is empty or longer than any that is meant.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        (1..=MAX_CODE).contains(&code.len()).then(|| Self::Ucum(code.into()))
    }
}

impl Quantity {
    /// A number without dimension.
    #[must_use]
    pub fn dimensionless(value: Decimal) -> Self {
        Self { value, unit: Unit::Ucum("1".into()) }
    }

    /// The quantity that this text is: `4`, `4 days` or `4 'd'`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, unit) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let value = Decimal::parse(number).filter(|_| !number.contains(['e', 'E']))?;
        let unit = match unit.trim() {
            "" => Unit::Ucum("1".into()),
            unit => match unit.strip_prefix('\'').and_then(|unit| unit.strip_suffix('\'')) {
                Some(code) => Unit::of_code(code)?,
                None => Unit::Calendar(CalendarUnit::parse(unit)?),
            },
        };
        Some(Self { value, unit })
    }

    /// How this quantity and that one compare; `None` when their units cannot be compared.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.unit == other.unit {
            return Some(self.value.cmp(&other.value));
        }
        self.exact_measure()?.compare(self.value, &other.exact_measure()?, other.value)
    }

    /// Whether both are the same number of the same unit, to the precision of the one that was written less precisely.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        let (ours, theirs) = if self.unit == other.unit {
            (Some(self.value), Some(other.value))
        } else {
            let (Some(a), Some(b)) = (Measure::parse(self.code()), Measure::parse(other.code())) else {
                return false;
            };
            // In the larger of both units, so that no precision is invented.
            if a.is_larger_than(&b) {
                (Some(self.value), b.convert(other.value, &a))
            } else {
                (a.convert(self.value, &b), Some(other.value))
            }
        };
        ours.zip(theirs).is_some_and(|(a, b)| a.equivalent(b))
    }

    /// Whether the units of both measure the same thing.
    #[must_use]
    pub fn comparable(&self, other: &Self) -> bool {
        match (self.exact_measure(), other.exact_measure()) {
            (Some(a), Some(b)) => a.same_dimension(&b),
            _ => self.unit == other.unit,
        }
    }

    #[must_use]
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        if self.unit == other.unit {
            return Some(Self { value: self.value.checked_add(other.value)?, unit: self.unit.clone() });
        }
        let value = other.exact_measure()?.convert(other.value, &self.exact_measure()?)?;
        Some(Self { value: self.value.checked_add(value)?, unit: self.unit.clone() })
    }

    #[must_use]
    pub fn negated(&self) -> Self {
        Self { value: self.value.negated(), unit: self.unit.clone() }
    }

    #[must_use]
    pub fn checked_mul(&self, other: &Self) -> Option<Self> {
        let value = self.value.checked_mul(other.value)?;
        let code = match (self.code(), other.code()) {
            ("1", code) | (code, "1") => code.to_owned(),
            (a, b) => format!("({a}).({b})"),
        };
        Some(Self { value, unit: Unit::of_code(&code)? })
    }

    /// The quotient; `None` for division by zero.
    #[must_use]
    pub fn checked_div(&self, other: &Self) -> Option<Self> {
        let value = self.value.checked_div(other.value)?;
        let code = match (self.code(), other.code()) {
            (code, "1") => code.to_owned(),
            (a, b) if a == b => "1".to_owned(),
            (a, b) => format!("({a})/({b})"),
        };
        Some(Self { value, unit: Unit::of_code(&code)? })
    }

    /// The same in the unit that this word or UCUM code names; `None` when that measures something else.
    #[must_use]
    pub fn converted(&self, unit: &str) -> Option<Self> {
        let unit = CalendarUnit::parse(unit).map(Unit::Calendar).or_else(|| Unit::of_code(unit))?;
        if self.unit == unit {
            return Some(self.clone());
        }
        let target = Self { value: Decimal::ZERO, unit };
        let value = self.exact_measure()?.convert(self.value, &target.exact_measure()?)?;
        Some(Self { value, ..target })
    }

    /// The UCUM code of its unit.
    #[must_use]
    pub fn code(&self) -> &str {
        match &self.unit {
            Unit::Calendar(unit) => unit.ucum(),
            Unit::Ucum(code) => code,
        }
    }

    /// Months and years of the calendar are not the fixed durations of the UCUM codes.
    fn exact_measure(&self) -> Option<Measure> {
        match &self.unit {
            Unit::Calendar(CalendarUnit::Year) => Some(Measure::named("calendar month", 12)),
            Unit::Calendar(CalendarUnit::Month) => Some(Measure::named("calendar month", 1)),
            _ => Measure::parse(self.code()),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Calendar(unit) => {
                let plural = if self.value == Decimal::from(1) { "" } else { "s" };
                write!(f, "{} {}{plural}", self.value, unit.name())
            }
            Unit::Ucum(code) => write!(f, "{} '{code}'", self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn texts_of_quantities() {
        for (text, shown) in
            [("4 days", "4 days"), ("1 week", "1 week"), ("1 'wk'", "1 'wk'"), ("1.0", "1.0 '1'")]
        {
            assert_eq!(quantity(text).to_string(), shown);
        }
        for text in ["", "1 wk", "1.a", "mg", "1 ''", "1 'mg", "1e3 'mg'"] {
            assert!(Quantity::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn units_of_the_same_kind_compare() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, expected) in [
            ("4.0000 'g'", "4000.0 'mg'", Some(Equal)),
            ("7 days", "1 week", Some(Equal)),
            ("7 days", "1 'wk'", Some(Equal)),
            ("6 days", "1 week", Some(Less)),
            ("1 year", "12 months", Some(Equal)),
            ("1 year", "1 'a'", None),
            ("90 '/min'", "1 '/s'", Some(Greater)),
            ("1 '[in_i]'", "2.54 'cm'", Some(Equal)),
            ("1 'g'", "1 'm'", None),
            ("1 'nonsense'", "1 'nonsense'", Some(Equal)),
            ("1 'nonsense'", "1 'm'", None),
            ("0.04 'm2'", "4 'cm.m'", Some(Equal)),
        ] {
            assert_eq!(quantity(a).compare(&quantity(b)), expected, "{a} {b}");
        }
        assert!(quantity("4 'g'").equivalent(&quantity("4040 'mg'")));
        assert!(!quantity("4.0 'g'").equivalent(&quantity("5040 'mg'")));
        assert!(quantity("1 year").equivalent(&quantity("1 'a'")));
    }

    #[test]
    fn units_are_multiplied_and_divided() {
        let square = quantity("2.0 'cm'").checked_mul(&quantity("2.0 'm'")).unwrap();
        assert_eq!(square.compare(&quantity("0.040 'm2'")), Some(Ordering::Equal));
        let density = quantity("4.0 'g'").checked_div(&quantity("2.0 'm'")).unwrap();
        assert_eq!(density.compare(&quantity("2 'g/m'")), Some(Ordering::Equal));
        let sum = quantity("1 'm'").checked_add(&quantity("3 'cm'")).unwrap();
        assert_eq!(sum.to_string(), "1.03 'm'");
    }
}
