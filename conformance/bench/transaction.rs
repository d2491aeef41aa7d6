//! Creates ten resources in one transaction, <https://hl7.org/fhir/R4/http.html#transaction>, beside ten rows in one.

use anyhow::Result;

use super::connection::Connection;
use super::contest::{Figures, Operation};
use super::payload::{self, Payload};
use super::report::Report;
use super::stage::Stage;

const ENTRIES: usize = 10;

/// Transactions of draft referrals; an operation is a whole transaction.
pub async fn measure(stage: &Stage, report: &mut Report) {
    for connections in [1, 8] {
        report.add("transaction of 10", Some(connections), figures(stage, connections).await);
    }
}

async fn figures(stage: &Stage, connections: usize) -> Result<Figures> {
    let payload = stage.referral();
    let path = stage.target.path("");
    let to_server = stage.target.connect_all(connections).await?;
    let transaction = |connection| Transaction {
        connection,
        path: path.clone(),
        payload: payload.clone(),
        text: String::new(),
    };
    let server: Vec<Transaction> = to_server.into_iter().map(transaction).collect();
    let floor = match &stage.floor {
        Some(floor) => Some(floor.transactions(connections, ENTRIES, &payload).await?),
        None => None,
    };
    stage.measure(server, floor).await
}

struct Transaction {
    connection: Connection,
    path: String,
    payload: Payload,
    text: String,
}

impl Operation for Transaction {
    async fn once(&mut self) -> Result<()> {
        self.text.clear();
        let payload = &self.payload;
        payload::transaction(&mut self.text, payload.resource_type, ENTRIES, |out| payload.write(out));
        self.connection.succeed("POST", &self.path, Some(&self.text)).await?;
        Ok(())
    }
}
