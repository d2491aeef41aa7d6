//! Carrying out the exports that were asked for, beside the requests.

use std::collections::BTreeMap;
use std::time::Duration;

use ::search::IndexRows;
use ::search::query::Criterion;
use fhir::{Cause, Error, Instant, Key, ResourceType};
use store::export::{Claim, Selection, Verdict};
use store::{Membership, Operation, Persons, Stored};

use super::asked::{Asked, Scope};
use crate::operation::everything::membership;
use crate::{Context, Server};

/// How often an export is begun anew.
const ATTEMPTS: i32 = 5;
/// For how long those who write are waited for, so that it is of the present. Those of this server end long before.
const PATIENCE: Duration = Duration::from_secs(300);
/// After what time one is begun anew that could not be carried out.
const AGAIN: Duration = Duration::from_secs(2);

impl Server {
    /// Waits until an export is asked for in this process.
    pub async fn export_begun(&self) {
        self.export_begun.notified().await;
    }

    /// Takes an export that nobody is at, for [`Self::carry_out_export`].
    pub async fn claim_export(&self) -> Result<Option<Claim>, Error> {
        self.store.claim_export().await
    }

    /// Carries out an export. One that fails is begun anew later, if that can help.
    ///
    /// # Errors
    /// When it is not even known how it ended; then others begin it anew.
    pub async fn carry_out_export(&self, claim: &Claim) -> Result<(), Error> {
        let Err(error) = self.store.hold_export(claim, self.select_export(claim)).await else {
            return Ok(());
        };
        let may_pass = matches!(
            error.cause(),
            Cause::Transient | Cause::Timeout | Cause::WriteConflict | Cause::Exception
        );
        let again = (may_pass && claim.attempt < ATTEMPTS).then_some(AGAIN);
        // Of faults of ours the client is told no more than that there was one.
        let why = if error.cause().status() < 500 && !may_pass { error.to_string() } else { String::new() };
        if error.cause() != Cause::WriteConflict {
            tracing::warn!(%error, attempt = claim.attempt, "an export could not be carried out");
        }
        self.store.fail_export(claim, &why, again).await
    }

    /// Gives an export back that cannot be carried out here, because the process stops.
    pub async fn release_export(&self, claim: &Claim) -> Result<(), Error> {
        self.store.fail_export(claim, "", Some(Duration::ZERO)).await
    }

    async fn select_export(&self, claim: &Claim) -> Result<(), Error> {
        if claim.attempt > ATTEMPTS {
            return Err(Error::new(
                Cause::Unprocessable,
                format!("The export was begun {ATTEMPTS} times, and never came to its end."),
            ));
        }
        let asked: Asked = serde_json::from_str(&claim.asked).map_err(Error::exception)?;
        let moment = self.store.settled(PATIENCE).await?;
        let membership = self.persons(claim, &asked, moment).await?.map(membership);
        let types: Vec<_> = asked.types.iter().filter_map(|name| ResourceType::find(name)).collect();
        let selection = Selection {
            membership,
            types,
            filters: self.criteria(claim, &asked).await?,
            since: asked.since.map(Instant::from_microseconds),
            until: asked.until.map(Instant::from_microseconds),
        };
        let judge = |version: &Stored| self.judge(&selection, version);
        self.store.select_export(claim, &selection, moment, &judge).await?;
        // The last microsecond before it: the moment itself is the first that is not in it.
        let until = Instant::from_microseconds(moment.microseconds() - 1);
        self.store.complete_export(claim, until, self.settings.exports.keep_hours).await
    }

    /// Whose records are meant; `None` is the whole system.
    async fn persons(&self, claim: &Claim, asked: &Asked, moment: Instant) -> Result<Option<Persons>, Error> {
        let key = |id: &String| Key::of_resource(ResourceType::PATIENT, id);
        let named = asked.patients.as_ref();
        match &asked.scope {
            Scope::System => Ok(None),
            Scope::Patients => {
                Ok(Some(named.map_or(Persons::All, |ids| Persons::These(ids.iter().map(key).collect()))))
            }
            Scope::Group(id) => {
                let group = Key::of_resource(ResourceType::GROUP, id);
                let group = self.store.read_as_of(&claim.access, group, moment).await?;
                let group = group.filter(|group| group.operation != Operation::Delete);
                let group = group.map(|group| group.resource()).transpose()?.flatten().ok_or_else(|| {
                    Error::new(
                        Cause::Unprocessable,
                        format!("Group/{id} was deleted before its export began."),
                    )
                })?;
                let mut ids = self.members(group.value(), moment);
                ids.retain(|id| named.is_none_or(|named| named.contains(id)));
                Ok(Some(Persons::These(ids.iter().map(key).collect())))
            }
        }
    }

    async fn criteria(
        &self,
        claim: &Claim,
        asked: &Asked,
    ) -> Result<BTreeMap<ResourceType, Vec<Vec<Criterion>>>, Error> {
        let context = Context::of_work(claim.access.clone());
        let mut filters: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, query) in &asked.filters {
            let of = ResourceType::parse(name)?;
            filters.entry(of).or_default().push(self.criteria_of_export(&context, of, query).await?);
        }
        Ok(filters)
    }

    fn judge(&self, selection: &Selection, version: &Stored) -> Result<Verdict, Error> {
        let Some(resource) = version.resource()? else {
            return Ok(Verdict { meets: Some(false), persons: Vec::new() });
        };
        let rows = self.index(&resource, version.resource_type, &version.id);
        let lists = selection.filters.get(&version.resource_type);
        let meets = lists.map_or(Some(true), |lists| meets(lists, &rows, version));
        let persons =
            selection.membership.iter().flat_map(|membership| persons_of(membership, &rows)).collect();
        Ok(Verdict { meets, persons })
    }
}

/// Whether a version meets all criteria of one of the lists; `None` when that depends on other resources.
fn meets(lists: &[Vec<Criterion>], rows: &IndexRows, version: &Stored) -> Option<bool> {
    let all = lists.iter().map(|criteria| Criterion::All(criteria.clone())).collect();
    let last_updated = version.last_updated.microseconds();
    ::search::matches(&Criterion::Any(all), rows, version.key(), last_updated)
}

/// In whose records it is, if these are persons.
fn persons_of(membership: &Membership, rows: &IndexRows) -> Vec<Key> {
    let by_reference = rows.references.iter().filter(|row| membership.parameters.contains(&row.parameter));
    by_reference.map(|row| row.target).chain(rows.patient).collect()
}
