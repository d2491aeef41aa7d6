//! `commit`: the only writer of the resource tables.
//!
//! One statement writes, for every change of a unit of work, the current row, the version, the index rows, the audit row and
//! the change-queue row; the expected versions are part of it. Without conditions that is one round trip.

use std::collections::{BTreeSet, HashMap};

use deadpool_postgres::GenericClient;
use fhir::{Error, Instant, Key};
use search::index::{DateRow, QuantityRow, StringRow};
use search::value::number::Range;
use search::{IndexRows, ReferenceRow};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::change::{Absent, Change, Commit, Committed, Written};
use crate::content::instant;
use crate::{Result, Store, error::from_postgres};

impl Store {
    /// Writes all changes of a unit of work in one transaction, or none of them.
    ///
    /// # Errors
    /// 409 when Postgres gave up on the transaction (the caller may simply repeat it), 503 and 504 when it cannot be reached
    /// or takes too long. When another writer was faster the answer is [`Committed::Outrun`], not an error.
    pub async fn commit(&self, commit: Commit) -> Result<Committed> {
        if commit.changes.is_empty() {
            return Ok(Committed::Written(Vec::new()));
        }
        if commit.absent.is_empty() {
            return self.commit_in_group(commit).await;
        }
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(from_postgres)?;
        lock(&transaction, &commit.absent).await?;
        for absent in &commit.absent {
            if absent.is_outrun(&transaction).await? {
                return Ok(Committed::Outrun);
            }
        }
        let committed = write(&transaction, &[&commit]).await?;
        if committed.is_some() {
            transaction.commit().await.map_err(from_postgres)?;
        }
        Ok(committed.and_then(|mut all| all.pop()).map_or(Committed::Outrun, Committed::Written))
    }

    /// Writes these commits, which have no conditions and no resource in common, in one statement; `None` when one of them was
    /// outrun, and so none was written.
    pub(crate) async fn write_together(&self, commits: &[&Commit]) -> Result<Option<Vec<Vec<Written>>>> {
        let client = self.client().await?;
        write(&client, commits).await
    }
}

/// Excludes every other create with one of the same conditions until the transaction ends. The locks are taken in one order.
pub(crate) async fn lock(client: &impl GenericClient, absent: &[Absent]) -> Result<()> {
    let locks: BTreeSet<i64> =
        absent.iter().flat_map(|a| &a.locks).map(|key| (key.uuid().as_u128() >> 64) as u64 as i64).collect();
    let locks: Vec<i64> = locks.into_iter().collect();
    let statement = client.prepare_cached(include_str!("../sql/lock.sql")).await.map_err(from_postgres)?;
    client.query(&statement, &[&locks]).await.map_err(from_postgres)?;
    Ok(())
}

pub(crate) async fn write(
    client: &impl GenericClient,
    commits: &[&Commit],
) -> Result<Option<Vec<Vec<Written>>>> {
    let arrays = Arrays::of(commits);
    let (sql, parameters) = arrays.statement();
    let statement = client.prepare_cached(&sql).await.map_err(from_postgres)?;
    let rows = match client.query(&statement, &parameters).await {
        Ok(rows) => rows,
        Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => return Ok(None),
        Err(error) => return Err(from_postgres(error)),
    };
    let written: HashMap<Uuid, (i64, Instant)> =
        rows.iter().map(|row| (row.get(0), (row.get(1), instant(row.get(2))))).collect();
    if written.len() != arrays.key.len() {
        return Ok(None);
    }
    let of_change = |change: &Change| {
        let (seq, last_updated) = *written.get(&change.key().uuid())?;
        Some(Written { seq, version_id: change.version_id(), last_updated })
    };
    let of_commit = |commit: &&Commit| commit.changes.iter().map(of_change).collect::<Option<Vec<_>>>();
    let written: Option<Vec<_>> = commits.iter().map(of_commit).collect();
    written.map(Some).ok_or_else(|| Error::exception("a change was written under another key"))
}

/// The changes as the arrays that the statement takes, in the order of its parameters.
#[derive(Default)]
struct Arrays<'a> {
    key: Vec<Uuid>,
    resource_type: Vec<i16>,
    version_id: Vec<i32>,
    id: Vec<&'a str>,
    operation: Vec<&'static str>,
    content: Vec<Option<&'a [u8]>>,
    status: Vec<Option<&'a str>>,
    owner: Vec<Option<Uuid>>,
    patient: Vec<Option<Uuid>>,
    focus: Vec<Option<Uuid>>,
    date_low: Vec<Option<i64>>,
    date_high: Vec<Option<i64>>,
    keys: Vec<String>,
    parties: Vec<Option<String>>,
    confidentiality: Vec<i16>,
    client: Vec<&'a str>,
    subject: Vec<&'a str>,
    organization: Vec<Option<&'a str>>,
    request_id: Vec<Option<&'a str>>,
    gone: Satellites,
    new: Satellites,
}

/// The rows of the index tables, each with the resource that it belongs to.
#[derive(Default)]
struct Satellites {
    identifier: Columns2<Uuid, Uuid>,
    reference: Columns3<Uuid, i32, Uuid>,
    string: (Vec<i32>, Vec<String>, Vec<String>, Vec<Uuid>),
    date: (Vec<i32>, Vec<i64>, Vec<i64>, Vec<Uuid>),
    quantity: Quantities,
    business: Columns2<Uuid, Uuid>,
}

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
}

type Columns2<A, B> = (Vec<A>, Vec<B>);
type Columns3<A, B, C> = (Vec<A>, Vec<B>, Vec<C>);

impl Satellites {
    /// Adds the business identifiers that `other` has not.
    fn hold(&mut self, held: &[Key], other: &[Key], source: Uuid) {
        for key in held.iter().filter(|key| !other.contains(key)).collect::<BTreeSet<_>>() {
            self.business.0.push(key.uuid());
            self.business.1.push(source);
        }
    }

    /// Adds the rows of `rows` that `other` has not.
    fn add(&mut self, rows: &IndexRows, other: &IndexRows, source: Uuid) {
        fn only<'a, T: Ord>(rows: &'a [T], other: &[T]) -> BTreeSet<&'a T> {
            rows.iter().filter(|row| !other.contains(row)).collect()
        }
        for key in only(&rows.identifiers, &other.identifiers) {
            self.identifier.0.push(key.uuid());
            self.identifier.1.push(source);
        }
        for ReferenceRow { parameter, target } in only(&rows.references, &other.references) {
            self.reference.0.push(target.uuid());
            self.reference.1.push(*parameter);
            self.reference.2.push(source);
        }
        for StringRow { parameter, folded, exact } in only(&rows.strings, &other.strings) {
            self.string.0.push(*parameter);
            self.string.1.push(folded.clone());
            self.string.2.push(exact.clone());
            self.string.3.push(source);
        }
        for DateRow { parameter, low, high } in only(&rows.dates, &other.dates) {
            self.date.0.push(*parameter);
            self.date.1.push(*low);
            self.date.2.push(*high);
            self.date.3.push(source);
        }
        for row in only(&rows.quantities, &other.quantities) {
            self.quantity.add(row, source);
        }
    }
}

impl Quantities {
    fn add(&mut self, row: &QuantityRow, source: Uuid) {
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
    }

    fn columns(&self) -> Vec<&(dyn ToSql + Sync)> {
        vec![
            &self.parameter,
            &self.low,
            &self.high,
            &self.code,
            &self.unit,
            &self.measure,
            &self.measure_low,
            &self.measure_high,
            &self.source,
        ]
    }
}

impl<'a> Arrays<'a> {
    fn of(commits: &[&'a Commit]) -> Self {
        let mut arrays = Self::default();
        for (change, actor) in
            commits.iter().flat_map(|commit| commit.changes.iter().map(|c| (c, &commit.actor)))
        {
            let source = change.key().uuid();
            let (rows, label) = (&change.rows, &change.label);
            arrays.key.push(source);
            arrays.resource_type.push(change.resource_type.number());
            arrays.version_id.push(change.version_id().number());
            arrays.id.push(change.id.as_str());
            arrays.operation.push(change.operation.code());
            arrays.content.push(change.content.as_ref().map(|content| content.compressed.as_slice()));
            arrays.status.push(rows.status.as_deref());
            arrays.owner.push(rows.owner.map(Key::uuid));
            arrays.patient.push(rows.patient.map(Key::uuid));
            arrays.focus.push(rows.focus.map(Key::uuid));
            arrays.date_low.push(rows.date.map(|(low, _)| low));
            arrays.date_high.push(rows.date.map(|(_, high)| high));
            arrays.keys.push(array_text(&rows.keys));
            arrays.parties.push(label.parties.as_deref().map(array_text));
            arrays.confidentiality.push(label.confidentiality);
            arrays.client.push(&actor.client);
            arrays.subject.push(&actor.subject);
            arrays.organization.push(actor.organization.as_deref());
            arrays.request_id.push(actor.request_id.as_deref());
            arrays.gone.add(&change.previous_rows, rows, source);
            arrays.new.add(rows, &change.previous_rows, source);
            let (held, previous) = (&change.business_identifiers, &change.previous_business_identifiers);
            arrays.gone.hold(previous, held, source);
            arrays.new.hold(held, previous, source);
        }
        arrays
    }

    /// The statement with the parts that have something to do, and the parameters that it takes. A part for rows that nobody has
    /// would cost as much as one with rows: most writes need two or three of the twelve.
    fn statement(&self) -> (String, Vec<&(dyn ToSql + Sync)>) {
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![
            &self.key,
            &self.resource_type,
            &self.version_id,
            &self.id,
            &self.operation,
            &self.content,
            &self.status,
            &self.owner,
            &self.patient,
            &self.focus,
            &self.date_low,
            &self.date_high,
            &self.keys,
            &self.parties,
            &self.confidentiality,
            &self.client,
            &self.subject,
            &self.organization,
            &self.request_id,
        ];
        let mut parts = String::new();
        let satellites =
            GONE.into_iter().zip(self.gone.columns()).chain(NEW.into_iter().zip(self.new.columns()));
        for ((name, text), columns) in satellites.filter(|(_, columns)| !columns.is_empty()) {
            let mut text = text.to_owned();
            for (at, column) in columns.into_iter().enumerate() {
                parameters.push(column);
                text = text.replace(&format!("{{{}}}", at + 1), &format!("${}", parameters.len()));
            }
            parts.push_str(&format!(", {name} AS (\n{text})"));
        }
        (include_str!("../sql/commit.sql").replacen("/* index rows */", &parts, 1), parameters)
    }
}

/// The parts of the statement that write and delete index rows: name and text, in the order of [`Satellites::columns`].
const NEW: [(&str, &str); 6] = [
    ("identifier_new", include_str!("../sql/commit/identifier_new.sql")),
    ("reference_new", include_str!("../sql/commit/reference_new.sql")),
    ("string_new", include_str!("../sql/commit/string_new.sql")),
    ("date_new", include_str!("../sql/commit/date_new.sql")),
    ("quantity_new", include_str!("../sql/commit/quantity_new.sql")),
    ("business_new", include_str!("../sql/commit/business_new.sql")),
];
const GONE: [(&str, &str); 6] = [
    ("identifier_gone", include_str!("../sql/commit/identifier_gone.sql")),
    ("reference_gone", include_str!("../sql/commit/reference_gone.sql")),
    ("string_gone", include_str!("../sql/commit/string_gone.sql")),
    ("date_gone", include_str!("../sql/commit/date_gone.sql")),
    ("quantity_gone", include_str!("../sql/commit/quantity_gone.sql")),
    ("business_gone", include_str!("../sql/commit/business_gone.sql")),
];

impl Satellites {
    /// The columns of each table's rows; none where there are no rows.
    fn columns(&self) -> [Vec<&(dyn ToSql + Sync)>; 6] {
        let (identifier, reference, string, date) =
            (&self.identifier, &self.reference, &self.string, &self.date);
        let columns: [Vec<&(dyn ToSql + Sync)>; 6] = [
            vec![&identifier.0, &identifier.1],
            vec![&reference.0, &reference.1, &reference.2],
            vec![&string.0, &string.1, &string.2, &string.3],
            vec![&date.0, &date.1, &date.2, &date.3],
            self.quantity.columns(),
            vec![&self.business.0, &self.business.1],
        ];
        let is_empty = [
            identifier.0.is_empty(),
            reference.0.is_empty(),
            string.0.is_empty(),
            date.0.is_empty(),
            self.quantity.source.is_empty(),
            self.business.0.is_empty(),
        ];
        let mut at = 0;
        columns.map(|columns| {
            at += 1;
            if is_empty[at - 1] { Vec::new() } else { columns }
        })
    }
}

/// An array of uuids as Postgres reads it from text. (An array of arrays would have to be rectangular.)
fn array_text(keys: &[Key]) -> String {
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
