//! read and vread, <https://hl7.org/fhir/R4/http.html#read>.
//!
//! A resource that the caller may not see is answered exactly as one that is not there. `_summary` and `_elements` work as in a
//! search; other parameters have no meaning here.

use ::search::query::{Query, Summary};
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
        parameters: &[(String, String)],
    ) -> Result<Reply, Error> {
        context.caller.require(resource_type, Right::Read)?;
        let part = self.part(context, resource_type, parameters)?;
        let key = Key::of_resource(resource_type, id);
        let stored = self.store.read(&context.access, key).await?;
        let mut reply = Reply::stored(context, present(stored, resource_type, id)?)?;
        if let (Some(part), Some(text)) = (part, &reply.body) {
            let subset = ::search::subset(&fhir::json::object(text)?, &part);
            reply.body = Some(subset.to_string().into());
        }
        Ok(reply)
    }

    /// Which part of a resource is asked for, if it is not the whole.
    fn part(
        &self,
        context: &Context,
        resource_type: ResourceType,
        parameters: &[(String, String)],
    ) -> Result<Option<Query>, Error> {
        let shape: Vec<_> = parameters
            .iter()
            .filter(|(name, _)| matches!(name.as_str(), "_summary" | "_elements"))
            .cloned()
            .collect();
        if shape.is_empty() {
            return Ok(None);
        }
        let query =
            ::search::parse(resource_type, &shape, &self.search_options(context.preferences.handling))?;
        if query.summary == Summary::Count {
            let sentence =
                "'_summary=count' is for a search: to read one resource, use true, text, data or false.";
            return Err(Error::bad_request(sentence));
        }
        Ok(Some(query).filter(Query::is_subset))
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
