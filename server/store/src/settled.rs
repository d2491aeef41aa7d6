//! The settled moment: everything that was written before it is committed, and nothing from before it will appear later.
//!
//! A version has the time at which it was written, which is before it is committed. Who asks for what is new since some time would
//! miss what is committed after others with a later time, so that such an answer ends at this moment. Those who write are waited
//! for, but not for long: where one stays open, the moment is before it began. Nobody who writes is held up.

use std::time::{Duration, Instant as Clock};

use deadpool_postgres::GenericClient;
use fhir::Instant;

use crate::content::instant;
use crate::{Result, Store, error::from_postgres};

/// A transaction that is writing: its name, and when it began.
type Writer = (String, Instant);

impl Store {
    /// A moment, on a whole millisecond as times are shown, such that every version from before it is committed and seen by every
    /// statement that begins from now on. It is in the present, unless somebody has been writing for longer than `patience`. Within a
    /// transaction what it has written itself is before that moment.
    pub async fn settled(&self, patience: Duration) -> Result<Instant> {
        let client = self.reader().await?;
        let present = next_millisecond(&*client).await?;
        let mut writing = writers(&*client, None).await?;
        let since = Clock::now();
        let mut pause = Duration::from_millis(1);
        let oldest_waited_for = present.microseconds().saturating_sub(micros(patience));
        while writing.iter().any(|(_, begun)| begun.microseconds() > oldest_waited_for)
            && since.elapsed() < patience
        {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
            let names = writing.into_iter().map(|(name, _)| name).collect();
            writing = writers(&*client, Some(names)).await?;
        }
        let begun = writing.iter().map(|(_, begun)| begun.microseconds().div_euclid(1000) * 1000);
        Ok(begun.map(Instant::from_microseconds).min().map_or(present, |oldest| oldest.min(present)))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The beginning of the next millisecond on the clock of the database, once it has come.
async fn next_millisecond(client: &impl GenericClient) -> Result<Instant> {
    let clock = client.prepare_cached("SELECT clock_timestamp()").await.map_err(from_postgres)?;
    let now = async || -> Result<Instant> {
        let row = client.query_one(&clock, &[]).await.map_err(from_postgres)?;
        Ok(instant(row.get(0)))
    };
    let millisecond = now().await?.microseconds().div_euclid(1000) + 1;
    let moment = Instant::from_microseconds(millisecond * 1000);
    while now().await? < moment {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(moment)
}

/// Who writes now, of all or of those with these names.
async fn writers(client: &impl GenericClient, among: Option<Vec<String>>) -> Result<Vec<Writer>> {
    let sql = include_str!("../sql/writers.sql");
    let statement = client.prepare_cached(sql).await.map_err(from_postgres)?;
    let rows = client.query(&statement, &[&among]).await.map_err(from_postgres)?;
    Ok(rows.iter().map(|row| (row.get(0), instant(row.get(1)))).collect())
}
