//! publish: the server's own conformance resources (profiles, value sets, search parameters, topics, …) in its own store, so
//! that they are read, searched and included like any other, <https://hl7.org/fhir/R4/http.html>.
//!
//! Only the server writes them. What a former release published and this one does not is left as it is.

use std::collections::HashMap;

use canonical::definitions;
use fhir::{Cause, Error, Id, Key, Resource, ResourceType};
use store::Access;

use crate::unit::{Plan, Planned, Unit, Work};
use crate::{Context, Server, Success};

impl Server {
    /// Writes what is not yet there as this binary has it, and returns how many resources that were.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn publish(&self) -> Result<usize, Error> {
        let replies = self.write(&Context::of_server(), &Work::Publication).await?;
        Ok(replies.len())
    }
}

impl Unit<'_> {
    /// Plans every published resource whose current version says something else.
    pub(crate) async fn publication(&mut self) -> Result<Vec<Plan>, Error> {
        let resources =
            canonical::published().into_iter().map(Resource::new).collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<Key> = resources.iter().filter_map(Resource::key).collect();
        let current = self.server.store.read_all(&Access::system(), &keys).await?;
        let mut current: HashMap<Key, _> = current
            .into_iter()
            .map(|stored| (Key::of_resource(stored.resource_type, &stored.id), stored))
            .collect();
        let mut plans = Vec::new();
        for resource in resources {
            let id = Id::parse(resource.id().unwrap_or_default())?;
            let key = Key::of_resource(resource.resource_type(), id.as_str());
            let previous = match current.remove(&key) {
                Some(previous) => Some(previous),
                None => self.server.store.read(&Access::system(), key).await?,
            };
            let success = if previous.is_some() { Success::Ok } else { Success::Created };
            let planned = self.draft_published(id, previous, resource)?;
            if matches!(planned, Planned::Draft(_)) {
                plans.push(Some((planned, success)));
            }
        }
        Ok(plans)
    }

    /// What the server publishes is its own.
    pub(crate) fn check_unpublished(&self, resource_type: ResourceType, id: &Id) -> Result<(), Error> {
        if self.context.is_server || !definitions().is_published(resource_type.name(), id.as_str()) {
            return Ok(());
        }
        Err(Error::new(
            Cause::MethodNotAllowed,
            format!(
                "{resource_type}/{id} is part of this server and changes with its releases only. Send your own under another id and url."
            ),
        ))
    }
}
