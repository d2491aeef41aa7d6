//! From an interaction that writes to what was written: a unit is planned and committed until no other writer is faster.

use std::time::Duration;

use fhir::{Cause, Error, Id, Issue};
use store::{Commit, Committed, Due, Written};
use workflow::handover::HandOver;

use super::{Planned, Unit};
use crate::batch::Entry;
use crate::reply::{Reply, Success};
use crate::request::Write;
use crate::{Context, Server};

/// How often a unit is planned anew when another writer was faster.
const ATTEMPTS: u32 = 10;

/// What is planned and written in one commit.
pub(crate) enum Work {
    Write(Write),
    Transaction(Vec<Entry>),
    /// A Task that goes from one team to another.
    HandOver {
        id: Id,
        over: HandOver,
        is_transfer: bool,
    },
    /// What the server publishes on its own account.
    Publication,
    /// What the server writes because a time has come.
    Due(Due),
}

impl Unit<'_> {
    async fn plan_and_settle(&mut self, work: &Work) -> Result<(Vec<Plan>, Commit), Error> {
        let plans = self.plan(work).await?;
        Ok((plans, self.settle().await?))
    }

    async fn plan(&mut self, work: &Work) -> Result<Vec<Plan>, Error> {
        let one = match work {
            Work::Write(Write::Create { resource, if_none_exist }) => {
                (self.create(Id::new(), resource.clone(), if_none_exist.as_deref()).await?, Success::Created)
            }
            Work::Write(Write::Update { which, resource, if_match }) => {
                self.update(which, resource.clone(), if_match).await?
            }
            Work::Write(Write::Patch { resource_type, which, patch, if_match }) => {
                self.patch(*resource_type, which, patch, if_match).await?
            }
            Work::Write(Write::Delete { resource_type, which, if_match }) => {
                (self.delete(*resource_type, which, if_match).await?, Success::NoContent)
            }
            Work::HandOver { id, over, is_transfer } => self.hand_over(id, over, *is_transfer).await?,
            Work::Transaction(entries) => return self.transaction(entries).await,
            Work::Publication => return self.publication().await,
            Work::Due(due) => return self.draft_due(*due).await,
        };
        Ok(vec![Some(one)])
    }
}

/// How long to wait before a unit is planned anew for that time (1 is the first), with `jitter` from 0 to 1: those who clashed must
/// not come back all at once.
fn pause(attempt: u32, jitter: f64) -> Duration {
    Duration::from_millis(3 << attempt).mul_f64(0.5 + jitter)
}

/// What planning an entry came to, and how it succeeds; `None` for an entry that writes nothing.
pub(crate) type Plan = Option<(Planned, Success)>;

impl Server {
    /// Plans and writes until no other writer is faster; the answers come in the order of the plans.
    ///
    /// # Errors
    /// Whatever planning refuses; 409 when others were faster every time.
    pub(crate) async fn write(&self, context: &Context, work: &Work) -> Result<Vec<Reply>, Error> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(pause(attempt, rand::random())).await;
            }
            let mut unit = Unit::new(self, context);
            let (plans, commit) = match unit.plan_and_settle(work).await {
                Ok(planned) => planned,
                Err(error) if error.cause() == Cause::WriteConflict => continue,
                Err(error) => return Err(error),
            };
            let is_conditional = !commit.absent.is_empty();
            let (written, reads) = match self.commit(context, work, commit).await {
                Ok(Some(committed)) => committed,
                Ok(None) => continue,
                Err(error) if error.cause() == Cause::WriteConflict => continue,
                // What was written meanwhile may meet the condition.
                Err(error) if error.cause() == Cause::Duplicate && is_conditional && attempt == 0 => continue,
                Err(error) if error.cause() == Cause::Duplicate => return Err(unit.duplicate(error).await?),
                Err(error) => return Err(error),
            };
            let mut reads = reads.into_iter();
            let reply = |plan: &Plan| match plan {
                Some((planned, success)) => unit.reply(planned, &written, *success),
                None => reads.next().ok_or_else(|| Error::exception("a read has no answer")),
            };
            return plans.iter().map(reply).collect();
        }
        Err(Error::new(
            Cause::WriteConflict,
            "Other writes to the same resources were faster. Please repeat the request.",
        ))
    }

    /// Writes, and carries out the reads of a transaction on what was written, before it is final; `None` when another writer was
    /// faster.
    async fn commit(
        &self,
        context: &Context,
        work: &Work,
        commit: Commit,
    ) -> Result<Option<(Vec<Written>, Vec<Reply>)>, Error> {
        let reads: Vec<&Entry> = match work {
            Work::Transaction(entries) => entries.iter().filter(|entry| entry.reads()).collect(),
            _ => Vec::new(),
        };
        if reads.is_empty() {
            return Ok(match self.store.commit(commit).await? {
                Committed::Written(written) => Some((written, Vec::new())),
                Committed::Outrun => None,
            });
        }
        let read = async {
            let mut replies = Vec::with_capacity(reads.len());
            for entry in reads {
                let reply = Box::pin(self.perform(context, entry.interaction.clone())).await;
                replies.push(reply.map_err(|error| error.in_entry(entry.index))?);
            }
            Ok(replies)
        };
        self.store.commit_then(commit, read).await
    }

    /// Plans a write as if it were to be carried out, and tells what it would be warned of. Nothing is written.
    ///
    /// # Errors
    /// Whatever would refuse the write.
    pub(crate) async fn rehearse(&self, context: &Context, work: &Work) -> Result<Vec<Issue>, Error> {
        let mut unit = Unit::new(self, context);
        unit.plan(work).await?;
        unit.settle().await?;
        Ok(unit.drafts.into_iter().flat_map(|draft| draft.issues).collect())
    }

    /// [`Self::write`] for a write that has one answer.
    pub(crate) async fn write_one(&self, context: &Context, work: Work) -> Result<Reply, Error> {
        let replies = self.write(context, &work).await?;
        replies.into_iter().next().ok_or_else(|| Error::exception("a write has no answer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        assert_eq!(pause(1, 0.5), Duration::from_millis(6));
        assert_eq!((pause(2, 0.0), pause(2, 1.0)), (Duration::from_millis(6), Duration::from_millis(18)));
        let longest: Duration = (1..ATTEMPTS).map(|attempt| pause(attempt, 1.0)).sum();
        assert!(longest < Duration::from_secs(5), "{longest:?}");
    }
}
