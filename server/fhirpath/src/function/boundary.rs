//! How precisely a value was written, and what it can stand for,
//! <https://build.fhir.org/ig/HL7/FHIRPath/#lowboundaryprecision-integer-decimal--date--datetime--time>.

use super::{Invocation, Items, boolean};
use crate::{
    EvaluateError, Quantity,
    date_time::End,
    evaluate::{equality, single},
    item::Item,
};

/// Places of a decimal's boundary, when none are asked for.
const DECIMAL_PLACES: i64 = 8;

pub(super) fn low<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boundary(call, End::Low)
}

pub(super) fn high<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boundary(call, End::High)
}

fn boundary<'a>(call: &Invocation<'_, 'a>, end: End) -> Items<'a> {
    let Some(item) = call.value()? else { return Ok(Vec::new()) };
    let asked = call.integer_argument(0)?;
    let places = |default: i64| u32::try_from(asked.unwrap_or(default)).ok();
    let of_number = |number: crate::Decimal| {
        let places = places(DECIMAL_PLACES)?;
        if end == End::Low { number.low_boundary(places) } else { number.high_boundary(places) }
    };
    let result = match &item {
        Item::Date(date) => places(8).and_then(|p| date.boundary(end, p)).map(Item::Date),
        Item::DateTime(moment) => places(17).and_then(|p| moment.boundary(end, p)).map(Item::DateTime),
        Item::Time(time) => places(9).and_then(|p| time.boundary(end, p)).map(Item::Time),
        Item::Quantity(quantity) => of_number(quantity.value)
            .map(|value| Item::Quantity(Box::new(Quantity { value, unit: quantity.unit.clone() }))),
        other => {
            let number = other.decimal().ok_or_else(|| {
                EvaluateError::ill_typed(format!("{} has no boundaries.", other.type_info().1))
            })?;
            of_number(number).map(Item::Decimal)
        }
    };
    Ok(result.into_iter().collect())
}

/// Digits after the point of a number; digits of a date or time.
pub(super) fn precision<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(item) = call.value()? else { return Ok(Vec::new()) };
    let digits = match &item {
        Item::Date(date) => date.precision(),
        Item::DateTime(moment) => moment.precision(),
        Item::Time(time) => time.precision(),
        other => match other.decimal() {
            Some(number) => number.scale(),
            None => {
                return Err(EvaluateError::ill_typed(format!("{} has no precision.", other.type_info().1)));
            }
        },
    };
    Ok(vec![Item::Integer(i64::from(digits))])
}

/// Whether two quantities have units of the same kind.
pub(super) fn comparable<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let argument = call.argument(0)?;
    let (Some(a), Some(b)) = (call.value()?, single(&argument, "comparable()")?) else {
        return Ok(Vec::new());
    };
    match (equality::quantity(&a), equality::quantity(&b.system())) {
        (Some(a), Some(b)) => boolean(a.comparable(&b)),
        _ => Err(EvaluateError::ill_typed("comparable() is a question about quantities.")),
    }
}
