//! Looks for what is due because time passes, and has it written, until the server stops.

use std::sync::Arc;
use std::time::Duration;

use interaction::Server;
use tokio::sync::{Notify, watch};

/// How often it looks.
const POLL: Duration = Duration::from_secs(1);

/// Runs until `shutdown` is true. `wake` is told when something was written, so that it is told to others at once.
pub(crate) async fn run(server: Arc<Server>, wake: Arc<Notify>, mut shutdown: watch::Receiver<bool>) {
    while !*shutdown.borrow() {
        let more = match server.tick().await {
            Ok(ticked) => {
                if ticked.written > 0 {
                    wake.notify_one();
                }
                ticked.is_full()
            }
            Err(error) => {
                tracing::warn!(%error, "what is due could not be looked for; it will be");
                false
            }
        };
        if !more {
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                changed = shutdown.changed() => if changed.is_err() { return },
            }
        }
    }
}
