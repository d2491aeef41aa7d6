//! `homefirst reindex`: rebuilds what resources are found by, while servers on the same database go on reading and writing.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use homefirst::Config;
use homefirst::reindex::step;
use interaction::Server;

/// How often it says how far it has come.
const PROGRESS: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A configuration file; without it, homefirst.toml where that is there.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The base address of the servers on this database, without a slash at its end; without it, the configuration's.
    #[arg(long)]
    base: Option<String>,
    /// Begins anew, instead of going on where the last one was interrupted.
    #[arg(long)]
    restart: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let config = Config::load(arguments.config.as_deref())?;
    anyhow::ensure!(!config.database.url.is_empty(), "Set DATABASE_URL: there is no database to rebuild.");
    let store = config.store()?;
    store.migrate().await.context("The database cannot be brought to this version")?;
    let base = arguments.base.unwrap_or_else(|| config.base(config.server.listen));
    let server = Server::new(store.clone(), config.interaction(&base), config.subscription(&base))?;
    if arguments.restart {
        store.reindex_over().await?;
    }
    let reached = store.reindex_reached().await?;
    if let Some(reached) = reached {
        println!("{} resources were rebuilt before; going on from there.", reached.done);
    }
    let mut after = reached.map(|reached| reached.after);
    let (mut done, mut told) = (0, Instant::now());
    let tell = |error: &fhir::Error| eprintln!("homefirst: {error}; trying again");
    while let Some(step) = step(&server, after, tell).await? {
        after = Some(step.reached);
        done += step.done;
        if told.elapsed() >= PROGRESS {
            println!("{done} resources");
            told = Instant::now();
        }
    }
    println!("{done} resources were rebuilt. The index is whole.");
    Ok(())
}
