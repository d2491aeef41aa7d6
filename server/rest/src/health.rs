//! Whether this process lives, and whether requests should be sent to it. Neither says anything about data.

use std::time::Duration;

use crate::{answer::Answer, app::App};

/// How long the database may take to answer: whoever asks is about to decide where requests go.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers.
pub(crate) fn live() -> Answer {
    Answer::content(200, "application/json", r#"{"status":"live"}"#)
}

/// The database answers too, and the process is not about to end.
pub(crate) async fn ready(app: &App) -> Answer {
    if app.is_draining() {
        return not_ready("draining");
    }
    match tokio::time::timeout(PATIENCE, app.server.store.ping()).await {
        Ok(Ok(())) => Answer::content(200, "application/json", r#"{"status":"ready"}"#),
        Ok(Err(_)) | Err(_) => not_ready("no database"),
    }
}

fn not_ready(why: &str) -> Answer {
    Answer::content(503, "application/json", format!(r#"{{"status":"not ready","reason":"{why}"}}"#))
        .with("retry-after", "1")
}
