//! Texts, <https://hl7.org/fhirpath/N1/#string-manipulation>. Positions count characters, not bytes.

use super::{Invocation, Items, boolean};
use crate::{EvaluateError, evaluate::Budget, item::Item, text::Text};

/// The longest text, in bytes, that an evaluation may make.
const MAX_LENGTH: usize = 1 << 20;

/// The same text, if it is short enough.
pub(crate) fn limited(text: String, budget: &Budget) -> Result<String, EvaluateError> {
    budget.spend(text.len() / 64)?;
    if text.len() > MAX_LENGTH { Err(EvaluateError::TooCostly) } else { Ok(text) }
}

pub(super) fn made<'a>(call: &Invocation<'_, 'a>, text: String) -> Items<'a> {
    Ok(vec![Item::String(limited(text, &call.evaluation.budget)?.into())])
}

fn position<'a>(position: Option<i64>) -> Items<'a> {
    Ok(vec![Item::Integer(position.unwrap_or(-1))])
}

type Pair<'a> = (Text<'a>, Text<'a>);

/// Input and first argument; the result is empty when one of them is.
fn both<'a>(call: &Invocation<'_, 'a>) -> Result<Option<Pair<'a>>, EvaluateError> {
    let input = call.text()?;
    Ok(input.zip(call.text_argument(0)?))
}

pub(super) fn index_of<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some((text, part)) = both(call)? else { return Ok(Vec::new()) };
    position(text.find(&*part).map(|at| text[..at].chars().count() as i64))
}

pub(super) fn last_index_of<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some((text, part)) = both(call)? else { return Ok(Vec::new()) };
    position(text.rfind(&*part).map(|at| text[..at].chars().count() as i64))
}

pub(super) fn substring<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some((text, start)) = call.text()?.zip(call.integer_argument(0)?) else { return Ok(Vec::new()) };
    let length = match call.expression(1) {
        Some(_) => call.integer_argument(1)?.unwrap_or(i64::MAX),
        None => i64::MAX,
    };
    let Ok(start) = usize::try_from(start) else { return Ok(Vec::new()) };
    let mut rest = text.chars().skip(start).peekable();
    if rest.peek().is_none() {
        return Ok(Vec::new());
    }
    made(call, rest.take(usize::try_from(length).unwrap_or(0)).collect())
}

pub(super) fn starts_with<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    both(call)?.map_or(Ok(Vec::new()), |(text, part)| boolean(text.starts_with(&*part)))
}

pub(super) fn ends_with<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    both(call)?.map_or(Ok(Vec::new()), |(text, part)| boolean(text.ends_with(&*part)))
}

pub(super) fn contains<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    both(call)?.map_or(Ok(Vec::new()), |(text, part)| boolean(text.contains(&*part)))
}

pub(super) fn upper<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    call.text()?.map_or(Ok(Vec::new()), |text| made(call, text.to_uppercase()))
}

pub(super) fn lower<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    call.text()?.map_or(Ok(Vec::new()), |text| made(call, text.to_lowercase()))
}

pub(super) fn replace<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(((text, part), by)) = both(call)?.zip(call.text_argument(1)?) else { return Ok(Vec::new()) };
    // The count bounds the length before anything is made.
    let places = text.matches(&*part).count();
    if places.saturating_mul(by.len()).saturating_add(text.len()) > MAX_LENGTH {
        return Err(EvaluateError::TooCostly);
    }
    made(call, text.replace(&*part, &by))
}

pub(super) fn length<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let length = call.text()?.map(|text| Item::Integer(text.chars().count() as i64));
    Ok(length.into_iter().collect())
}

pub(super) fn to_chars<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(text) = call.text()? else { return Ok(Vec::new()) };
    call.evaluation.budget.spend(text.len())?;
    Ok(text.chars().map(|c| Item::String(c.to_string().into())).collect())
}

pub(super) fn trim<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    call.text()?.map_or(Ok(Vec::new()), |text| made(call, text.trim().to_owned()))
}

pub(super) fn split<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some((text, separator)) = both(call)? else { return Ok(Vec::new()) };
    if separator.is_empty() {
        return to_chars(call);
    }
    call.evaluation.budget.spend(text.len())?;
    Ok(text.split(&*separator).map(|part| Item::String(part.to_owned().into())).collect())
}

pub(super) fn join<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    if call.input.is_empty() {
        return Ok(Vec::new());
    }
    let separator = call.text_argument(0)?.unwrap_or(Text::Borrowed(""));
    let mut joined = String::new();
    for (index, item) in call.input.iter().enumerate() {
        let Some(part) = item.text() else {
            return Err(EvaluateError::ill_typed(format!("{} is no text.", item.type_info().1)));
        };
        if index > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(&part);
        if joined.len() > MAX_LENGTH {
            return Err(EvaluateError::TooCostly);
        }
    }
    made(call, joined)
}
