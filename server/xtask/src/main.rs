//! Developer commands, run as `cargo xtask <command>`. None of them is needed to build or to run the server.

use clap::{Parser, Subcommand};

mod definitions;
mod profiles;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write server/canonical/data/r4.json.zst from HL7's package of R4 definitions.
    Definitions(definitions::Arguments),
    /// Write profiles/fsh-generated and server/canonical/data/profiles.json from the FSH sources and the topics.
    Profiles(profiles::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Definitions(arguments) => definitions::run(&arguments),
        Command::Profiles(arguments) => profiles::run(&arguments),
    }
}
