//! What a resource is found by: its index rows, made when it is written, <https://hl7.org/fhir/R4/search.html>.
//!
//! Where a value is kept: `status`, `owner`, `patient`, `focus` and `date` are columns of the resource's own row, for the
//! parameters of [`crate::hot`]; local references of all others go to `references`, intervals to `dates`, numbers (and positions) to
//! `quantities`, texts (and uris, for `:below`) to `strings`; everything else that is found by equality is a key. `_id` and `_lastUpdated` have no
//! rows: the store knows them.

use fhir::{Key, Resource};
use fhirpath::{Context, Decimal, Item};
use jiff::tz::TimeZone;

use crate::{
    derived::Derived,
    found::Found,
    hot::Hot,
    parameter::{Kind, Parameter, registry},
    value::{date, near, number, number::Range, quantity, reference, string, token, uri},
};

/// The index rows of one version of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexRows {
    /// The code of the hot parameter `status`.
    pub status: Option<String>,
    /// The key of the resource that the hot owner parameter points to.
    pub owner: Option<Key>,
    /// The key of the patient that the hot parameter `patient` points to.
    pub patient: Option<Key>,
    /// The key of the resource that the hot parameter `focus` points to.
    pub focus: Option<Key>,
    /// The interval `[low, high)` of the hot date parameter, in microseconds since 1970 UTC; of several, the outer limits.
    pub date: Option<(i64, i64)>,
    /// When the timer has to look at the resource, in microseconds since 1970 UTC. It is a rule's matter, and not set here.
    pub due: Option<i64>,
    /// Tokens, uris, references that are not local, and presence; sorted, each once.
    pub keys: Vec<Key>,
    /// The identifiers of parameters that have no other values; sorted, each once.
    pub identifiers: Vec<IdentifierRow>,
    /// Sorted, each once.
    pub strings: Vec<StringRow>,
    /// Sorted, each once.
    pub dates: Vec<DateRow>,
    /// Sorted, each once.
    pub quantities: Vec<QuantityRow>,
    /// Local references of the parameters that are not hot; sorted, each once.
    pub references: Vec<ReferenceRow>,
    /// Codes and their texts, whose keys are in `keys` too; sorted, each once.
    pub vocabulary: Vec<VocabularyRow>,
    /// What the elements of composite parameters are found by; sorted, each once.
    pub composites: Vec<CompositeRow>,
}

/// An identifier that has a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentifierRow {
    /// The key of `system|value`, which is not among the `keys`; without a system, that of `|value`, which is.
    pub key: Key,
    /// The number of the parameter.
    pub parameter: i32,
    /// The value, as it is sorted by, at most [`string::LENGTH`] characters.
    pub text: String,
}

/// A text of a string parameter, or a uri (which is not folded).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StringRow {
    /// The number of the parameter.
    pub parameter: i32,
    /// As it is compared by default and by `:contains`: the fold of `exact`, or of one part of it.
    pub folded: String,
    /// As it is compared by `:exact`, at most [`string::LENGTH`] characters; empty when `folded` is a part of a text.
    pub exact: String,
}

/// An interval `[low, high)` of a date parameter, in microseconds since 1970 UTC; an open end is `i64::MIN` or `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateRow {
    /// The number of the parameter.
    pub parameter: i32,
    pub low: i64,
    pub high: i64,
}

/// The numbers of a number or quantity parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuantityRow {
    /// The number of the parameter.
    pub parameter: i32,
    /// As they are written.
    pub range: Range,
    /// The key of the code of their unit.
    pub code: Option<Key>,
    /// The key of the text of their unit.
    pub unit: Option<Key>,
    /// What they are in base units, and the key of what those measure; for units that cannot be converted, of the unit itself.
    pub measured: Option<(Key, Range)>,
}

impl QuantityRow {
    /// The row of numbers that have no unit.
    pub(crate) fn of_number(parameter: i32, range: Range) -> Self {
        Self { parameter, range, code: None, unit: None, measured: None }
    }
}

/// A reference to a resource of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReferenceRow {
    /// The number of the parameter.
    pub parameter: i32,
    /// [`Key::of_resource`] of what is pointed to.
    pub target: Key,
}

/// A code in use, or a text that one is shown with: what a key stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VocabularyRow {
    /// The number of the parameter, or of its texts.
    pub parameter: i32,
    /// A code as it is, or a text folded.
    pub text: String,
    /// What stands for it among the `keys`.
    pub key: Key,
}

/// One element of a composite parameter: it has a value for every component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompositeRow {
    /// The number of the parameter.
    pub parameter: i32,
    /// What the element is found by: `keys`, `strings`, `dates` and `quantities` of the components.
    pub rows: Box<IndexRows>,
}

impl CompositeRow {
    /// The key of the element in this resource. Elements that are found by the same are one.
    #[must_use]
    pub fn element(&self, resource: Key) -> Key {
        let IndexRows { keys, strings, dates, quantities, .. } = &*self.rows;
        let number = |number: &Option<Decimal>| {
            number.map_or_else(|| "-".to_owned(), |number| number.normalized().to_string())
        };
        let mut texts = vec![resource.uuid().to_string(), self.parameter.to_string()];
        texts.extend(keys.iter().map(|key| key.uuid().to_string()));
        texts.extend(strings.iter().map(|row| format!("{} {}", row.parameter, row.exact)));
        texts.extend(dates.iter().map(|row| format!("{} {} {}", row.parameter, row.low, row.high)));
        for QuantityRow { parameter, range, code, unit, .. } in quantities {
            let unit = [code, unit].map(|key| key.map_or_else(String::new, |key| key.uuid().to_string()));
            texts.push(format!(
                "{parameter} {} {} {}",
                number(&range.low),
                number(&range.high),
                unit.join(" ")
            ));
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        Key::of_parts("element", &texts)
    }
}

/// The index rows of a resource. `base` is the server's own base address, without a slash at its end; `zone` is where
/// times without a zone are at home.
#[must_use]
pub fn index(resource: &Resource, base: &str, zone: &TimeZone) -> IndexRows {
    let mut rows = IndexRows::default();
    let context = Context::of_resource(resource);
    for parameter in registry().parameters(resource.resource_type()) {
        let Some(expression) = parameter.expression() else { continue };
        if matches!(parameter.derived, Some(Derived::Union(_))) {
            continue;
        }
        if parameter.kind == Kind::Composite {
            let elements = Found::elements(expression, &context);
            if add_composite(parameter, elements, &context, base, zone, &mut rows) {
                rows.keys.push(parameter.presence());
            }
            continue;
        }
        let found = Found::by(expression, &context);
        for found in &found {
            add(parameter, found, base, zone, &mut rows);
        }
        if !found.is_empty() && needs_presence(parameter, &rows) {
            rows.keys.push(parameter.presence());
        }
    }
    rows.sort();
    rows
}

/// Adds a row for every element that has a value for each component, unless others answer for it; whether there is one.
fn add_composite<'r>(
    parameter: &'static Parameter,
    elements: Vec<Item<'r>>,
    context: &Context<'r>,
    base: &str,
    zone: &TimeZone,
    rows: &mut IndexRows,
) -> bool {
    let mut any = false;
    for element in elements {
        let context = context.clone().with_focus(element);
        let mut of_element = IndexRows::default();
        let complete = parameter.components.iter().all(|component| {
            let before = of_element.count();
            let expression = component.expression();
            let found = expression.map(|expression| Found::by(expression, &context)).unwrap_or_default();
            found.iter().for_each(|found| add(component, found, base, zone, &mut of_element));
            of_element.count() > before
        });
        if complete && parameter.derived.is_none() {
            of_element.sort();
            rows.composites.push(CompositeRow { parameter: parameter.number, rows: Box::new(of_element) });
        }
        any |= complete;
    }
    any
}

fn add(parameter: &Parameter, found: &Found<'_>, base: &str, zone: &TimeZone, rows: &mut IndexRows) {
    let value = found.value.as_ref();
    match parameter.kind {
        Kind::Token if parameter.hot.is_some() => {
            rows.status = rows.status.take().or_else(|| value.as_str().map(str::to_owned));
        }
        Kind::Token => token::add(parameter, found.type_name, value, rows),
        Kind::Reference => reference::add(parameter, value, base, rows),
        Kind::Date => date::add(parameter, value, zone, rows),
        Kind::String => string::add(parameter, found.type_name, value, rows),
        Kind::Uri => uri::add(parameter, value, rows),
        Kind::Number => number::add(parameter, value, rows),
        Kind::Quantity => quantity::add(parameter, value, rows),
        Kind::Special => near::add(parameter, value, rows),
        Kind::Composite => {}
    }
}

/// Whether that there is a value must be said by a key.
fn needs_presence(parameter: &Parameter, rows: &IndexRows) -> bool {
    match parameter.hot {
        Some(Hot::Status | Hot::Date) => false,
        Some(Hot::Owner) => rows.owner.is_none(),
        Some(Hot::Patient) => rows.patient.is_none(),
        Some(Hot::Focus) => rows.focus.is_none(),
        None => !matches!(parameter.kind, Kind::Date | Kind::String),
    }
}

impl IndexRows {
    fn sort(&mut self) {
        fn unique<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
        }
        unique(&mut self.keys);
        unique(&mut self.identifiers);
        unique(&mut self.strings);
        unique(&mut self.dates);
        unique(&mut self.quantities);
        unique(&mut self.references);
        unique(&mut self.vocabulary);
        unique(&mut self.composites);
    }

    /// How many values there are, without columns.
    fn count(&self) -> usize {
        self.keys.len() + self.strings.len() + self.dates.len() + self.quantities.len()
    }
}

#[cfg(test)]
mod tests;
