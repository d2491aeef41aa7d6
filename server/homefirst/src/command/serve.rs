//! `homefirst serve`, `migrate` and `check-config`: what a server in production needs.

use std::path::PathBuf;

use anyhow::{Context, Result};
use homefirst::{Config, asked_to_stop, start, telemetry};

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
    let store = store::Store::new(&config.database)?;
    let applied = store.migrate().await.context("The database cannot be migrated")?;
    match applied.as_slice() {
        [] => println!("The database is at this version already."),
        applied => applied.iter().for_each(|migration| println!("{migration}")),
    }
    Ok(())
}

pub(crate) fn check(arguments: Arguments) -> Result<()> {
    print!("{}", Config::shown(arguments.config.as_deref())?);
    Ok(())
}
