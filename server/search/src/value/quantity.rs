//! Quantity parameters, <https://hl7.org/fhir/R4/search.html#quantity>.
//!
//! Quantities in units of UCUM are compared in base units, so that 1 g is 1000 mg; units that UCUM does not have, and
//! currencies, compare with themselves. What is asked without a system is compared as it was written.

use fhir::Key;
use fhirpath::{Decimal, Measure};
use serde_json::Value;

use crate::{
    criterion::Condition,
    index::{IndexRows, QuantityRow},
    parameter::Parameter,
    query::{Criterion, QuantityValue, Unit},
    refusal::{Refusal, shown},
    value::{
        number::{Asked, Range, decimal},
        split, unescape,
    },
};

const UCUM: &str = "http://unitsofmeasure.org";
/// The system of the currency of a Money.
const CURRENCY: &str = "urn:iso:std:iso:4217";

/// Adds the rows of one element: a Quantity (or Age, Duration and their like), Money, Range or SampledData.
pub(crate) fn add(parameter: &Parameter, value: &Value, rows: &mut IndexRows) {
    let read = if value.get("low").is_some() || value.get("high").is_some() {
        range(value)
    } else if let Some(origin) = value.get("origin") {
        samples(value).map(|range| (range, origin))
    } else {
        quantity(value).map(|range| (range, value))
    };
    if let Some((range, unit)) = read {
        rows.quantities.push(row(parameter, range, unit));
    }
}

/// The row of these numbers in the unit of this Quantity or Money.
fn row(parameter: &Parameter, range: Range, unit: &Value) -> QuantityRow {
    let text = |member: &str| unit.get(member).and_then(Value::as_str);
    let (system, code) = match text("currency") {
        Some(currency) => (Some(CURRENCY), Some(currency)),
        None => (text("system"), text("code")),
    };
    let measured = match (system, code) {
        (Some(system), Some(code)) => Some(measured(system, code, range, Range::map)),
        _ => None,
    };
    QuantityRow {
        parameter: parameter.number,
        range,
        code: code.map(written),
        unit: text("unit").map(written),
        measured,
    }
}

/// The key of a code or text of a unit as it was written.
fn written(text: &str) -> Key {
    Key::of_parts("unit", &[text])
}

/// What these numbers are in the base units of a UCUM code, with the key of what is measured; of other codes, and where the
/// numbers would be too long, what they are in the unit itself.
fn measured<T: Copy>(
    system: &str,
    code: &str,
    numbers: T,
    convert: impl Fn(T, &dyn Fn(Decimal) -> Option<Decimal>) -> Option<T>,
) -> (Key, T) {
    let measure = if system == UCUM { Measure::parse(code) } else { None };
    let in_base_units = measure.and_then(|measure| {
        let numbers = convert(numbers, &|number| measure.in_base_units(number).map(Decimal::normalized))?;
        Some((Key::of_parts("measure", &[&measure.dimension()]), numbers))
    });
    in_base_units.unwrap_or_else(|| (Key::of_parts("unit", &[system, code]), numbers))
}

/// The numbers that a Quantity stands for: one, or with a comparator all beyond it.
fn quantity(value: &Value) -> Option<Range> {
    let number = decimal(value.get("value")?)?;
    Some(match value.get("comparator").and_then(Value::as_str) {
        Some("<" | "<=") => Range { low: None, high: Some(number) },
        Some(">" | ">=") => Range { low: Some(number), high: None },
        _ => Range::of(number),
    })
}

/// A Range, and the end that says its unit.
fn range(value: &Value) -> Option<(Range, &Value)> {
    let number = |member: &str| value.get(member).and_then(|end| end.get("value")).and_then(decimal);
    let range = Range { low: number("low"), high: number("high") };
    let unit = [value.get("low"), value.get("high")]
        .into_iter()
        .flatten()
        .max_by_key(|end| end.get("code").is_some())?;
    (range.low.is_some() || range.high.is_some()).then_some((range, unit))
}

/// The least and the greatest number of a SampledData.
fn samples(value: &Value) -> Option<Range> {
    let origin = decimal(value.get("origin")?.get("value")?)?;
    let factor = value.get("factor").map_or(Some(Decimal::from(1)), decimal)?;
    let data = value.get("data")?.as_str()?;
    let numbers = data.split_ascii_whitespace().filter_map(Decimal::parse);
    let (least, greatest) =
        numbers.fold((None, None), |(least, greatest): (Option<Decimal>, Option<Decimal>), number| {
            (
                Some(least.map_or(number, |least| least.min(number))),
                Some(greatest.map_or(number, |greatest| greatest.max(number))),
            )
        });
    let at = |number: Decimal| number.checked_mul(factor)?.checked_add(origin);
    let (a, b) = (at(least?)?, at(greatest?)?);
    Some(Range { low: Some(a.min(b)), high: Some(a.max(b)) })
}

/// The criterion of a query: `number`, `number|system|code` or `number||code`.
pub(crate) fn criterion(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    if let Some(modifier) = condition.modifier {
        return Err(condition.no_modifier(modifier, &["missing"]));
    }
    let values = condition.raw_values()?;
    let values = values.into_iter().map(parse).collect::<Result<_, _>>()?;
    Ok(Criterion::Quantity { parameter: condition.parameter, values })
}

fn parse(text: &str) -> Result<QuantityValue, Refusal> {
    let parts = split(text, '|').into_iter().map(unescape).collect::<Result<Vec<_>, _>>()?;
    let asked = Asked::parse(parts.first().map_or("", String::as_str), false)?;
    match parts.as_slice() {
        [_] => Ok(asked.of_unit(Unit::Any)),
        [_, system, code] if system.is_empty() && !code.is_empty() => {
            Ok(asked.of_unit(Unit::Written(written(code))))
        }
        [_, system, code] if !code.is_empty() => {
            let (measure, asked) = measured(system, code, asked, Asked::map);
            Ok(asked.of_unit(Unit::Measure(measure)))
        }
        _ => Err(Refusal::invalid(format!(
            "'{}' is not a quantity to search for. Write a number, number|system|code or number||code, as in \
             '5.4|{UCUM}|mg' or '5.4||mg'.",
            shown(text)
        ))),
    }
}

#[cfg(test)]
mod tests;
