//! The command line: `homefirst` starts a server to try things with; `homefirst serve` is for production.

mod command;

use clap::{Parser, Subcommand};

/// A FHIR R4 server for intermediate care.
#[derive(Parser)]
#[command(name = "homefirst", version, about, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a command: those of `dev`.
    #[command(flatten)]
    dev: command::dev::Arguments,
}

#[derive(Subcommand)]
enum Command {
    /// A server to try things with: its own database, demo data, demo logins, on this machine alone. The default.
    Dev(command::dev::Arguments),
    /// A server for production, on the database at DATABASE_URL.
    Serve(command::serve::Arguments),
    /// Brings the database to the version of this binary, and ends.
    Migrate(command::serve::Arguments),
    /// Rebuilds what resources are found by, beside running servers; goes on where it was interrupted.
    Reindex(command::reindex::Arguments),
    /// Prints what the configuration comes to, passwords masked; fails when a key is unknown.
    CheckConfig(command::serve::Arguments),
    /// Prints a token for one of the demo callers: epr, hub, ucr, reablement, council, patient-1, auditor, nobody.
    Token(command::token::Arguments),
    /// Receives notifications and prints a line for each; says which numbers are missing or came twice.
    Listen(homefirst::listen::Arguments),
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let line = CommandLine::parse();
    let result = match line.command {
        None => command::dev::run(line.dev).await,
        Some(Command::Dev(arguments)) => command::dev::run(arguments).await,
        Some(Command::Serve(arguments)) => command::serve::run(arguments).await,
        Some(Command::Migrate(arguments)) => command::serve::migrate(arguments).await,
        Some(Command::Reindex(arguments)) => command::reindex::run(arguments).await,
        Some(Command::CheckConfig(arguments)) => command::serve::check(arguments),
        Some(Command::Token(arguments)) => command::token::run(arguments),
        Some(Command::Listen(arguments)) => homefirst::listen::run(arguments).await,
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("homefirst: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
