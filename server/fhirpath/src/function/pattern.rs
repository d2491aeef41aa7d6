//! Regular expressions, <https://hl7.org/fhirpath/N1/#matchesregex--string--boolean>, in the syntax of the crate `regex`:
//! linear in time, and so without look-around and back-references.

use std::borrow::Cow;

use regex::Regex;

use super::{Invocation, Items, boolean, string::made};
use crate::{EvaluateError, parser};

/// `matches()` looks for a part of the text, `matchesFull()` compares the whole.
pub(super) fn matches<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let (Some(text), Some(regex)) = (call.text()?, regex(call)?) else { return Ok(Vec::new()) };
    call.evaluation.budget.spend(text.len() / 64)?;
    boolean(regex.is_match(&text))
}

/// An empty regular expression replaces nothing.
pub(super) fn replace_matches<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let (Some(text), Some(regex), Some(by)) = (call.text()?, regex(call)?, call.text_argument(1)?) else {
        return Ok(Vec::new());
    };
    if regex.as_str().is_empty() {
        return made(call, text.to_string());
    }
    // What is put in may name groups, so its length is not known before; the number of places is.
    call.evaluation
        .budget
        .spend(regex.find_iter(&text).count().saturating_mul(1 + by.len() + text.len() / 64))?;
    made(call, regex.replace_all(&text, &*by).into_owned())
}

fn regex<'a>(call: &Invocation<'_, 'a>) -> Result<Option<Cow<'a, Regex>>, EvaluateError> {
    if let Some(regex) = &call.call.pattern {
        return Ok(Some(Cow::Borrowed(regex)));
    }
    let Some(text) = call.text_argument(0)? else { return Ok(None) };
    call.evaluation.budget.spend(1000)?;
    let regex = parser::pattern(&call.call.function.anchored(&text)).map_err(EvaluateError::Pattern)?;
    Ok(Some(Cow::Owned(regex)))
}
