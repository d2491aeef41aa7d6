//! Reads one resource by its id, <https://hl7.org/fhir/R4/http.html#read>, beside one row by its primary key.
//!
//! What is read was written by the same run, so it is in memory on both sides.

use anyhow::Result;

use super::connection::Connection;
use super::contest::{Figures, Nothing, Operation};
use super::create::creates;
use super::memory::Known;
use super::report::Report;
use super::stage::Stage;

/// Both sides read from at least so many.
const LEAST: usize = 500;

/// Referrals, at rising numbers of connections.
pub async fn measure(stage: &Stage, report: &mut Report) {
    let prepared = prepare(stage).await;
    for connections in [1, 8, 32] {
        let figures = match &prepared {
            Ok(()) => figures(stage, connections).await,
            Err(error) => Err(anyhow::anyhow!("there is nothing to read: {error:#}")),
        };
        report.add("read by id", Some(connections), figures);
    }
}

/// Writes what is to be read, where no earlier measurement did, and makes both sides' choice equally large.
pub async fn prepare(stage: &Stage) -> Result<()> {
    let referral = stage.referral();
    for create in &mut creates(stage, 1, &referral, &stage.referrals).await? {
        while stage.referrals.count() < LEAST {
            create.once().await?;
        }
    }
    let Some(floor) = &stage.floor else {
        return Ok(());
    };
    for insert in &mut floor.inserts(1, &referral, &stage.rows).await? {
        while stage.rows.count() < LEAST {
            insert.once().await?;
        }
    }
    let both = stage.referrals.count().min(stage.rows.count());
    stage.referrals.shorten(both);
    stage.rows.shorten(both);
    Ok(())
}

async fn figures(stage: &Stage, connections: usize) -> Result<Figures> {
    let path = stage.target.path("ServiceRequest/");
    let connections_to_server = stage.target.connect_all(connections).await?;
    let read = |connection| Read { connection, path: path.clone(), known: stage.referrals.clone() };
    let server: Vec<Read> = connections_to_server.into_iter().map(read).collect();
    match &stage.floor {
        Some(floor) => stage.measure(server, Some(floor.reads(connections, &stage.rows).await?)).await,
        None => stage.measure::<_, Nothing>(server, None).await,
    }
}

struct Read {
    connection: Connection,
    path: String,
    known: Known<String>,
}

impl Operation for Read {
    async fn once(&mut self) -> Result<()> {
        let path = format!("{}{}", self.path, self.known.pick().unwrap_or_default());
        self.connection.succeed("GET", &path, None).await?;
        Ok(())
    }
}
