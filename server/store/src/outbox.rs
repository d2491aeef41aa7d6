//! The sequencer's side of the change queue: one transaction takes committed changes, gives their events numbers, and
//! deletes them from the queue, so that no event is lost, doubled or numbered twice whatever is killed when.
//!
//! Who matches what is not decided here.

use deadpool_postgres::Object;
use fhir::{Error, Instant, Key, ResourceType, VersionId};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::access::parties_condition;
use crate::content::resource_type;
use crate::{Circle, Result, Store, Stored, error::from_postgres};

/// A committed change that has no numbers yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedChange {
    pub seq: i64,
    pub key: Key,
    pub version_id: VersionId,
    pub resource_type: ResourceType,
}

/// A change with what it changed.
#[derive(Clone, Debug)]
pub struct ChangeContent {
    pub current: Stored,
    /// The version before; `None` for the first one.
    pub previous: Option<Stored>,
    /// The parties of the current version; empty for directory data.
    pub parties: Vec<Key>,
}

/// A subscription as it was last defined by its client.
#[derive(Debug)]
pub struct Known {
    pub key: Key,
    /// The version that defines it, or why it cannot be decoded; `None` when nothing is to be matched with it any more.
    pub definition: Option<Result<Stored>>,
}

/// What a subscription's client wants from now on.
#[derive(Clone, Debug)]
pub struct Define {
    pub key: Key,
    pub id: String,
    pub seq: i64,
    pub version_id: VersionId,
    /// Whether changes are matched with it.
    pub listening: bool,
    pub parties: Vec<Key>,
    pub status: &'static str,
    /// The status that the resource says.
    pub reported: String,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    /// The host of its endpoint: requests are limited by it.
    pub host: String,
    pub heartbeat_seconds: Option<i32>,
    pub timeout_seconds: i32,
    pub max_count: i32,
    pub end: Option<Instant>,
    /// Its signing secret, should it have none yet.
    pub secret: Vec<u8>,
}

impl Store {
    /// Whether there are changes without numbers.
    pub async fn has_changes(&self) -> Result<bool> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/outbox_waiting.sql")).await.map_err(from_postgres)?;
        let row = client.query_one(&statement, &[]).await.map_err(from_postgres)?;
        Ok(row.get(0))
    }

    /// The right to number events, until the [`Outbox`] is finished or dropped; `None` while another process has it.
    pub async fn outbox(&self) -> Result<Option<Outbox>> {
        let mut outbox =
            Outbox { client: Some(self.client().await?), circle: self.circle, epoch: 0, tells: false };
        outbox.client()?.batch_execute("BEGIN").await.map_err(from_postgres)?;
        match outbox.query(include_str!("../sql/outbox_lock.sql"), &[]).await?.first() {
            Some(row) => outbox.epoch = row.get(0),
            None => {
                outbox.finish().await?;
                return Ok(None);
            }
        }
        Ok(Some(outbox))
    }
}

/// An open transaction that holds the sequencer's lock. Dropped without [`Outbox::finish`], it changes nothing: its
/// connection is closed instead of going back to the pool.
pub struct Outbox {
    client: Option<Object>,
    circle: Circle,
    epoch: i64,
    /// Whether anything but the end of changes that nobody is told of is written.
    tells: bool,
}

impl Outbox {
    /// The number of the last beginning, change or end of a subscription.
    #[must_use]
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Changes in the order of their numbers, of those above `floor`.
    pub async fn changes(&self, floor: i64, limit: i64) -> Result<Vec<QueuedChange>> {
        let rows = self.query(include_str!("../sql/outbox_changes.sql"), &[&floor, &limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(QueuedChange {
                    seq: row.get(0),
                    key: Key::from_uuid(row.get(1)),
                    version_id: VersionId::new(row.get(2)),
                    resource_type: resource_type(row, 3)?,
                })
            })
            .collect()
    }

    /// The versions that these changes made, each with the one before; in the order of `seq`. A version that cannot be
    /// decoded is an error in its own place.
    pub async fn contents(&self, seqs: &[i64]) -> Result<Vec<(i64, Result<ChangeContent>)>> {
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT v.parties, {}, p.* FROM version v \
             LEFT JOIN LATERAL (SELECT {} FROM version v2 WHERE v2.key = v.key AND v2.version_id = v.version_id - 1) p ON true \
             WHERE v.seq = ANY($1) ORDER BY v.seq",
            Stored::COLUMNS,
            Stored::COLUMNS.replace("v.", "v2.")
        );
        let rows = self.query(&sql, &[&seqs]).await?;
        Ok(rows.iter().map(|row| (row.get(8), content(row))).collect())
    }

    /// The subscriptions that began, changed or ended after this epoch.
    pub async fn subscriptions(&self, after: i64) -> Result<Vec<Known>> {
        let sql = format!(
            "SELECT s.key, s.listening, {} FROM subscription_state s JOIN version v ON v.seq = s.definition_seq \
             WHERE s.epoch > $1",
            Stored::COLUMNS
        );
        let rows = self.query(&sql, &[&after]).await?;
        let known = |row: &tokio_postgres::Row| {
            let listening: bool = row.get(1);
            Known { key: Key::from_uuid(row.get(0)), definition: listening.then(|| Stored::from_row(row, 2)) }
        };
        Ok(rows.iter().map(known).collect())
    }

    /// Marks that subscriptions begin, change or end in this transaction, so that every process learns of it.
    pub async fn next_epoch(&mut self) -> Result<()> {
        self.tells = true;
        if let Some(row) = self.query(include_str!("../sql/outbox_epoch.sql"), &[]).await?.first() {
            self.epoch = row.get(0);
        }
        Ok(())
    }

    /// A subscription begins, or begins anew with another definition. Its numbers go on.
    pub async fn define(&self, define: &Define) -> Result<()> {
        let parties: Vec<Uuid> = define.parties.iter().map(|key| key.uuid()).collect();
        let end = define.end.map(|end| std::time::SystemTime::from(end.timestamp()));
        self.query(
            include_str!("../sql/subscription_define.sql"),
            &[
                &define.key.uuid(),
                &define.id,
                &self.epoch,
                &define.seq,
                &define.version_id.number(),
                &define.listening,
                &parties,
                &define.status,
                &define.reported,
                &define.error_code,
                &define.error_text,
                &define.host,
                &define.heartbeat_seconds,
                &define.timeout_seconds,
                &define.max_count,
                &end,
                &define.secret,
            ],
        )
        .await?;
        Ok(())
    }

    /// A subscription ends by this version of it: its status is off, or it was deleted.
    pub async fn stop(&self, key: Key, version_id: VersionId, deleted: bool) -> Result<()> {
        self.query(
            include_str!("../sql/subscription_stop.sql"),
            &[&key.uuid(), &self.epoch, &deleted, &version_id.number()],
        )
        .await?;
        Ok(())
    }

    /// The server itself wrote this status into the resource.
    pub async fn reported(&self, key: Key, status: &str) -> Result<()> {
        self.query(include_str!("../sql/subscription_reported.sql"), &[&key.uuid(), &status]).await?;
        Ok(())
    }

    /// Whether this subscription has a state, a deleted one included.
    pub async fn is_known(&self, key: Key) -> Result<bool> {
        let sql = "SELECT FROM subscription_state WHERE key = $1";
        Ok(!self.query(sql, &[&key.uuid()]).await?.is_empty())
    }

    /// Numbers the matches (a subscription and the `seq` of a change) that their subscription may see, and takes the changes
    /// out of the queue: the done ones, and the dead ones with what is wrong with them. How many events there are now.
    pub async fn number(
        &mut self,
        matches: &[(Key, i64)],
        unrestricted: bool,
        done: &[i64],
        dead: &[(i64, String)],
    ) -> Result<i64> {
        if matches.is_empty() && dead.is_empty() {
            self.query(include_str!("../sql/outbox_taken.sql"), &[&done]).await?;
            return Ok(0);
        }
        self.tells = true;
        let sql = include_str!("../sql/outbox_number.sql")
            .replace("{visible}", &parties_condition("v", "s.parties", self.circle));
        let (subscriptions, seqs): (Vec<Uuid>, Vec<i64>) =
            matches.iter().map(|(subscription, seq)| (subscription.uuid(), *seq)).unzip();
        let (dead_seqs, errors): (Vec<i64>, Vec<&str>) =
            dead.iter().map(|(seq, error)| (*seq, error.as_str())).unzip();
        let rows =
            self.query(&sql, &[&subscriptions, &seqs, &unrestricted, &done, &dead_seqs, &errors]).await?;
        Ok(rows.first().map_or(0, |row| row.get(0)))
    }

    /// Commits, and gives the lock and the connection back. A number that was given is on the disk before anybody is told. When
    /// nobody is told, nothing waits for the disk: should Postgres die at this moment, the changes are in the queue again, and
    /// come to nothing again; whatever was written after this is lost with it, or not at all.
    pub async fn finish(mut self) -> Result<()> {
        let end = if self.tells { "COMMIT" } else { "SET LOCAL synchronous_commit = off; COMMIT" };
        self.client()?.batch_execute(end).await.map_err(from_postgres)?;
        drop(self.client.take());
        Ok(())
    }

    fn client(&self) -> Result<&Object> {
        self.client.as_ref().ok_or_else(|| Error::exception("the sequencer's transaction is over"))
    }

    async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<tokio_postgres::Row>> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(from_postgres)?;
        client.query(&statement, parameters).await.map_err(from_postgres)
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

fn content(row: &tokio_postgres::Row) -> Result<ChangeContent> {
    let parties: Option<Vec<Uuid>> = row.get(0);
    let has_previous = row.get::<_, Option<i16>>(9).is_some();
    Ok(ChangeContent {
        current: Stored::from_row(row, 1)?,
        previous: has_previous.then(|| Stored::from_row(row, 9)).transpose()?,
        parties: parties.unwrap_or_default().into_iter().map(Key::from_uuid).collect(),
    })
}
