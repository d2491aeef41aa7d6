//! From a write to its notification at a listening receiver: one subscription, single writes at a calm rate,
//! <https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/>.
//!
//! The floor is what cannot be left out: the write is committed, its event is committed, and one POST reaches the same receiver.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use super::connection::Connection;
use super::contest::{Figures, Operation as _};
use super::floor::Floor;
use super::ledger::{Ledger, Written, events};
use super::memory::Known;
use super::payload::Tasks;
use super::receiver::Receiver;
use super::report::Report;
use super::sample::{Sample, microseconds};
use super::stage::Stage;

const TOPIC: &str = "https://homefirst.example/fhir/SubscriptionTopic/task-changed";
const BACKPORT: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";
/// Twenty writes a second.
const PACE: Duration = Duration::from_millis(50);
/// Written first and not measured; the first also waits until the server has worked off what was loaded before.
const WARM_UP: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);

/// Latencies of the notifications of that many writes, measured from the answer to the write and from just before its request.
pub async fn measure(stage: &Stage, listen: SocketAddr, writes: usize, report: &mut Report) {
    let names = ["write answered -> notified", "write sent -> notified"];
    match figures(stage, listen, writes).await {
        Ok((answered, sent, account)) => {
            report.add(names[0], None, answered);
            report.add(names[1], None, sent);
            report.tell("notifications", account);
        }
        Err(error) => {
            names.into_iter().for_each(|name| report.add(name, None, Err(anyhow::anyhow!("{error:#}"))))
        }
    }
}

/// One side's latencies.
#[derive(Default)]
struct Latencies {
    from_answer: Sample,
    from_request: Sample,
}

impl Latencies {
    fn add(&mut self, written: Written, arrived: Instant) {
        self.from_answer.microseconds.push(signed(written.answered, arrived));
        self.from_request.microseconds.push(signed(written.sent, arrived));
    }
}

async fn figures(
    stage: &Stage,
    listen: SocketAddr,
    writes: usize,
) -> Result<(Result<Figures>, Result<Figures>, String)> {
    let mut receiver = Receiver::listen(listen).await?;
    let mut connection = stage.target.connect().await?;
    let subscription = subscribe(stage, &mut connection, receiver.address).await?;
    let mut writer = Writer {
        path: stage.target.path("Task"),
        tasks: Tasks::new(&stage.place, &stage.numbers),
        owner: stage.place.listening_team(),
        connection,
        ledger: Ledger::default(),
        last: Vec::new(),
    };
    for _ in 0..WARM_UP {
        writer.write().await?;
        writer.take_all(&mut receiver).await?;
        if writer.ledger.missing() > 0 {
            bail!("a Task was written, and no notification of it came within {} s", PATIENCE.as_secs());
        }
    }
    let mut below = Latencies::default();
    let portion = writes.div_ceil(3);
    if let Some(floor) = &stage.floor {
        measure_floor(stage, floor, &mut receiver, &writer.last, portion, &mut below).await?;
    }
    let mut ticks = paced();
    for _ in 0..writes {
        ticks.tick().await;
        writer.write().await?;
        while let Ok(arrival) = receiver.arrivals.try_recv() {
            writer.take(&arrival.body, arrival.at)?;
        }
    }
    writer.take_all(&mut receiver).await?;
    if let Some(floor) = &stage.floor {
        measure_floor(stage, floor, &mut receiver, &writer.last, portion, &mut below).await?;
    }
    // The place stays, and nobody listens any more.
    writer
        .connection
        .succeed("DELETE", &subscription, None)
        .await
        .context("the Subscription could not be deleted")?;
    let mut above = Latencies::default();
    writer.ledger.pairs(WARM_UP).for_each(|(written, arrived)| above.add(written, arrived));
    let missing = writer.ledger.missing() as u64;
    above.from_answer.errors = missing;
    above.from_request.errors = missing;
    let early = above.from_answer.microseconds.iter().filter(|value| **value < 0).count();
    let ledger = &writer.ledger;
    let account = format!(
        "{} of {} arrived; numbers missing {}, repeated {}, late {}; {early} before the answer to their write",
        ledger.count() - ledger.missing(),
        ledger.count(),
        ledger.gaps(),
        ledger.repeated,
        ledger.late,
    );
    let both = |server: Sample, floor: Sample| {
        let server = server.summary().context("no notification arrived")?;
        Ok(Figures { server, floor: floor.summary() })
    };
    Ok((both(above.from_answer, below.from_answer), both(above.from_request, below.from_request), account))
}

/// Writes Tasks and takes what is notified of them.
struct Writer {
    connection: Connection,
    path: String,
    tasks: Tasks,
    owner: String,
    ledger: Ledger,
    /// The last notification, which the floor repeats.
    last: Vec<u8>,
}

impl Writer {
    async fn write(&mut self) -> Result<()> {
        let mut task = String::new();
        self.tasks.write(&self.owner, "requested", &mut task);
        let sent = Instant::now();
        let answer = self.connection.succeed("POST", &self.path, Some(&task)).await?;
        let answered = Instant::now();
        self.ledger.write(answer.created()?.to_owned(), Written { sent, answered });
        Ok(())
    }

    fn take(&mut self, notification: &[u8], at: Instant) -> Result<()> {
        let events = events(notification)?;
        if !events.is_empty() {
            self.last = notification.to_vec();
        }
        events.into_iter().for_each(|event| self.ledger.arrive(event, at));
        Ok(())
    }

    /// Waits until everything written is notified, or too long.
    async fn take_all(&mut self, receiver: &mut Receiver) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.ledger.missing() > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            match timeout(left, receiver.arrivals.recv()).await {
                Ok(Some(arrival)) => self.take(&arrival.body, arrival.at)?,
                Ok(None) | Err(_) => return Ok(()),
            }
        }
        Ok(())
    }
}

async fn measure_floor(
    stage: &Stage,
    floor: &Floor,
    receiver: &mut Receiver,
    notification: &[u8],
    times: usize,
    latencies: &mut Latencies,
) -> Result<()> {
    let mut inserts = floor.inserts(1, &stage.referral(), &Known::<Uuid>::default()).await?;
    let insert = inserts.first_mut().context("no connection to the database")?;
    let address = receiver.address;
    let (host, port) = (address.ip().to_string(), address.port());
    let mut poster = Connection::open(&host, port, &address.to_string(), None).await?;
    let notification = std::str::from_utf8(notification).context("a notification is not UTF-8")?;
    let mut ticks = paced();
    for _ in 0..times {
        ticks.tick().await;
        let sent = Instant::now();
        insert.once().await?;
        let answered = Instant::now();
        insert.once().await?;
        poster.succeed("POST", "/floor", Some(notification)).await?;
        while let Some(arrival) = receiver.arrivals.recv().await {
            if arrival.path == "/floor" {
                latencies.add(Written { sent, answered }, arrival.at);
                break;
            }
        }
    }
    Ok(())
}

/// The path of a new Subscription, once it is active.
async fn subscribe(stage: &Stage, connection: &mut Connection, receiver: SocketAddr) -> Result<String> {
    let filter = format!("owner={}", stage.place.listening_team());
    let subscription = json!({
        "resourceType": "Subscription",
        "meta": {"profile": [format!("{BACKPORT}/backport-subscription")]},
        "status": "requested",
        "reason": "The benchmark measures how soon notifications arrive",
        "criteria": TOPIC,
        "_criteria": {"extension": [{"url": format!("{BACKPORT}/backport-filter-criteria"), "valueString": filter}]},
        "channel": {
            "type": "rest-hook",
            "endpoint": format!("http://{receiver}/notify"),
            "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": format!("{BACKPORT}/backport-payload-content"), "valueCode": "id-only"}]}
        }
    });
    let path = stage.target.path("Subscription");
    let created = connection.succeed("POST", &path, Some(&subscription.to_string())).await;
    let id = created.context("the Subscription was not accepted")?.created()?.to_owned();
    let path = format!("{path}/{id}");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = connection.succeed("GET", &path, None).await?.json()?;
        match found["status"].as_str() {
            Some("active") => return Ok(path),
            Some("requested") if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await
            }
            status => {
                bail!("the Subscription did not become active: it is {}", status.unwrap_or("without status"))
            }
        }
    }
}

fn paced() -> tokio::time::Interval {
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Microseconds between two instants, below zero when the second was first.
fn signed(from: Instant, to: Instant) -> i64 {
    match to.checked_duration_since(from) {
        Some(after) => microseconds(after),
        None => -microseconds(from - to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_may_be_below_zero() {
        let now = Instant::now();
        for (before, after, expected) in [(0, 3, 3000), (3, 0, -3000), (2, 2, 0)] {
            let [from, to] = [before, after].map(|ms| now + Duration::from_millis(ms));
            assert_eq!(signed(from, to), expected);
        }
    }
}
