//! Parts of a collection by position, <https://hl7.org/fhirpath/N1/#subsetting>.

use super::{Invocation, Items};

pub(super) fn only<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(call.item()?.cloned().into_iter().collect())
}

pub(super) fn first<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(call.input.first().cloned().into_iter().collect())
}

pub(super) fn last<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(call.input.last().cloned().into_iter().collect())
}

pub(super) fn tail<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(call.input.iter().skip(1).cloned().collect())
}

pub(super) fn skip<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let count = call.integer_argument(0)?.unwrap_or(0).max(0);
    Ok(call.input.iter().skip(usize::try_from(count).unwrap_or(usize::MAX)).cloned().collect())
}

pub(super) fn take<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let count = call.integer_argument(0)?.unwrap_or(0).max(0);
    Ok(call.input.iter().take(usize::try_from(count).unwrap_or(usize::MAX)).cloned().collect())
}
