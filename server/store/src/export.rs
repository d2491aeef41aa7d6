//! Exports of many resources, <http://hl7.org/fhir/uv/bulkdata/export.html>: which there are, who is at them, and what is in their files.
//!
//! A file is a list of versions. Versions are never changed, so that what was selected at one moment is still read later, by any
//! process, and nothing is copied. An export that is interrupted is begun anew by whoever finds its lease ended.

mod file;
mod selection;

use std::time::Duration;

use deadpool_postgres::GenericClient;
use fhir::{Cause, Error, Instant, Key, ResourceType};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::commit::lock;
use crate::content::{instant, system_time};
use crate::{Access, Actor, Result, Store, error::from_postgres};

pub use file::File;
pub use selection::{Judge, Selection, Verdict};

/// For how long somebody holds an export; it is prolonged long before.
const LEASE: Duration = Duration::from_secs(30);
/// How often a lease is prolonged.
const RENEW: Duration = Duration::from_secs(5);

/// An export that is to begin.
#[derive(Debug)]
pub struct Ask<'a> {
    /// Who may see it.
    pub owner: Key,
    /// What is asked for, in the words of whoever carries it out.
    pub asked: String,
    pub access: &'a Access,
    /// The type at whose address it was asked for; `None` is the whole system.
    pub resource_type: Option<ResourceType>,
    /// The resource whose members it is about.
    pub subject: Option<Key>,
    pub actor: Actor,
    /// How many exports of its owner may be under way.
    pub at_most: u32,
    /// For how many hours it is kept.
    pub keep_hours: u32,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Accepted,
    InProgress,
    Complete,
    Failed,
}

/// An export, as its owner sees it.
#[derive(Clone, Debug)]
pub struct State {
    pub status: Status,
    pub asked: String,
    /// How many resources were found so far.
    pub found: i64,
    /// Since it was asked for.
    pub age: Duration,
    /// What was committed until then is in it; when it is complete.
    pub transaction_time: Option<Instant>,
    /// Why it failed.
    pub error: Option<String>,
    pub expires: Instant,
}

/// An export that this process has taken.
#[derive(Clone, Debug)]
pub struct Claim {
    pub id: Uuid,
    lease: Uuid,
    pub asked: String,
    /// What its owner may read.
    pub access: Access,
    /// How often it was taken, from 1.
    pub attempt: i32,
}

impl Store {
    /// Begins an export, which is carried out by whoever claims it; `None` while its owner has too many under way.
    ///
    /// # Errors
    /// 403 for an access that is not that of a system.
    pub async fn begin_export(&self, ask: Ask<'_>) -> Result<Option<Uuid>> {
        let (everything, parties) = ask.access.kept().ok_or_else(|| {
            Error::new(
                Cause::Forbidden,
                "The record of one person is not exported, but read with $everything.",
            )
        })?;
        let id = Uuid::new_v4();
        let owner = ask.owner.uuid();
        let hours = i32::try_from(ask.keep_hours).unwrap_or(i32::MAX);
        let resource_type = ask.resource_type.map(ResourceType::number);
        let subject = ask.subject.map_or(id, Key::uuid);
        let actor = &ask.actor;
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(from_postgres)?;
        lock(&transaction, &[ask.owner]).await?;
        let parameters: [&(dyn ToSql + Sync); 13] = [
            &id,
            &owner,
            &ask.asked,
            &everything,
            &parties,
            &hours,
            &resource_type,
            &i64::from(ask.at_most),
            &subject,
            &actor.client,
            &actor.subject,
            &actor.organization,
            &actor.request_id,
        ];
        let begun = transaction
            .query_opt(include_str!("../sql/export_begin.sql"), &parameters)
            .await
            .map_err(from_postgres)?;
        transaction.commit().await.map_err(from_postgres)?;
        Ok(begun.map(|_| id))
    }

    /// The export with this id, when it is this owner's and has not expired.
    pub async fn export_state(&self, id: Uuid, owner: Key) -> Result<Option<State>> {
        let client = self.client().await?;
        let row = client
            .query_opt(include_str!("../sql/export_state.sql"), &[&id, &owner.uuid()])
            .await
            .map_err(from_postgres)?;
        row.map(|row| {
            let status: String = row.get(0);
            Ok(State {
                status: match status.as_str() {
                    "accepted" => Status::Accepted,
                    "in-progress" => Status::InProgress,
                    "complete" => Status::Complete,
                    "failed" => Status::Failed,
                    other => return Err(Error::exception(format!("unknown status {other}"))),
                },
                asked: row.get(1),
                found: row.get(2),
                age: Duration::try_from_secs_f64(row.get(3)).unwrap_or_default(),
                transaction_time: row.get::<_, Option<_>>(4).map(instant),
                error: row.get(5),
                expires: instant(row.get(6)),
            })
        })
        .transpose()
    }

    /// Ends an export, and deletes its files; whether it was there.
    pub async fn forget_export(&self, id: Uuid, owner: Key) -> Result<bool> {
        let client = self.client().await?;
        let done = client
            .execute(include_str!("../sql/export_forget.sql"), &[&id, &owner.uuid()])
            .await
            .map_err(from_postgres)?;
        Ok(done > 0)
    }

    /// Deletes the exports whose time is over.
    pub async fn expire_exports(&self) -> Result<u64> {
        let client = self.client().await?;
        client.execute(include_str!("../sql/export_expire.sql"), &[]).await.map_err(from_postgres)
    }

    /// Takes an export that nobody is at.
    pub async fn claim_export(&self) -> Result<Option<Claim>> {
        let lease = Uuid::new_v4();
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/export_claim.sql")).await.map_err(from_postgres)?;
        let row =
            client.query_opt(&statement, &[&lease, &LEASE.as_secs_f64()]).await.map_err(from_postgres)?;
        Ok(row.map(|row| Claim {
            id: row.get(0),
            lease,
            asked: row.get(1),
            access: Access::of_kept(row.get(2), row.get(3), self.circle),
            attempt: row.get(4),
        }))
    }

    /// Does this work while the export is held; 409 as soon as it is held no longer, because it was cancelled, or because others
    /// took it for abandoned.
    pub async fn hold_export<T>(&self, claim: &Claim, work: impl Future<Output = Result<T>>) -> Result<T> {
        let hold = async {
            loop {
                tokio::time::sleep(RENEW).await;
                // Where the database cannot be asked, the work will find out.
                if let Ok(false) = self.renew_export(claim).await {
                    return lost();
                }
            }
        };
        tokio::select! {
            done = work => done,
            lost = hold => Err(lost),
        }
    }

    async fn renew_export(&self, claim: &Claim) -> Result<bool> {
        let sql = include_str!("../sql/export_renew.sql");
        self.of_claim(sql, &[&claim.id, &claim.lease, &LEASE.as_secs_f64()]).await
    }

    /// The export is whole: what was committed until `transaction_time` is in it.
    ///
    /// # Errors
    /// 409 when it is held no longer.
    pub async fn complete_export(
        &self,
        claim: &Claim,
        transaction_time: Instant,
        keep_hours: u32,
    ) -> Result<()> {
        let hours = i32::try_from(keep_hours).unwrap_or(i32::MAX);
        let sql = include_str!("../sql/export_complete.sql");
        let time = system_time(transaction_time);
        match self.of_claim(sql, &[&claim.id, &claim.lease, &time, &hours]).await? {
            true => Ok(()),
            false => Err(lost()),
        }
    }

    /// The attempt failed: it is tried again after this time, or never.
    pub async fn fail_export(&self, claim: &Claim, why: &str, again: Option<Duration>) -> Result<()> {
        let again = again.map(|after| after.as_secs_f64());
        let sql = include_str!("../sql/export_failed.sql");
        self.of_claim(sql, &[&claim.id, &claim.lease, &why, &again]).await.map(drop)
    }

    /// Carries out a statement that does something only while the lease is held; whether it did.
    pub(crate) async fn of_claim(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<bool> {
        let client = self.client().await?;
        let statement = client.prepare_cached(sql).await.map_err(from_postgres)?;
        let done = client.execute(&statement, parameters).await.map_err(from_postgres)?;
        Ok(done > 0)
    }
}

fn lost() -> Error {
    Error::new(Cause::WriteConflict, "The export was cancelled, or somebody else is at it.")
}
