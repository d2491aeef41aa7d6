//! Measures a running server from outside, and beside each figure its floor: the same payloads in plain tables of the same Postgres,
//! in the same run.
//!
//! Absolute figures belong to one machine on one day; the ratio to the floor can be compared. How to read them: ../README.md.

mod ask;
mod board;
mod connection;
mod contest;
mod create;
mod floor;
mod ledger;
mod memory;
pub(crate) mod message;
mod notification;
mod payload;
mod place;
mod process;
mod read;
mod receiver;
mod record_floor;
mod records;
mod report;
mod sample;
mod searches;
mod stage;
mod target;
mod text;
mod transaction;
mod update;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::token::{self, Token};

use contest::Figures;
use floor::Floor;
use memory::Known;
use payload::Numbers;
use place::Place;
use process::Process;
use records::Records;
use report::Report;
use searches::Asker;
use stage::Stage;
use target::Target;

const RESTARTS: usize = 3;

/// What to measure, and against what.
#[derive(Args)]
pub struct Bench {
    /// The server's base address
    #[arg(long, default_value = "http://127.0.0.1:8080/fhir")]
    target: String,
    #[command(flatten)]
    token: token::Options,
    /// Connection string of the server's Postgres; without it, the file database-url in the data folder is read
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// The server's data folder; without it, what the server command says after --data
    #[arg(long)]
    data: Option<PathBuf>,
    /// Seconds to measure the server for each figure; its floor takes as long again
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    seconds: f64,
    /// Tasks on the board
    #[arg(long, default_value_t = 100_000)]
    tasks: usize,
    /// Writes whose notifications are timed
    #[arg(long, default_value_t = 300)]
    writes: usize,
    /// Where to listen for notifications; the server must be allowed to send there
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Records for the searches; where there are several numbers, it is loaded up to each in turn and measured there
    #[arg(long, value_delimiter = ',', default_value = "100000")]
    records: Vec<usize>,
    /// Who of the people of --team searches beside the one whose token writes: a name, =, and a shell command that prints its token
    #[arg(long, value_parser = caller, requires = "team")]
    caller: Vec<(String, String)>,
    /// A team of the server's (Type/id) that has a twentieth of the Tasks of the searches
    #[arg(long)]
    team: Option<String>,
    /// The place of an earlier run, whose records for the searches are there already
    #[arg(long)]
    reuse: Option<String>,
    /// How many of its records there are
    #[arg(long, requires = "reuse", default_value_t = 0)]
    reused: usize,
    /// Starts the server, stops it at the end, and times its starts on the database it has by then
    #[arg(long)]
    server_command: Option<String>,
    /// The running server's process number, to tell its memory
    #[arg(long, conflicts_with = "server_command")]
    pid: Option<u32>,
    /// Measures only these
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["create", "read", "update", "transaction", "board", "notification"])]
    only: Vec<Measure>,
    /// Also writes the figures to this file
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    Create,
    Read,
    Update,
    Transaction,
    Board,
    Notification,
    Searches,
}

impl Bench {
    /// Runs everything, and prints the table. The exit code tells whether all of it could be measured without a failed request.
    pub async fn run(self) -> Result<ExitCode> {
        let token = Token::from(&self.token);
        let target = Target::new(&self.target, token)?;
        let mut report = Report::default();
        report.tell("began", jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        report.tell("machine", process::machine());
        report.tell("target", target.base());
        let process = match &self.server_command {
            Some(command) => Some(Process::start(command, &target).await?),
            None => None,
        };
        let (measured, target) = self.measure_and_clean(target, &process, &mut report).await;
        if let Some(process) = process {
            process.stop().await?;
        }
        measured?;
        if let Some(command) = &self.server_command {
            add_restarts(command, &target, &mut report).await;
        }
        println!("{}", report.table());
        if let Some(path) = &self.json {
            let json = serde_json::to_string_pretty(&report)?;
            std::fs::write(path, json).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Measures, and drops the floor's tables also when interrupted.
    async fn measure_and_clean(
        &self,
        target: Target,
        process: &Option<Process>,
        report: &mut Report,
    ) -> (Result<()>, Target) {
        let floor = match self.floor(report).await {
            Ok(floor) => floor,
            Err(error) => return (Err(error), target),
        };
        let stage = Stage {
            target,
            floor,
            place: self.reuse.as_deref().map_or_else(Place::new, Place::again),
            numbers: Numbers::default(),
            span: Duration::from_secs_f64(self.seconds),
            referrals: Known::default(),
            rows: Known::default(),
        };
        let measured = tokio::select! {
            measured = self.measure(&stage, report) => measured,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        };
        if let Some(id) = process.as_ref().map(|process| process.id).or(self.pid) {
            match process::memory(id) {
                Ok(memory) => {
                    let (now, peak) = (memory.resident as f64 / 1024.0, memory.peak as f64 / 1024.0);
                    report.tell(
                        "server's memory after the run",
                        format!("{now:.1} MiB resident, {peak:.1} MiB at most"),
                    );
                }
                Err(error) => report.tell("server's memory after the run", format!("unknown: {error:#}")),
            }
        }
        let closed = match &stage.floor {
            Some(floor) => floor.close().await,
            None => Ok(()),
        };
        (measured.and(closed), stage.target)
    }

    async fn measure(&self, stage: &Stage, report: &mut Report) -> Result<()> {
        report.tell("server", software(&stage.target).await?);
        if let Some(floor) = &stage.floor {
            report.tell("Postgres", floor.settings().await?);
        }
        report.tell("place", stage.place.run.clone());
        stage.place.write(&stage.target).await?;
        for measure in &self.only {
            match measure {
                Measure::Create => create::measure(stage, report).await,
                Measure::Read => read::measure(stage, report).await,
                Measure::Update => update::measure(stage, report).await,
                Measure::Searches => self.measure_searches(stage, report).await?,
                Measure::Transaction => transaction::measure(stage, report).await,
                Measure::Board => board::measure(stage, self.tasks, report).await,
                Measure::Notification => {
                    notification::measure(stage, self.listen, self.writes, report).await;
                }
            }
        }
        Ok(())
    }

    /// By the one whose token writes, and by each of the others.
    async fn measure_searches(&self, stage: &Stage, report: &mut Report) -> Result<()> {
        let target = |token| Target::new(&self.target, token);
        let mut askers = vec![Asker {
            name: "writer".to_owned(),
            target: target(Token::from(&self.token))?,
            sees_all: true,
        }];
        for (name, command) in &self.caller {
            let token = Token::new(None, Some(command.clone()));
            askers.push(Asker { name: name.clone(), target: target(token)?, sees_all: false });
        }
        let records = Records::new(&stage.place, self.team.clone());
        searches::measure(stage, &records, &askers, &self.records, self.reused, report).await;
        Ok(())
    }

    /// The way to the server's Postgres, where one is known.
    async fn floor(&self, report: &mut Report) -> Result<Option<Floor>> {
        let database = match &self.database {
            Some(database) => Some(database.clone()),
            None => {
                match self.data.clone().or_else(|| self.server_command.as_deref().and_then(data_folder)) {
                    Some(data) => {
                        let path = data.join("database-url");
                        match std::fs::read_to_string(&path) {
                            Ok(database) => Some(database),
                            Err(error) => {
                                report.tell(
                                    "floor",
                                    format!("not measured: {} cannot be read ({error})", path.display()),
                                );
                                return Ok(None);
                            }
                        }
                    }
                    None => None,
                }
            }
        };
        match database {
            Some(database) => Ok(Some(Floor::open(&database).await?)),
            None => {
                report.tell(
                    "floor",
                    "not measured: neither --database nor --data says where the server's Postgres is",
                );
                Ok(None)
            }
        }
    }
}

/// Starts it again on what it stored.
async fn add_restarts(command: &str, target: &Target, report: &mut Report) {
    let names = ["start -> /livez", "start -> /metadata"];
    match process::restarts(command, target, RESTARTS).await {
        Ok((alive, ready)) => {
            for (name, sample) in names.into_iter().zip([alive, ready]) {
                let summary = sample.summary().context("it was not started");
                report.add(name, None, summary.map(|server| Figures { server, floor: None }));
            }
        }
        Err(error) => {
            names.into_iter().for_each(|name| report.add(name, None, Err(anyhow::anyhow!("{error:#}"))))
        }
    }
}

/// The name and version that the server gives of itself.
async fn software(target: &Target) -> Result<String> {
    let mut connection = target.connect_without_token().await?;
    let statement = connection.succeed("GET", &target.path("metadata"), None).await?.json()?;
    if statement["resourceType"] != "CapabilityStatement" {
        bail!("{} is not the base address of a FHIR server", target.base());
    }
    let text = |name: &str| statement["software"][name].as_str().unwrap_or("unknown").to_owned();
    Ok(format!("{} {}", text("name"), text("version")))
}

/// The folder after `--data` in a command.
fn data_folder(command: &str) -> Option<PathBuf> {
    let mut words = command.split_whitespace();
    words
        .by_ref()
        .find_map(|word| match word.strip_prefix("--data")? {
            "" => Some(None),
            rest => rest.strip_prefix('=').map(|folder| Some(folder.to_owned())),
        })?
        .or_else(|| words.next().map(str::to_owned))
        .map(PathBuf::from)
}

fn caller(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, command)) if !name.is_empty() && !command.is_empty() => {
            Ok((name.to_owned(), command.to_owned()))
        }
        _ => Err("a name, =, and a command".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds between 0.1 and 3600".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_is_found_in_the_servers_command() {
        for (command, folder) in [
            ("homefirst dev --port 8080 --data /tmp/a --no-auth", Some("/tmp/a")),
            ("homefirst dev --data=b", Some("b")),
            ("homefirst dev --data", None),
            ("homefirst dev --database x", None),
            ("homefirst", None),
        ] {
            assert_eq!(data_folder(command), folder.map(PathBuf::from), "{command}");
        }
    }

    #[test]
    fn a_caller_has_a_name_and_a_command() {
        assert_eq!(caller("hub=echo a=b"), Ok(("hub".to_owned(), "echo a=b".to_owned())));
        for text in ["hub", "=x", "hub=", ""] {
            assert!(caller(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_are_within_reason() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for text in ["0", "-1", "NaN", "inf", "3601", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
