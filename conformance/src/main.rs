//! The command line of the black box: everything that looks at a FHIR server from outside, over HTTP and with a listening receiver,
//! <https://hl7.org/fhir/R4/http.html>.
//!
//! Nothing here uses a crate of the server, so that a fault in the server's own parser or model cannot hide from it.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

#[path = "../bench/mod.rs"]
mod bench;
#[path = "../run/mod.rs"]
mod run;
mod token;

#[derive(Parser)]
#[command(name = "conformance", about, version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Test a running server against the sentences of FHIR R4.
    Run(Box<run::Run>),
    /// Measure a running server beside the floor that its Postgres sets, in one run on one machine.
    Bench(Box<bench::Bench>),
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    match run(command_line.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    // One thread: what the load costs is taken from the server, which shares the machine.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    match command {
        Command::Run(run) => runtime.block_on(run.run()),
        Command::Bench(bench) => runtime.block_on(bench.run()),
    }
}
