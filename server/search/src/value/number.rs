//! Number parameters, <https://hl7.org/fhir/R4/search.html#number>.
//!
//! What is stored is exact. What is asked is, without a prefix and with `ne`, as wide as its digits say: `100` is everything
//! that is rounded to 100. The other prefixes compare with the number itself.

use fhirpath::Decimal;
use serde_json::Value;

use crate::{
    criterion::Condition,
    index::{IndexRows, QuantityRow},
    parameter::Parameter,
    query::{Criterion, Prefix, QuantityValue, Unit},
    refusal::{Refusal, shown},
    value::prefix,
};

/// Types whose values have no fraction.
const INTEGERS: [&str; 3] = ["integer", "positiveInt", "unsignedInt"];

/// A closed interval of numbers; `None` is an open end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    pub low: Option<Decimal>,
    pub high: Option<Decimal>,
}

impl Range {
    pub(crate) fn of(number: Decimal) -> Self {
        Self { low: Some(number), high: Some(number) }
    }

    /// The same in another unit; `None` when a number would be too long.
    pub(crate) fn map(self, convert: &dyn Fn(Decimal) -> Option<Decimal>) -> Option<Self> {
        let end = |end: Option<Decimal>| end.map_or(Some(None), |number| convert(number).map(Some));
        Some(Self { low: end(self.low)?, high: end(self.high)? })
    }
}

/// The number of a JSON number, if it has no more digits than are searched.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Decimal::parse(&number.to_string()),
        _ => None,
    }
}

/// Adds the rows of one element.
pub(crate) fn add(parameter: &Parameter, value: &Value, rows: &mut IndexRows) {
    if let Some(number) = decimal(value) {
        rows.quantities.push(QuantityRow::of_number(parameter.number, Range::of(number)));
    }
}

/// The criterion of a query.
pub(crate) fn criterion(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    if let Some(modifier) = condition.modifier {
        return Err(condition.no_modifier(modifier, &["missing"]));
    }
    let integers = condition.parameter.selected.is_only(&INTEGERS);
    let values = condition.values()?;
    let value = |text: &String| Asked::parse(text, integers).map(|asked| asked.of_unit(Unit::Any));
    let values = values.iter().map(value).collect::<Result<_, _>>()?;
    Ok(Criterion::Quantity { parameter: condition.parameter, values })
}

/// A prefix and a number, as they are compared: `[low, high)` for `eq` and `ne`, `[low, high]` for `ap`, and one point for
/// the others.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    prefix: Prefix,
    low: Decimal,
    high: Decimal,
}

impl Asked {
    /// What this text asks for; the numbers that it is compared with may all be whole ones.
    pub(crate) fn parse(text: &str, integers: bool) -> Result<Self, Refusal> {
        let (prefix, number) = prefix(text.trim());
        Self::of(prefix, number, integers).ok_or_else(|| {
            Refusal::invalid(format!(
                "'{}' is not a number that can be searched for. Write it as 5, 5.40 or 5.4e-3 with at most 30 digits, after one \
                 of the prefixes eq, ne, gt, lt, ge, le, sa, eb and ap or none.",
                shown(text)
            ))
        })
    }

    fn of(prefix: Prefix, text: &str, integers: bool) -> Option<Self> {
        // A number is never so long that a unit could not be applied to it.
        let number = Decimal::parse(text).filter(|_| text.len() <= 30)?;
        let (low, high) = match prefix {
            Prefix::Eq | Prefix::Ne if integers => {
                // Whole numbers are exact: only the number itself is in [number, number + 1).
                let width = i64::from(number.to_integer().is_some());
                (number, number.checked_add(Decimal::from(width))?)
            }
            Prefix::Eq | Prefix::Ne => {
                let half = half_of_last_digit(text)?;
                (number.checked_sub(half)?, number.checked_add(half)?)
            }
            Prefix::Ap => {
                let tenth = number.absolute().checked_mul(Decimal::parse("0.1")?)?;
                let around = tenth.max(half_of_last_digit(text)?);
                (number.checked_sub(around)?, number.checked_add(around)?)
            }
            _ => (number, number),
        };
        Some(Self { prefix, low, high })
    }

    /// The same, for values of this unit.
    pub(crate) fn of_unit(self, unit: Unit) -> QuantityValue {
        QuantityValue { prefix: self.prefix, low: self.low, high: self.high, unit }
    }

    /// The same in another unit; `None` when a number would be too long.
    pub(crate) fn map(self, convert: &dyn Fn(Decimal) -> Option<Decimal>) -> Option<Self> {
        Some(Self { low: convert(self.low)?, high: convert(self.high)?, ..self })
    }
}

/// Half of what one more in the last digit would be. One digit before an exponent is read as two, as the standard reads
/// `1e2`.
fn half_of_last_digit(text: &str) -> Option<Decimal> {
    let (digits, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let single = exponent != 0 && digits.trim_start_matches(['-', '+']).len() == 1;
    let places = i32::try_from(fraction).ok()? + i32::from(single);
    Decimal::parse(&format!("5e{}", exponent.checked_sub(places)?.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_wide_as_its_digits() {
        let check = |text: &str, low: &str, high: &str| {
            let asked = Asked::parse(text, false).unwrap_or_else(|_| panic!("{text}"));
            let decimal = |text: &str| Decimal::parse(text).unwrap();
            assert_eq!((asked.low, asked.high), (decimal(low), decimal(high)), "{text}");
        };
        check("100", "99.5", "100.5");
        check("100.00", "99.995", "100.005");
        check("1e2", "95", "105");
        check("1.0e2", "95", "105");
        check("5.40e-3", "0.005395", "0.005405");
        check("ne0", "-0.5", "0.5");
        check("-5.4", "-5.45", "-5.35");
        check("gt5.4", "5.4", "5.4");
        check("ap100", "90", "110");
        check("ap-2", "-2.5", "-1.5");
        for bad in [
            "",
            "abc",
            "5,4",
            "5.",
            ".5",
            "gt",
            "NaN",
            "1e400",
            "1e",
            "--1",
            "99999999999999999999999999999999999999",
        ] {
            assert!(Asked::parse(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn whole_numbers_are_exact() {
        let range = |text: &str| {
            let asked = Asked::parse(text, true).unwrap_or_else(|_| panic!("{text}"));
            (asked.low.to_string(), asked.high.to_string())
        };
        assert_eq!(range("100"), ("100".to_owned(), "101".to_owned()));
        assert_eq!(range("2.5"), ("2.5".to_owned(), "2.5".to_owned()));
    }
}
