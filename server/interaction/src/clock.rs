//! What time it is for the rules and the timer: that of the machine. Only a program that holds the server can set it ahead; no setting
//! and no request can.

use std::sync::atomic::{AtomicI64, Ordering};

use fhir::Instant;

/// A clock that goes as the machine's does.
#[derive(Debug, Default)]
pub struct Clock {
    /// How far it is ahead, in microseconds.
    ahead: AtomicI64,
}

impl Clock {
    #[must_use]
    pub fn now(&self) -> Instant {
        let now = Instant::now().microseconds();
        Instant::from_microseconds(now.saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    /// Sets it ahead by so many seconds more, so that a test need not wait.
    pub fn advance(&self, seconds: i64) {
        self.ahead.fetch_add(seconds.saturating_mul(1_000_000), Ordering::Relaxed);
    }
}
