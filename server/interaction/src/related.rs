//! Loads what the rules of intermediate care must see beside the resource itself: from the unit that is being planned where it
//! writes it, else from the database. The rules see it by the server's own right, whoever the caller is.

use std::collections::HashMap;

use fhir::{Error, Key, Reference, Resource, ResourceType};
use store::Access;
use workflow::Related;

use crate::Handling;
use crate::unit::Unit;

impl Unit<'_> {
    /// The related resources for a resource that is to be written over `previous`.
    pub(crate) async fn related(
        &mut self,
        resource: &Resource,
        previous: Option<&Resource>,
    ) -> Result<Related, Error> {
        let needs = workflow::needs(resource, previous);
        let mut related = Related { hub: self.server.settings.hub.clone(), ..Related::default() };
        if let Some(focus) = &needs.focus {
            related.referral = self.load(focus).await?;
        }
        if let Some(based_on) = &needs.based_on {
            related.plan = self.load(based_on).await?;
        }
        if let Some(request) = &needs.tasks_of {
            related.tasks = self.load_referring(ResourceType::TASK, "focus", request).await?;
        }
        if let Some(request) = &needs.tasks_based_on {
            related.tasks.extend(self.load_referring(ResourceType::TASK, "based-on", request).await?);
        }
        if let Some(request) = &needs.episodes_of {
            related.episodes =
                self.load_referring(ResourceType::EPISODE_OF_CARE, "incoming-referral", request).await?;
        }
        if let Some(owner) = &needs.owner {
            related.owner_organization = self.organization_behind(owner).await?;
        }
        Ok(related)
    }

    /// The resource that a reference names, as this unit leaves it.
    async fn load(&mut self, reference: &str) -> Result<Option<Resource>, Error> {
        let Some(key) = Reference::parse(reference, &self.server.settings.base).key() else {
            return Ok(None);
        };
        if let Some(written) = self.written(key) {
            return Ok(Some(written.clone()));
        }
        let stored = self.server.store.read(&Access::system(), key).await?;
        let Some(stored) = stored else { return Ok(None) };
        let resource = stored.resource()?;
        self.remember(key, stored);
        Ok(resource)
    }

    /// The resources of a type whose reference parameter names this one, as this unit leaves them.
    async fn load_referring(
        &mut self,
        resource_type: ResourceType,
        parameter: &str,
        reference: &str,
    ) -> Result<Vec<Resource>, Error> {
        let base = &self.server.settings.base;
        let Reference::Local { resource_type: target, id, .. } = Reference::parse(reference, base) else {
            return Ok(Vec::new());
        };
        let options = self.server.search_options(Handling::Strict);
        let criteria =
            ::search::parse_criteria(resource_type, &format!("{parameter}={target}/{id}"), &options)?;
        let mut found: HashMap<Key, Resource> = HashMap::new();
        if !self.is_new(Key::of_resource(target, &id)) {
            let stored = self.server.store.matching(&Access::system(), resource_type, &criteria, 200).await?;
            for stored in stored {
                let key = Key::of_resource(stored.resource_type, &stored.id);
                if let Some(resource) = stored.resource()? {
                    found.insert(key, resource);
                }
                self.remember(key, stored);
            }
        }
        for (key, written) in self.all_written(resource_type) {
            let rows = ::search::index(written, base, &self.server.zone);
            let holds = criteria.iter().all(|c| ::search::matches(c, &rows, key, 0) == Some(true));
            if holds {
                found.insert(key, written.clone());
            } else {
                found.remove(&key);
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_unstable_by_key(|(key, _)| *key);
        Ok(found.into_iter().map(|(_, resource)| resource).collect())
    }

    /// The reference to the organisation behind a service, a role or a team.
    async fn organization_behind(&mut self, reference: &str) -> Result<Option<String>, Error> {
        let Some(resource) = self.load(reference).await? else { return Ok(None) };
        let element = match resource.resource_type() {
            ResourceType::ORGANIZATION => return Ok(resource.address()),
            ResourceType::HEALTHCARE_SERVICE => resource.get("providedBy"),
            ResourceType::PRACTITIONER_ROLE => resource.get("organization"),
            ResourceType::CARE_TEAM => resource.get("managingOrganization").and_then(|all| all.get(0)),
            _ => None,
        };
        Ok(element.and_then(|e| e.get("reference")).and_then(fhir::Value::as_str).map(str::to_owned))
    }
}
