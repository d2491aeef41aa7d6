//! The moment that an export is of: everything that was written until then is committed, and nothing after it will be in.
//!
//! A version has the time at which it was written, which is before it is committed. So that none with an earlier time appears
//! later, the transactions that were running at that moment are waited for. Nobody is held up by it.

use std::time::{Duration, Instant as Clock, SystemTime};

use fhir::{Cause, Error, Instant};

use crate::content::instant;
use crate::{Result, Store, error::from_postgres};

/// For how long a transaction that has written nothing yet is waited for: what it writes from now on has a later time.
const BETWEEN: Duration = Duration::from_secs(1);
/// For how long one that has written is waited for. Those of this server end long before.
const PATIENCE: Duration = Duration::from_secs(300);

impl Store {
    /// A moment, on a whole millisecond as times are shown, such that every version from before it is committed, and seen by every
    /// statement that begins from now on.
    ///
    /// # Errors
    /// 503 when another program has kept a transaction open for minutes.
    pub async fn settled_moment(&self) -> Result<Instant> {
        let client = self.client().await?;
        let now = async || -> Result<SystemTime> {
            let row = client.query_one("SELECT clock_timestamp()", &[]).await.map_err(from_postgres)?;
            Ok(row.get(0))
        };
        let millisecond = instant(now().await?).microseconds().div_euclid(1000) + 1;
        let moment = Instant::from_microseconds(millisecond * 1000);
        while instant(now().await?) < moment {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let rows =
            client.query(include_str!("../../sql/export_running.sql"), &[]).await.map_err(from_postgres)?;
        let running: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let since = Clock::now();
        let mut pause = Duration::from_millis(2);
        while !running.is_empty() {
            let row = client
                .query_one(include_str!("../../sql/export_writing.sql"), &[&running])
                .await
                .map_err(from_postgres)?;
            let (all, writing): (i64, i64) = (row.get(0), row.get(1));
            if all == 0 || (writing == 0 && since.elapsed() > BETWEEN) {
                break;
            }
            if since.elapsed() > PATIENCE {
                return Err(Error::new(
                    Cause::Transient,
                    "A transaction of another program has been open for minutes, and an export waits for it.",
                ));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
        }
        Ok(moment)
    }
}
