//! The pool of connections, each armed with time limits and planner settings when it is made.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime, Status,
};
use fhir::{Cause, Error};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio_postgres::NoTls;

use crate::group::Group;
use crate::index_rows::Known;
use crate::search::plan::Reaches;
use crate::{Circle, Result, error::from_pool};

/// How the database is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A connection string, as a url or as `key=value` pairs.
    pub url: String,
    /// How many connections this process keeps at most.
    pub connections: usize,
    /// How long a request waits for a free connection, in milliseconds.
    pub wait_ms: u64,
    /// How long one statement may take, in milliseconds.
    pub statement_timeout_ms: u64,
}

/// How long the database's machine may acknowledge nothing before a connection is given up.
const SILENCE: Duration = Duration::from_secs(20);

thread_local! {
    /// The pool of a thread that runs a runtime of its own.
    static OWN: RefCell<Option<Pool>> = const { RefCell::new(None) };
}

/// The database, as seen through its pools of connections. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    settings: Arc<Settings>,
    pool: Pool,
    /// Every pool, to be closed in the end.
    pools: Arc<Mutex<Vec<Pool>>>,
    pub(crate) cursor_secret: Arc<OnceLock<Vec<u8>>>,
    pub(crate) group: Arc<Group>,
    /// Where writers run: not on the thread of a request, whose other requests would hold up everybody's writes.
    pub(crate) runtime: Handle,
    pub(crate) known: Arc<Known>,
    pub(crate) reaches: Arc<Reaches>,
    pub(crate) circle: Circle,
}

impl Store {
    /// A store on this database, where this is a patient's circle. No connection is made yet.
    ///
    /// # Errors
    /// When the connection string cannot be understood.
    ///
    /// # Panics
    /// Outside a tokio runtime: the one that it is made on will run its writers.
    pub fn new(settings: &Settings, circle: Circle) -> Result<Self> {
        let pool = pool(settings, settings.connections)?;
        Ok(Self {
            settings: Arc::new(settings.clone()),
            pools: Arc::new(Mutex::new(vec![pool.clone()])),
            pool,
            cursor_secret: Arc::default(),
            group: Arc::default(),
            runtime: Handle::current(),
            known: Arc::default(),
            reaches: Arc::default(),
            circle,
        })
    }

    /// Gives this thread connections of its own, for a thread that runs a runtime of its own: a connection is driven by the runtime
    /// that made it, and a request whose connection is on its own thread wakes no other one.
    ///
    /// # Errors
    /// When the connection string cannot be understood.
    pub fn connect_here(&self, connections: usize) -> Result<()> {
        let own = pool(&self.settings, connections)?;
        if let Ok(mut pools) = self.pools.lock() {
            pools.push(own.clone());
        }
        OWN.set(Some(own));
        Ok(())
    }

    /// A connection; 503 when none becomes free in time.
    pub(crate) async fn client(&self) -> Result<deadpool_postgres::Object> {
        let own = OWN.with_borrow(Clone::clone);
        own.as_ref().unwrap_or(&self.pool).get().await.map_err(from_pool)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        let client = self.client().await?;
        client.simple_query("SELECT 1").await.map_err(crate::error::from_postgres)?;
        Ok(())
    }

    pub(crate) fn pool_states(&self) -> Vec<Status> {
        self.pools.lock().map_or_else(|_| Vec::new(), |pools| pools.iter().map(Pool::status).collect())
    }

    /// Closes every connection; later calls fail.
    pub fn close(&self) {
        if let Ok(pools) = self.pools.lock() {
            pools.iter().for_each(Pool::close);
        }
    }
}

fn pool(settings: &Settings, connections: usize) -> Result<Pool> {
    let mut config: tokio_postgres::Config = settings.url.parse().map_err(|e| {
        Error::new(Cause::Exception, "The database address cannot be understood.").from_source(e)
    })?;
    // A network that falls silent is noticed, and not after the quarter of an hour that TCP goes on trying.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    config.keepalives_idle(SILENCE / 2).keepalives_interval(SILENCE / 10).keepalives_retries(5);
    let manager =
        Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    // Index plans are always right for the statements made here, and the planner cannot know it: its estimate for
    // array containment is a constant. Statements are small, so neither JIT nor parallel workers ever pay.
    let arm = format!(
        "SET statement_timeout = {}; SET lock_timeout = 2000; SET idle_in_transaction_session_timeout = 10000; \
             SET enable_seqscan = off; SET random_page_cost = 1.1; SET jit = off; SET plan_cache_mode = force_generic_plan; \
             SET max_parallel_workers_per_gather = 0; SET TimeZone = 'UTC'",
        settings.statement_timeout_ms
    );
    Pool::builder(manager)
        .max_size(connections)
        // The one that was used last: its process has what it needs at hand, and has prepared what is asked.
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(Duration::from_millis(settings.wait_ms)))
        .create_timeout(Some(Duration::from_secs(5)))
        .runtime(Runtime::Tokio1)
        .post_create(Hook::async_fn(move |client, _| {
            let arm = arm.clone();
            Box::pin(async move { client.batch_execute(&arm).await.map_err(HookError::Backend) })
        }))
        .build()
        .map_err(Error::exception)
}
