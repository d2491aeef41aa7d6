//! Equality and equivalence, <https://hl7.org/fhirpath/N1/#equality>. Equality may be unknown; equivalence never is.

use std::collections::HashSet;

use serde_json::Value;

use super::Budget;
use crate::{DateTime, Decimal, EvaluateError, Quantity, item::Item, text::Text};

/// `=` of two collections: unknown when one is empty, or when their precision does not tell.
pub(crate) fn equal_collections(
    left: &[Item<'_>],
    right: &[Item<'_>],
    budget: &Budget,
) -> Result<Option<bool>, EvaluateError> {
    if left.is_empty() || right.is_empty() {
        return Ok(None);
    }
    if left.len() != right.len() {
        return Ok(Some(false));
    }
    let mut result = Some(true);
    for (a, b) in left.iter().zip(right) {
        match equal(a, b, budget)? {
            Some(true) => {}
            Some(false) => return Ok(Some(false)),
            None => result = None,
        }
    }
    Ok(result)
}

/// `~` of two collections: the order does not matter, and empty is equivalent to empty.
pub(crate) fn equivalent_collections(
    left: &[Item<'_>],
    right: &[Item<'_>],
    budget: &Budget,
) -> Result<bool, EvaluateError> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let mut rest: Vec<&Item<'_>> = right.iter().collect();
    for item in left {
        let mut found = None;
        for (index, other) in rest.iter().enumerate() {
            if equivalent(item, other, budget)? {
                found = Some(index);
                break;
            }
        }
        let Some(index) = found else { return Ok(false) };
        rest.swap_remove(index);
    }
    Ok(true)
}

/// Whether two items are equal; `None` when it cannot be told.
pub(crate) fn equal(a: &Item<'_>, b: &Item<'_>, budget: &Budget) -> Result<Option<bool>, EvaluateError> {
    budget.spend(1)?;
    let (a, b) = (a.system(), b.system());
    let is_equal = |ordering: Option<std::cmp::Ordering>| ordering.map(std::cmp::Ordering::is_eq);
    Ok(match (&a, &b) {
        (Item::Boolean(a), Item::Boolean(b)) => Some(a == b),
        (Item::Integer(a), Item::Integer(b)) => Some(a == b),
        (Item::String(a), Item::String(b)) => {
            budget.spend_on_text(a)?;
            Some(a == b)
        }
        (Item::Time(a), Item::Time(b)) => is_equal(a.compare(*b)),
        (Item::Node(a), Item::Node(b)) => {
            if a.same(b) {
                return Ok(Some(true));
            }
            let same =
                same_json(a.value(), b.value(), budget)? && same_json(a.sibling(), b.sibling(), budget)?;
            Some(same && (a.value().is_some() || a.sibling().is_some() || a.type_name() == b.type_name()))
        }
        (Item::Type(a, b), Item::Type(c, d)) => Some(a == c && b == d),
        _ => {
            if let (Some(a), Some(b)) = (moment(&a), moment(&b)) {
                is_equal(a.compare(b))
            } else if let (Some(a), Some(b)) = (a.decimal(), b.decimal()) {
                Some(a == b)
            } else if let (Some(a), Some(b)) = (quantity(&a), quantity(&b)) {
                is_equal(a.compare(&b))
            } else {
                Some(false)
            }
        }
    })
}

/// Whether two items are equivalent.
pub(crate) fn equivalent(a: &Item<'_>, b: &Item<'_>, budget: &Budget) -> Result<bool, EvaluateError> {
    budget.spend(1)?;
    let (a, b) = (a.system(), b.system());
    Ok(match (&a, &b) {
        (Item::String(a), Item::String(b)) => same_words(a, b, budget)?,
        (Item::Node(a), Item::Node(b)) => {
            a.same(b)
                || (equivalent_json(a.value(), b.value(), budget)?
                    && equivalent_json(a.sibling(), b.sibling(), budget)?)
        }
        _ => {
            if let (Some(a), Some(b)) = (a.decimal(), b.decimal()) {
                a.equivalent(b)
            } else if let (Some(a), Some(b)) = (quantity(&a), quantity(&b)) {
                a.equivalent(&b)
            } else {
                equal(&a, &b, budget)? == Some(true)
            }
        }
    })
}

/// The same items without repetitions, in the order in which they first come.
pub(crate) fn distinct<'a>(items: Vec<Item<'a>>, budget: &Budget) -> Result<Vec<Item<'a>>, EvaluateError> {
    if items.len() < 2 {
        return Ok(items);
    }
    let mut seen = Seen::default();
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        if seen.is_new(&item, &kept, budget)? {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// What has been met already: strings by their hash, so that long lists of codes are cheap, the rest by comparison.
#[derive(Default)]
pub(crate) struct Seen<'a> {
    strings: HashSet<Text<'a>>,
}

impl<'a> Seen<'a> {
    /// Whether none of the items kept so far equals this one.
    pub(crate) fn is_new(
        &mut self,
        item: &Item<'a>,
        kept: &[Item<'a>],
        budget: &Budget,
    ) -> Result<bool, EvaluateError> {
        budget.spend(1)?;
        if let Some(text) = string(item) {
            budget.spend_on_text(&text)?;
            return Ok(self.strings.insert(text));
        }
        contains(kept, item, budget).map(|found| !found)
    }
}

fn string<'a>(item: &Item<'a>) -> Option<Text<'a>> {
    matches!(item.system(), Item::String(_)).then(|| item.text()).flatten()
}

/// Whether one of the items equals this one.
pub(crate) fn contains(items: &[Item<'_>], item: &Item<'_>, budget: &Budget) -> Result<bool, EvaluateError> {
    for other in items {
        if equal(other, item, budget)? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn moment(item: &Item<'_>) -> Option<DateTime> {
    match item {
        Item::Date(date) => Some(DateTime::from(*date)),
        Item::DateTime(moment) => Some(*moment),
        _ => None,
    }
}

/// A quantity, or a number as a quantity without dimension.
pub(crate) fn quantity(item: &Item<'_>) -> Option<Quantity> {
    match item {
        Item::Quantity(quantity) => Some((**quantity).clone()),
        _ => Some(Quantity::dimensionless(item.decimal()?)),
    }
}

fn same_words(a: &str, b: &str, budget: &Budget) -> Result<bool, EvaluateError> {
    budget.spend((a.len() + b.len()) / 64)?;
    if a == b {
        return Ok(true);
    }
    let folded = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").to_lowercase()
    };
    Ok(folded(a) == folded(b))
}

fn same_json(a: Option<&Value>, b: Option<&Value>, budget: &Budget) -> Result<bool, EvaluateError> {
    budget.spend(1)?;
    Ok(match (a, b) {
        (None, None) => true,
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (name, value) in a {
                if !b.contains_key(name) || !same_json(Some(value), b.get(name), budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(b) {
                if !same_json(Some(a), Some(b), budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            match (Decimal::parse(a.as_str()), Decimal::parse(b.as_str())) {
                (Some(a), Some(b)) => a == b,
                _ => a == b,
            }
        }
        (a, b) => {
            budget.spend_on_text(a.and_then(Value::as_str).unwrap_or_default())?;
            a == b
        }
    })
}

fn equivalent_json(a: Option<&Value>, b: Option<&Value>, budget: &Budget) -> Result<bool, EvaluateError> {
    budget.spend(1)?;
    Ok(match (a, b) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (name, value) in a {
                if !b.contains_key(name) || !equivalent_json(Some(value), b.get(name), budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            let mut rest: Vec<&Value> = b.iter().collect();
            for value in a {
                let mut found = None;
                for (index, other) in rest.iter().enumerate() {
                    if equivalent_json(Some(value), Some(other), budget)? {
                        found = Some(index);
                        break;
                    }
                }
                let Some(index) = found else { return Ok(false) };
                rest.swap_remove(index);
            }
            true
        }
        (Some(Value::String(a)), Some(Value::String(b))) => same_words(a, b, budget)?,
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            match (Decimal::parse(a.as_str()), Decimal::parse(b.as_str())) {
                (Some(a), Some(b)) => a.equivalent(b),
                _ => a == b,
            }
        }
        (a, b) => a == b,
    })
}
