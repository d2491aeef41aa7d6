//! A case as its file writes it: an id, a title, the numbered sentence it tests, what it needs, what is given, and its steps.
//!
//! Cases are data. Everything in them is read when the suite is loaded, so that a mistake is found before the first request.

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::expect::Expect;
use super::request::Request;

/// How binding a sentence is: of the standard, or our own stronger promise.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, clap::ValueEnum,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Allowed; tested where it is declared.
    May,
    /// Recommended.
    Should,
    /// Not in the standard; what this project promises.
    Own,
    /// Required.
    Shall,
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::May => "MAY",
            Self::Should => "SHOULD",
            Self::Own => "OWN",
            Self::Shall => "SHALL",
        })
    }
}

/// The variables that every case has.
const BUILT_IN: [&str; 10] =
    ["base", "run", "case", "now", "today", "uuid", "n", "long", "nested", "entries"];

/// One file: cases of one feature, and what is given to all of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Resources that are created once, before the first case; no case changes them.
    #[serde(default)]
    pub given: Map<String, Value>,
    /// Statuses by which a server may refuse what is given, for rules that it has beyond the standard; the cases are then skipped.
    #[serde(default)]
    pub may_refuse: Option<Value>,
    /// The cases, with their rows still to be unfolded.
    pub cases: Vec<Value>,
}

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The name by which it is known for ever; its feature stands before it.
    pub id: String,
    /// What is right, in one sentence.
    pub title: String,
    /// How binding.
    pub level: Level,
    /// The number of the sentence in requirements.csv.
    pub requirement: u16,
    /// What a reader of a failure wants to know beside the sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// What the server must declare.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Resources that are created for this case alone.
    #[serde(default)]
    pub given: Map<String, Value>,
    /// What is done, in order.
    pub steps: Vec<Value>,
}

/// One step, with its variables filled in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// A request.
    pub request: Option<String>,
    /// Different requests, sent at once.
    pub race: Vec<String>,
    /// A request whose `next` links are followed to the end.
    pub page_walk: Option<String>,
    /// The request is sent for each `search parameter`, `type`, `include` or `revinclude` that is declared.
    pub each: Option<Each>,
    /// How often the request is sent at once; `$(n)` counts.
    pub parallel: usize,
    /// For how many seconds the request is repeated until the answer is as expected.
    pub eventually: u64,
    /// The content of the request in hexadecimal digits, where it is no text.
    pub hex: Option<String>,
    /// Steps after each page of a walk.
    pub between: Vec<Value>,
    /// How many of the answers of a race have a status.
    pub answers: Map<String, Value>,
    /// Statuses by which the server says that it does not support this; the case is then skipped.
    pub may_refuse: Option<Value>,
    /// Expected at the level of the case.
    pub expect: Expect,
    /// Expected at level SHOULD.
    pub should: Expect,
    /// Expected at our own level.
    pub own: Expect,
    /// Variables to set from the answer: `$.path`, `header Name`, `location id`, `location version`,
    /// `etag` and `version $.path` (the version in an entity tag), `body`, `sent`, `status`.
    pub save: Map<String, Value>,
}

/// What a step goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Each {
    /// Every declared search parameter: `$(type)`, `$(parameter)`, `$(value)`.
    #[serde(rename = "search parameter")]
    SearchParameter,
    /// Every declared resource type: `$(type)`.
    #[serde(rename = "type")]
    Type,
    /// Every declared `_include`: `$(type)`, `$(value)`.
    #[serde(rename = "include")]
    Include,
    /// Every declared `_revinclude`: `$(type)`, `$(value)`.
    #[serde(rename = "revinclude")]
    RevInclude,
}

impl Case {
    /// Whether everything in it can be read.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.steps.is_empty(), "there are no steps");
        for (name, resource) in &self.given {
            ensure!(
                !BUILT_IN.contains(&name.as_str()),
                "'{name}' cannot be given: it is a variable of every case"
            );
            ensure!(resource["resourceType"].is_string(), "the given {name} has no resourceType");
        }
        check_steps(&self.steps)
    }
}

fn check_steps(steps: &[Value]) -> Result<()> {
    for (number, step) in steps.iter().enumerate() {
        Step::read(step).and_then(|step| step.check()).with_context(|| format!("step {}", number + 1))?;
    }
    Ok(())
}

impl Step {
    /// Reads a step.
    pub fn read(step: &Value) -> Result<Self> {
        Ok(serde_json::from_value(step.clone())?)
    }

    fn check(&self) -> Result<()> {
        let verbs = [self.request.is_some(), !self.race.is_empty(), self.page_walk.is_some()];
        ensure!(
            verbs.into_iter().filter(|verb| *verb).count() == 1,
            "a step has one of request, race and page_walk"
        );
        let repeated = self.parallel > 0 || self.eventually > 0 || self.each.is_some();
        ensure!(!repeated || self.request.is_some(), "parallel, eventually and each repeat a request");
        ensure!(self.between.is_empty() || self.page_walk.is_some(), "between is for a page_walk");
        ensure!(
            self.answers.is_empty() || self.parallel > 0 || !self.race.is_empty(),
            "answers counts those of parallel or race"
        );
        for text in self.request.iter().chain(&self.race).chain(&self.page_walk) {
            Request::parse(text, "http://server/fhir")?;
        }
        for expect in [&self.expect, &self.should, &self.own] {
            expect.check()?;
        }
        check_steps(&self.between)
    }
}
