//! Loads what the rules of intermediate care must see beside the resource itself: from the unit that is being planned where it
//! writes it, else from the database. The rules see it by the server's own right, whoever the caller is.

use std::collections::{BTreeSet, HashMap};

use fhir::{Error, Id, Key, Reference, Resource, ResourceType};
use store::Access;
use workflow::{Needs, Outcome, Related};

use crate::reference::{self, References};
use crate::{Handling, unit::Unit};

/// A resource that is to be written, over that version.
type Of<'a> = Option<(&'a Resource, Option<&'a Resource>)>;

impl Unit<'_> {
    /// What the rules make of a resource that is to be written over `previous`.
    pub(crate) async fn ruled(
        &mut self,
        id: &Id,
        previous: Option<&Resource>,
        resource: Resource,
    ) -> Result<Outcome, Error> {
        let needs = workflow::needs(&resource, previous);
        // Where the rules compare it with what one of its references names.
        let compares = [&needs.focus, &needs.based_on, &needs.whole].into_iter().any(Option::is_some);
        let compared =
            compares.then(|| References::of(Some(&resource), previous, &self.server.settings.base));
        let mut related = self.load_needs_of(&needs, Some((&resource, previous))).await?;
        if let Some(line) = workflow::line_not_offered(&resource, &related) {
            related.candidates = self.offering(line).await?;
        }
        let outcome = match previous {
            Some(previous) => workflow::update(previous, resource, &related, self.now()),
            None => workflow::create(resource, id, &related, self.now()),
        };
        self.as_seen(outcome, compared).await
    }

    /// The rules see everything, their caller does not: what they refuse because of a resource that the caller may not see is refused
    /// in the words for one that is not there.
    async fn as_seen(
        &self,
        outcome: Result<Outcome, Error>,
        compared: Option<References>,
    ) -> Result<Outcome, Error> {
        let settings = &self.server.settings;
        let tells = |error: &Error| {
            error.issues().iter().filter_map(|issue| issue.rule).any(workflow::rule::tells_of_another)
        };
        if let Some(compared) = compared
            && settings.check_references
            && outcome.as_ref().is_err_and(tells)
        {
            let keys: Vec<Key> = compared.now.iter().filter_map(|(_, reference)| reference.key()).collect();
            let (targets, _) = self.server.store.targets(&self.context.access, &keys, &[]).await?;
            let targets = targets.into_iter().map(|target| (target.key, target)).collect();
            reference::check(&compared, &settings.base, &targets, |key| self.leaves(key))?;
        }
        outcome
    }

    /// What the rules need.
    pub(crate) async fn load_needs(&mut self, needs: &Needs) -> Result<Related, Error> {
        self.load_needs_of(needs, None).await
    }

    /// What the rules need for a resource and the version before it. What these refer to is looked for on the same way.
    async fn load_needs_of(&mut self, needs: &Needs, of: Of<'_>) -> Result<Related, Error> {
        let mut related = Related {
            hub: self.server.settings.hub.clone(),
            settings: self.server.workflow.clone(),
            ..Related::default()
        };
        self.load_ahead(needs, of).await?;
        related.referral = self.load(needs.focus.as_deref()).await?;
        related.plan = self.load(needs.based_on.as_deref()).await?;
        related.patient = self.load(needs.patient.as_deref()).await?;
        related.requester = self.load(needs.requester.as_deref()).await?;
        related.performer = self.load(needs.performer.as_deref()).await?;
        related.encounter = self.load(needs.encounter.as_deref()).await?;
        related.whole = self.load(needs.whole.as_deref()).await?;
        if let Some(request) = &needs.tasks_of {
            related.tasks = self.load_referring(ResourceType::TASK, "focus", request, "").await?;
        }
        if let Some(request) = &needs.tasks_based_on {
            related.tasks.extend(self.load_referring(ResourceType::TASK, "based-on", request, "").await?);
        }
        if let Some(request) = &needs.episodes_of {
            related.episodes =
                self.load_referring(ResourceType::EPISODE_OF_CARE, "incoming-referral", request, "").await?;
        }
        if let Some(owner) = &needs.owner {
            related.owner_organization = self.organization_behind(owner).await?;
        }
        if let Some(person) = &needs.departures_of {
            let system = workflow::code_system("ic-referral-category");
            let completed = format!("&status=completed&category={system}|discharge");
            related.departures =
                self.load_referring(ResourceType::SERVICE_REQUEST, "patient", person, &completed).await?;
        }
        if let Some((person, resource_types)) = &needs.open_of {
            for resource_type in *resource_types {
                let open = format!("&status={}", workflow::open_statuses(*resource_type));
                let found = self.load_referring(*resource_type, "patient", person, &open).await?;
                match *resource_type {
                    ResourceType::SERVICE_REQUEST => related.requests = found,
                    ResourceType::TASK => related.tasks = found,
                    ResourceType::EPISODE_OF_CARE => related.episodes = found,
                    _ => related.care_plans = found,
                }
            }
        }
        Ok(related)
    }

    /// Reads in one go what the rules need and this unit does not write.
    async fn load_ahead(&mut self, needs: &Needs, of: Of<'_>) -> Result<(), Error> {
        let base = &self.server.settings.base;
        let single = [
            &needs.focus,
            &needs.based_on,
            &needs.patient,
            &needs.requester,
            &needs.performer,
            &needs.encounter,
            &needs.owner,
            &needs.whole,
        ];
        let keys = single.into_iter().flatten().filter_map(|text| Reference::parse(text, base).key());
        let keys: BTreeSet<Key> =
            keys.filter(|key| self.written(*key).is_none() && self.remembered(*key).is_none()).collect();
        let contents: Vec<Key> = keys.into_iter().collect();
        if contents.is_empty() {
            return Ok(());
        }
        let mut keys = BTreeSet::new();
        if let Some((resource, previous)) = of {
            for version in [Some(resource), previous].into_iter().flatten() {
                keys.extend(version.references(base).iter().filter_map(|(_, reference)| reference.key()));
            }
            keys.extend(previous.and_then(Resource::key));
        }
        self.look_for(keys, &contents).await
    }

    /// The resource that a reference names, as this unit leaves it.
    async fn load(&mut self, reference: Option<&str>) -> Result<Option<Resource>, Error> {
        let Some(key) = reference.and_then(|text| Reference::parse(text, &self.server.settings.base).key())
        else {
            return Ok(None);
        };
        match (self.written(key), self.remembered(key)) {
            (Some(written), _) => Ok(Some(written.clone())),
            (None, Some(remembered)) => remembered.resource(),
            (None, None) => Ok(None),
        }
    }

    /// A few active teams that offer a service line.
    async fn offering(&self, line: &str) -> Result<Vec<String>, Error> {
        let options = self.server.search_options(Handling::Strict);
        let query = format!("service-type={}|{line}&active=true", workflow::code_system("ic-service-line"));
        let criteria = ::search::parse_criteria(ResourceType::HEALTHCARE_SERVICE, &query, &options)?;
        let access = &self.context.access;
        let found =
            self.server.store.matching(access, ResourceType::HEALTHCARE_SERVICE, &criteria, 5).await?;
        Ok(found.iter().map(|stored| format!("{}/{}", stored.resource_type, stored.id)).collect())
    }

    /// The resources of a type whose reference parameter names this one, and that meet these further conditions, as this unit leaves
    /// them.
    async fn load_referring(
        &mut self,
        resource_type: ResourceType,
        parameter: &str,
        reference: &str,
        more: &str,
    ) -> Result<Vec<Resource>, Error> {
        let base = &self.server.settings.base;
        let Reference::Local { resource_type: target, id, .. } = Reference::parse(reference, base) else {
            return Ok(Vec::new());
        };
        let options = self.server.search_options(Handling::Strict);
        let criteria =
            ::search::parse_criteria(resource_type, &format!("{parameter}={target}/{id}{more}"), &options)?;
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
        for (key, written, rows) in self.all_written(resource_type) {
            let holds = criteria.iter().all(|c| ::search::matches(c, rows, key, 0) == Some(true));
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
        let Some(resource) = self.load(Some(reference)).await? else { return Ok(None) };
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
