//! create and conditional create, <https://hl7.org/fhir/R4/http.html#create>.

use auth::Right;
use fhir::{Error, Id, Resource};

use crate::conditional::Selected;
use crate::unit::{Planned, Unit};
use crate::update::there_already;

impl Unit<'_> {
    /// Plans a create. With a condition that one resource meets, that resource is the answer and nothing is written.
    pub(crate) async fn create(
        &mut self,
        id: Id,
        resource: Resource,
        if_none_exist: Option<&str>,
    ) -> Result<Planned, Error> {
        let resource_type = resource.resource_type();
        self.context.caller.require(resource_type, Right::Create)?;
        if let Some(condition) = if_none_exist {
            match self.select(resource_type, condition).await? {
                Selected::One(stored) => return Ok(Planned::Existing(stored)),
                Selected::None(absent) => self.require_absent(absent),
                Selected::Written(id) => {
                    return Err(there_already(&format!("{resource_type}/{id}")));
                }
            }
        }
        self.draft_create(id, resource).await
    }
}
