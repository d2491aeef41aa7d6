//! Operations, <https://hl7.org/fhir/R4/operations.html>: which there are, and where they may be called.

use auth::Right;
use fhir::{Error, Key, ResourceType};

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
        let known =
            OPERATIONS.iter().find(|known| known.name == name && known.resource_type == resource_type);
        match known {
            _ => Err(Error::not_found(&format!("The operation ${name} of {resource_type}"))),
        }
    }
}
