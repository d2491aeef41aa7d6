//! Numbers, <https://hl7.org/fhirpath/N1/#math>. Roots, logarithms and fractional powers go through binary numbers and keep
//! 15 digits; all else is exact. What is no number, or does not fit, is empty.

use super::{Invocation, Items};
use crate::{Decimal, EvaluateError, Quantity, item::Item};

/// The greatest whole exponent that is computed exactly.
const MAX_EXPONENT: i64 = 127;

pub(super) fn abs<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let result = match call.value()? {
        None => None,
        Some(Item::Integer(number)) => number.checked_abs().map(Item::Integer),
        Some(Item::Quantity(quantity)) => {
            let absolute = Quantity { value: quantity.value.absolute(), unit: quantity.unit };
            Some(Item::Quantity(Box::new(absolute)))
        }
        Some(other) => Some(Item::Decimal(decimal(&other)?.absolute())),
    };
    Ok(result.into_iter().collect())
}

pub(super) fn ceiling<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    whole(call, Decimal::ceiling)
}

pub(super) fn floor<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    whole(call, Decimal::floor)
}

pub(super) fn truncate<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    whole(call, Decimal::truncated)
}

pub(super) fn exp<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    approximate(call, f64::exp)
}

pub(super) fn ln<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    approximate(call, f64::ln)
}

pub(super) fn sqrt<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    approximate(call, f64::sqrt)
}

pub(super) fn log<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some((number, base)) = pair(call)? else { return Ok(Vec::new()) };
    // A quotient of logarithms is not exact even for 1000 by 10; the logarithms to 2 and to 10 are.
    let result = match base.to_integer() {
        Some(2) => number.to_f64().log2(),
        Some(10) => number.to_f64().log10(),
        _ => number.to_f64().log(base.to_f64()),
    };
    Ok(Decimal::from_f64(result).map(Item::Decimal).into_iter().collect())
}

pub(super) fn power<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some((base, exponent)) = pair(call)? else { return Ok(Vec::new()) };
    let integers = matches!(call.value()?, Some(Item::Integer(_)));
    let result = match exponent.to_integer() {
        Some(exponent @ 0..=MAX_EXPONENT) => {
            let mut result = Some(Decimal::from(1));
            for _ in 0..exponent {
                result = result.and_then(|result| result.checked_mul(base));
            }
            result
        }
        _ => Decimal::from_f64(base.to_f64().powf(exponent.to_f64())),
    };
    let item = result.map(|result| match result.to_integer() {
        Some(integer) if integers && !exponent.is_negative() => Item::Integer(integer),
        _ => Item::Decimal(result),
    });
    Ok(item.into_iter().collect())
}

pub(super) fn round<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(item) = call.value()? else { return Ok(Vec::new()) };
    let places = match call.expression(0) {
        Some(_) => call.integer_argument(0)?.unwrap_or(0),
        None => 0,
    };
    let places = u32::try_from(places).map_err(|_| EvaluateError::ill_typed("Places are counted from 0."))?;
    let result = match item {
        Item::Quantity(quantity) => quantity
            .value
            .rounded(places)
            .map(|value| Item::Quantity(Box::new(Quantity { value, unit: quantity.unit }))),
        other => decimal(&other)?.rounded(places).map(Item::Decimal),
    };
    Ok(result.into_iter().collect())
}

fn whole<'a>(call: &Invocation<'_, 'a>, round: fn(Decimal) -> Decimal) -> Items<'a> {
    let Some(item) = call.value()? else { return Ok(Vec::new()) };
    Ok(round(decimal(&item)?).to_integer().map(Item::Integer).into_iter().collect())
}

fn approximate<'a>(call: &Invocation<'_, 'a>, function: fn(f64) -> f64) -> Items<'a> {
    let Some(item) = call.value()? else { return Ok(Vec::new()) };
    Ok(Decimal::from_f64(function(decimal(&item)?.to_f64())).map(Item::Decimal).into_iter().collect())
}

fn pair(call: &Invocation<'_, '_>) -> Result<Option<(Decimal, Decimal)>, EvaluateError> {
    let argument = call.argument(0)?;
    match (call.value()?, crate::evaluate::single(&argument, "An argument")?) {
        (Some(number), Some(argument)) => Ok(Some((decimal(&number)?, decimal(argument)?))),
        _ => Ok(None),
    }
}

fn decimal(item: &Item<'_>) -> Result<Decimal, EvaluateError> {
    item.decimal().ok_or_else(|| EvaluateError::ill_typed(format!("{} is no number.", item.type_info().1)))
}
