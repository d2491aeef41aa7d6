//! Secrets that all processes of one deployment share. The first process to ask makes one.

use crate::{Result, Store, error::from_postgres};

impl Store {
    /// The 32 bytes of the secret with this name; they are made when there is none yet.
    pub async fn secret(&self, name: &str) -> Result<Vec<u8>> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/secret.sql")).await.map_err(from_postgres)?;
        let fresh: Vec<u8> =
            [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].iter().flat_map(|uuid| *uuid.as_bytes()).collect();
        let row = client.query_one(&statement, &[&name, &fresh]).await.map_err(from_postgres)?;
        Ok(row.get(0))
    }
}
