//! The timer: writes what follows when time passes, each as a change of its own, with a version, an audit row and its events.
//!
//! What follows is said by the rules of the workflow, from the current version; it is written over that version or not at all. So any
//! number of processes may do it, killed at any time: what was written says so, and is not written again.

use fhir::{Cause, Error, Id};
use store::{Access, Due};

use crate::unit::{Plan, Planned, Unit, Work};
use crate::{Context, Server, Success};

/// How many resources are claimed at a time: as many as can be written while the claim lasts.
const BATCH: i64 = 50;

/// What a look at the times came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// How many resources' time had come.
    pub due: usize,
    /// For how many of them something was written.
    pub written: usize,
}

impl Ticked {
    /// Whether more may be waiting.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.due >= BATCH as usize
    }
}

impl Server {
    /// Writes what is due, for up to fifty resources. What cannot be written is put off, and does not hold up the others.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn tick(&self) -> Result<Ticked, Error> {
        let all = self.store.claim_due(self.clock.now(), BATCH).await?;
        let mut ticked = Ticked { due: all.len(), written: 0 };
        for due in all {
            match self.write(&Context::of_timer(), &Work::Due(due)).await {
                Ok(written) if written.is_empty() => self.store.forget_due(due).await?,
                Ok(_) => ticked.written += 1,
                Err(error) => {
                    let key = due.key.uuid();
                    tracing::error!(%error, resource.key = %key, "What is due could not be written; it will be tried again.");
                    self.store.postpone_due(due).await?;
                }
            }
        }
        Ok(ticked)
    }
}

impl Unit<'_> {
    /// Plans what follows from the current version of a resource at this time, if anything does.
    pub(crate) async fn draft_due(&mut self, due: Due) -> Result<Vec<Plan>, Error> {
        let Some(stored) = self.server.store.read(&Access::system(), due.key).await? else {
            return Ok(Vec::new());
        };
        let Some(current) = stored.resource()? else { return Ok(Vec::new()) };
        let related = self.load_needs(&workflow::timer::needs(&current)).await?;
        let Some(outcome) = workflow::timer::run(&current, &related, self.now()) else {
            return Ok(Vec::new());
        };
        let id = Id::parse(&stored.id)?;
        let mut resource = outcome.resource;
        resource.identify(&id, stored.version_id.next(), self.now());
        if resource.same_content(&current) {
            return Err(Error::new(Cause::Exception, "The rules write nothing at a time that they name."));
        }
        let draft = self.add_own(id, Some(stored), Some(current), resource)?;
        self.apply(outcome.effects)?;
        Ok(vec![Some((Planned::Draft(draft), Success::Ok))])
    }
}
