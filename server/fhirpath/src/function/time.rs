//! The clock, the same for a whole evaluation, <https://hl7.org/fhirpath/N1/#current-date-and-time-functions>.

use super::{Invocation, Items};
use crate::item::Item;

pub(super) fn now<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(vec![Item::DateTime(call.evaluation.now())])
}

pub(super) fn today<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(vec![Item::Date(call.evaluation.now().date)])
}

pub(super) fn time_of_day<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(call.evaluation.now().time.map(Item::Time).into_iter().collect())
}
