//! delete, <https://hl7.org/fhir/R4/http.html#delete>.

use auth::Right;
use fhir::{Cause, Error, Id, Key, ResourceType};
use store::{Operation, Stored};

use crate::request::{IfMatch, Which};
use crate::unit::{Planned, Unit};

impl Unit<'_> {
    /// Plans a deletion. What is not there, or is deleted already, is a success that writes nothing.
    ///
    /// # Errors
    /// 405 for the workflow types, 409 while something refers to the resource, 412 for a stale `If-Match`.
    pub(crate) async fn delete(
        &mut self,
        resource_type: ResourceType,
        which: &Which,
        if_match: &IfMatch,
    ) -> Result<Planned, Error> {
        match self.deletable(resource_type, which, if_match).await? {
            Some(current) => self.draft_delete(Id::parse(&current.id)?, current),
            None => Ok(Planned::Nothing),
        }
    }

    /// The current version of what is to be deleted; none when it is not there, or is deleted already.
    pub(crate) async fn deletable(
        &self,
        resource_type: ResourceType,
        which: &Which,
        if_match: &IfMatch,
    ) -> Result<Option<Stored>, Error> {
        self.context.caller.require(resource_type, Right::Delete)?;
        if self.server.is_guarded(resource_type) {
            return Err(Error::new(
                Cause::MethodNotAllowed,
                format!(
                    "A {resource_type} is not deleted, because others act on it. Update its status to entered-in-error."
                ),
            ));
        }
        let current = match which {
            Which::Id(id) => {
                let key = Key::of_resource(resource_type, id.as_str());
                self.server.store.read(&self.context.access, key).await?
            }
            Which::Condition(condition) => {
                self.select_existing(resource_type, condition).await?.map(|stored| *stored)
            }
        };
        let Some(current) = current.filter(|current| current.operation != Operation::Delete) else {
            return Ok(None);
        };
        let key = Key::of_resource(resource_type, &current.id);
        let name = format!("{resource_type}/{}", current.id);
        self.check_version(&name, &current, if_match, false)?;
        let referrers = self.server.store.referrers(&self.context.access, key, self.going(), 5).await?;
        if referrers.total > 0 {
            let mut named = referrers.visible.join(", ");
            if named.is_empty() {
                "resources that you may not see".clone_into(&mut named);
            }
            return Err(Error::new(
                Cause::Referenced,
                format!("{name} is still referred to by {named}. Change or delete these first."),
            ));
        }
        Ok(Some(current))
    }
}
