//! The binary operators, <https://hl7.org/fhirpath/N1/#operations>: logic of three values, membership, comparison, arithmetic.

use super::{Evaluation, Focus, boolean, equality, order, single};
use crate::{
    DateTime, Decimal, EvaluateError, Quantity,
    ast::{Expr, Operator},
    function::string::limited,
    item::Item,
    quantity::{CalendarUnit, Unit},
};

/// The result of `left operator right`; `None` is empty.
pub(super) fn binary<'a>(
    evaluation: &Evaluation<'_, 'a>,
    operator: Operator,
    left: &'a Expr,
    right: &'a Expr,
    focus: Focus<'_, 'a>,
) -> Result<Option<Item<'a>>, EvaluateError> {
    if matches!(operator, Operator::And | Operator::Or | Operator::Xor | Operator::Implies) {
        return Ok(logic(evaluation, operator, left, right, focus)?.map(Item::Boolean));
    }
    let left = evaluation.evaluate(left, focus)?;
    let right = evaluation.evaluate(right, focus)?;
    let budget = &evaluation.budget;
    let truth = |value: Option<bool>| Ok(value.map(Item::Boolean));
    match operator {
        Operator::Equal => truth(equality::equal_collections(&left, &right, budget)?),
        Operator::NotEqual => truth(equality::equal_collections(&left, &right, budget)?.map(|equal| !equal)),
        Operator::Equivalent => truth(Some(equality::equivalent_collections(&left, &right, budget)?)),
        Operator::NotEquivalent => truth(Some(!equality::equivalent_collections(&left, &right, budget)?)),
        Operator::In => truth(member(&left, &right, evaluation)?),
        Operator::Contains => truth(member(&right, &left, evaluation)?),
        Operator::Concatenate => {
            let joined = text(&left)? + &text(&right)?;
            limited(joined, budget).map(|text| Some(Item::String(text.into())))
        }
        _ => {
            let (Some(a), Some(b)) = (single(&left, "An operator")?, single(&right, "An operator")?) else {
                return Ok(None);
            };
            match operator {
                Operator::Less => truth(order::compare(a, b)?.map(|o| o.is_lt())),
                Operator::LessOrEqual => truth(order::compare(a, b)?.map(|o| o.is_le())),
                Operator::Greater => truth(order::compare(a, b)?.map(|o| o.is_gt())),
                Operator::GreaterOrEqual => truth(order::compare(a, b)?.map(|o| o.is_ge())),
                Operator::Add => match (a.system(), b.system()) {
                    (Item::String(a), Item::String(b)) => {
                        limited(format!("{a}{b}"), budget).map(|text| Some(Item::String(text.into())))
                    }
                    (a, b) => arithmetic(operator, &a, &b),
                },
                _ => arithmetic(operator, &a.system(), &b.system()),
            }
        }
    }
}

/// `-x`.
pub(super) fn negate<'a>(items: &[Item<'a>]) -> Result<Vec<Item<'a>>, EvaluateError> {
    let Some(item) = single(items, "A sign")? else { return Ok(Vec::new()) };
    let negated = match item.system() {
        Item::Integer(number) => number.checked_neg().map(Item::Integer),
        Item::Decimal(number) => Some(Item::Decimal(number.negated())),
        Item::Quantity(quantity) => Some(Item::Quantity(Box::new(quantity.negated()))),
        other => return Err(EvaluateError::ill_typed(format!("{} has no negative.", other.type_info().1))),
    };
    Ok(negated.into_iter().collect())
}

fn logic<'a>(
    evaluation: &Evaluation<'_, 'a>,
    operator: Operator,
    left: &'a Expr,
    right: &'a Expr,
    focus: Focus<'_, 'a>,
) -> Result<Option<bool>, EvaluateError> {
    let left = boolean(&evaluation.evaluate(left, focus)?, "A logical operator")?;
    match (operator, left) {
        (Operator::And, Some(false)) => return Ok(Some(false)),
        (Operator::Or, Some(true)) | (Operator::Implies, Some(false)) => return Ok(Some(true)),
        (Operator::Xor, None) => return Ok(None),
        _ => {}
    }
    let right = boolean(&evaluation.evaluate(right, focus)?, "A logical operator")?;
    Ok(match (operator, left, right) {
        (Operator::And, _, Some(false)) => Some(false),
        (Operator::Or | Operator::Implies, _, Some(true)) => Some(true),
        (Operator::Implies, Some(true), right) => right,
        (Operator::Implies, _, _) => None,
        (Operator::Xor, Some(left), Some(right)) => Some(left != right),
        (_, Some(_), Some(right)) => Some(right),
        _ => None,
    })
}

fn member(
    item: &[Item<'_>],
    items: &[Item<'_>],
    evaluation: &Evaluation<'_, '_>,
) -> Result<Option<bool>, EvaluateError> {
    match single(item, "Membership")? {
        None => Ok(None),
        Some(item) => equality::contains(items, item, &evaluation.budget).map(Some),
    }
}

fn text(items: &[Item<'_>]) -> Result<String, EvaluateError> {
    match single(items, "&")? {
        None => Ok(String::new()),
        Some(item) => match item.system() {
            Item::Node(_) | Item::Type(..) => Err(EvaluateError::ill_typed("& joins texts.")),
            _ => Ok(item.to_text().unwrap_or_default()),
        },
    }
}

fn arithmetic<'a>(operator: Operator, a: &Item<'_>, b: &Item<'_>) -> Result<Option<Item<'a>>, EvaluateError> {
    if let (Item::Integer(a), Item::Integer(b)) = (a, b) {
        let whole = match operator {
            Operator::Add => a.checked_add(*b),
            Operator::Subtract => a.checked_sub(*b),
            Operator::Multiply => a.checked_mul(*b),
            Operator::DivideWhole => a.checked_div(*b),
            Operator::Modulo => a.checked_rem(*b),
            _ => return Ok(decimals(operator, Decimal::from(*a), Decimal::from(*b))),
        };
        return Ok(whole.map(Item::Integer));
    }
    if let (Some(a), Some(b)) = (a.decimal(), b.decimal()) {
        return Ok(decimals(operator, a, b));
    }
    if let (Item::Date(_) | Item::DateTime(_) | Item::Time(_), Item::Quantity(quantity)) = (a, b)
        && matches!(operator, Operator::Add | Operator::Subtract)
    {
        return moved(operator, a, quantity);
    }
    match (a, b, equality::quantity(a), equality::quantity(b)) {
        (Item::Quantity(_), _, Some(a), Some(b)) | (_, Item::Quantity(_), Some(a), Some(b)) => {
            quantities(operator, &a, &b)
        }
        _ => Err(ill_typed(a, b)),
    }
}

fn ill_typed(a: &Item<'_>, b: &Item<'_>) -> EvaluateError {
    EvaluateError::ill_typed(format!(
        "{} and {} cannot be combined by this operator.",
        a.type_info().1,
        b.type_info().1
    ))
}

fn decimals<'a>(operator: Operator, a: Decimal, b: Decimal) -> Option<Item<'a>> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::DivideWhole => {
            return a.checked_div_whole(b).and_then(Decimal::to_integer).map(Item::Integer);
        }
        _ => a.checked_rem(b),
    };
    result.map(Item::Decimal)
}

fn quantities<'a>(operator: Operator, a: &Quantity, b: &Quantity) -> Result<Option<Item<'a>>, EvaluateError> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_add(&b.negated()),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        _ => return Err(EvaluateError::ill_typed("Quantities have no whole division.")),
    };
    Ok(result.map(|quantity| Item::Quantity(Box::new(quantity))))
}

fn moved<'a>(
    operator: Operator,
    item: &Item<'_>,
    quantity: &Quantity,
) -> Result<Option<Item<'a>>, EvaluateError> {
    let unit = match &quantity.unit {
        Unit::Calendar(unit) => Some(*unit),
        Unit::Ucum(code) => match &**code {
            "wk" => Some(CalendarUnit::Week),
            "d" => Some(CalendarUnit::Day),
            "h" => Some(CalendarUnit::Hour),
            "min" => Some(CalendarUnit::Minute),
            "s" => Some(CalendarUnit::Second),
            "ms" => Some(CalendarUnit::Millisecond),
            word => CalendarUnit::parse(word),
        },
    };
    let unit = unit.ok_or_else(|| {
        EvaluateError::ill_typed(format!("'{}' is not a duration of the calendar.", quantity.code()))
    })?;
    let amount = if operator == Operator::Subtract { quantity.value.negated() } else { quantity.value };
    Ok(match item {
        Item::Date(date) => date.checked_add(amount, unit).map(Item::Date),
        Item::DateTime(moment) => DateTime::checked_add(*moment, amount, unit).map(Item::DateTime),
        Item::Time(time) => time.checked_add(amount, unit).map(Item::Time),
        _ => None,
    })
}
