//! Rebuilding what resources are found by, step by step: for the command, and for what was asked for over HTTP, in this process or in
//! another one, beside the requests.

use std::sync::Arc;
use std::time::Duration;

use fhir::{Error, Key};
use interaction::{Server, Step};
use store::ReindexClaim;
use tokio::sync::watch;

/// How often a step is tried again that found a resource locked for too long, and after what time.
const TRIES: usize = 5;
const AGAIN: Duration = Duration::from_secs(1);
/// How often it looks for a rebuilding that was asked for, or was abandoned.
const LOOK: Duration = Duration::from_secs(1);
/// How often a rebuilding is gone on with that failed.
const ATTEMPTS: i32 = 5;

/// The step after this resource, as [`Server::reindex`]; where somebody holds a resource for long, it is tried again, and told why.
///
/// # Errors
/// Why the last try failed.
pub async fn step(server: &Server, after: Option<Key>, tell: impl Fn(&Error)) -> Result<Option<Step>, Error> {
    for _ in 1..TRIES {
        match server.reindex(after).await {
            Ok(step) => return Ok(step),
            Err(error) => tell(&error),
        }
        tokio::time::sleep(AGAIN).await;
    }
    server.reindex(after).await
}

/// Carries out what was asked for until the process stops; what is not done by then is given back.
pub(crate) async fn carry_out(server: Arc<Server>, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() && stopping.has_changed().is_ok() {
        match server.store.claim_reindex().await {
            Ok(Some(claim)) => {
                let result = tokio::select! {
                    result = rebuild(&server, &claim) => result,
                    _ = stopping.changed() => server.store.release_reindex(&claim).await,
                };
                if let Err(error) = result {
                    tracing::warn!(%error, attempt = claim.attempt, "a rebuilding broke off; it will go on");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "rebuildings cannot be looked for for the moment"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopping.changed() => {}
        }
    }
}

/// Goes on from where the one before came to, until nothing is left or it is held no longer.
async fn rebuild(server: &Server, claim: &ReindexClaim) -> Result<(), Error> {
    let store = &server.store;
    let reached = store.reindex_reached().await?;
    let (mut after, mut done) = reached.map_or((None, 0), |reached| (Some(reached.after), reached.done));
    while store.renew_reindex(claim).await? {
        let tell = |error: &Error| tracing::warn!(%error, "a step of a rebuilding is tried again");
        match step(server, after, tell).await {
            Ok(Some(step)) => {
                after = Some(step.reached);
                done += i64::try_from(step.done).unwrap_or(i64::MAX);
            }
            Ok(None) => {
                tracing::info!(done, "a rebuilding is over");
                return store.end_reindex(claim, false, done).await;
            }
            Err(error) => {
                match claim.attempt < ATTEMPTS {
                    true => store.release_reindex(claim).await?,
                    false => store.end_reindex(claim, true, done).await?,
                }
                return Err(error);
            }
        }
    }
    Ok(())
}
