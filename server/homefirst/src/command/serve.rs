//! `homefirst serve`, `migrate` and `check-config`: what a server in production needs.

use std::path::PathBuf;

use anyhow::Result;
use homefirst::{Config, asked_to_stop, start, telemetry};
use interaction::Server;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A configuration file; without it, homefirst.toml where that is there.
    #[arg(long)]
    config: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let config = Config::load(arguments.config.as_deref())?;
    config.check_production()?;
    telemetry::start(&config.log)?;
    let running = start(&config).await?;
    tracing::info!(base = running.base, address = %running.address, "listening");
    asked_to_stop().await?;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

pub(crate) async fn migrate(arguments: Arguments) -> Result<()> {
    let config = Config::load(arguments.config.as_deref())?;
    anyhow::ensure!(!config.database.url.is_empty(), "Set DATABASE_URL: there is no database to migrate.");
    let base = config.base(config.server.listen);
    let store = config.store()?;
    let server = Server::new(store, config.interaction(&base), config.subscription(&base))?;
    match homefirst::migrate(&server).await?.as_slice() {
        [] => println!("The database is at this version already."),
        steps => steps.iter().for_each(|step| println!("{step}")),
    }
    Ok(())
}

pub(crate) fn check(arguments: Arguments) -> Result<()> {
    print!("{}", Config::shown(arguments.config.as_deref())?);
    Ok(())
}
