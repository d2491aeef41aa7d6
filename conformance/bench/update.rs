//! Updates one resource a request, with `If-Match`, <https://hl7.org/fhir/R4/http.html#concurrency>, beside one row a transaction.
//!
//! Each connection has referrals of its own, so that none is outrun by another: what is measured is the write and not the race.

use std::collections::VecDeque;

use anyhow::{Context as _, Result};

use super::connection::Connection;
use super::contest::{Figures, Operation};
use super::payload::Payload;
use super::read;
use super::report::Report;
use super::stage::Stage;

/// How many referrals one connection updates in turn.
const OWN: usize = 50;

/// Draft referrals, at rising numbers of connections.
pub async fn measure(stage: &Stage, report: &mut Report) {
    let prepared = read::prepare(stage).await;
    for connections in [1, 8] {
        let figures = match &prepared {
            Ok(()) => figures(stage, connections).await,
            Err(error) => Err(anyhow::anyhow!("there is nothing to update: {error:#}")),
        };
        report.add("update referral", Some(connections), figures);
    }
}

async fn figures(stage: &Stage, connections: usize) -> Result<Figures> {
    let payload = stage.referral();
    let mut server = Vec::with_capacity(connections);
    for connection in stage.target.connect_all(connections).await? {
        server.push(Update::new(connection, stage, &payload).await?);
    }
    let floor = match &stage.floor {
        Some(floor) => Some(floor.updates(connections, &payload, &stage.rows).await?),
        None => None,
    };
    stage.measure(server, floor).await
}

struct Update {
    connection: Connection,
    payload: Payload,
    /// The path of each referral with its id and its current version.
    own: VecDeque<(String, String, u64)>,
    text: String,
}

impl Update {
    async fn new(mut connection: Connection, stage: &Stage, payload: &Payload) -> Result<Self> {
        let mut own = VecDeque::with_capacity(OWN);
        let mut text = String::new();
        for _ in 0..OWN {
            text.clear();
            payload.write(&mut text);
            let path = stage.target.path(payload.resource_type);
            let id = connection.succeed("POST", &path, Some(&text)).await?.created()?.to_owned();
            own.push_back((format!("{path}/{id}"), id, 1));
        }
        Ok(Self { connection, payload: payload.clone(), own, text })
    }
}

impl Operation for Update {
    async fn once(&mut self) -> Result<()> {
        let (path, id, version) = self.own.pop_front().context("there is nothing to update")?;
        self.text.clear();
        self.payload.write(&mut self.text);
        // The resource begins with its type; its id comes after it.
        self.text.insert_str(1, &format!(r#""id":"{id}","#));
        let header = format!("If-Match: W/\"{version}\"\r\n");
        let updated = self.connection.succeed_with(&header, "PUT", &path, Some(&self.text)).await.map(drop);
        self.own.push_back((path, id, version + u64::from(updated.is_ok())));
        updated
    }
}
