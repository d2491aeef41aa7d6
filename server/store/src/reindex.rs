//! Rebuilding what resources are found by, while others read and write: a batch of resources at a time, in the order of their
//! keys, and how far it has come is kept with each batch.
//!
//! A resource that is written between being read and being indexed is left alone: its writer has indexed it.

use fhir::Key;
use search::IndexRows;
use uuid::Uuid;

use crate::access::Parameters;
use crate::index_rows::{self, Hot, Satellites};
use crate::{Result, Store, Stored, error::from_postgres};

/// How far a rebuilding has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The last resource that was done.
    pub after: Key,
    pub done: i64,
}

impl Store {
    /// How far a rebuilding has come that was not finished.
    pub async fn reindex_reached(&self) -> Result<Option<Reached>> {
        let client = self.client().await?;
        let row =
            client.query_opt(include_str!("../sql/reindex_state.sql"), &[]).await.map_err(from_postgres)?;
        Ok(row.map(|row| Reached { after: Key::from_uuid(row.get(0)), done: row.get(1) }))
    }

    /// Forgets how far a rebuilding has come.
    pub async fn reindex_over(&self) -> Result<()> {
        let client = self.client().await?;
        client.execute(include_str!("../sql/reindex_over.sql"), &[]).await.map_err(from_postgres)?;
        Ok(())
    }

    /// The next resources that are not deleted, in the order of their keys.
    pub async fn after(&self, after: Option<Key>, limit: u32) -> Result<Vec<Stored>> {
        let mut parameters = Parameters::default();
        let n = parameters.push(after.map_or(Uuid::nil(), Key::uuid));
        let sql = format!(
            "SELECT {} FROM resource r JOIN version v ON v.seq = r.seq WHERE r.key > ${n} AND NOT r.deleted \
             ORDER BY r.key LIMIT {limit}",
            Stored::COLUMNS
        );
        self.many(&sql, &parameters).await
    }

    /// Puts these rows in the place of those that the resources were found by, of every resource whose current version is still
    /// this one, and keeps how far it has come. How many that were.
    pub async fn reindex(&self, batch: &[(Stored, IndexRows)], reached: Key) -> Result<usize> {
        let keys: Vec<Uuid> = batch.iter().map(|(stored, _)| stored.key().uuid()).collect();
        let seqs: Vec<i64> = batch.iter().map(|(stored, _)| stored.seq).collect();
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(from_postgres)?;
        let locked = transaction
            .query(include_str!("../sql/reindex_lock.sql"), &[&keys, &seqs])
            .await
            .map_err(from_postgres)?;
        let locked: Vec<Uuid> = locked.iter().map(|row| row.get(0)).collect();
        transaction
            .execute(include_str!("../sql/reindex_gone.sql"), &[&locked])
            .await
            .map_err(from_postgres)?;
        let mut columns = Columns::default();
        for (stored, rows) in batch.iter().filter(|(stored, _)| locked.contains(&stored.key().uuid())) {
            columns.add(stored.key().uuid(), rows);
        }
        let learnt = columns.new.leave_known(&self.known);
        if !locked.is_empty() {
            let (sql, parameters) = columns.statement();
            transaction.query(&sql, &parameters).await.map_err(from_postgres)?;
        }
        let done = i64::try_from(batch.len()).unwrap_or(i64::MAX);
        transaction
            .execute(include_str!("../sql/reindex_reached.sql"), &[&reached.uuid(), &done])
            .await
            .map_err(from_postgres)?;
        transaction.commit().await.map_err(from_postgres)?;
        self.known.add(learnt);
        Ok(locked.len())
    }
}

/// The rows as the arrays that the statement takes.
#[derive(Default)]
struct Columns<'a> {
    key: Vec<Uuid>,
    hot: Hot<'a>,
    new: Satellites,
}

impl<'a> Columns<'a> {
    fn add(&mut self, key: Uuid, rows: &'a IndexRows) {
        self.key.push(key);
        self.hot.add(rows);
        self.new.add(rows, &IndexRows::default(), key);
        self.new.wake(rows, &IndexRows::default(), key);
    }

    fn statement(&self) -> (String, index_rows::Columns<'_>) {
        let mut first: index_rows::Columns<'_> = vec![&self.key];
        first.extend(self.hot.columns());
        index_rows::statement(include_str!("../sql/reindex_new.sql"), first, self.new.new_parts())
    }
}
