//! Secrets that all processes of one deployment share. The first process to ask makes one; the others only read, so that they can
//! begin while nothing can be written.

use crate::{Result, Store, error::from_postgres};

impl Store {
    /// The 32 bytes of the secret with this name; they are made when there is none yet.
    pub async fn secret(&self, name: &str) -> Result<Vec<u8>> {
        let client = self.client().await?;
        let there =
            client.query_opt(include_str!("../sql/secret.sql"), &[&name]).await.map_err(from_postgres)?;
        if let Some(row) = there {
            return Ok(row.get(0));
        }
        let fresh: Vec<u8> =
            [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].iter().flat_map(|uuid| *uuid.as_bytes()).collect();
        let made = include_str!("../sql/secret_new.sql");
        let row = client.query_one(made, &[&name, &fresh]).await.map_err(from_postgres)?;
        Ok(row.get(0))
    }
}
