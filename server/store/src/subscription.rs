//! The state of subscriptions: which of them something is to be sent to (a lane), how far each has been told, and the
//! events that it was or will be told of. Leases and retry times are on the database's clock.

use fhir::{Instant, Key, VersionId};
use uuid::Uuid;

use crate::access::Parameters;
use crate::content::instant;
use crate::{Access, Result, Store, Stored, error::from_postgres};

/// How long a lease lasts unless it is renewed, in seconds: so long nobody is told anything on the lanes of a process that
/// was killed.
const LEASE_SECONDS: f64 = 6.0;

/// A subscription that is leased for one request.
#[derive(Clone, Debug)]
pub struct Lane {
    pub key: Key,
    pub id: String,
    pub status: String,
    /// Whether its endpoint has accepted the handshake of this definition.
    pub handshaken: bool,
    pub last_no: i64,
    pub acked_no: i64,
    /// The last number of the batch that is due; `None` when no events are.
    pub batch_to: Option<i64>,
    /// Failures in a row.
    pub attempt: i32,
    /// Seconds since the first of them.
    pub failing_for: f64,
    pub parties: Vec<Key>,
    pub host: String,
    pub timeout_seconds: i32,
    pub definition_version: VersionId,
    pub secret: Vec<u8>,
    /// The secret before, while it is valid.
    pub previous_secret: Option<Vec<u8>>,
    /// The version of the Subscription that defines it.
    pub definition: Stored,
    lease: Uuid,
}

/// The right to send on one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    key: Key,
    lease: Uuid,
}

/// Which lanes are asked for, and how many at most.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// Those whose last attempt timed out, or the others.
    pub slow: bool,
    pub limit: i64,
    /// How many requests each host has in flight from this process.
    pub in_flight: Vec<(String, i32)>,
    /// How many a host may have.
    pub per_host: i32,
}

/// What becomes of a lane whose request was not accepted.
#[derive(Clone, Debug)]
pub struct Failed {
    pub status: &'static str,
    /// When to try again; `None` for never.
    pub retry_seconds: Option<f64>,
    pub error_code: Option<&'static str>,
    pub error_text: String,
    pub timed_out: bool,
    /// Whether the next attempt sends one event alone.
    pub single: bool,
}

/// An event of one subscription.
#[derive(Clone, Debug)]
pub struct Event {
    pub number: i64,
    /// When it was numbered.
    pub at: Instant,
    /// The version that it is about; `None` when the access may not see it.
    pub version: Option<Stored>,
}

/// How a subscription stands.
#[derive(Clone, Debug)]
pub struct State {
    pub key: Key,
    pub status: String,
    /// How many events there have been.
    pub last_no: i64,
    /// The last event that was accepted.
    pub acked_no: i64,
    /// Failures in a row.
    pub attempt: i32,
    pub error_code: Option<String>,
    pub error_text: Option<String>,
    pub last_sent_at: Option<Instant>,
    /// When the next attempt is due.
    pub due_at: Option<Instant>,
}

/// A status that the Subscription's resource does not say yet.
#[derive(Clone, Debug)]
pub struct Unreported {
    pub id: String,
    pub status: String,
    pub error_text: Option<String>,
    pub definition_version: VersionId,
}

impl Lane {
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease { key: self.key, lease: self.lease }
    }
}

impl Store {
    /// Leases lanes that are due, for some seconds: whoever sends for longer renews the lease, and a process that dies leaves
    /// the lane to others.
    pub async fn claim_lanes(&self, claim: &Claim) -> Result<Vec<Lane>> {
        let sql = include_str!("../sql/lane_claim.sql").replace("{columns}", Stored::COLUMNS);
        let lease = Uuid::new_v4();
        let (hosts, requests): (Vec<&str>, Vec<i32>) =
            claim.in_flight.iter().map(|(host, requests)| (host.as_str(), *requests)).unzip();
        let busy: Vec<&str> = claim
            .in_flight
            .iter()
            .filter(|(_, requests)| *requests >= claim.per_host)
            .map(|(host, _)| host.as_str())
            .collect();
        let client = self.client().await?;
        let statement = client.prepare_cached(&sql).await.map_err(from_postgres)?;
        let rows = client
            .query(
                &statement,
                &[
                    &claim.slow,
                    &busy,
                    &claim.limit,
                    &hosts,
                    &requests,
                    &claim.per_host,
                    &lease,
                    &LEASE_SECONDS,
                ],
            )
            .await
            .map_err(from_postgres)?;
        let lanes = rows.iter().filter_map(|row| {
            // One that cannot be decoded stays leased, and does not stop the others.
            let undecodable = |error| tracing::error!(%error, "A subscription cannot be decoded.");
            lane(row, lease).map_err(undecodable).ok()
        });
        Ok(lanes.collect())
    }

    /// Renews leases, to be called every few seconds for those whose request is still in flight. One that was lost stays lost.
    pub async fn renew_leases(&self, leases: &[Lease]) -> Result<()> {
        let (keys, leases): (Vec<Uuid>, Vec<Uuid>) =
            leases.iter().map(|held| (held.key.uuid(), held.lease)).unzip();
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/lane_renew.sql")).await.map_err(from_postgres)?;
        client.execute(&statement, &[&keys, &leases, &LEASE_SECONDS]).await.map_err(from_postgres)?;
        Ok(())
    }

    /// The request of this lane was accepted, with the events up to `batch_to` in it. Whether more is due now; `false` also
    /// when the lease was lost, and then nothing is changed.
    pub async fn lane_sent(&self, lane: &Lane) -> Result<bool> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/lane_sent.sql")).await.map_err(from_postgres)?;
        let rows = client
            .query(&statement, &[&lane.key.uuid(), &lane.lease, &lane.batch_to])
            .await
            .map_err(from_postgres)?;
        Ok(rows.first().is_some_and(|row| row.get::<_, Option<bool>>(0) == Some(true)))
    }

    /// The request of this lane was not accepted. When the lease was lost, nothing is changed.
    pub async fn lane_failed(&self, lane: &Lane, failed: &Failed) -> Result<()> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/lane_failed.sql")).await.map_err(from_postgres)?;
        client
            .execute(
                &statement,
                &[
                    &lane.key.uuid(),
                    &lane.lease,
                    &failed.status,
                    &failed.retry_seconds,
                    &failed.error_code,
                    &failed.error_text,
                    &failed.timed_out,
                    &failed.single,
                ],
            )
            .await
            .map_err(from_postgres)?;
        Ok(())
    }

    /// Nothing could be sent for a reason of our own; the lane is due again in a second.
    pub async fn lane_released(&self, lane: &Lane) -> Result<()> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/lane_released.sql")).await.map_err(from_postgres)?;
        client.execute(&statement, &[&lane.key.uuid(), &lane.lease]).await.map_err(from_postgres)?;
        Ok(())
    }

    /// Whether nothing is to be numbered, sent, or (if `reports`) written into a Subscription now.
    pub async fn lanes_idle(&self, reports: bool) -> Result<bool> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/lane_idle.sql")).await.map_err(from_postgres)?;
        Ok(client.query_one(&statement, &[&reports]).await.map_err(from_postgres)?.get(0))
    }

    /// The events of a subscription from one number to another, both included, with what this access may see of them.
    pub async fn subscription_events(
        &self,
        access: &Access,
        key: Key,
        from: i64,
        to: i64,
    ) -> Result<Vec<Event>> {
        let mut parameters = Parameters::default();
        let k = parameters.push(key.uuid());
        let f = parameters.push(from);
        let t = parameters.push(to);
        let visible = access.condition_of_version("v", &mut parameters);
        let sql = format!(
            "SELECT e.number, e.at, {} FROM subscription_event e LEFT JOIN version v ON v.seq = e.seq AND {visible} \
             WHERE e.subscription = ${k} AND e.number BETWEEN ${f} AND ${t} ORDER BY e.number",
            Stored::COLUMNS
        );
        let client = self.client().await?;
        let statement = client.prepare_cached(&sql).await.map_err(from_postgres)?;
        let rows = client.query(&statement, &parameters.as_slice()).await.map_err(from_postgres)?;
        rows.iter()
            .map(|row| {
                let seen = row.get::<_, Option<i16>>(2).is_some();
                let version = seen.then(|| Stored::from_row(row, 2)).transpose()?;
                Ok(Event { number: row.get(0), at: instant(row.get(1)), version })
            })
            .collect()
    }

    /// How these subscriptions stand. Those whose creation was not yet sequenced, and deleted ones, are left out.
    pub async fn subscription_states(&self, keys: &[Key]) -> Result<Vec<State>> {
        let keys: Vec<Uuid> = keys.iter().map(|key| key.uuid()).collect();
        let client = self.client().await?;
        let statement = client
            .prepare_cached(include_str!("../sql/subscription_states.sql"))
            .await
            .map_err(from_postgres)?;
        let rows = client.query(&statement, &[&keys]).await.map_err(from_postgres)?;
        let state = |row: &tokio_postgres::Row| State {
            key: Key::from_uuid(row.get(0)),
            status: row.get(1),
            last_no: row.get(2),
            acked_no: row.get(3),
            attempt: row.get(4),
            error_code: row.get(5),
            error_text: row.get(6),
            last_sent_at: row.get::<_, Option<_>>(7).map(instant),
            due_at: row.get::<_, Option<_>>(8).map(instant),
        };
        Ok(rows.iter().map(state).collect())
    }

    /// Ends the subscriptions whose `end` has passed; how many.
    pub async fn expire_subscriptions(&self) -> Result<u64> {
        self.run(include_str!("../sql/subscription_expire.sql")).await
    }

    /// The statuses that resources do not say yet. Each is given to one caller, and again after some seconds if need be.
    pub async fn unreported_subscriptions(&self) -> Result<Vec<Unreported>> {
        let client = self.client().await?;
        let statement = client
            .prepare_cached(include_str!("../sql/subscription_report.sql"))
            .await
            .map_err(from_postgres)?;
        let rows = client.query(&statement, &[]).await.map_err(from_postgres)?;
        let unreported = |row: &tokio_postgres::Row| Unreported {
            id: row.get(0),
            status: row.get(1),
            error_text: row.get(2),
            definition_version: VersionId::new(row.get(3)),
        };
        Ok(rows.iter().map(unreported).collect())
    }

    /// Gives a subscription this new signing secret; the one before stays valid for a day. Whether there is such a one.
    pub async fn set_subscription_secret(&self, key: Key, secret: &[u8]) -> Result<bool> {
        let client = self.client().await?;
        let statement = client
            .prepare_cached(include_str!("../sql/subscription_secret.sql"))
            .await
            .map_err(from_postgres)?;
        let rows = client.query(&statement, &[&key.uuid(), &secret]).await.map_err(from_postgres)?;
        Ok(!rows.is_empty())
    }

    /// Deletes a portion of the events that are older than that many days; how many were deleted.
    pub async fn forget_events(&self, days: i32) -> Result<u64> {
        let client = self.client().await?;
        let statement = client
            .prepare_cached(include_str!("../sql/subscription_forget.sql"))
            .await
            .map_err(from_postgres)?;
        client.execute(&statement, &[&days]).await.map_err(from_postgres)
    }

    async fn run(&self, sql: &str) -> Result<u64> {
        let client = self.client().await?;
        let statement = client.prepare_cached(sql).await.map_err(from_postgres)?;
        client.execute(&statement, &[]).await.map_err(from_postgres)
    }
}

fn lane(row: &tokio_postgres::Row, lease: Uuid) -> Result<Lane> {
    let parties: Vec<Uuid> = row.get(9);
    Ok(Lane {
        key: Key::from_uuid(row.get(0)),
        id: row.get(1),
        status: row.get(2),
        handshaken: row.get(3),
        last_no: row.get(4),
        acked_no: row.get(5),
        batch_to: row.get(6),
        attempt: row.get(7),
        failing_for: row.get(8),
        parties: parties.into_iter().map(Key::from_uuid).collect(),
        host: row.get(10),
        timeout_seconds: row.get(11),
        definition_version: VersionId::new(row.get(12)),
        secret: row.get(13),
        previous_secret: row.get(14),
        definition: Stored::from_row(row, 15)?,
        lease,
    })
}
