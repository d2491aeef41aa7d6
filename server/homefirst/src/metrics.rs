//! `/metrics` in the text format of Prometheus, at an address of its own: for those who watch over the server, not for its clients.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.
//!
//! Numbers only: nothing in it names a patient, a client or a resource.

use std::fmt::Write;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App as Service, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result};
use rest::App;
use store::{Store, Waiting};
use subscription::Engine;

/// How long the database may take to say what waits in it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is told of.
#[derive(Clone)]
struct Watched {
    app: web::Data<App>,
    store: Store,
    engine: Engine,
}

/// Where it listens, and what runs.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    pub(crate) server: Server,
}

/// Listens on an address.
///
/// # Errors
/// When it is none, or is taken.
pub(crate) fn listen(address: &str, app: web::Data<App>, store: Store, engine: Engine) -> Result<Listening> {
    let listener = TcpListener::bind(address)
        .with_context(|| format!("server.metrics: {address} cannot be listened on"))?;
    let address = listener.local_addr()?;
    let watched = web::Data::new(Watched { app, store, engine });
    let server = HttpServer::new(move || {
        Service::new().app_data(watched.clone()).route("/metrics", web::get().to(scrape))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok(Listening { address, handle: server.handle(), server })
}

async fn scrape(watched: web::Data<Watched>) -> HttpResponse {
    let waiting = tokio::time::timeout(PATIENCE, watched.store.waiting()).await;
    let waiting = waiting.ok().and_then(Result::ok);
    let mut text = watched.app.metrics();
    write(&mut text, &watched, waiting.as_ref());
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

fn write(text: &mut String, watched: &Watched, waiting: Option<&Waiting>) {
    let mut metric = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let one = |value: f64| [(String::new(), value)];
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    metric("build_info", "gauge", "Which version runs.", &[(version, 1.0)]);
    let connections = watched.store.connections();
    let states = [("idle", connections.idle), ("busy", connections.busy)];
    let states = states.map(|(state, count)| (format!("{{state=\"{state}\"}}"), count as f64));
    metric("db_pool_connections", "gauge", "The connections of this process with the database.", &states);
    metric("db_pool_waiting", "gauge", "Who waits for a connection.", &one(connections.waiting as f64));
    let attempts = watched.engine.attempts();
    let attempts: Vec<_> = attempts
        .into_iter()
        .map(|(result, count)| (format!("{{result=\"{result}\"}}"), count as f64))
        .collect();
    metric(
        "subscription_attempts_total",
        "counter",
        "Requests of this process to the endpoints of Subscriptions, by what became of them.",
        &attempts,
    );
    metric(
        "database_up",
        "gauge",
        "Whether the database says what waits in it.",
        &one(f64::from(u8::from(waiting.is_some()))),
    );
    let Some(waiting) = waiting else { return };
    metric(
        "change_queue_depth",
        "gauge",
        "Changes that the sequencer has not looked at.",
        &one(waiting.changes as f64),
    );
    metric(
        "change_dead",
        "gauge",
        "Changes that could not be compared with the topics.",
        &one(waiting.dead_changes as f64),
    );
    let by_state = |value: fn(&store::Backlog) -> f64| -> Vec<_> {
        waiting.subscriptions.iter().map(|of| (format!("{{state=\"{}\"}}", of.status), value(of))).collect()
    };
    metric(
        "subscription_state",
        "gauge",
        "Subscriptions, by status.",
        &by_state(|of| of.subscriptions as f64),
    );
    metric(
        "subscription_undelivered_events",
        "gauge",
        "Events that were not accepted yet, by the status of their Subscriptions.",
        &by_state(|of| of.events as f64),
    );
    metric(
        "subscription_oldest_undelivered_seconds",
        "gauge",
        "For how long the oldest of these waits.",
        &by_state(|of| of.oldest),
    );
}
