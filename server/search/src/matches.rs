//! Decides a criterion in memory, with the meaning that the store's SQL has, <https://hl7.org/fhir/R4/search.html>.
//!
//! Subscription filters are decided so. Chains, `_has` and hierarchies cannot be: they look at other resources.

use std::cmp::Ordering;

use fhir::Key;
use fhirpath::Decimal;

use crate::{
    hot::Hot,
    index::{IndexRows, QuantityRow},
    parameter::{Kind, Parameter},
    query::{Circle, Criterion, DateValue, Prefix, QuantityValue, TextMode, Unit},
    value::number::Range,
};

/// Whether the resource with these rows, this identity and this `lastUpdated` (microseconds since 1970 UTC) meets the
/// criterion; `None` when that depends on other resources, or on the type.
#[must_use]
pub fn matches(criterion: &Criterion, rows: &IndexRows, identity: Key, last_updated: i64) -> Option<bool> {
    Some(match criterion {
        Criterion::Keys { keys, negated, .. } => any_key(keys, &rows.keys) != *negated,
        Criterion::Identifier { keys, .. } => rows.identifiers.iter().any(|row| keys.contains(&row.key)),
        Criterion::Status { codes, negated, .. } => {
            rows.status.as_ref().is_some_and(|status| codes.contains(status)) != *negated
        }
        Criterion::Reference { parameter, local, other, negated } => {
            (any_local(parameter, local, rows) || any_key(other, &rows.keys)) != *negated
        }
        Criterion::Text { parameter, mode, texts } => rows
            .strings
            .iter()
            .filter(|row| row.parameter == parameter.number)
            .any(|row| texts.iter().any(|text| text_matches(*mode, text, &row.folded, &row.exact))),
        Criterion::Date { parameter, values } => {
            intervals(parameter, rows).any(|interval| values.iter().any(|value| value.holds(interval)))
        }
        Criterion::Quantity { parameter, values } => rows
            .quantities
            .iter()
            .filter(|row| row.parameter == parameter.number)
            .any(|row| values.iter().any(|value| value.holds(row))),
        Criterion::Display { parameter, texts } => rows
            .vocabulary
            .iter()
            .filter(|row| row.parameter == parameter.text_number())
            .any(|row| texts.iter().any(|text| has_word(&row.text, text))),
        Criterion::Composite { parameter, tuples } => {
            let elements = rows.composites.iter().filter(|row| row.parameter == parameter.number);
            let mut elements = elements.map(|row| &row.rows);
            elements.any(|element| {
                let holds = |part: &Criterion| matches(part, element, identity, last_updated) == Some(true);
                tuples.iter().any(|parts| parts.iter().all(holds))
            })
        }
        Criterion::Missing { parameter, missing } => has_value(parameter, rows) != *missing,
        Criterion::Identity { keys } => keys.contains(&identity),
        Criterion::LastUpdated { values } => {
            // As wide as it is shown: a millisecond.
            let low = last_updated.saturating_sub(last_updated.rem_euclid(1000));
            values.iter().any(|value| value.holds((low, low.saturating_add(1000))))
        }
        Criterion::Chain { .. } | Criterion::Has { .. } | Criterion::Hierarchy { .. } => return None,
        Criterion::Near { parameter, circles } => near(parameter, circles, rows),
        Criterion::Any(criteria) => {
            let decided: Vec<_> =
                criteria.iter().map(|criterion| matches(criterion, rows, identity, last_updated)).collect();
            match decided.contains(&Some(true)) {
                false if decided.contains(&None) => return None,
                any => any,
            }
        }
        Criterion::All(criteria) => {
            let decided: Vec<_> =
                criteria.iter().map(|criterion| matches(criterion, rows, identity, last_updated)).collect();
            match decided.contains(&Some(false)) {
                false if decided.contains(&None) => return None,
                any => !any,
            }
        }
        Criterion::Not(criterion) => !matches(criterion, rows, identity, last_updated)?,
        Criterion::OfType(..) => return None,
        Criterion::Compartment { owner, parameters, itself } => {
            (*itself && identity == *owner)
                || parameters.iter().any(|parameter| any_local(parameter, &[*owner], rows))
        }
    })
}

impl DateValue {
    /// Whether an interval `[low, high)` stands to this value as its prefix says.
    #[must_use]
    pub fn holds(&self, (low, high): (i64, i64)) -> bool {
        let within = self.low <= low && high <= self.high;
        match self.prefix {
            Prefix::Eq => within,
            Prefix::Ne => !within,
            Prefix::Gt => high > self.high,
            Prefix::Lt => low < self.low,
            Prefix::Ge => high > self.low,
            Prefix::Le => low < self.high,
            Prefix::Sa => low >= self.high,
            Prefix::Eb => high <= self.low,
            Prefix::Ap => low < self.high && high > self.low,
        }
    }
}

impl Prefix {
    /// Whether something that stands so to what is asked meets this prefix.
    fn orders(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq | Self::Ap => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Gt | Self::Sa => ordering.is_gt(),
            Self::Lt | Self::Eb => ordering.is_lt(),
            Self::Ge => ordering.is_ge(),
            Self::Le => ordering.is_le(),
        }
    }
}

impl QuantityValue {
    /// Whether the numbers of a row stand to this value as its prefix says.
    #[must_use]
    pub fn holds(&self, row: &QuantityRow) -> bool {
        let range = match self.unit {
            Unit::Any => Some(row.range),
            Unit::Written(unit) => (row.code == Some(unit) || row.unit == Some(unit)).then_some(row.range),
            Unit::Measure(measure) => row.measured.filter(|(own, _)| *own == measure).map(|(_, range)| range),
        };
        range.is_some_and(|range| self.contains(range))
    }

    fn contains(&self, Range { low, high }: Range) -> bool {
        // An open end lies beyond every number.
        let within = low.is_some_and(|low| low >= self.low) && high.is_some_and(|high| high < self.high);
        match self.prefix {
            Prefix::Eq => within,
            Prefix::Ne => !within,
            Prefix::Gt => high.is_none_or(|high| high > self.high),
            Prefix::Lt => low.is_none_or(|low| low < self.low),
            Prefix::Ge => high.is_none_or(|high| high >= self.low),
            Prefix::Le => low.is_none_or(|low| low <= self.high),
            Prefix::Sa => low.is_some_and(|low| low > self.high),
            Prefix::Eb => high.is_some_and(|high| high < self.low),
            Prefix::Ap => low.is_none_or(|low| low <= self.high) && high.is_none_or(|high| high >= self.low),
        }
    }
}

fn any_key(asked: &[Key], keys: &[Key]) -> bool {
    asked.iter().any(|key| keys.binary_search(key).is_ok())
}

fn near(parameter: &Parameter, circles: &[Circle], rows: &IndexRows) -> bool {
    let [latitude, longitude] = parameter.position_numbers().map(|number| {
        let row = rows.quantities.iter().find(|row| row.parameter == number);
        row.and_then(|row| row.range.low).map(Decimal::to_f64)
    });
    let position = latitude.zip(longitude);
    position
        .is_some_and(|(latitude, longitude)| circles.iter().any(|circle| circle.holds(latitude, longitude)))
}

fn has_word(folded: &str, text: &str) -> bool {
    format!(" {folded}").contains(&format!(" {text}"))
}

fn any_local(parameter: &Parameter, asked: &[Key], rows: &IndexRows) -> bool {
    let first = column(parameter, rows).flatten();
    first.is_some_and(|target| asked.contains(&target))
        || rows.references.iter().any(|row| row.parameter == parameter.number && asked.contains(&row.target))
}

/// The content of the column of a hot reference parameter.
fn column(parameter: &Parameter, rows: &IndexRows) -> Option<Option<Key>> {
    match parameter.hot? {
        Hot::Owner => Some(rows.owner),
        Hot::Patient => Some(rows.patient),
        Hot::Focus => Some(rows.focus),
        Hot::Status | Hot::Date => None,
    }
}

fn intervals<'r>(parameter: &'r Parameter, rows: &'r IndexRows) -> impl Iterator<Item = (i64, i64)> + 'r {
    let hot = if parameter.hot == Some(Hot::Date) { rows.date } else { None };
    let number = parameter.number;
    hot.into_iter()
        .chain(rows.dates.iter().filter(move |row| row.parameter == number).map(|row| (row.low, row.high)))
}

fn text_matches(mode: TextMode, text: &str, folded: &str, exact: &str) -> bool {
    match mode {
        TextMode::StartsWith => folded.starts_with(text),
        TextMode::Contains => folded.contains(text),
        TextMode::Exact => exact == text,
        TextMode::EndsWith => folded.ends_with(text),
        // Parts of a text have no `exact`.
        TextMode::Whole(prefix) => !exact.is_empty() && prefix.orders(folded.cmp(text)),
        TextMode::Below => {
            folded.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    }
}

fn has_value(parameter: &Parameter, rows: &IndexRows) -> bool {
    match parameter.kind {
        Kind::String => rows.strings.iter().any(|row| row.parameter == parameter.number),
        Kind::Date => intervals(parameter, rows).next().is_some(),
        _ if parameter.hot == Some(Hot::Status) => rows.status.is_some(),
        _ => column(parameter, rows).flatten().is_some() || any_key(&[parameter.presence()], &rows.keys),
    }
}

#[cfg(test)]
mod tests;
