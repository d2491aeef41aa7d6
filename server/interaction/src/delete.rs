//! delete, <https://hl7.org/fhir/R4/http.html#delete>.

use auth::Right;
use fhir::{Cause, Error, Id, Key, ResourceType};
use store::Operation;

use crate::label::WORKFLOW;
use crate::request::IfMatch;
use crate::unit::{Planned, Unit};

impl Unit<'_> {
    /// Plans a deletion. What is not there, or is deleted already, is a success that writes nothing.
    ///
    /// # Errors
    /// 405 for the workflow types, 409 while something refers to the resource, 412 for a stale `If-Match`.
    pub(crate) async fn delete(
        &mut self,
        resource_type: ResourceType,
        id: Id,
        if_match: &IfMatch,
    ) -> Result<Planned, Error> {
        self.context.caller.require(resource_type, Right::Delete)?;
        if WORKFLOW.contains(&resource_type) {
            return Err(Error::new(
                Cause::MethodNotAllowed,
                format!(
                    "A {resource_type} is not deleted, because others act on it. Update its status to entered-in-error."
                ),
            ));
        }
        let key = Key::of_resource(resource_type, id.as_str());
        let current = match self.server.store.read(&self.context.access, key).await? {
            Some(current) if current.operation != Operation::Delete => current,
            _ => return Ok(Planned::Nothing),
        };
        let name = format!("{resource_type}/{id}");
        self.check_version(&name, &current, if_match, false)?;
        let referrers = self.server.store.referrers(&self.context.access, key, 5).await?;
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
        self.draft_delete(id, current)
    }
}
