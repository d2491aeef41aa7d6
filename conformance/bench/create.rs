//! Creates one resource a request, <https://hl7.org/fhir/R4/http.html#create>, beside one row a transaction.

use anyhow::Result;
use uuid::Uuid;

use super::connection::Connection;
use super::contest::{Figures, Operation};
use super::memory::Known;
use super::payload::Payload;
use super::report::Report;
use super::stage::Stage;

/// Draft referrals and Observations, at rising numbers of connections.
pub async fn measure(stage: &Stage, report: &mut Report) {
    let observation = Payload::observation(&stage.place, &stage.numbers);
    for connections in [1, 8, 32] {
        let figures = figures(stage, connections, &stage.referral(), &stage.referrals, &stage.rows).await;
        report.add("create referral", Some(connections), figures);
    }
    for connections in [1, 8, 32] {
        let figures = figures(stage, connections, &observation, &Known::default(), &Known::default()).await;
        report.add("create Observation", Some(connections), figures);
    }
}

/// That many connections that create, and remember what they created.
pub async fn creates(
    stage: &Stage,
    connections: usize,
    payload: &Payload,
    made: &Known<String>,
) -> Result<Vec<Create>> {
    let path = stage.target.path(payload.resource_type);
    let connections = stage.target.connect_all(connections).await?;
    let create = |connection| Create {
        connection,
        path: path.clone(),
        payload: payload.clone(),
        made: made.clone(),
        text: String::new(),
    };
    Ok(connections.into_iter().map(create).collect())
}

async fn figures(
    stage: &Stage,
    connections: usize,
    payload: &Payload,
    made: &Known<String>,
    rows: &Known<Uuid>,
) -> Result<Figures> {
    let server = creates(stage, connections, payload, made).await?;
    let floor = match &stage.floor {
        Some(floor) => Some(floor.inserts(connections, payload, rows).await?),
        None => None,
    };
    stage.measure(server, floor).await
}

/// One connection that creates.
pub struct Create {
    connection: Connection,
    path: String,
    payload: Payload,
    made: Known<String>,
    text: String,
}

impl Operation for Create {
    async fn once(&mut self) -> Result<()> {
        self.text.clear();
        self.payload.write(&mut self.text);
        let answer = self.connection.succeed("POST", &self.path, Some(&self.text)).await?;
        self.made.add(answer.created()?.to_owned());
        Ok(())
    }
}
