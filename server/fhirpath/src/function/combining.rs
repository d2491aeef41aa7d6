//! Two collections made one, <https://hl7.org/fhirpath/N1/#combining>.

use super::{Invocation, Items};
use crate::evaluate::equality;

pub(super) fn union<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    equality::distinct(combine(call)?, &call.evaluation.budget)
}

pub(super) fn combine<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let other = call.argument(0)?;
    call.evaluation.budget.spend(call.input.len() + other.len())?;
    Ok(call.input.iter().chain(other.iter()).cloned().collect())
}

pub(super) fn intersect<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    equality::distinct(filtered(call, true)?, &call.evaluation.budget)
}

pub(super) fn exclude<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    filtered(call, false)
}

fn filtered<'a>(call: &Invocation<'_, 'a>, wanted: bool) -> Items<'a> {
    let other = call.argument(0)?;
    let mut kept = Vec::new();
    for item in call.input {
        if equality::contains(&other, item, &call.evaluation.budget)? == wanted {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}
