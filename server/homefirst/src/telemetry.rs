//! The log: lines for people, or JSON for machines. What must not be in it is not handed to it: bodies, queries, ids.

use std::io::{IsTerminal, stderr};

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts the log of this process. The second call in a process does nothing.
///
/// # Errors
/// When the filter cannot be understood.
pub fn start(log: &Log) -> Result<()> {
    let filter: EnvFilter = log.filter.parse().with_context(|| format!("log.filter is '{}'", log.filter))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    // Whoever embeds the server, as tests do, may have a log of their own already.
    let _ = match log.format {
        LogFormat::Text => lines.compact().try_init(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
    };
    Ok(())
}
