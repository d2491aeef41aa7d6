//! Whether something is there, and how much of it, <https://hl7.org/fhirpath/N1/#existence>.

use super::{Invocation, Items, boolean};
use crate::{
    EvaluateError, evaluate,
    evaluate::equality::{self, Seen},
    item::Item,
};

pub(super) fn empty<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boolean(call.input.is_empty())
}

pub(super) fn exists<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    if call.expression(0).is_none() {
        return boolean(!call.input.is_empty());
    }
    for (index, item) in call.input.iter().enumerate() {
        if evaluate::boolean(&call.on(0, item, index)?, "The criteria of exists()")? == Some(true) {
            return boolean(true);
        }
    }
    boolean(false)
}

pub(super) fn all<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    for (index, item) in call.input.iter().enumerate() {
        if evaluate::boolean(&call.on(0, item, index)?, "The criteria of all()")? != Some(true) {
            return boolean(false);
        }
    }
    boolean(true)
}

pub(super) fn all_true<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boolean(booleans(call)?.into_iter().all(|value| value))
}

pub(super) fn any_true<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boolean(booleans(call)?.into_iter().any(|value| value))
}

pub(super) fn all_false<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boolean(booleans(call)?.into_iter().all(|value| !value))
}

pub(super) fn any_false<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boolean(booleans(call)?.into_iter().any(|value| !value))
}

fn booleans(call: &Invocation<'_, '_>) -> Result<Vec<bool>, EvaluateError> {
    let value = |item: &Item<'_>| match item.system() {
        Item::Boolean(value) => Ok(value),
        other => Err(EvaluateError::ill_typed(format!("{} is no boolean.", other.type_info().1))),
    };
    call.input.iter().map(value).collect()
}

pub(super) fn subset_of<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boolean(is_subset(call.input, &call.argument(0)?, call)?)
}

pub(super) fn superset_of<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boolean(is_subset(&call.argument(0)?, call.input, call)?)
}

fn is_subset(items: &[Item<'_>], of: &[Item<'_>], call: &Invocation<'_, '_>) -> Result<bool, EvaluateError> {
    for item in items {
        if !equality::contains(of, item, &call.evaluation.budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn count<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(vec![Item::Integer(call.input.len() as i64)])
}

pub(super) fn distinct<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    equality::distinct(call.input.to_vec(), &call.evaluation.budget)
}

pub(super) fn is_distinct<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let mut seen = Seen::default();
    for (index, item) in call.input.iter().enumerate() {
        if !seen.is_new(item, &call.input[..index], &call.evaluation.budget)? {
            return boolean(false);
        }
    }
    boolean(true)
}

pub(super) fn not<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let value = evaluate::boolean(call.input, "not()")?;
    Ok(value.map(|value| Item::Boolean(!value)).into_iter().collect())
}

/// Whether the input is one primitive that has a value, and not extensions only.
pub(super) fn has_value<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    boolean(matches!(call.input, [item] if primitive(item).is_some()))
}

pub(super) fn get_value<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    Ok(match call.input {
        [item] => primitive(item).into_iter().collect(),
        _ => Vec::new(),
    })
}

fn primitive<'a>(item: &Item<'a>) -> Option<Item<'a>> {
    match item {
        Item::Node(node) if node.value().is_some_and(|value| !value.is_object()) => {
            Some(crate::item::system_value(*node).unwrap_or(Item::Node(*node)))
        }
        Item::Node(_) => None,
        other => Some(other.clone()),
    }
}
