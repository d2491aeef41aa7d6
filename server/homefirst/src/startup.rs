//! Starts a server: the database, the interactions, the subscriptions and HTTP, in that order; and stops it in the other.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App as Service, HttpServer, web};
use anyhow::{Context as _, Result};
use auth::{Issuer, TokenEndpoint, Verifier};
use interaction::Server;
use store::Store;
use subscription::{Engine, StatusChange};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::{AuthMode, Config};
use crate::{config, demo, exports, metrics, packages, reindex, status, timer};

/// How long the database may take to answer for the first time.
const FIRST_ANSWER: Duration = Duration::from_secs(30);
/// How long an address that is taken is tried.
const TAKEN: Duration = Duration::from_secs(2);
/// How long each part may take to stop.
const LET_GO: Duration = Duration::from_secs(15);
/// How many status changes may wait to be written into their Subscriptions.
const STATUS_CHANGES: usize = 64;

/// A server that is running.
pub struct Running {
    /// The base address of FHIR, without a slash at its end.
    pub base: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where `/metrics` is, if anywhere.
    pub metrics: Option<SocketAddr>,
    pub server: Arc<Server>,
    pub store: Store,
    /// The subscriptions. Tests settle them by this.
    pub engine: Engine,
    /// Where `engine` tells the statuses that are to be written into Subscriptions.
    pub status_changes: mpsc::Sender<StatusChange>,
    app: web::Data<rest::App>,
    http: Vec<ServerHandle>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts a server on the database that the configuration names. Port 0 is any that is free.
///
/// # Errors
/// In words for whoever started it: what is wrong with the database, the keys or the address.
pub async fn start(config: &Config) -> Result<Running> {
    if !config.profiles.packages.is_empty() {
        for package in packages::add(Path::new(&config.profiles.packages))? {
            tracing::info!("the package {package} was added");
        }
    }
    let listener = listen(config.server.listen).await?;
    let address = listener.local_addr()?;
    let base = config.base(address);
    let auth = auth_mode(config, &base)?;

    let store = config.store()?;
    answer(&store).await?;
    let server = Arc::new(Server::new(store.clone(), config.interaction(&base), config.subscription(&base))?);
    if config.server.migrate {
        for step in migrate(&server).await? {
            tracing::info!("the database was migrated: {step}");
        }
    }
    // What is put together at its first use is put together now, beside what follows, and not for the first caller.
    tokio::task::spawn_blocking({
        let server = Arc::clone(&server);
        move || server.prepare()
    });
    if config.demo_place && demo::seed(&server).await? {
        tracing::info!("the demo place was put into the database");
    }

    let wake = Arc::new(Notify::new());
    let (stop, stopping) = watch::channel(false);
    let (status_changes, changes) = mpsc::channel(STATUS_CHANGES);
    let engine = Engine::new(store.clone(), config.subscription(&base))?;
    let subscriptions = tokio::spawn({
        let (engine, wake, status_changes) = (engine.clone(), Arc::clone(&wake), status_changes.clone());
        async move { engine.run(wake, status_changes, stopping).await }
    });
    let times = tokio::spawn(timer::run(Arc::clone(&server), Arc::clone(&wake), stop.subscribe()));
    let exports = tokio::spawn(exports::carry_out(Arc::clone(&server), stop.subscribe()));
    let rebuildings = tokio::spawn(reindex::carry_out(Arc::clone(&server), stop.subscribe()));
    let statuses = tokio::spawn(status::follow(Arc::clone(&server), changes));

    let app = web::Data::new(rest::App::new(Arc::clone(&server), auth, wake, config.http.clone()));
    let connections = (config.database.connections / workers(config)).max(2);
    let http = HttpServer::new({
        let (app, store) = (app.clone(), store.clone());
        move || {
            if let Err(error) = store.connect_here(connections) {
                tracing::warn!(%error, "a thread shares the connections of the others");
            }
            Service::new().app_data(app.clone()).default_service(web::to(rest::exchange))
        }
    })
    .workers(workers(config))
    .max_connections(config.server.max_connections)
    .keep_alive(Duration::from_secs(config.server.keep_alive_s))
    .shutdown_timeout(config.server.drain_s)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = http.handle();
    let listening = tokio::spawn(async move {
        if let Err(error) = http.await {
            tracing::error!(%error, "HTTP ended");
        }
    });
    let mut tasks = vec![listening, subscriptions, times, statuses, exports, rebuildings];
    let mut http = vec![handle];
    let mut metrics = None;
    if !config.server.metrics.is_empty() {
        let listening = metrics::listen(&config.server.metrics, app.clone(), store.clone(), engine.clone())?;
        metrics = Some(listening.address);
        http.push(listening.handle);
        tasks.push(tokio::spawn(async move {
            if let Err(error) = listening.server.await {
                tracing::error!(%error, "/metrics ended");
            }
        }));
    }
    Ok(Running { base, address, metrics, server, store, engine, status_changes, app, http, stop, tasks })
}

impl Running {
    /// Stops: no new connections, the requests in flight are answered, then subscriptions and database are let go.
    pub async fn stop(self) {
        self.app.drain();
        for http in self.http {
            http.stop(true).await;
        }
        // Nobody is left to be told of it when the receiver is gone already.
        let _ = self.stop.send(true);
        drop((self.engine, self.status_changes));
        for task in self.tasks {
            if tokio::time::timeout(LET_GO, task).await.is_err() {
                tracing::warn!("a part of the server did not stop in time");
            }
        }
        self.store.close();
    }
}

/// Brings the database to this binary's version: its tables, then the definitions that the server publishes. Returns, in
/// words, what was done.
///
/// # Errors
/// When the database refuses it.
pub async fn migrate(server: &Server) -> Result<Vec<String>> {
    let mut steps = server.store.migrate().await.context("The database cannot be brought to this version")?;
    let published = server.publish().await.context("The server's own definitions cannot be published")?;
    if published > 0 {
        steps.push(format!("{published} definitions published"));
    }
    Ok(steps)
}

/// Who may call. The demo issuer comes with its key folder, the others from the configuration.
fn auth_mode(config: &Config, base: &str) -> Result<rest::AuthMode> {
    if config.auth.mode == AuthMode::Off {
        return Ok(rest::AuthMode::Off);
    }
    let own = match &config.demo_keys {
        Some(folder) => Some(demo::issuer(folder)?),
        None if config.auth.has_token_endpoint() => {
            Some(Issuer::open(&config.auth.keys, auth::Settings::new(base, base))?)
        }
        None => None,
    };
    let jwks = own.as_ref().map(Issuer::jwks);
    let mut verifier = own.as_ref().map(Issuer::verifier);
    for issuer in &config.auth.issuers {
        let (settings, keys) = issuer.read(base)?;
        verifier = Some(match verifier {
            Some(verifier) => verifier.and(settings, keys),
            None => Verifier::new(settings, keys),
        });
    }
    let verifier =
        verifier.context("auth.issuers is empty, so nobody could log in. Name an issuer and its keys.")?;
    let clients: Vec<_> = config.auth.clients.iter().map(config::Client::read).collect::<Result<_>>()?;
    let token_endpoint = own
        .filter(|_| config.auth.has_token_endpoint())
        .map(|issuer| Box::new(TokenEndpoint::new(base, issuer, clients)));
    Ok(rest::AuthMode::Bearer { verifier, jwks, token_endpoint })
}

/// Listens on an address. One that is taken is tried again for a moment: its owner may have been killed just now.
async fn listen(address: SocketAddr) -> Result<TcpListener> {
    let started = Instant::now();
    loop {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && started.elapsed() < TAKEN => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            result => return result.with_context(|| format!("{address} cannot be listened on")),
        }
    }
}

/// Waits until the database answers: it may be starting, just as we are.
async fn answer(store: &Store) -> Result<()> {
    let started = Instant::now();
    loop {
        match store.ping().await {
            Ok(()) => return Ok(()),
            Err(error) if started.elapsed() > FIRST_ANSWER => {
                return Err(error).context("The database does not answer");
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn workers(config: &Config) -> usize {
    match config.server.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        workers => workers,
    }
}
