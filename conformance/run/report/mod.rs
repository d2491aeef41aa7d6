//! What a run found, and the forms in which it is told: console, JUnit XML, one HTML page.

pub mod console;
pub mod html;
pub mod junit;

use super::case::{Case, Level};
use super::client::Exchange;
use super::trial::{Fault, Outcome};

/// What became of one case, with the evidence.
pub struct Record {
    /// The case.
    pub case: Case,
    /// What became of it.
    pub outcome: Outcome,
    /// What was wrong.
    pub faults: Vec<Fault>,
    /// What was sent and answered.
    pub exchanges: Vec<Exchange>,
    /// How long it took.
    pub seconds: f64,
}

/// What became of all.
pub struct Report {
    /// The base address.
    pub target: String,
    /// What the server says it is.
    pub software: String,
    /// The id in the tags of everything this run created.
    pub run: String,
    /// When it began.
    pub began: String,
    /// Whether a token was sent.
    pub token: bool,
    /// In the order of running.
    pub records: Vec<Record>,
}

impl Report {
    /// A report without results.
    pub fn new(target: &str, software: String, run: String, token: bool) -> Self {
        let began = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self { target: target.to_owned(), software, run, began, token, records: Vec::new() }
    }

    /// Whether anything of these levels failed; what could not be tested counts as failed.
    pub fn fails(&self, levels: &[Level]) -> bool {
        self.records.iter().any(|record| match &record.outcome {
            Outcome::Failed(_) => record.faults.iter().any(|fault| levels.contains(&fault.finding.level)),
            Outcome::Blocked(_) => levels.contains(&record.case.level),
            Outcome::Passed | Outcome::Skipped(_) => false,
        })
    }

    /// How many there are of each outcome at each level: passed, failed, blocked, skipped.
    pub fn counts(&self, level: Level) -> [usize; 4] {
        let mut counts = [0; 4];
        for record in self.records.iter().filter(|record| record.case.level == level) {
            counts[match record.outcome {
                Outcome::Passed => 0,
                Outcome::Failed(_) => 1,
                Outcome::Blocked(_) => 2,
                Outcome::Skipped(_) => 3,
            }] += 1;
        }
        counts
    }
}

impl Record {
    /// The sentence that the case tests, and where it stands.
    pub fn rule(&self) -> (String, String) {
        let number = self.case.requirement;
        let found =
            super::requirement::all().ok().and_then(|all| all.into_iter().find(|one| one.number == number));
        match found {
            Some(requirement) => (format!("{number}. {}", requirement.sentence), requirement.address),
            None => (number.to_string(), String::new()),
        }
    }
}
