//! What is in an export: the versions that were current at one moment, and the resources that had been deleted by then.
//!
//! One snapshot of the database is read, by a cursor, while others write. What was changed between the moment and the snapshot is
//! taken from the versions, as it was at the moment, and is judged by its content.

use std::collections::BTreeMap;

use deadpool_postgres::{GenericClient, Transaction};
use fhir::{Instant, Key, ResourceType};
use search::query::Criterion;
use tokio_postgres::{IsolationLevel, Portal, Row};

use super::{Claim, LEASE, lost};
use crate::access::Parameters;
use crate::content::system_time;
use crate::search::criterion::condition;
use crate::{Access, Membership, Persons, Result, Store, Stored, error::from_postgres};

/// How many resources a part of a file has, and how many parts a file.
const PART: usize = 1_000;
const PARTS: usize = 50;
/// How many numbers, and how many contents, are fetched at a time.
const NUMBERS: i32 = 5_000;
const CONTENTS: i32 = 100;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Whose records; `None` is the whole system.
    pub membership: Option<Membership>,
    pub types: Vec<ResourceType>,
    /// Of these types only what meets all criteria of one of the lists.
    pub filters: BTreeMap<ResourceType, Vec<Vec<Criterion>>>,
    /// Only what was updated at or after this time; what was deleted since is told.
    pub since: Option<Instant>,
    /// Only what was updated before this time.
    pub until: Option<Instant>,
}

/// What the content of a version says about it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Whether it meets the filters of its type; `None` when that depends on other resources.
    pub meets: Option<bool>,
    /// Whose record it is in, if these are persons.
    pub persons: Vec<Key>,
}

/// Decides on a version by its content.
pub type Judge<'a> = dyn Fn(&Stored) -> Result<Verdict> + Send + Sync + 'a;

impl Store {
    /// Selects what is in an export: what was current at `moment` (see [`Store::settled`]) and its owner may see. `judge`
    /// decides by the content.
    ///
    /// # Errors
    /// 409 when the export is held no longer.
    pub async fn select_export(
        &self,
        claim: &Claim,
        selection: &Selection,
        moment: Instant,
        judge: &Judge<'_>,
    ) -> Result<()> {
        let mut client = self.client().await?;
        let begin =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = begin.start().await.map_err(from_postgres)?;
        transaction
            .batch_execute(
                "SET LOCAL statement_timeout = '30min'; SET LOCAL idle_in_transaction_session_timeout = '2min'",
            )
            .await
            .map_err(from_postgres)?;
        let snapshot = Snapshot { transaction, access: &claim.access, selection, moment };
        let mut parts = Parts { store: self, claim, number: 0, open: None };
        let mut late = snapshot.changed_since(judge).await?;
        let mut current = snapshot.rows(snapshot.current(), NUMBERS).await?;
        let mut of_type = None;
        while let Some(rows) = current.next().await? {
            for row in rows {
                let number: i16 = row.get(0);
                if let Some(before) = of_type.replace(number).filter(|before| *before != number) {
                    parts.add_all(before, late.remove(&before)).await?;
                }
                parts.add(number, false, row.get(1)).await?;
            }
        }
        for (number, seqs) in late {
            parts.add_all(number, Some(seqs)).await?;
        }
        if selection.since.is_some() {
            let mut deleted = snapshot.rows(snapshot.deleted(), CONTENTS).await?;
            while let Some(rows) = deleted.next().await? {
                for row in rows {
                    let before = Stored::from_row(&row, 1)?;
                    if snapshot.is_meant(&before, judge).await? {
                        parts.add(before.resource_type.number(), true, row.get(0)).await?;
                    }
                }
            }
        }
        parts.close().await
    }
}

/// A statement that was put together from parts.
type Statement = (String, Parameters);

/// The database as one transaction sees it.
struct Snapshot<'a> {
    transaction: Transaction<'a>,
    access: &'a Access,
    selection: &'a Selection,
    moment: Instant,
}

impl Snapshot<'_> {
    /// The resources that have not changed since the moment: type and number of the version, in that order.
    fn current(&self) -> Statement {
        let mut parameters = Parameters::default();
        let tables = self.tables(&mut parameters);
        let meant = self.meant(&mut parameters);
        let moment = parameters.push(system_time(self.moment));
        let span = self.span("r", &mut parameters);
        let sql = format!(
            "{tables}SELECT r.resource_type, r.seq FROM resource r \
             WHERE NOT r.deleted AND {meant} AND r.last_updated < ${moment}{span} ORDER BY r.resource_type, r.seq"
        );
        (sql, parameters)
    }

    /// The versions that were current at the moment and have been followed since: number and content.
    fn followed(&self) -> Statement {
        let mut parameters = Parameters::default();
        let visible = self.access.condition("v", &mut parameters);
        let types = parameters.push(self.types());
        let moment = parameters.push(system_time(self.moment));
        let span = self.span("v", &mut parameters);
        let sql = format!(
            "SELECT v.seq, {} FROM version n JOIN version v ON v.key = n.key AND v.version_id = n.version_id - 1 \
             WHERE n.resource_type = ANY(${types}) AND n.last_updated >= ${moment} AND v.last_updated < ${moment} \
             AND v.operation <> 'delete' AND {visible}{span}",
            Stored::COLUMNS
        );
        (sql, parameters)
    }

    /// The deletions that were current at the moment: number of the deletion, and the content before.
    fn deleted(&self) -> Statement {
        let mut parameters = Parameters::default();
        let visible = self.access.condition("v", &mut parameters);
        let types = parameters.push(self.types());
        let moment = parameters.push(system_time(self.moment));
        let span = self.span("d", &mut parameters);
        let sql = format!(
            "SELECT d.seq, {} FROM version d JOIN version v ON v.key = d.key AND v.version_id = d.version_id - 1 \
             WHERE d.resource_type = ANY(${types}) AND d.operation = 'delete' AND d.last_updated < ${moment}{span} AND {visible} \
             AND NOT EXISTS (SELECT FROM version n WHERE n.key = d.key AND n.version_id = d.version_id + 1 AND n.last_updated < ${moment}) \
             ORDER BY d.resource_type, d.seq",
            Stored::COLUMNS
        );
        (sql, parameters)
    }

    /// Of what is followed, what is meant: the numbers of each type.
    async fn changed_since(&self, judge: &Judge<'_>) -> Result<BTreeMap<i16, Vec<i64>>> {
        let mut late: BTreeMap<i16, Vec<i64>> = BTreeMap::new();
        let mut followed = self.rows(self.followed(), CONTENTS).await?;
        while let Some(rows) = followed.next().await? {
            for row in rows {
                let version = Stored::from_row(&row, 1)?;
                if self.is_meant(&version, judge).await? {
                    late.entry(version.resource_type.number()).or_default().push(version.seq);
                }
            }
        }
        Ok(late)
    }

    /// Whether a version that is no longer current is asked for.
    async fn is_meant(&self, version: &Stored, judge: &Judge<'_>) -> Result<bool> {
        let verdict = judge(version)?;
        Ok(verdict.meets != Some(false)
            && self.is_of_persons(version, verdict.persons).await?
            && (verdict.meets.is_some() || self.meets_now(version.key()).await?))
    }

    /// Whether it is in the record of one of these, or is referred to from such a record.
    async fn is_of_persons(&self, version: &Stored, mut persons: Vec<Key>) -> Result<bool> {
        let Some(membership) = &self.selection.membership else { return Ok(true) };
        if let Persons::These(these) = &membership.persons {
            persons.retain(|key| these.contains(key));
        }
        let mut parameters = Parameters::default();
        let visible = self.access.condition("p", &mut parameters);
        let keys = parameters.push(persons.iter().map(|key| key.uuid()).collect::<Vec<_>>());
        let patient = ResourceType::PATIENT.number();
        // The person itself may have been deleted since.
        let sql = format!(
            "SELECT FROM resource p WHERE p.key = ANY(${keys}) AND p.resource_type = {patient} \
             AND (p.deleted OR {visible}) LIMIT 1"
        );
        if self.finds(&(sql, parameters)).await? {
            return Ok(true);
        }
        if !membership.referred.contains(&version.resource_type) {
            return Ok(false);
        }
        let mut parameters = Parameters::default();
        let tables = self.tables(&mut parameters);
        let key = parameters.push(version.key().uuid());
        self.finds(&(format!("{tables}SELECT FROM referred WHERE key = ${key} LIMIT 1"), parameters)).await
    }

    /// Whether the resource meets the filters of its type as it is now.
    async fn meets_now(&self, key: Key) -> Result<bool> {
        let mut parameters = Parameters::default();
        let filters = self.filters(&mut parameters);
        let key = parameters.push(key.uuid());
        let sql = format!("SELECT FROM resource r WHERE r.key = ${key} AND NOT r.deleted{filters}");
        self.finds(&(sql, parameters)).await
    }

    fn tables(&self, parameters: &mut Parameters) -> String {
        match &self.selection.membership {
            Some(membership) => format!("WITH {} ", membership.tables(self.access, "", parameters)),
            None => String::new(),
        }
    }

    /// The condition that the row of `resource` under the alias `r` is asked for, and visible.
    fn meant(&self, parameters: &mut Parameters) -> String {
        let mut meant = self.access.condition("r", parameters);
        meant.push_str(&format!(" AND r.resource_type = ANY(${})", parameters.push(self.types())));
        if let Some(membership) = &self.selection.membership {
            meant.push_str(" AND ");
            meant.push_str(&membership.condition(parameters));
        }
        meant.push_str(&self.filters(parameters));
        meant
    }

    fn filters(&self, parameters: &mut Parameters) -> String {
        if self.selection.filters.is_empty() {
            return String::new();
        }
        let filtered: Vec<i16> = self.selection.filters.keys().map(|of| of.number()).collect();
        let mut alternatives = vec![format!("r.resource_type <> ALL(${})", parameters.push(filtered))];
        for (of, lists) in &self.selection.filters {
            for criteria in lists {
                let mut all = vec![format!("r.resource_type = {}", of.number())];
                all.extend(
                    criteria.iter().map(|criterion| condition(criterion, "r", self.access, parameters)),
                );
                alternatives.push(format!("({})", all.join(" AND ")));
            }
        }
        format!(" AND ({})", alternatives.join(" OR "))
    }

    fn span(&self, alias: &str, parameters: &mut Parameters) -> String {
        let mut span = String::new();
        if let Some(since) = self.selection.since {
            span.push_str(&format!(" AND {alias}.last_updated >= ${}", parameters.push(system_time(since))));
        }
        if let Some(until) = self.selection.until {
            span.push_str(&format!(" AND {alias}.last_updated < ${}", parameters.push(system_time(until))));
        }
        span
    }

    fn types(&self) -> Vec<i16> {
        self.selection.types.iter().map(|of| of.number()).collect()
    }

    async fn finds(&self, (sql, parameters): &Statement) -> Result<bool> {
        let statement = self.transaction.prepare_cached(sql).await.map_err(from_postgres)?;
        let rows = self.transaction.query(&statement, &parameters.as_slice()).await.map_err(from_postgres)?;
        Ok(!rows.is_empty())
    }

    /// The rows of a statement, of which so many are in memory at a time.
    async fn rows(&self, (sql, parameters): Statement, at_a_time: i32) -> Result<Rows<'_>> {
        let statement = self.transaction.prepare(&sql).await.map_err(from_postgres)?;
        let portal =
            self.transaction.bind(&statement, &parameters.as_slice()).await.map_err(from_postgres)?;
        Ok(Rows { transaction: &self.transaction, portal, at_a_time, is_over: false })
    }
}

/// What is left of the rows of a statement.
struct Rows<'a> {
    transaction: &'a Transaction<'a>,
    portal: Portal,
    at_a_time: i32,
    is_over: bool,
}

impl Rows<'_> {
    /// The next portion; `None` when there are no more.
    async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        if self.is_over {
            return Ok(None);
        }
        let rows = self.transaction.query_portal(&self.portal, self.at_a_time).await;
        let rows = rows.map_err(from_postgres)?;
        self.is_over = i32::try_from(rows.len()).is_ok_and(|count| count < self.at_a_time);
        Ok(Some(rows))
    }
}

/// The parts of an export's files, which are written as they are filled.
struct Parts<'a> {
    store: &'a Store,
    claim: &'a Claim,
    number: i32,
    open: Option<Open>,
}

/// The part that is being filled.
struct Open {
    of_type: i16,
    deleted: bool,
    file: i32,
    parts: usize,
    seqs: Vec<i64>,
}

impl Parts<'_> {
    async fn add_all(&mut self, of_type: i16, seqs: Option<Vec<i64>>) -> Result<()> {
        for seq in seqs.into_iter().flatten() {
            self.add(of_type, false, seq).await?;
        }
        Ok(())
    }

    async fn add(&mut self, of_type: i16, deleted: bool, seq: i64) -> Result<()> {
        let same = self.open.as_ref().is_some_and(|open| open.of_type == of_type && open.deleted == deleted);
        if !same {
            self.close().await?;
        }
        let open = self.open.get_or_insert_with(|| Open {
            of_type,
            deleted,
            file: 1,
            parts: 0,
            seqs: Vec::with_capacity(PART),
        });
        open.seqs.push(seq);
        if open.seqs.len() == PART { self.write().await } else { Ok(()) }
    }

    async fn close(&mut self) -> Result<()> {
        self.write().await?;
        self.open = None;
        Ok(())
    }

    /// Writes the open part, if there is something in it.
    async fn write(&mut self) -> Result<()> {
        let Some(open) = self.open.as_mut().filter(|open| !open.seqs.is_empty()) else { return Ok(()) };
        if open.parts == PARTS {
            open.file += 1;
            open.parts = 0;
        }
        self.number += 1;
        open.parts += 1;
        let sql = include_str!("../../sql/export_part_new.sql");
        let (claim, lease) = (self.claim, LEASE.as_secs_f64());
        let written = self
            .store
            .of_claim(
                sql,
                &[
                    &claim.id,
                    &claim.lease,
                    &lease,
                    &self.number,
                    &open.of_type,
                    &open.deleted,
                    &open.file,
                    &open.seqs,
                ],
            )
            .await?;
        open.seqs.clear();
        if written { Ok(()) } else { Err(lost()) }
    }
}
