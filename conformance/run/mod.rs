//! Runs the conformance suite against a FHIR R4 server: reads what it declares, runs the cases of what is declared, and reports.
//!
//! Every request is what any client could send. How to read a failure and how to add a case: ../README.md.

mod case;
mod client;
mod content;
mod declared;
mod expect;
#[cfg(test)]
mod fairness;
mod matcher;
mod race;
mod report;
mod request;
mod requirement;
mod suite;
mod trial;
mod variables;
#[cfg(test)]
mod verbs;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::token::{self, Token};
use case::{Case, Level};
use client::Client;
use declared::Declared;
use expect::is_status;
use report::{Record, Report};
use request::Request;
use suite::Group;
use trial::{Outcome, Trial};
use variables::Variables;

/// An entry that creates something small, with the comma after it.
const ENTRY: &str = r#"{"resource": {"resourceType": "Basic", "code": {"text": "one of many"}},
  "request": {"method": "POST", "url": "Basic"}},"#;

/// What to run, against what.
#[derive(Args)]
pub struct Run {
    /// What is under test
    #[arg(long, value_enum, default_value_t = Role::Server)]
    role: Role,
    /// The server's base address
    #[arg(long, default_value = "http://127.0.0.1:8080/fhir")]
    target: String,
    #[command(flatten)]
    token: token::Options,
    /// Runs only these features or cases, as in read,search/date-eq
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// A failure of these levels makes the exit code 1
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["shall", "may"])]
    level: Vec<Level>,
    /// Takes the cases from this folder of <feature>/*.yaml instead of those in the program
    #[arg(long)]
    suite: Option<PathBuf>,
    /// Writes the results as JUnit XML
    #[arg(long)]
    junit: Option<PathBuf>,
    /// Writes the results as one HTML page
    #[arg(long)]
    html: Option<PathBuf>,
    /// Leaves what was created on the server
    #[arg(long)]
    keep: bool,
    /// Shows every case, not only those that failed
    #[arg(long, short)]
    verbose: bool,
}

/// Who is under test.
#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// A FHIR server: this program is its client.
    Server,
}

impl Run {
    /// Runs everything, and prints what failed. 0: nothing of the judged levels failed; 1: something did; 2: it could not be run.
    pub async fn run(self) -> Result<ExitCode> {
        let Role::Server = self.role;
        let mut groups = match &self.suite {
            Some(folder) => suite::from_folder(folder)?,
            None => suite::embedded()?,
        };
        for group in &mut groups {
            group.cases.retain(|case| self.wants(&case.id));
        }
        groups.retain(|group| !group.cases.is_empty());
        if groups.is_empty() {
            bail!("--only {} names no case", self.only.join(","));
        }
        let client = Client::new(&self.target, Token::from(&self.token))?;
        let declared = statement(&client).await?;
        let run = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
        let mut report = Report::new(client.base(), declared.software(), run.clone(), client.has_token());
        let mut created = Vec::new();
        for group in &groups {
            for record in run_group(&client, &declared, &run, group, &mut created).await {
                if self.verbose {
                    println!("{}", report::console::line(&record));
                }
                report.records.push(record);
            }
        }
        if !self.keep {
            clean(&client, created).await;
        }
        print!("{}", report::console::failures(&report));
        for (path, text) in [
            (&self.junit, report::junit::document as fn(&Report) -> String),
            (&self.html, report::html::page),
        ] {
            if let Some(path) = path {
                let written = std::fs::write(path, text(&report));
                written.with_context(|| format!("{} cannot be written", path.display()))?;
            }
        }
        println!("{}", report::console::summary(&report, &self.level));
        Ok(if report.fails(&self.level) { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }

    fn wants(&self, id: &str) -> bool {
        let named = |wanted: &String| {
            id == wanted || id.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with(['/', '-']))
        };
        self.only.is_empty() || self.only.iter().any(named)
    }
}

async fn statement(client: &Client) -> Result<Declared> {
    let exchange = client.send(Request::get(&format!("{}/metadata", client.base()))).await;
    let answer = match &exchange.answer {
        Ok(answer) => answer,
        Err(error) => bail!("{} does not answer: {error}", client.base()),
    };
    match answer.json() {
        Some(statement) if statement["resourceType"] == "CapabilityStatement" => Ok(Declared::new(statement)),
        _ => bail!(
            "{}/metadata is no CapabilityStatement but {}: {}",
            client.base(),
            answer.status,
            answer.text().chars().take(200).collect::<String>()
        ),
    }
}

/// Runs the cases of one file.
async fn run_group(
    client: &Client,
    declared: &Declared,
    run: &str,
    group: &Group,
    created: &mut Vec<String>,
) -> Vec<Record> {
    let mut given: Option<(Variables, Option<Outcome>)> = None;
    let mut records = Vec::new();
    for (number, case) in group.cases.iter().enumerate() {
        let began = Instant::now();
        let mut variables = Variables::default();
        variables.set("base", client.base());
        variables.set("run", run);
        variables.set("case", format!("{run}-{}", unique(&group.name, number)));
        variables.set("now", jiff::Timestamp::now().to_string());
        variables.set("today", jiff::Timestamp::now().strftime("%Y-%m-%d").to_string());
        variables.set("n", 1);
        variables.set("long", "a".repeat(20_000));
        variables.set("nested", nested(400));
        variables.set("entries", ENTRY.repeat(200));
        let mut trial = Trial::new(client, declared, variables, case.level);
        let outcome = match lacking(declared, group, case) {
            Err(error) => Outcome::Blocked(format!("the case has a fault: {error:#}")),
            Ok(Some(reason)) => Outcome::Skipped(reason),
            Ok(None) => {
                if given.is_none() {
                    let failed = trial.give(&group.given).await.err();
                    let failed = failed.map(|error| not_given(group, &trial, format!("{error:#}")));
                    given = Some((trial.variables.clone(), failed));
                }
                match &given {
                    Some((_, Some(outcome))) => outcome.clone(),
                    Some((variables, None)) => {
                        let own = std::mem::take(&mut trial.variables);
                        trial.variables = variables.clone();
                        trial.variables.extend(&own);
                        trial.run(case).await
                    }
                    None => trial.run(case).await,
                }
            }
        };
        created.append(&mut trial.created);
        records.push(Record {
            case: case.clone(),
            outcome,
            faults: trial.faults,
            exchanges: trial.exchanges,
            seconds: began.elapsed().as_secs_f64(),
        });
    }
    records
}

/// What becomes of the cases of a file whose resources could not be created.
fn not_given(group: &Group, trial: &Trial<'_>, reason: String) -> Outcome {
    let answer = trial.exchanges.last().and_then(|exchange| exchange.answer.as_ref().ok());
    let may = group.may_refuse.as_ref().zip(answer);
    match may.is_some_and(|(statuses, answer)| is_status(statuses, answer.status).unwrap_or_default()) {
        true => Outcome::Skipped(reason),
        false => Outcome::Blocked(reason),
    }
}

/// Extensions in extensions, that deep.
fn nested(depth: usize) -> String {
    let url = "https://conformance.example/nested";
    let open = format!("{{\"url\": \"{url}\", \"extension\": [").repeat(depth);
    format!("{open}{{\"url\": \"{url}\", \"valueString\": \"x\"}}{}", "]}".repeat(depth))
}

/// A word that no other case of the run has.
fn unique(group: &str, number: usize) -> String {
    let word: String = group.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{}{number}", word.trim_end_matches("yaml"))
}

fn lacking(declared: &Declared, group: &Group, case: &Case) -> Result<Option<String>> {
    let given = group.given.values().chain(case.given.values());
    let types = given.filter_map(|resource| resource["resourceType"].as_str());
    for need in types.map(|name| format!("{name}.create")).chain(case.needs.iter().cloned()) {
        if let Some(reason) = declared.lacks(&need)? {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// Deletes what was created, the last first, because others refer to the first. What a server keeps, it keeps.
async fn clean(client: &Client, created: Vec<String>) {
    let mut left = created;
    // Twice: what could not go because something referred to it may go afterwards.
    for _ in 0..2 {
        let mut kept = Vec::new();
        for url in left.into_iter().rev() {
            let exchange = client.send(Request { method: "DELETE".to_owned(), ..Request::get(&url) }).await;
            if exchange.answer.is_ok_and(|answer| answer.status == 409) {
                kept.insert(0, url);
            }
        }
        left = kept;
    }
}
