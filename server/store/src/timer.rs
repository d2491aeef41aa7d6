//! The times at which something has to be written although nobody writes: which have come, and who sees to them.
//!
//! What is to be written is not known here. The rows are written with each commit; a claim keeps other processes away while one sees to
//! it, and nothing depends on it but that work is not done twice in vain.

use fhir::{Instant, Key};
use uuid::Uuid;

use crate::{Result, Store, error::from_postgres};

/// A time that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The resource that waits for it.
    pub key: Key,
    /// In microseconds since 1970 UTC.
    pub at: i64,
}

impl Store {
    /// Claims resources whose time has come by `now`, the earliest first, for half a minute.
    pub async fn claim_due(&self, now: Instant, limit: i64) -> Result<Vec<Due>> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/timer_claim.sql")).await.map_err(from_postgres)?;
        let rows = client.query(&statement, &[&now.microseconds(), &limit]).await.map_err(from_postgres)?;
        let mut due: Vec<Due> = rows
            .iter()
            .map(|row| Due { key: Key::from_uuid(row.get::<_, Uuid>(0)), at: row.get(1) })
            .collect();
        due.sort_by_key(|due| due.at);
        Ok(due)
    }

    /// Forgets a time for which nothing was to be written. One that was set anew meanwhile stays.
    pub async fn forget_due(&self, due: Due) -> Result<()> {
        let client = self.client().await?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&due.key.uuid(), &due.at];
        client.execute(include_str!("../sql/timer_forget.sql"), &parameters).await.map_err(from_postgres)?;
        Ok(())
    }

    /// Puts off a time for which something could not be written.
    pub async fn postpone_due(&self, due: Due) -> Result<()> {
        let client = self.client().await?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&due.key.uuid(), &due.at];
        client
            .execute(include_str!("../sql/timer_postpone.sql"), &parameters)
            .await
            .map_err(from_postgres)?;
        Ok(())
    }
}
