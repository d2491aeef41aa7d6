//! `homefirst dev`: everything that is needed to try things, from one command, for this machine alone.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use homefirst::config::AuthMode;
use homefirst::embedded_postgres::{self, EmbeddedPostgres, Keep};
use homefirst::{Config, Running, asked_to_stop, start, telemetry};
use tokio::sync::oneshot::{self, error::TryRecvError};

/// How often we look whether Postgres is still there.
const LOOK: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Starts with an empty database.
    #[arg(long)]
    reset: bool,
    /// Keeps nothing: the database is in a temporary folder, and gone afterwards.
    #[arg(long)]
    ephemeral: bool,
    /// The port to listen on; 0 is any that is free.
    #[arg(long)]
    port: Option<u16>,
    /// Nobody has to log in, and everybody may do everything.
    #[arg(long)]
    no_auth: bool,
    /// The types that must conform to our profiles, with commas; `none` makes a general FHIR server.
    #[arg(long)]
    profiles: Option<String>,
    /// Where database and keys are kept.
    #[arg(long, default_value = ".data")]
    data: PathBuf,
    /// A configuration file; without it, homefirst.toml where that is there.
    #[arg(long)]
    config: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let config = config(&arguments)?;
    telemetry::start(&config.log)?;
    ensure!(
        !arguments.reset || config.database.url.is_empty(),
        "--reset is for the server's own database, and DATABASE_URL names another. Empty that one yourself."
    );
    let (config, postgres) = with_database(config, &arguments).await?;
    let Some(mut postgres) = postgres else { return serve(&config, &arguments).await };
    let (stop, mut stopping) = oneshot::channel::<()>();
    let kept = tokio::task::spawn_blocking(move || {
        // Until our end, look after it: somebody may try what happens when it is killed.
        while let Err(TryRecvError::Empty) = stopping.try_recv() {
            match postgres.revive() {
                Ok(false) => {}
                Ok(true) => tracing::warn!("Postgres had ended, and was started again"),
                Err(error) => {
                    tracing::error!("Postgres has ended and does not come back: {error:#}");
                    std::thread::sleep(10 * LOOK);
                }
            }
            std::thread::sleep(LOOK);
        }
        postgres.stop()
    });
    let result = serve(&config, &arguments).await;
    // The other side ends when this one is gone, too.
    drop(stop);
    result.and(kept.await?)
}

fn config(arguments: &Arguments) -> Result<Config> {
    let mut config = Config::load(arguments.config.as_deref())?;
    let asked = config.server.listen;
    let here = if asked.ip().is_loopback() { asked.ip() } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
    config.server.listen = SocketAddr::new(here, arguments.port.unwrap_or(asked.port()));
    if arguments.no_auth {
        config.auth.mode = AuthMode::Off;
    }
    match arguments.profiles.as_deref() {
        None => {}
        Some("none") => config.profiles.required = Vec::new(),
        Some(names) => {
            config.profiles.required = names.split(',').map(|name| name.trim().to_owned()).collect()
        }
    }
    config.subscription.allow_loopback = true;
    config.demo_keys = Some(arguments.data.join("keys"));
    config.demo_place = true;
    Ok(config)
}

async fn with_database(
    mut config: Config,
    arguments: &Arguments,
) -> Result<(Config, Option<EmbeddedPostgres>)> {
    if !config.database.url.is_empty() {
        return Ok((config, None));
    }
    let (folder, reset) = (arguments.data.clone(), arguments.reset);
    let keep = if arguments.ephemeral { Keep::Nothing } else { Keep::Data };
    let postgres = tokio::task::spawn_blocking(move || {
        if reset && keep == Keep::Data {
            embedded_postgres::reset(&folder)?;
        }
        embedded_postgres::start(&folder, keep)
    });
    let postgres = postgres.await??;
    postgres.url().clone_into(&mut config.database.url);
    // For psql, and for whoever wants to measure against the same database.
    std::fs::create_dir_all(&arguments.data)?;
    std::fs::write(arguments.data.join("database-url"), postgres.url())?;
    Ok((config, Some(postgres)))
}

async fn serve(config: &Config, arguments: &Arguments) -> Result<()> {
    let running = start(config).await?;
    say(&running, config, arguments)?;
    asked_to_stop().await?;
    running.stop().await;
    Ok(())
}

/// Says where the server is, and a line that works when it is copied.
fn say(running: &Running, config: &Config, arguments: &Arguments) -> Result<()> {
    let base = &running.base;
    println!("\nHomeFirst answers at {base}\n");
    if config.auth.mode == AuthMode::Off {
        println!("  curl {base}/Patient/patient-1");
        println!("\n  Nobody has to log in (--no-auth).\n");
        return Ok(());
    }
    let program = std::env::current_exe()?;
    let data = match arguments.data.to_str() {
        Some(".data") => String::new(),
        _ => format!(" --data {}", arguments.data.display()),
    };
    println!(
        "  curl -H \"Authorization: Bearer $({} token epr{data})\" {base}/Patient/patient-1",
        program.display()
    );
    println!(
        "\n  Others who may call: hub, ucr, reablement, council, patient-1, auditor, nobody (instead of epr).\n"
    );
    Ok(())
}
