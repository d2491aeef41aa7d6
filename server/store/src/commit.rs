//! `commit`: the only writer of the resource tables.
//!
//! One statement writes, for every change of a unit of work, the current row, the version, the index rows, the audit row and
//! the change-queue row; the expected versions are part of it. Without conditions that is one round trip.

use std::collections::{BTreeSet, HashMap};

use deadpool_postgres::GenericClient;
use fhir::{Error, Instant, Key};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::change::{Change, Commit, Committed, Written};
use crate::content::instant;
use crate::index_rows::{self, Hot, Known, Satellites, array_text};
use crate::target::is_referred_to;
use crate::{Result, Store, error::from_postgres};

/// Waits until nobody else writes, and keeps all others from writing until the transaction ends. One that writes for long is not waited
/// for: the others would wait as well.
const ALONE: &str = "SET LOCAL lock_timeout = '500ms'; LOCK TABLE deletion IN EXCLUSIVE MODE";

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
        if commit.absent.is_empty() && commit.deleted().is_empty() {
            return self.commit_in_group(commit).await;
        }
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(from_postgres)?;
        let Some((written, learnt)) = write_under_conditions(&transaction, &commit, &self.known).await?
        else {
            return Ok(Committed::Outrun);
        };
        transaction.commit().await.map_err(from_postgres)?;
        self.known.add(learnt);
        Ok(Committed::Written(written))
    }

    /// Writes these commits, which have no conditions and no resource in common, in one statement; `None` when one of them was
    /// outrun, and so none was written.
    pub(crate) async fn write_together(&self, commits: &[&Commit]) -> Result<Option<Vec<Vec<Written>>>> {
        let client = self.client().await?;
        let written = write(&client, commits, &self.known).await?;
        Ok(written.map(|(written, learnt)| {
            self.known.add(learnt);
            written
        }))
    }
}

/// Excludes everybody else who takes one of the same locks until the transaction ends. The locks are taken in one order.
pub(crate) async fn lock(client: &impl GenericClient, keys: &[Key]) -> Result<()> {
    let locks: BTreeSet<i64> = keys.iter().map(|key| (key.uuid().as_u128() >> 64) as u64 as i64).collect();
    let locks: Vec<i64> = locks.into_iter().collect();
    let statement = client.prepare_cached(include_str!("../sql/lock.sql")).await.map_err(from_postgres)?;
    client.query(&statement, &[&locks]).await.map_err(from_postgres)?;
    Ok(())
}

/// Writes a commit within a transaction that is open, as long as its conditions hold, and returns the keys of the vocabulary that
/// are known once it is committed; `None` when it was outrun.
pub(crate) async fn write_under_conditions(
    client: &impl GenericClient,
    commit: &Commit,
    known: &Known,
) -> Result<Option<(Vec<Written>, Vec<Uuid>)>> {
    let locks: Vec<Key> = commit.absent.iter().flat_map(|absent| absent.locks.iter().copied()).collect();
    lock(client, &locks).await?;
    for absent in &commit.absent {
        if absent.is_outrun(client, &commit.except).await? {
            return Ok(None);
        }
    }
    let deleted = commit.deleted();
    if !deleted.is_empty() {
        client.batch_execute(ALONE).await.map_err(from_postgres)?;
        let own: Vec<Key> = commit.changes.iter().map(Change::key).collect();
        if is_referred_to(client, &deleted, &own).await? {
            return Ok(None);
        }
    }
    if commit.changes.is_empty() {
        return Ok(Some((Vec::new(), Vec::new())));
    }
    let written = write(client, &[commit], known).await?;
    Ok(written.and_then(|(mut all, learnt)| Some((all.pop()?, learnt))))
}

/// What became of the changes of each commit, and the keys of the vocabulary that are known once it is committed; `None` when
/// one of the changes was outrun.
async fn write(
    client: &impl GenericClient,
    commits: &[&Commit],
    known: &Known,
) -> Result<Option<(Vec<Vec<Written>>, Vec<Uuid>)>> {
    let mut arrays = Arrays::of(commits);
    let learnt = arrays.new.leave_known(known);
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
    written
        .map(|written| Some((written, learnt)))
        .ok_or_else(|| Error::exception("a change was written under another key"))
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
    hot: Hot<'a>,
    parties: Vec<Option<String>>,
    confidentiality: Vec<i16>,
    client: Vec<&'a str>,
    subject: Vec<&'a str>,
    organization: Vec<Option<&'a str>>,
    request_id: Vec<Option<&'a str>>,
    present: Vec<Uuid>,
    gone: Satellites,
    new: Satellites,
}

impl<'a> Arrays<'a> {
    fn of(commits: &[&'a Commit]) -> Self {
        let mut arrays = Self::default();
        let present: BTreeSet<Uuid> =
            commits.iter().flat_map(|commit| commit.present.iter().map(|key| key.uuid())).collect();
        arrays.present.extend(present);
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
            arrays.hot.add(rows);
            arrays.parties.push(label.parties.as_deref().map(array_text));
            arrays.confidentiality.push(label.confidentiality);
            arrays.client.push(&actor.client);
            arrays.subject.push(&actor.subject);
            arrays.organization.push(actor.organization.as_deref());
            arrays.request_id.push(actor.request_id.as_deref());
            arrays.gone.add(&change.previous_rows, rows, source);
            arrays.new.add(rows, &change.previous_rows, source);
            arrays.gone.sleep(&change.previous_rows, rows, source);
            arrays.new.wake(rows, &change.previous_rows, source);
            let (held, previous) = (&change.business_identifiers, &change.previous_business_identifiers);
            arrays.gone.hold(previous, held, source);
            arrays.new.hold(held, previous, source);
            arrays.new.keep(&change.keepers, source);
        }
        arrays
    }

    /// The statement with the parts that have something to do, and the parameters that it takes.
    fn statement(&self) -> (String, index_rows::Columns<'_>) {
        let mut parameters: index_rows::Columns<'_> =
            vec![&self.key, &self.resource_type, &self.version_id, &self.id, &self.operation, &self.content];
        parameters.extend(self.hot.columns());
        let label: [&(dyn ToSql + Sync); 2] = [&self.parties, &self.confidentiality];
        let actor: [&(dyn ToSql + Sync); 4] =
            [&self.client, &self.subject, &self.organization, &self.request_id];
        parameters.extend(label.into_iter().chain(actor));
        parameters.push(&self.present);
        let parts = self.gone.gone_parts().chain(self.new.new_parts());
        index_rows::statement(include_str!("../sql/commit.sql"), parameters, parts)
    }
}
