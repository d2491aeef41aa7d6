//! The index rows of a write as columns, and the parts of its statement that write and delete them. Every part has its text in
//! `sql/commit/`; a part without rows is left out, because it would cost as much as one with rows.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::RwLock;

use fhir::Key;
use search::index::{CompositeRow, DateRow, IdentifierRow, QuantityRow, StringRow, VocabularyRow};
use search::value::number::Range;
use search::{IndexRows, ReferenceRow};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// How many keys of the vocabulary are remembered: 16 bytes each.
const MOST_KNOWN: usize = 100_000;

/// The columns of one part of a statement, in the order of its parameters.
pub(crate) type Columns<'a> = Vec<&'a (dyn ToSql + Sync)>;

/// A part of a statement: its name, its text with `{1}`, `{2}` … for its parameters, and these.
pub(crate) type Part<'a> = (&'static str, &'static str, Columns<'a>);

/// What a current row itself is found by, as columns of several resources.
#[derive(Default)]
pub(crate) struct Hot<'a> {
    status: Vec<Option<&'a str>>,
    owner: Vec<Option<Uuid>>,
    patient: Vec<Option<Uuid>>,
    focus: Vec<Option<Uuid>>,
    date_low: Vec<Option<i64>>,
    date_high: Vec<Option<i64>>,
    keys: Vec<String>,
}

impl<'a> Hot<'a> {
    pub(crate) fn add(&mut self, rows: &'a IndexRows) {
        self.status.push(rows.status.as_deref());
        self.owner.push(rows.owner.map(Key::uuid));
        self.patient.push(rows.patient.map(Key::uuid));
        self.focus.push(rows.focus.map(Key::uuid));
        self.date_low.push(rows.date.map(|(low, _)| low));
        self.date_high.push(rows.date.map(|(_, high)| high));
        self.keys.push(array_text(&rows.keys));
    }

    pub(crate) fn columns(&self) -> [&(dyn ToSql + Sync); 7] {
        [&self.status, &self.owner, &self.patient, &self.focus, &self.date_low, &self.date_high, &self.keys]
    }
}

/// Rows of the index tables, each with the resource that it belongs to (`owner`). The texts, dates and numbers of an element
/// of a composite have the element as source; those of the resource itself have the resource.
#[derive(Default)]
pub(crate) struct Satellites {
    identifier: (Vec<Uuid>, Vec<Uuid>, Vec<i32>, Vec<String>),
    reference: (Vec<Uuid>, Vec<i32>, Vec<Uuid>),
    string: Pairs<String>,
    date: Pairs<i64>,
    quantity: Quantities,
    composite: (Vec<Uuid>, Vec<Uuid>, Vec<i32>, Vec<String>),
    business: (Vec<Uuid>, Vec<Uuid>),
    timer: (Vec<Uuid>, Vec<i64>),
    keeper: (Vec<Uuid>, Vec<String>),
    /// Each once, and in one order, so that those who write the same rows do not wait for each other in a circle.
    vocabulary: BTreeMap<(i32, String), Uuid>,
    vocabulary_columns: (Vec<i32>, Vec<String>, Vec<Uuid>),
}

/// Parameter, two values of one type, source and owner.
type Pairs<T> = (Vec<i32>, Vec<T>, Vec<T>, Vec<Uuid>, Vec<Uuid>);

/// The columns of `quantity_index`; numbers as text, an open end as `-Infinity` or `Infinity`.
#[derive(Default)]
struct Quantities {
    parameter: Vec<i32>,
    low: Vec<String>,
    high: Vec<String>,
    code: Vec<Option<Uuid>>,
    unit: Vec<Option<Uuid>>,
    measure: Vec<Option<Uuid>>,
    measure_low: Vec<Option<String>>,
    measure_high: Vec<Option<String>>,
    source: Vec<Uuid>,
    owner: Vec<Uuid>,
}

impl Satellites {
    /// Adds the business identifiers that `other` has not.
    pub(crate) fn hold(&mut self, held: &[Key], other: &[Key], source: Uuid) {
        for key in only(held, other) {
            self.business.0.push(key.uuid());
            self.business.1.push(source);
        }
    }

    /// Adds the time at which the timer has to look at a resource, if that is another than before.
    pub(crate) fn wake(&mut self, rows: &IndexRows, previous: &IndexRows, source: Uuid) {
        if let Some(due) = rows.due.filter(|_| rows.due != previous.due) {
            self.timer.0.push(source);
            self.timer.1.push(due);
        }
    }

    /// Adds that the timer has to look no more.
    pub(crate) fn sleep(&mut self, previous: &IndexRows, rows: &IndexRows, source: Uuid) {
        if let (Some(due), None) = (previous.due, rows.due) {
            self.timer.0.push(source);
            self.timer.1.push(due);
        }
    }

    /// Adds who puts an entry of the directory there.
    pub(crate) fn keep(&mut self, keepers: &[Key], source: Uuid) {
        if !keepers.is_empty() {
            self.keeper.0.push(source);
            self.keeper.1.push(array_text(keepers));
        }
    }

    /// Adds the rows of `rows` that `other` has not.
    pub(crate) fn add(&mut self, rows: &IndexRows, other: &IndexRows, owner: Uuid) {
        for IdentifierRow { key, parameter, text } in only(&rows.identifiers, &other.identifiers) {
            self.identifier.0.push(key.uuid());
            self.identifier.1.push(owner);
            self.identifier.2.push(*parameter);
            self.identifier.3.push(text.clone());
        }
        for ReferenceRow { parameter, target } in only(&rows.references, &other.references) {
            self.reference.0.push(target.uuid());
            self.reference.1.push(*parameter);
            self.reference.2.push(owner);
        }
        for VocabularyRow { parameter, text, key } in only(&rows.vocabulary, &other.vocabulary) {
            self.vocabulary.insert((*parameter, text.clone()), key.uuid());
        }
        self.add_values(rows, other, owner, owner);
        for row in only(&rows.composites, &other.composites) {
            let CompositeRow { parameter, rows } = row;
            let element = row.element(Key::from_uuid(owner)).uuid();
            self.composite.0.push(element);
            self.composite.1.push(owner);
            self.composite.2.push(*parameter);
            self.composite.3.push(array_text(&rows.keys));
            self.add_values(rows, &IndexRows::default(), element, owner);
        }
    }

    fn add_values(&mut self, rows: &IndexRows, other: &IndexRows, source: Uuid, owner: Uuid) {
        for StringRow { parameter, folded, exact } in only(&rows.strings, &other.strings) {
            self.string.0.push(*parameter);
            self.string.1.push(folded.clone());
            self.string.2.push(exact.clone());
            self.string.3.push(source);
            self.string.4.push(owner);
        }
        for DateRow { parameter, low, high } in only(&rows.dates, &other.dates) {
            self.date.0.push(*parameter);
            self.date.1.push(*low);
            self.date.2.push(*high);
            self.date.3.push(source);
            self.date.4.push(owner);
        }
        for row in only(&rows.quantities, &other.quantities) {
            self.quantity.add(row, source, owner);
        }
    }

    /// Leaves out of the vocabulary what is known to be there; what is left of it is to be remembered once it is committed.
    pub(crate) fn leave_known(&mut self, known: &Known) -> Vec<Uuid> {
        self.vocabulary.retain(|_, key| !known.contains(*key));
        for ((parameter, text), key) in &self.vocabulary {
            self.vocabulary_columns.0.push(*parameter);
            self.vocabulary_columns.1.push(text.clone());
            self.vocabulary_columns.2.push(*key);
        }
        self.vocabulary.values().copied().collect()
    }

    /// The parts that write these rows.
    pub(crate) fn new_parts(&self) -> impl Iterator<Item = Part<'_>> {
        let texts = [
            ("identifier_new", include_str!("../sql/commit/identifier_new.sql")),
            ("reference_new", include_str!("../sql/commit/reference_new.sql")),
            ("string_new", include_str!("../sql/commit/string_new.sql")),
            ("date_new", include_str!("../sql/commit/date_new.sql")),
            ("quantity_new", include_str!("../sql/commit/quantity_new.sql")),
            ("composite_new", include_str!("../sql/commit/composite_new.sql")),
            ("vocabulary_new", include_str!("../sql/commit/vocabulary_new.sql")),
            ("business_new", include_str!("../sql/commit/business_new.sql")),
            ("timer_new", include_str!("../sql/commit/timer_new.sql")),
            ("keeper_new", include_str!("../sql/commit/keeper_new.sql")),
        ];
        let (composite, vocabulary) = (&self.composite, &self.vocabulary_columns);
        let composite = columns(&composite.0, [&composite.1, &composite.2, &composite.3]);
        let vocabulary = columns(&vocabulary.0, [&vocabulary.1, &vocabulary.2]);
        let keeper = columns(&self.keeper.0, [&self.keeper.1]);
        self.with_columns(
            texts,
            [composite, vocabulary, self.business_columns(), self.timer_columns(), keeper],
        )
    }

    /// The parts that delete these rows. The vocabulary stays.
    pub(crate) fn gone_parts(&self) -> impl Iterator<Item = Part<'_>> {
        let texts = [
            ("identifier_gone", include_str!("../sql/commit/identifier_gone.sql")),
            ("reference_gone", include_str!("../sql/commit/reference_gone.sql")),
            ("string_gone", include_str!("../sql/commit/string_gone.sql")),
            ("date_gone", include_str!("../sql/commit/date_gone.sql")),
            ("quantity_gone", include_str!("../sql/commit/quantity_gone.sql")),
            ("composite_gone", include_str!("../sql/commit/composite_gone.sql")),
            ("business_gone", include_str!("../sql/commit/business_gone.sql")),
            ("timer_gone", include_str!("../sql/commit/timer_gone.sql")),
        ];
        let composite = columns(&self.composite.0, [&self.composite.1]);
        self.with_columns(texts, [composite, self.business_columns(), self.timer_columns()])
    }

    fn timer_columns(&self) -> Columns<'_> {
        columns(&self.timer.0, [&self.timer.1])
    }

    fn business_columns(&self) -> Columns<'_> {
        columns(&self.business.0, [&self.business.1])
    }

    fn with_columns<'a, const N: usize, const M: usize>(
        &'a self,
        texts: [(&'static str, &'static str); N],
        last: [Columns<'a>; M],
    ) -> impl Iterator<Item = Part<'a>> {
        let (identifier, reference, string, date) =
            (&self.identifier, &self.reference, &self.string, &self.date);
        let first = [
            columns(&identifier.0, [&identifier.1, &identifier.2, &identifier.3]),
            columns(&reference.0, [&reference.1, &reference.2]),
            columns(&string.0, [&string.1, &string.2, &string.3, &string.4]),
            columns(&date.0, [&date.1, &date.2, &date.3, &date.4]),
            self.quantity.columns(),
        ];
        let parts = texts.into_iter().zip(first.into_iter().chain(last));
        parts.filter(|(_, columns)| !columns.is_empty()).map(|((name, text), columns)| (name, text, columns))
    }
}

impl Quantities {
    fn add(&mut self, row: &QuantityRow, source: Uuid, owner: Uuid) {
        fn text(end: Option<impl ToString>, open: &str) -> String {
            end.map_or_else(|| open.to_owned(), |number| number.to_string())
        }
        let ends = |Range { low, high }: Range| (text(low, "-Infinity"), text(high, "Infinity"));
        let (low, high) = ends(row.range);
        let measured = row.measured.map(|(_, range)| ends(range));
        self.parameter.push(row.parameter);
        self.low.push(low);
        self.high.push(high);
        self.code.push(row.code.map(Key::uuid));
        self.unit.push(row.unit.map(Key::uuid));
        self.measure.push(row.measured.map(|(measure, _)| measure.uuid()));
        self.measure_low.push(measured.as_ref().map(|(low, _)| low.clone()));
        self.measure_high.push(measured.map(|(_, high)| high));
        self.source.push(source);
        self.owner.push(owner);
    }

    fn columns(&self) -> Columns<'_> {
        columns(
            &self.parameter,
            [
                &self.low,
                &self.high,
                &self.code,
                &self.unit,
                &self.measure,
                &self.measure_low,
                &self.measure_high,
                &self.source,
                &self.owner,
            ],
        )
    }
}

/// A statement with these parts in their place, and its parameters with theirs.
pub(crate) fn statement<'a>(
    whole: &str,
    mut parameters: Columns<'a>,
    of_parts: impl Iterator<Item = Part<'a>>,
) -> (String, Columns<'a>) {
    let mut parts = String::new();
    for (name, text, columns) in of_parts {
        let mut text = text.to_owned();
        for (at, column) in columns.into_iter().enumerate() {
            parameters.push(column);
            text = text.replace(&format!("{{{}}}", at + 1), &format!("${}", parameters.len()));
        }
        parts.push_str(&format!(", {name} AS (\n{text})"));
    }
    (whole.replacen("/* index rows */", &parts, 1), parameters)
}

/// The columns of a part; none when there are no rows.
fn columns<'a, T: ToSql + Sync, const N: usize>(
    first: &'a Vec<T>,
    others: [&'a (dyn ToSql + Sync); N],
) -> Columns<'a> {
    if first.is_empty() {
        return Vec::new();
    }
    [first as &(dyn ToSql + Sync)].into_iter().chain(others).collect()
}

/// The rows that the others have not.
fn only<'a, T: Ord>(rows: &'a [T], other: &[T]) -> BTreeSet<&'a T> {
    rows.iter().filter(|row| !other.contains(row)).collect()
}

/// The keys of the vocabulary that this process has seen in the database. Rows are never taken out of it.
#[derive(Default)]
pub(crate) struct Known(RwLock<HashSet<Uuid>>);

impl Known {
    fn contains(&self, key: Uuid) -> bool {
        self.0.read().is_ok_and(|keys| keys.contains(&key))
    }

    /// Remembers keys whose rows were committed.
    pub(crate) fn add(&self, keys: Vec<Uuid>) {
        if keys.is_empty() {
            return;
        }
        if let Ok(mut known) = self.0.write() {
            if known.len() + keys.len() > MOST_KNOWN {
                known.clear();
            }
            known.extend(keys);
        }
    }
}

/// An array of uuids as Postgres reads it from text. (An array of arrays would have to be rectangular.)
pub(crate) fn array_text(keys: &[Key]) -> String {
    let mut text = String::with_capacity(2 + keys.len() * 37);
    text.push('{');
    for key in keys {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(key.uuid().hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }
    text.push('}');
    text
}
