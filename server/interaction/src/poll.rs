//! Polling, by `_since` of a history or by `_lastUpdated`: an answer ends at a settled moment, and tells it,
//! <https://hl7.org/fhir/R4/http.html#history>.
//!
//! `Bundle.meta.lastUpdated` is the last millisecond of which everything is in the answer: who asks next for what is since then, or
//! later, misses nothing, whoever was writing meanwhile.

use std::time::Duration;

use ::search::query::{Criterion, DateValue, Prefix, Query};
use fhir::{Error, Instant};

use crate::Server;

/// For how long those who write are waited for, so that what was answered to a client before it asked is in its answer. Where one
/// takes longer, the answer ends before that one began.
const PATIENCE: Duration = Duration::from_millis(250);

/// The shortest time that is shown, in microseconds.
const MILLISECOND: i64 = 1000;

impl Server {
    /// The moment up to which a poller is told what there is; it is not in the answer itself.
    pub(crate) async fn settled(&self) -> Result<Instant, Error> {
        self.store.settled(PATIENCE).await
    }

    /// Ends a search that asks when resources were updated at a settled moment, which it returns; `None` for other searches. The
    /// pages after the first go on with its moment, which their address holds.
    pub(crate) async fn bound(&self, query: &mut Query) -> Result<Option<Instant>, Error> {
        if !query.criteria.iter().any(asks_when) {
            return Ok(None);
        }
        if query.cursor.is_some() {
            let mut bounds = query.used.iter().filter(|(name, _)| name == LAST_UPDATED);
            return Ok(bounds.next_back().and_then(|(_, value)| Instant::parse(value.strip_prefix("lt")?)));
        }
        let moment = self.settled().await?;
        let (low, high) = (moment.microseconds(), moment.microseconds() + MILLISECOND);
        query
            .criteria
            .push(Criterion::LastUpdated { values: vec![DateValue { prefix: Prefix::Lt, low, high }] });
        query.used.push((LAST_UPDATED.to_owned(), format!("lt{moment}")));
        Ok(Some(moment))
    }
}

const LAST_UPDATED: &str = "_lastUpdated";

/// What an answer says that ends at this moment: the last time, as times are shown, that is whole in it.
pub(crate) fn told(moment: Instant) -> Instant {
    Instant::from_microseconds(moment.microseconds() - MILLISECOND)
}

/// Whether a search is about the time of the last update of what it finds.
fn asks_when(criterion: &Criterion) -> bool {
    match criterion {
        Criterion::LastUpdated { .. } => true,
        Criterion::Any(several) | Criterion::All(several) => several.iter().any(asks_when),
        Criterion::Not(inner) | Criterion::OfType(_, inner) => asks_when(inner),
        _ => false,
    }
}
