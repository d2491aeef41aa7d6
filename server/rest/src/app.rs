//! What every exchange needs: the server, who may call, the limits, and whom to wake after a write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auth::{TokenEndpoint, Verifier};
use fhir::{Cause, Error, Value};
use interaction::Server;
use serde::Deserialize;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::metrics::Metrics;

/// The limits of HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How large the body of one resource may be, in bytes, decompressed.
    pub max_resource_bytes: usize,
    /// How large a Bundle posted to the base may be, in bytes, decompressed.
    pub max_bundle_bytes: usize,
    /// How long an address with its query may be, in bytes.
    pub max_url_bytes: usize,
    /// How long a body may take to arrive, in milliseconds.
    pub body_timeout_ms: u64,
    /// How long an interaction may take, in milliseconds.
    pub request_timeout_ms: u64,
    /// How many interactions are carried out at a time.
    pub max_in_flight: usize,
    /// How long an interaction waits for its turn before the answer is 503, in milliseconds.
    pub queue_ms: u64,
    /// The web origins that browsers may call from, as `https://board.example`; `*` is any.
    pub cors_origins: Vec<String>,
}

/// Who may call.
#[derive(Debug)]
pub enum AuthMode {
    /// Whoever has a token that this verifier finds good. The key set is the one of the built-in issuer, where there is one,
    /// and the token endpoint is there when clients are registered.
    Bearer { verifier: Verifier, jwks: Option<Value>, token_endpoint: Option<Box<TokenEndpoint>> },
    /// Everyone. Only for a server that no other machine can reach.
    Off,
}

/// The state that all workers share.
pub struct App {
    pub(crate) server: Arc<Server>,
    pub(crate) auth: AuthMode,
    pub(crate) settings: Settings,
    /// The path of the base address: `/fhir`, or empty.
    pub(crate) base_path: String,
    turns: Arc<Semaphore>,
    wake: Arc<Notify>,
    draining: AtomicBool,
    pub(crate) metrics: Metrics,
}

impl App {
    /// The state of a server; `wake` is notified after every write.
    #[must_use]
    pub fn new(server: Arc<Server>, auth: AuthMode, wake: Arc<Notify>, settings: Settings) -> Self {
        let base = server.settings.base.as_str();
        let after_scheme = base.split_once("://").map_or(base, |(_, rest)| rest);
        let base_path =
            after_scheme.find('/').map_or("", |at| &after_scheme[at..]).trim_end_matches('/').to_owned();
        Self {
            turns: Arc::new(Semaphore::new(settings.max_in_flight)),
            server,
            auth,
            settings,
            base_path,
            wake,
            draining: AtomicBool::new(false),
            metrics: Metrics::default(),
        }
    }

    /// Where registered clients get their tokens.
    pub(crate) fn token_endpoint(&self) -> Option<&TokenEndpoint> {
        match &self.auth {
            AuthMode::Bearer { token_endpoint, .. } => token_endpoint.as_deref(),
            AuthMode::Off => None,
        }
    }

    /// From now on `/readyz` says that no more requests should be sent here.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// What this process has answered, in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        let busy = self.settings.max_in_flight.saturating_sub(self.turns.available_permits());
        let help = "# HELP http_requests_in_flight Interactions that are being carried out.\n# TYPE http_requests_in_flight gauge";
        format!("{}{help}\nhttp_requests_in_flight {busy}\n", self.metrics.text())
    }

    /// Tells those who send notifications that there may be something to send.
    pub(crate) fn wrote(&self) {
        self.wake.notify_one();
    }

    /// The right to carry out an interaction; 503 when none of those at work is finished in time.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let queue = Duration::from_millis(self.settings.queue_ms);
        match tokio::time::timeout(queue, self.turns.clone().acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::new(
                Cause::Transient,
                "The server is too busy for the moment. Please repeat the request.",
            )),
        }
    }
}
