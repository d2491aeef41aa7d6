//! When to stop: SIGTERM from whoever runs the process, SIGINT from whoever sits before it.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for a signal to stop. After the first, a second one ends the process at once.
///
/// # Errors
/// When signals cannot be listened for.
pub async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    });
    Ok(())
}
