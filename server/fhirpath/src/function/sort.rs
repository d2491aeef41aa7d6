//! `sort()`, by the items or by keys; a key with a minus before it sorts downwards,
//! <https://build.fhir.org/ig/HL7/FHIRPath/#sortkeyselector-asc--desc--collection>.

use std::cmp::Ordering;

use super::{Invocation, Items};
use crate::{
    EvaluateError,
    ast::Expr,
    evaluate::{Budget, order, single},
    item::Item,
};

type Keys<'a> = Vec<Option<Item<'a>>>;

pub(super) fn sort<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let downwards: Vec<bool> =
        call.call.arguments.iter().map(|argument| matches!(argument, Expr::Negate(_))).collect();
    let mut rows: Vec<(Keys<'a>, &Item<'a>)> = Vec::with_capacity(call.input.len());
    for (index, item) in call.input.iter().enumerate() {
        let mut keys = Vec::new();
        for argument in &call.call.arguments {
            let key = if let Expr::Negate(key) = argument { key } else { argument };
            let items = call.evaluation.evaluate(key, call.focus.on(item, index))?;
            keys.push(single(&items, "A key of sort()")?.cloned());
        }
        if keys.is_empty() {
            keys.push(Some(item.clone()));
        }
        rows.push((keys, item));
    }
    let rows = merged(rows, &downwards, &call.evaluation.budget)?;
    Ok(rows.into_iter().map(|(_, item)| item.clone()).collect())
}

/// A merge sort, because keys of partial precision have no total order, on which the sort of the standard library insists.
fn merged<'a, 'i>(
    mut rows: Vec<(Keys<'a>, &'i Item<'a>)>,
    downwards: &[bool],
    budget: &Budget,
) -> Result<Vec<(Keys<'a>, &'i Item<'a>)>, EvaluateError> {
    if rows.len() < 2 {
        return Ok(rows);
    }
    let right = merged(rows.split_off(rows.len() / 2), downwards, budget)?;
    let left = merged(rows, downwards, budget)?;
    let mut sorted = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        budget.spend(1)?;
        let from_right = compare(&a.0, &b.0, downwards)?.is_gt();
        sorted.extend(if from_right { right.next() } else { left.next() });
    }
    sorted.extend(left);
    sorted.extend(right);
    Ok(sorted)
}

fn compare(a: &Keys<'_>, b: &Keys<'_>, downwards: &[bool]) -> Result<Ordering, EvaluateError> {
    for (index, (a, b)) in a.iter().zip(b).enumerate() {
        let ordering = match (a, b) {
            (Some(a), Some(b)) => {
                let ordering = order::compare(a, b)?.unwrap_or(Ordering::Equal);
                if downwards.get(index) == Some(&true) { ordering.reverse() } else { ordering }
            }
            // Without a key an item comes first, whichever way the others are sorted.
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        if ordering.is_ne() {
            return Ok(ordering);
        }
    }
    Ok(Ordering::Equal)
}
