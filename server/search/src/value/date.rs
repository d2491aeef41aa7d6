//! Date parameters, <https://hl7.org/fhir/R4/search.html#date>.
//!
//! Both sides are intervals: what is stored and what is asked, each as wide as its precision. Times without a zone are in
//! the zone of the server.

use fhir::{
    Instant,
    primitive::date::{Interval, interval},
};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    criterion::Condition,
    hot::Hot,
    index::{DateRow, IndexRows},
    parameter::Parameter,
    query::{Criterion, DateValue, Prefix},
    refusal::{Refusal, shown},
    value::prefix,
};

/// The least and the greatest point of time: the ends of an open period.
const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

/// Adds the rows of one element: a date, dateTime, instant, Period or Timing.
pub(crate) fn add(parameter: &Parameter, value: &Value, zone: &TimeZone, rows: &mut IndexRows) {
    let mut push = |(low, high): (i64, i64)| match (parameter.hot, rows.date) {
        (Some(Hot::Date), Some((least, greatest))) => rows.date = Some((low.min(least), high.max(greatest))),
        (Some(Hot::Date), None) => rows.date = Some((low, high)),
        _ => rows.dates.push(DateRow { parameter: parameter.number, low, high }),
    };
    if let Some(text) = value.as_str() {
        if let Some(interval) = interval(text, zone) {
            push((interval.low, interval.high));
        }
        return;
    }
    if let Some(period) = period(value, zone) {
        push(period);
    }
    // A Timing: its single events, and the bounds of its schedule; the schedule between them makes no difference.
    let events = value.get("event").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for event in events.iter().filter_map(Value::as_str).filter_map(|text| interval(text, zone)) {
        push((event.low, event.high));
    }
    let bounds = value.get("repeat").and_then(|repeat| repeat.get("boundsPeriod"));
    if let Some(bounds) = bounds.and_then(|bounds| period(bounds, zone)) {
        push(bounds);
    }
}

/// The interval of a Period; `None` when it has neither end.
fn period(value: &Value, zone: &TimeZone) -> Option<(i64, i64)> {
    let end = |member: &str| value.get(member).and_then(Value::as_str).and_then(|text| interval(text, zone));
    match (end("start"), end("end")) {
        (None, None) => None,
        (start, end) => {
            Some((start.map_or(ALWAYS.0, |start| start.low), end.map_or(ALWAYS.1, |end| end.high)))
        }
    }
}

/// The criterion of a query.
pub(crate) fn criterion(
    condition: &Condition<'_>,
    zone: &TimeZone,
    now: Instant,
) -> Result<Criterion, Refusal> {
    if let Some(modifier) = condition.modifier {
        return Err(condition.no_modifier(modifier, &["missing"]));
    }
    let values = condition.values()?;
    let values = values.iter().map(|text| parse(text, zone, now)).collect::<Result<_, _>>()?;
    Ok(match condition.parameter.code.as_str() {
        "_lastUpdated" => Criterion::LastUpdated { values },
        _ => Criterion::Date { parameter: condition.parameter, values },
    })
}

/// A prefix and a date of any precision from a year to fractions of a second; seconds and the zone may be absent.
fn parse(text: &str, zone: &TimeZone, now: Instant) -> Result<DateValue, Refusal> {
    let (prefix, date) = prefix(text);
    // A `+` before an offset that was not percent-encoded has become a space.
    let Interval { low, high } = interval(&date.replace(' ', "+"), zone).ok_or_else(|| {
        Refusal::invalid(format!(
            "'{}' is not a date. Write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss][zone], after one of the \
             prefixes eq, ne, gt, lt, ge, le, sa, eb and ap or none.",
            shown(text)
        ))
    })?;
    if prefix == Prefix::Ap {
        // A tenth of the way to now, on either side.
        let widening = |point: i64| now.microseconds().saturating_sub(point).saturating_abs() / 10;
        let (low, high) = (low.saturating_sub(widening(low)), high.saturating_add(widening(high)));
        return Ok(DateValue { prefix, low, high });
    }
    Ok(DateValue { prefix, low, high })
}
