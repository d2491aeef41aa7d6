//! read and vread, <https://hl7.org/fhir/R4/http.html#read>.
//!
//! A resource that the caller may not see is answered exactly as one that is not there.

use auth::Right;
use fhir::{Error, Key, ResourceType, VersionId};
use store::{Operation, Stored};

use crate::{Context, Reply, Server};

impl Server {
    pub(crate) async fn read(
        &self,
        context: &Context,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Reply, Error> {
        context.caller.require(resource_type, Right::Read)?;
        let key = Key::of_resource(resource_type, id);
        let stored = self.store.read(&context.access, key).await?;
        Reply::stored(context, present(stored, resource_type, id)?)
    }

    pub(crate) async fn vread(
        &self,
        context: &Context,
        resource_type: ResourceType,
        id: &str,
        version_id: &str,
    ) -> Result<Reply, Error> {
        context.caller.require(resource_type, Right::Read)?;
        let key = Key::of_resource(resource_type, id);
        let stored = match VersionId::parse(version_id) {
            Some(version) => self.store.vread(&context.access, key, version).await?,
            None => None,
        };
        Reply::stored(context, present(stored, resource_type, &format!("{id}/_history/{version_id}"))?)
    }
}

/// The version when there is one to show: 404 when there is none, 410 when it is a deletion.
pub(crate) fn present(
    stored: Option<Stored>,
    resource_type: ResourceType,
    id: &str,
) -> Result<Stored, Error> {
    match stored {
        None => Err(Error::not_found(&format!("{resource_type}/{id}"))),
        Some(stored) if stored.operation == Operation::Delete => {
            Err(Error::deleted(&format!("{resource_type}/{id}")))
        }
        Some(stored) => Ok(stored),
    }
}
