//! The databases of the tests: one Postgres for the whole process, one template with the schema and the demo place in it, and a
//! copy of the template for every test.
//!
//! The Postgres is a private one that vanishes with the process. `TEST_DATABASE_URL` names another, whose user may create
//! databases; the template stays behind there.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use homefirst::Config;
use homefirst::embedded_postgres::{self, EmbeddedPostgres, Keep};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, NoTls};

/// The Postgres that all tests of this process share.
struct Cluster {
    config: tokio_postgres::Config,
    template: String,
    /// Held, because it is stopped when it is let go.
    _embedded: Option<EmbeddedPostgres>,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static COPIES: AtomicU32 = AtomicU32::new(0);

/// A database that belongs to one test.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// A copy of the template. The first caller starts Postgres and makes the template, the others wait for it.
    pub async fn copy() -> Self {
        let cluster = tokio::task::spawn_blocking(|| CLUSTER.get_or_init(start)).await.expect("no panic");
        let name = format!("{}_{}", cluster.template, COPIES.fetch_add(1, Ordering::Relaxed));
        let sql = format!("CREATE DATABASE {name} TEMPLATE {}", cluster.template);
        connect(&cluster.config).await.batch_execute(&sql).await.expect("a copy of the template");
        Self { name }
    }

    /// The connection string.
    #[must_use]
    pub fn url(&self) -> String {
        url(&cluster().config, &self.name)
    }

    /// A connection of the test's own.
    pub async fn connect(&self) -> Client {
        connect(cluster().config.clone().dbname(&self.name)).await
    }

    /// Locks everybody out, or lets them in again: what is connected is cut off, and nobody can connect.
    pub async fn lock_out(&self, locked: bool) {
        let client = connect(&cluster().config).await;
        let name = &self.name;
        let allow = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {}", !locked);
        client.batch_execute(&allow).await.expect("the database is altered");
        if locked {
            let end =
                format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
            client.batch_execute(&end).await.expect("connections are cut off");
        }
    }

    /// Removes it, with every connection to it.
    pub async fn remove(&self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        connect(&cluster().config).await.batch_execute(&sql).await.expect("the copy is removed");
    }
}

/// The configuration of a test's server on this database: any free port, small pools, one thread for HTTP, everybody logs in.
#[must_use]
pub fn config(url: &str) -> Config {
    let mut config = Config::built_in();
    config.server.listen = ([127, 0, 0, 1], 0).into();
    config.server.workers = 1;
    config.server.drain_s = 1;
    config.server.migrate = false;
    config.database.url = url.to_owned();
    config.database.connections = 4;
    config.database.wait_ms = 20_000;
    config.subscription.allow_loopback = true;
    config.demo_keys = Some(keys_folder());
    config
}

/// Where the issuer of the tests keeps its key: with what else is built, and the same every time.
pub(crate) fn keys_folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-keys")
}

fn cluster() -> &'static Cluster {
    CLUSTER.get().expect("a database was copied before")
}

fn start() -> Cluster {
    let embedded = match std::env::var("TEST_DATABASE_URL") {
        Ok(_) => None,
        Err(_) => Some(embedded_postgres::start(Path::new("."), Keep::Nothing).expect("a private Postgres")),
    };
    let address = match &embedded {
        Some(embedded) => embedded.url().to_owned(),
        None => std::env::var("TEST_DATABASE_URL").expect("it was there a moment ago"),
    };
    let config: tokio_postgres::Config = address.parse().expect("a connection string");
    let template = format!("homefirst_test_{}", std::process::id());
    // A runtime of its own, because those of the tests end with them.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(make_template(&config, &template));
    Cluster { config, template, _embedded: embedded }
}

async fn make_template(cluster: &tokio_postgres::Config, template: &str) {
    let client = connect(cluster).await;
    for sql in [format!("DROP DATABASE IF EXISTS {template}"), format!("CREATE DATABASE {template}")] {
        client.batch_execute(&sql).await.expect("a template");
    }
    let mut config = config(&url(cluster, template));
    config.server.migrate = true;
    config.demo_place = true;
    let running = homefirst::start(&config).await.expect("a server that fills the template");
    running.engine.settle(&running.status_changes).await.expect("the template's queue is empty");
    running.stop().await;
}

async fn connect(config: &tokio_postgres::Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// A connection string of pairs for another database of the same cluster.
fn url(config: &tokio_postgres::Config, name: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let mut pairs = vec![format!("dbname={name}")];
    if let Some(host) = config.get_hosts().first() {
        let host = match host {
            Host::Tcp(host) => host.clone(),
            Host::Unix(path) => path.display().to_string(),
        };
        pairs.push(format!("host={}", quoted(&host)));
    }
    if let Some(port) = config.get_ports().first() {
        pairs.push(format!("port={port}"));
    }
    if let Some(user) = config.get_user() {
        pairs.push(format!("user={}", quoted(user)));
    }
    if let Some(password) = config.get_password() {
        pairs.push(format!("password={}", quoted(&String::from_utf8_lossy(password))));
    }
    pairs.join(" ")
}
