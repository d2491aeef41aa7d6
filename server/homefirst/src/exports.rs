//! Carries out the exports that were asked for, in this process or in another one, beside the requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fhir::Error;
use interaction::Server;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often it looks for an export that another process was asked for, or has abandoned.
const LOOK: Duration = Duration::from_secs(1);
/// How often it looks for exports whose time is over.
const EXPIRE: Duration = Duration::from_secs(60);

/// Carries out exports until the process stops; those that are not whole by then are given back.
pub(crate) async fn carry_out(server: Arc<Server>, mut stopping: watch::Receiver<bool>) {
    let at_once = usize::from(server.settings.exports.at_once);
    let mut running = JoinSet::new();
    let mut looked_for_expired: Option<Instant> = None;
    while !*stopping.borrow() && stopping.has_changed().is_ok() {
        if looked_for_expired.is_none_or(|last| last.elapsed() >= EXPIRE) {
            looked_for_expired = Some(Instant::now());
            if let Err(error) = server.store.expire_exports().await {
                tracing::warn!(%error, "exports whose time is over could not be deleted; they will be");
            }
        }
        if running.len() < at_once {
            match server.claim_export().await {
                Ok(Some(claim)) => {
                    let (server, mut stopping) = (Arc::clone(&server), stopping.clone());
                    running.spawn(async move {
                        let result = tokio::select! {
                            result = server.carry_out_export(&claim) => result,
                            _ = stopping.changed() => server.release_export(&claim).await,
                        };
                        result.unwrap_or_else(|error| failed(&error));
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => failed(&error),
            }
        }
        tokio::select! {
            () = server.export_begun(), if running.len() < at_once => {}
            Some(ended) = running.join_next() => {
                // One that panicked is found abandoned later, and begun anew.
                if let Err(error) = ended {
                    tracing::error!(%error, "an export broke off");
                }
            }
            () = tokio::time::sleep(LOOK) => {}
            _ = stopping.changed() => {}
        }
    }
    while running.join_next().await.is_some() {}
}

fn failed(error: &Error) {
    tracing::warn!(%error, "exports cannot be carried out for the moment");
}
