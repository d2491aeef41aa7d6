//! Functions that evaluate an expression on each item, <https://hl7.org/fhirpath/N1/#filtering-and-projection>.

use std::collections::HashSet;

use super::{Invocation, Items};
use crate::{
    EvaluateError, evaluate,
    evaluate::{Focus, equality},
    item::Item,
};

pub(super) fn where_<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let mut kept = Vec::new();
    for (index, item) in call.input.iter().enumerate() {
        if evaluate::boolean(&call.on(0, item, index)?, "The criteria of where()")? == Some(true) {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

pub(super) fn select<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let mut selected = Vec::new();
    for (index, item) in call.input.iter().enumerate() {
        let items = call.on(0, item, index)?;
        call.evaluation.budget.spend(items.len())?;
        selected.extend_from_slice(&items);
    }
    Ok(selected)
}

/// Elements are told apart by their place in the resource, values by equality.
pub(super) fn repeat<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let budget = &call.evaluation.budget;
    let mut found: Vec<Item<'a>> = Vec::new();
    let mut places = HashSet::new();
    let mut pending = call.input.to_vec();
    while !pending.is_empty() {
        let mut next = Vec::new();
        for (index, item) in pending.iter().enumerate() {
            for item in call.on(0, item, index)?.iter() {
                budget.spend(1)?;
                let is_new = match item {
                    Item::Node(node) => places.insert(node.identity()),
                    value => !equality::contains(&found, value, budget)?,
                };
                if is_new {
                    found.push(item.clone());
                    next.push(item.clone());
                }
            }
        }
        pending = next;
    }
    Ok(found)
}

/// The condition and the results see the input as `$this`; only the one that is chosen is evaluated.
pub(super) fn iif<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    if call.input.len() > 1 {
        return Err(EvaluateError::NotSingle("iif()"));
    }
    let focus = Focus { items: call.input, ..call.focus };
    let evaluate = |index| match call.expression(index) {
        Some(expr) => call.evaluation.evaluate(expr, focus).map(|items| items.into_owned()),
        None => Ok(Vec::new()),
    };
    let criterion = evaluate(0)?;
    if call.evaluation.context.is_strict()
        && !criterion.iter().all(|c| matches!(c.system(), Item::Boolean(_)))
    {
        return Err(EvaluateError::ill_typed("The criterion of iif() is a boolean."));
    }
    let chosen = if evaluate::boolean(&criterion, "The criterion of iif()")? == Some(true) { 1 } else { 2 };
    evaluate(chosen)
}

pub(super) fn aggregate<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let mut total = call.argument(1)?.into_owned();
    let Some(expr) = call.expression(0) else { return Ok(total) };
    for (index, item) in call.input.iter().enumerate() {
        let focus = Focus { total: Some(&total), ..call.focus.on(item, index) };
        let next = call.evaluation.evaluate(expr, focus)?.into_owned();
        call.evaluation.budget.spend(next.len())?;
        total = next;
    }
    Ok(total)
}

/// Nothing is written anywhere: what is evaluated is patient data.
pub(super) fn trace<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    call.text_argument(0)?;
    for (index, item) in call.input.iter().enumerate() {
        call.on(1, item, index)?;
    }
    Ok(call.input.to_vec())
}
