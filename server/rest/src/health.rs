//! Whether this process lives, and whether requests should be sent to it. Neither says anything about data.

use crate::{answer::Answer, app::App};

/// The process answers.
pub(crate) fn live() -> Answer {
    Answer::content(200, "application/json", r#"{"status":"live"}"#)
}

/// The database answers too, and the process is not about to end.
pub(crate) async fn ready(app: &App) -> Answer {
    if app.is_draining() {
        return not_ready("draining");
    }
    match app.server.store.ping().await {
        Ok(()) => Answer::content(200, "application/json", r#"{"status":"ready"}"#),
        Err(_) => not_ready("no database"),
    }
}

fn not_ready(why: &str) -> Answer {
    Answer::content(503, "application/json", format!(r#"{{"status":"not ready","reason":"{why}"}}"#))
        .with("retry-after", "1")
}
