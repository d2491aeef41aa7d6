//! One type made another, <https://hl7.org/fhirpath/N1/#conversion>. What cannot be converted is empty, not an error.

use super::{Invocation, Items, boolean};
use crate::{DateTime, Decimal, Quantity, Time, item::Item};

macro_rules! conversions {
    ($($to:ident $converts:ident => $convert:ident;)*) => {$(
        pub(super) fn $to<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
            Ok(call.value()?.and_then(|value| $convert(&value)).into_iter().collect())
        }

        pub(super) fn $converts<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
            call.value()?.map_or(Ok(Vec::new()), |value| boolean($convert(&value).is_some()))
        }
    )*};
}

conversions! {
    to_boolean converts_to_boolean => as_boolean;
    to_integer converts_to_integer => as_integer;
    to_decimal converts_to_decimal => as_decimal;
    to_date converts_to_date => as_date;
    to_date_time converts_to_date_time => as_date_time;
    to_time converts_to_time => as_time;
    to_string converts_to_string => as_string;
}

pub(super) fn to_quantity<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(quantity) = call.value()?.and_then(|value| as_quantity(&value)) else { return Ok(Vec::new()) };
    let converted = match call.text_argument(0)? {
        Some(unit) => quantity.converted(&unit),
        None => Some(quantity),
    };
    Ok(converted.map(|quantity| Item::Quantity(Box::new(quantity))).into_iter().collect())
}

pub(super) fn converts_to_quantity<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    if call.input.is_empty() {
        return Ok(Vec::new());
    }
    boolean(!to_quantity(call)?.is_empty())
}

fn as_boolean<'a>(value: &Item<'_>) -> Option<Item<'a>> {
    let truth = match value {
        Item::Boolean(truth) => Some(*truth),
        Item::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        _ => match value.decimal()?.to_integer() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
    };
    truth.map(Item::Boolean)
}

fn as_integer<'a>(value: &Item<'_>) -> Option<Item<'a>> {
    match value {
        Item::Integer(number) => Some(*number),
        Item::Boolean(truth) => Some(i64::from(*truth)),
        Item::String(text) => text.parse().ok(),
        _ => None,
    }
    .map(Item::Integer)
}

fn as_decimal<'a>(value: &Item<'_>) -> Option<Item<'a>> {
    match value {
        Item::Boolean(truth) => Some(Decimal::from(i64::from(*truth))),
        Item::String(text) => Decimal::parse(text).filter(|_| !text.contains(['e', 'E'])),
        _ => value.decimal(),
    }
    .map(Item::Decimal)
}

fn as_date<'a>(value: &Item<'_>) -> Option<Item<'a>> {
    match value {
        Item::Date(date) => Some(*date),
        Item::DateTime(moment) => Some(moment.date),
        Item::String(text) => DateTime::parse(text).map(|moment| moment.date),
        _ => None,
    }
    .map(Item::Date)
}

fn as_date_time<'a>(value: &Item<'_>) -> Option<Item<'a>> {
    match value {
        Item::Date(date) => Some(DateTime::from(*date)),
        Item::DateTime(moment) => Some(*moment),
        Item::String(text) => DateTime::parse(text),
        _ => None,
    }
    .map(Item::DateTime)
}

fn as_time<'a>(value: &Item<'_>) -> Option<Item<'a>> {
    match value {
        Item::Time(time) => Some(*time),
        Item::String(text) => Time::parse(text.strip_prefix('T').unwrap_or(text)),
        _ => None,
    }
    .map(Item::Time)
}

fn as_string<'a>(value: &Item<'_>) -> Option<Item<'a>> {
    value.to_text().map(|text| Item::String(text.into()))
}

fn as_quantity(value: &Item<'_>) -> Option<Quantity> {
    match value {
        Item::Quantity(quantity) => Some((**quantity).clone()),
        Item::Boolean(truth) => Some(Quantity::dimensionless(Decimal::from(i64::from(*truth)))),
        Item::String(text) => Quantity::parse(text),
        _ => value.decimal().map(Quantity::dimensionless),
    }
}
