//! How much is waiting: for connections, for numbers, and to be told. For those who watch over the server.

use deadpool_postgres::Status;

use crate::{Result, Store, error::from_postgres};

/// The connections of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    pub idle: usize,
    pub busy: usize,
    /// How many requests wait for one.
    pub waiting: usize,
}

/// What waits in the database, for all processes together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waiting {
    /// Changes without numbers.
    pub changes: i64,
    /// Changes that could not be compared with the topics.
    pub dead_changes: i64,
    /// By status.
    pub subscriptions: Vec<Backlog>,
}

/// What the Subscriptions of one status wait for.
#[derive(Clone, Debug, PartialEq)]
pub struct Backlog {
    pub status: String,
    pub subscriptions: i64,
    /// Events that their endpoints have not accepted.
    pub events: i64,
    /// Seconds since the oldest of these was numbered; 0 when there is none.
    pub oldest: f64,
}

impl Store {
    /// The connections of this process, at this moment.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.pool_states().iter().fold(
            Connections::default(),
            |sum, Status { size, available, waiting, .. }| Connections {
                idle: sum.idle + available,
                busy: sum.busy + size.saturating_sub(*available),
                waiting: sum.waiting + waiting,
            },
        )
    }

    /// What waits in the database.
    pub async fn waiting(&self) -> Result<Waiting> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/waiting.sql")).await.map_err(from_postgres)?;
        let row = client.query_one(&statement, &[]).await.map_err(from_postgres)?;
        let statement = client
            .prepare_cached(include_str!("../sql/subscription_backlog.sql"))
            .await
            .map_err(from_postgres)?;
        let rows = client.query(&statement, &[]).await.map_err(from_postgres)?;
        let backlog = |row: &tokio_postgres::Row| Backlog {
            status: row.get(0),
            subscriptions: row.get(1),
            events: row.get(2),
            oldest: row.get(3),
        };
        Ok(Waiting {
            changes: row.get(0),
            dead_changes: row.get(1),
            subscriptions: rows.iter().map(backlog).collect(),
        })
    }
}
