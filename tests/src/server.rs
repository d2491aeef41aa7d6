//! A server of a test's own, in this process: a fresh database, any free port, authentication on.
//!
//! When it is dropped, every change must have been numbered and every notification sent, unless the test says that some are
//! left.

use std::time::{Duration, Instant};

use auth::{Issuer, Persona, Scopes};
use homefirst::{Config, Running, demo};
use reqwest::Client;
use tokio::runtime::Handle;

use crate::client::Caller;
use crate::database::{self, Database};

/// How long a server that is let go may take to number what was written to it.
const NUMBERED: Duration = Duration::from_secs(60);

/// See the module.
pub struct TestServer {
    /// The base address of FHIR, without a slash at its end.
    pub base: String,
    pub database: Database,
    http: Client,
    issuer: Issuer,
    running: Option<Running>,
    leaves_unsent: bool,
}

impl TestServer {
    /// A server with the demo place in it.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose configuration differs from the usual one by this.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let database = Database::copy().await;
        let mut config = database::config(&database.url());
        change(&mut config);
        let running = homefirst::start(&config).await.expect("a server");
        Self {
            base: running.base.clone(),
            database,
            http: Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client"),
            issuer: demo::issuer(&database::keys_folder()).expect("an issuer"),
            running: Some(running),
            leaves_unsent: false,
        }
    }

    /// A persona of the demo place, with all its scopes.
    #[must_use]
    pub fn caller(&self, persona: &str) -> Caller {
        let persona = Persona::parse(persona).expect("a persona");
        self.with_token(Some(self.issuer.issue(&persona, fhir::Instant::now())))
    }

    /// A persona whose token has only those of its scopes that are named here.
    #[must_use]
    pub fn narrowed(&self, persona: &str, scopes: &str) -> Caller {
        let persona = Persona::parse(persona).expect("a persona");
        let now = fhir::Instant::now();
        self.with_token(Some(self.issuer.issue_narrowed(&persona, &Scopes::parse(scopes), now)))
    }

    /// Somebody without a token, or with this one.
    #[must_use]
    pub fn with_token(&self, token: Option<String>) -> Caller {
        Caller::new(self.http.clone(), &self.base, token)
    }

    /// A token of this persona as it was at that time, in microseconds since 1970.
    #[must_use]
    pub fn token_at(&self, persona: &str, microseconds: i64) -> String {
        let persona = Persona::parse(persona).expect("a persona");
        self.issuer.issue(&persona, fhir::Instant::from_microseconds(microseconds))
    }

    /// What runs: the parts of the server behind HTTP.
    #[must_use]
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs until it is dropped")
    }

    /// Runs the subscriptions until nothing is left that can be done now.
    pub async fn settle(&self) {
        let running = self.running();
        running.engine.settle(&running.status_changes).await.expect("the subscriptions come to rest");
    }

    /// Makes what waits to be tried again due now, and settles.
    pub async fn retry_now(&self) {
        let sql = "UPDATE subscription_state SET due_at = now() WHERE due_at > now() AND lease IS NULL";
        self.database.connect().await.batch_execute(sql).await.expect("lanes are due");
        self.settle().await;
    }

    /// One number that a query counts.
    pub async fn count(&self, sql: &str) -> i64 {
        self.database.connect().await.query_one(sql, &[]).await.expect("a number").get(0)
    }

    /// Notifications may be left unsent when this server is dropped.
    pub fn leave_unsent(&mut self) {
        self.leaves_unsent = true;
    }

    /// Waits until every change is numbered; then none may be dead, and none that a live subscription is to be told unsent.
    async fn check_all_sent(&self) -> Result<(), String> {
        let client = self.database.connect().await;
        let since = Instant::now();
        loop {
            let row = client
                .query_one(
                    "SELECT (SELECT count(*) FROM change_queue), (SELECT count(*) FROM change_dead), \
                     (SELECT count(*) FROM subscription_state WHERE acked_no < last_no AND status = 'active')",
                    &[],
                )
                .await
                .map_err(|error| error.to_string())?;
            let [queued, dead, unsent]: [i64; 3] = [row.get(0), row.get(1), row.get(2)];
            if dead > 0 {
                return Err(format!("{dead} changes could not be compared with the topics"));
            }
            if queued == 0 && unsent == 0 {
                return Ok(());
            }
            if since.elapsed() > NUMBERED {
                return Err(format!(
                    "{queued} changes have no numbers, {unsent} subscriptions have a backlog"
                ));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        // The connections that are kept for the next request would hold up the stop.
        self.http = Client::new();
        let is_failing = std::thread::panicking();
        let sent = tokio::task::block_in_place(|| {
            Handle::current().block_on(async {
                let sent = match is_failing || self.leaves_unsent {
                    true => Ok(()),
                    false => self.check_all_sent().await,
                };
                running.stop().await;
                self.database.remove().await;
                sent
            })
        });
        if let Err(left) = sent {
            panic!("the server was let go too early: {left}");
        }
    }
}
