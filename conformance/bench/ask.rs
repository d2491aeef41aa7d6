//! One connection that asks for pages in turn.

use std::rc::Rc;

use anyhow::Result;

use super::connection::Connection;
use super::contest::Operation;

/// Asks for the next path each time, beginning with the one whose turn it is.
pub struct Ask {
    pub connection: Connection,
    pub paths: Rc<Vec<String>>,
    pub turn: usize,
}

impl Operation for Ask {
    async fn once(&mut self) -> Result<()> {
        let path = &self.paths[self.turn % self.paths.len()];
        self.turn += 1;
        self.connection.succeed("GET", path, None).await?;
        Ok(())
    }
}
