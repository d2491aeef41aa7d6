//! `<`, `>`, `<=` and `>=`, <https://hl7.org/fhirpath/N1/#comparison>.

use std::cmp::Ordering;

use super::equality::{moment, quantity};
use crate::{EvaluateError, item::Item};

/// How two items compare; `None` when their precision or units do not tell, an error when their types never compare.
pub(crate) fn compare(a: &Item<'_>, b: &Item<'_>) -> Result<Option<Ordering>, EvaluateError> {
    let (a, b) = (a.system(), b.system());
    match (&a, &b) {
        (Item::Integer(a), Item::Integer(b)) => return Ok(Some(a.cmp(b))),
        (Item::String(a), Item::String(b)) => return Ok(Some((**a).cmp(&**b))),
        (Item::Time(a), Item::Time(b)) => return Ok(a.compare(*b)),
        _ => {}
    }
    if let (Some(a), Some(b)) = (moment(&a), moment(&b)) {
        return Ok(a.compare(b));
    }
    if let (Some(a), Some(b)) = (a.decimal(), b.decimal()) {
        return Ok(Some(a.cmp(&b)));
    }
    if let (Some(a), Some(b)) = (quantity(&a), quantity(&b)) {
        return Ok(a.compare(&b));
    }
    Err(EvaluateError::ill_typed(format!(
        "{} and {} cannot be put in order.",
        a.type_info().1,
        b.type_info().1
    )))
}
