//! Rebuilding what resources are found by, from what they are: for a database that was written by an earlier version of this
//! program, or under other search parameters.

use fhir::{Error, Key, Reference, Resource, ResourceType};
use search::IndexRows;

use crate::Server;

/// How many resources are rebuilt in one transaction: few, so that nobody waits long for one of them.
const BATCH: u32 = 100;

/// What a step of a rebuilding came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The last resource that was done: where the next step begins.
    pub reached: Key,
    pub done: usize,
    /// How many of them were indexed by somebody else meanwhile, who wrote them.
    pub written_meanwhile: usize,
}

impl Server {
    /// The next step of a rebuilding, after this resource; `None` when there is nothing left. It can be interrupted anywhere and
    /// gone on with from [`store::Store::reindex_reached`].
    pub async fn reindex(&self, after: Option<Key>) -> Result<Option<Step>, Error> {
        let batch = self.store.after(after, BATCH).await?;
        let Some(reached) = batch.last().map(store::Stored::key) else {
            self.store.reindex_over().await?;
            return Ok(None);
        };
        let mut rows = Vec::with_capacity(batch.len());
        for stored in batch {
            if let Some(resource) = stored.resource()? {
                let of_resource = self.index(&resource, stored.resource_type, &stored.id);
                rows.push((stored, of_resource));
            }
        }
        let indexed = self.store.reindex(&rows, reached).await?;
        Ok(Some(Step { reached, done: rows.len(), written_meanwhile: rows.len() - indexed }))
    }

    /// What a resource is found by.
    pub(crate) fn index(&self, resource: &Resource, resource_type: ResourceType, id: &str) -> IndexRows {
        let mut rows = ::search::index(resource, &self.settings.base, &self.zone);
        match resource_type {
            // A Patient is about itself, for those who are of its circle of care.
            ResourceType::PATIENT => rows.patient = Some(Key::of_resource(resource_type, id)),
            // A Binary is read by those who may read what it names.
            ResourceType::BINARY => rows.patient = security_context(resource, &self.settings.base),
            _ => {}
        }
        rows.due = workflow::timer::due(resource, &self.workflow).map(fhir::Instant::microseconds);
        rows
    }
}

/// The key of `Binary.securityContext`, where that is a resource of this server.
fn security_context(binary: &Resource, base: &str) -> Option<Key> {
    let reference = binary.get("securityContext")?.get("reference")?.as_str()?;
    Reference::parse(reference, base).key()
}
