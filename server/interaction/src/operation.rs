//! Operations, <https://hl7.org/fhir/R4/operations.html>: which there are, and where they may be called.

mod events;
mod status;

use fhir::{Error, ResourceType};

use crate::{Context, Reply, Server};

/// One operation, as the CapabilityStatement declares it.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) resource_type: ResourceType,
    pub(crate) definition: &'static str,
}

pub(crate) const OPERATIONS: [Operation; 2] = [
    Operation {
        name: "status",
        resource_type: ResourceType::SUBSCRIPTION,
        definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status",
    },
    Operation {
        name: "events",
        resource_type: ResourceType::SUBSCRIPTION,
        definition: "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events",
    },
];

impl Server {
    pub(crate) async fn operation(
        &self,
        context: &Context,
        name: &str,
        resource_type: ResourceType,
        id: Option<&str>,
        parameters: &[(String, String)],
    ) -> Result<Reply, Error> {
        let is_known = |known: &&Operation| known.name == name && known.resource_type == resource_type;
        match (OPERATIONS.iter().find(is_known).map(|known| known.name), id) {
            (Some("status"), id) => self.subscription_status(context, id, parameters).await,
            (Some("events"), Some(id)) => self.subscription_events(context, id, parameters).await,
            _ => Err(Error::not_found(&format!("The operation ${name} at this address"))),
        }
    }
}
