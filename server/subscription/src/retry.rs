//! When a notification that was not accepted is sent again, and when no more.
//!
//! Tighter than webhooks usually are: a discharge notice that comes five hours late because of a gap in the schedule is
//! useless, and one request every few minutes costs nothing.

use store::subscription::{Failed, Lane};

use crate::Settings;
use crate::channel::Failure;

/// Seconds after the first failures in a row.
const FIRST: [f64; 5] = [1.0, 5.0, 30.0, 120.0, 300.0];
/// After those, somewhere between these.
const THEN: (f64, f64) = (300.0, 900.0);
/// The longest wait that an endpoint may ask for.
const LONGEST_ASKED: f64 = 3600.0;
/// After so many failures in a row, a subscription is in error.
const ERROR_AFTER: i32 = 3;
/// After so many refusals in a row, a batch shrinks to one event, in case one of the others is the reason.
const SINGLE_AFTER: i32 = 8;

/// The number of seconds to wait after that many failures in a row (1 is the first), with `jitter` from 0 to 1.
#[must_use]
pub(crate) fn delay(failures: i32, jitter: f64) -> f64 {
    let at = usize::try_from(failures.max(1) - 1).unwrap_or(usize::MAX);
    match FIRST.get(at) {
        Some(seconds) => seconds * (0.8 + 0.4 * jitter),
        None => THEN.0 + (THEN.1 - THEN.0) * jitter,
    }
}

/// How a lane stood before its request failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Situation {
    /// Failures in a row.
    pub(crate) attempt: i32,
    /// Seconds since the first of them.
    pub(crate) failing_for: f64,
    pub(crate) handshaken: bool,
    pub(crate) in_error: bool,
}

impl From<&Lane> for Situation {
    fn from(lane: &Lane) -> Self {
        Self {
            attempt: lane.attempt,
            failing_for: lane.failing_for,
            handshaken: lane.handshaken,
            in_error: lane.status == "error",
        }
    }
}

/// What becomes of a lane whose request failed.
#[must_use]
pub(crate) fn after(lane: Situation, failure: &Failure, settings: &Settings, jitter: f64) -> Failed {
    let failures = lane.attempt.saturating_add(1);
    let asked = failure.retry_after.map_or(0.0, |asked| asked.min(LONGEST_ASKED));
    let is_over = lane.failing_for >= f64::from(settings.horizon_hours) * 3600.0;
    let is_error = !lane.handshaken || failures >= ERROR_AFTER || lane.in_error;
    let status = match () {
        () if failure.is_gone() || is_over => "off",
        () if is_error => "error",
        () => "active",
    };
    let stops = status == "off" || (status == "error" && !settings.auto_recover);
    let refused = failure
        .status
        .is_some_and(|status| (400..500).contains(&status) && !matches!(status, 408 | 425 | 429));
    Failed {
        status,
        retry_seconds: (!stops).then(|| delay(failures, jitter).max(asked)),
        error_code: Some(failure.code),
        error_text: failure.text.clone(),
        timed_out: failure.timed_out,
        single: refused && failures >= SINGLE_AFTER,
    }
}

#[cfg(test)]
mod tests;
