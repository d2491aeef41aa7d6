//! Brings the schema of a database to the version that this binary needs. Migrations only go forward.

use fhir::Error;

use crate::{Result, Store, error::from_postgres};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// The advisory lock that lets one process migrate at a time.
const MIGRATION_LOCK: i64 = 0x4846_4d49;

impl Store {
    /// Applies the migrations that are missing, and returns their names. Processes that start together take turns.
    ///
    /// # Errors
    /// When the database cannot be reached, or was migrated by a newer binary whose migrations this one does not know.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        let mut client = self.client().await?;
        client
            .batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")
            .await
            .map_err(from_postgres)?;
        client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK]).await.map_err(from_postgres)?;
        let report = embedded::migrations::runner().run_async(&mut **client).await;
        // The connection has other settings now: it is closed instead of going back to the pool, and its lock with it.
        drop(deadpool_postgres::Object::take(client));
        let report = report.map_err(Error::exception)?;
        Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
    }
}
