//! Conditional writes: which resource a condition selects, <https://hl7.org/fhir/R4/http.html#ccreate>,
//! <https://hl7.org/fhir/R4/http.html#cond-update>, <https://hl7.org/fhir/R4/http.html#3.1.0.7.1>.
//!
//! A condition sees what the caller sees, as the entries of the same transaction leave it that are processed before.

use auth::Right;
use fhir::reference::below;
use fhir::{Cause, Error, Id, Key, Resource, ResourceType};
use search::{IndexRows, query::Criterion};
use store::{Absent, Operation, Stored};

use crate::Handling;
use crate::request::IfMatch;
use crate::unit::Unit;
use crate::update::{server_gives_ids, stale, there_already};

/// What a condition selects.
pub(crate) enum Selected {
    None(Absent),
    One(Box<Stored>),
    /// What the same transaction writes, under this id.
    Written(Id),
}

/// What a conditional update comes to.
pub(crate) enum Aim {
    /// A new resource under this id, as long as nothing matches.
    Create(Id, Absent),
    /// The next version of this one.
    Follow(Box<Stored>),
}

impl Unit<'_> {
    /// What a condition selects among what the caller sees.
    ///
    /// # Errors
    /// 400 for a condition that selects by nothing, or by a parameter that is not known; 412 when it selects several.
    pub(crate) async fn select(
        &self,
        resource_type: ResourceType,
        condition: &str,
    ) -> Result<Selected, Error> {
        self.context.caller.require(resource_type, Right::Search)?;
        let condition = condition.trim();
        // Clients send the address of the search in different lengths; the query is what they mean.
        let condition = below(condition, &self.server.settings.base).unwrap_or(condition);
        let condition = condition.strip_prefix('/').unwrap_or(condition);
        let condition = condition.strip_prefix(resource_type.name()).unwrap_or(condition);
        let condition = condition.strip_prefix('?').unwrap_or(condition);
        let mut options = self.server.search_options(Handling::Strict);
        options.value_sets =
            self.server.value_sets(self.context, &::search::decode_pairs(condition)?).await?;
        let criteria = ::search::parse_criteria(resource_type, condition, &options)?;
        let access = &self.context.access;
        // Rounded, so that the conditions of a transaction are few statements and not each its own.
        let limit = u32::try_from((self.touched().count() + 2).next_power_of_two()).unwrap_or(u32::MAX);
        let mut matches = self.server.store.matching(access, resource_type, &criteria, limit).await?;
        matches.retain(|stored| !self.touches(Key::of_resource(stored.resource_type, &stored.id)));
        let locks = locks(resource_type, condition, &criteria);
        let absent = Absent { resource_type, criteria, access: access.clone(), locks };
        let written: Vec<&str> = self
            .all_written(resource_type)
            .filter(|(key, _, rows)| self.meets(&absent, *key, rows))
            .filter_map(|(_, resource, _)| resource.id())
            .collect();
        if !written.is_empty() {
            self.check_absent(&matches)?;
        }
        match (matches.pop(), written.as_slice()) {
            (None, []) => Ok(Selected::None(absent)),
            (None, [id]) => Id::parse(id).map(Selected::Written),
            (Some(only), []) if matches.is_empty() => Ok(Selected::One(Box::new(only))),
            _ => Err(Error::new(
                Cause::MultipleMatches,
                format!(
                    "Several resources match '{condition}'. A conditional request needs a condition that selects at most one."
                ),
            )),
        }
    }

    /// What this unit is to create by a condition must not have come in between: whoever was faster created it, and a second look
    /// at the conditions finds it.
    ///
    /// # Errors
    /// A conflict, after which the unit is planned anew.
    fn check_absent(&self, found: &[Stored]) -> Result<(), Error> {
        for stored in found {
            let Some(resource) = stored.resource()? else { continue };
            let key = Key::of_resource(stored.resource_type, &stored.id);
            let rows = ::search::index(&resource, &self.server.settings.base, &self.server.zone);
            let of_type = |absent: &&Absent| absent.resource_type == stored.resource_type;
            if self.absent().iter().filter(of_type).any(|absent| self.meets(absent, key, &rows)) {
                return Err(Error::new(
                    Cause::WriteConflict,
                    format!("{}/{} was created in between.", stored.resource_type, stored.id),
                ));
            }
        }
        Ok(())
    }

    /// Whether a resource that is found by these rows meets a condition.
    fn meets(&self, absent: &Absent, key: Key, rows: &IndexRows) -> bool {
        let now = self.now().microseconds();
        absent.criteria.iter().all(|criterion| ::search::matches(criterion, rows, key, now) == Some(true))
    }

    /// What a conditional update is to do: with no match it creates, with one it follows that version.
    ///
    /// # Errors
    /// 400 for a match with another id than the body has, 409 for an id that another resource has already, 412 when `If-Match`
    /// does not allow it, or several match.
    pub(crate) async fn aim(
        &self,
        condition: &str,
        resource: &Resource,
        if_match: &IfMatch,
    ) -> Result<Aim, Error> {
        let resource_type = resource.resource_type();
        self.context.caller.require(resource_type, Right::Update)?;
        let given = resource.id().map(Id::parse).transpose()?;
        let absent = match self.select(resource_type, condition).await? {
            Selected::One(stored) => {
                let name = format!("{resource_type}/{}", stored.id);
                if let Some(id) = given.filter(|id| id.as_str() != stored.id) {
                    return Err(Error::bad_request(format!(
                        "The condition selects {name}, but the body has the id '{id}'. Leave the id out, or name the one that is meant."
                    )));
                }
                self.check_version(&name, &stored, if_match, self.server.is_guarded(resource_type))?;
                return Ok(Aim::Follow(stored));
            }
            Selected::Written(id) => {
                return Err(Error::bad_request(format!(
                    "{resource_type}/{id} is written twice. A transaction may write a resource once."
                )));
            }
            Selected::None(absent) => absent,
        };
        if matches!(if_match, IfMatch::Any | IfMatch::Versions(_)) {
            return Err(stale(&format!("A {resource_type} that matches '{condition}'"), None));
        }
        self.context.caller.require(resource_type, Right::Create)?;
        let Some(id) = given else { return Ok(Aim::Create(Id::new(), absent)) };
        let name = format!("{resource_type}/{id}");
        if self.server.is_guarded(resource_type) {
            return Err(server_gives_ids(&name, resource_type));
        }
        let key = Key::of_resource(resource_type, id.as_str());
        let current = match self.server.store.read(&self.context.access, key).await? {
            Some(current) => Some(current),
            None => self.found_again(key, &name).await?,
        };
        match current {
            Some(deleted) if deleted.operation == Operation::Delete => Ok(Aim::Follow(Box::new(deleted))),
            Some(_) => Err(Error::new(
                Cause::Duplicate,
                format!(
                    "{name} is there already, and does not match '{condition}'. Update it at its own address."
                ),
            )),
            None => Ok(Aim::Create(id, absent)),
        }
    }

    /// The one resource that a conditional patch or delete is about; none when nothing matches.
    pub(crate) async fn select_existing(
        &self,
        resource_type: ResourceType,
        condition: &str,
    ) -> Result<Option<Box<Stored>>, Error> {
        match self.select(resource_type, condition).await? {
            Selected::One(stored) => Ok(Some(stored)),
            Selected::None(_) => Ok(None),
            Selected::Written(id) => Err(there_already(&format!("{resource_type}/{id}"))),
        }
    }
}

/// What two writes must have in common to exclude each other. Conditions on the same identifier exclude each other whatever
/// else they say; any other condition excludes only the same words.
fn locks(resource_type: ResourceType, condition: &str, criteria: &[Criterion]) -> Vec<Key> {
    let identifiers: Vec<Key> = criteria
        .iter()
        .filter_map(|criterion| match criterion {
            Criterion::Identifier { keys, .. } => Some(keys.clone()),
            Criterion::Keys { parameter, keys, negated: false } if parameter.is_of_identifiers() => {
                Some(keys.clone())
            }
            _ => None,
        })
        .flatten()
        .collect();
    if identifiers.is_empty() {
        vec![Key::of_parts("condition", &[resource_type.name(), condition])]
    } else {
        identifiers
    }
}
