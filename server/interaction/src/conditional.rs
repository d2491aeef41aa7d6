//! Conditional creates: a resource is made only when none that the caller sees matches,
//! <https://hl7.org/fhir/R4/http.html#ccreate>.

use auth::Right;
use fhir::{Cause, Error, Key, Resource, ResourceType};
use search::query::Criterion;
use store::{Absent, Stored};

use crate::Handling;
use crate::unit::Unit;

/// What a condition selects.
pub(crate) enum Selected {
    None(Absent),
    One(Box<Stored>),
}

impl Unit<'_> {
    /// What `If-None-Exist` selects among what the caller sees.
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
        let condition = condition.strip_prefix(resource_type.name()).unwrap_or(condition);
        let condition = condition.strip_prefix('?').unwrap_or(condition);
        let options = self.server.search_options(Handling::Strict);
        let criteria = ::search::parse_criteria(resource_type, condition, &options)?;
        let access = &self.context.access;
        let mut matches = self.server.store.matching(access, resource_type, &criteria, 2).await?;
        match (matches.pop(), matches.is_empty()) {
            (None, _) => {
                let locks = locks(resource_type, condition, &criteria);
                Ok(Selected::None(Absent { resource_type, criteria, access: access.clone(), locks }))
            }
            (Some(only), true) => Ok(Selected::One(Box::new(only))),
            (Some(_), false) => Err(Error::new(
                Cause::MultipleMatches,
                format!(
                    "Several resources match '{condition}'. A conditional request needs a condition that selects at most one."
                ),
            )),
        }
    }

    /// Whether a resource of this same unit already meets a condition, by which the second of two like entries is told apart.
    pub(crate) fn meets(&self, absent: &Absent, resource: &Resource) -> bool {
        if resource.resource_type() != absent.resource_type {
            return false;
        }
        let Some(key) = resource.key() else { return false };
        let rows = ::search::index(resource, &self.server.settings.base, &self.server.zone);
        let now = fhir::Instant::now().microseconds();
        absent.criteria.iter().all(|criterion| ::search::matches(criterion, &rows, key, now) == Some(true))
    }
}

/// What two creates must have in common to exclude each other. Conditions on the same identifier exclude each other whatever
/// else they say; any other condition excludes only the same words.
fn locks(resource_type: ResourceType, condition: &str, criteria: &[Criterion]) -> Vec<Key> {
    let identifiers: Vec<Key> = criteria
        .iter()
        .filter_map(|criterion| match criterion {
            Criterion::Identifier { keys, .. } => Some(keys.clone()),
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
