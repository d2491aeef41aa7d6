//! The rebuildings that were asked for: one at a time, carried out by whichever process takes it, gone on with by another one when
//! that process dies.

use std::time::Duration;

use deadpool_postgres::GenericClient;
use fhir::Key;
use uuid::Uuid;

use crate::commit::lock;
use crate::{Actor, Result, Store, error::from_postgres};

/// For how long somebody holds a rebuilding; it is prolonged with every step.
const LEASE: Duration = Duration::from_secs(60);

/// A rebuilding that this process has taken.
#[derive(Clone, Copy, Debug)]
pub struct ReindexClaim {
    pub id: Uuid,
    lease: Uuid,
    /// How often it was taken, from 1.
    pub attempt: i32,
}

/// How far a rebuilding is that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct ReindexState {
    /// How many resources there were when it began.
    pub resources: i64,
    pub done: i64,
    pub is_over: bool,
    pub failed: bool,
    /// For how long it has been going on, or went on.
    pub age: Duration,
}

impl Store {
    /// Begins a rebuilding, unless one is under way; the id of either.
    pub async fn begin_reindex(&self, actor: &Actor) -> Result<Uuid> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(from_postgres)?;
        lock(&transaction, &[Key::of_parts("reindex", &[])]).await?;
        let (id, Actor { client: name, subject, organization, request_id }) = (Uuid::new_v4(), actor);
        let row = transaction
            .query_one(
                include_str!("../sql/reindex_begin.sql"),
                &[&id, name, subject, organization, request_id],
            )
            .await
            .map_err(from_postgres)?;
        let id = row.get(0);
        transaction.commit().await.map_err(from_postgres)?;
        Ok(id)
    }

    /// How far the rebuilding with this id is.
    pub async fn reindex_state(&self, id: Uuid) -> Result<Option<ReindexState>> {
        let client = self.client().await?;
        let row =
            client.query_opt(include_str!("../sql/reindex_job.sql"), &[&id]).await.map_err(from_postgres)?;
        Ok(row.map(|row| ReindexState {
            resources: row.get(0),
            done: row.get(1),
            is_over: row.get(2),
            failed: row.get(3),
            age: Duration::try_from_secs_f64(row.get(4)).unwrap_or_default(),
        }))
    }

    /// Ends a rebuilding, whoever is at it; whether it was there.
    pub async fn forget_reindex(&self, id: Uuid) -> Result<bool> {
        let client = self.client().await?;
        let done =
            client.execute(include_str!("../sql/reindex_forget.sql"), &[&id]).await.map_err(from_postgres)?;
        Ok(done > 0)
    }

    /// Takes the rebuilding that nobody is at.
    pub async fn claim_reindex(&self) -> Result<Option<ReindexClaim>> {
        let client = self.client().await?;
        let lease = Uuid::new_v4();
        let sql = include_str!("../sql/reindex_claim.sql");
        let statement = client.prepare_cached(sql).await.map_err(from_postgres)?;
        let row =
            client.query_opt(&statement, &[&lease, &LEASE.as_secs_f64()]).await.map_err(from_postgres)?;
        Ok(row.map(|row| ReindexClaim { id: row.get(0), lease, attempt: row.get(1) }))
    }

    /// Goes on holding a rebuilding; false when it was ended, or when others took it for abandoned.
    pub async fn renew_reindex(&self, claim: &ReindexClaim) -> Result<bool> {
        self.hold_reindex(claim, LEASE).await
    }

    /// Gives a rebuilding back that cannot go on here.
    pub async fn release_reindex(&self, claim: &ReindexClaim) -> Result<()> {
        self.hold_reindex(claim, Duration::ZERO).await.map(drop)
    }

    async fn hold_reindex(&self, claim: &ReindexClaim, time: Duration) -> Result<bool> {
        let sql = include_str!("../sql/reindex_renew.sql");
        self.of_claim(sql, &[&claim.id, &claim.lease, &time.as_secs_f64()]).await
    }

    /// A rebuilding is over, after so many resources.
    pub async fn end_reindex(&self, claim: &ReindexClaim, failed: bool, done: i64) -> Result<()> {
        let sql = include_str!("../sql/reindex_end.sql");
        self.of_claim(sql, &[&claim.id, &claim.lease, &failed, &done]).await.map(drop)
    }
}
