//! Writes what became of a subscription into its Subscription, <https://hl7.org/fhir/R4/subscription.html#status>.

use std::sync::Arc;

use fhir::{Cause, Error, ResourceType};
use interaction::request::{IfMatch, Which, Write};
use interaction::{Context, Interaction, Server};
use subscription::StatusChange;
use tokio::sync::mpsc;

/// Writes every change that is told, until nobody tells any more. One that cannot be written is told again.
pub(crate) async fn follow(server: Arc<Server>, mut changes: mpsc::Receiver<StatusChange>) {
    while let Some(change) = changes.recv().await {
        if let Err(error) = write(&server, &change).await {
            tracing::warn!(%error, "the status of a subscription was not written; it will be told again");
        }
    }
}

async fn write(server: &Server, change: &StatusChange) -> Result<(), Error> {
    let context = Context::of_server();
    let read = Interaction::Read {
        resource_type: ResourceType::SUBSCRIPTION,
        id: change.id.clone(),
        parameters: Vec::new(),
    };
    let reply = match server.perform(&context, read).await {
        Ok(reply) => reply,
        Err(error) if matches!(error.cause(), Cause::NotFound | Cause::Deleted) => return Ok(()),
        Err(error) => return Err(error),
    };
    let (Some(body), Some(version)) = (reply.body, reply.version) else { return Ok(()) };
    let Some(resource) = change.apply(&fhir::json::object(&body)?) else { return Ok(()) };
    let id = fhir::Id::parse(&change.id)?;
    let if_match = IfMatch::Versions(vec![version.version_id]);
    let update = Interaction::Write(Write::Update { which: Which::Id(id), resource, if_match });
    match server.perform(&context, update).await {
        // Its client was faster, and may have asked for something else.
        Err(error) if error.cause() == Cause::VersionMismatch => Ok(()),
        result => result.map(|_| ()),
    }
}
