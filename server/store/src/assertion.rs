//! The client assertions that were used, which no process takes again, <https://www.rfc-editor.org/rfc/rfc7523#section-3>.

use fhir::{Instant, Key};

use crate::content::system_time;
use crate::{Result, Store, error::from_postgres};

impl Store {
    /// Uses up the assertion with this key, which ends at that time. Whether it was good: false when it was used before.
    pub async fn use_assertion(&self, key: Key, until: Instant) -> Result<bool> {
        let client = self.client().await?;
        let sql = include_str!("../sql/assertion_use.sql");
        let statement = client.prepare_cached(sql).await.map_err(from_postgres)?;
        let until = system_time(until);
        let used = client.query_opt(&statement, &[&key.uuid(), &until]).await.map_err(from_postgres)?;
        Ok(used.is_some())
    }
}
