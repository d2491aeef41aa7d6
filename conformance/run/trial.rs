//! Runs one case: creates what is given, takes the steps in order, and stops at the first that is not as the case expects.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::case::{Case, Each, Level, Step};
use super::client::{Answer, Client, Exchange};
use super::declared::Declared;
use super::expect::{Expect, Finding, is_status};
use super::request::Request;
use super::variables::Variables;
use super::{race, walk};

/// The system of the tag by which everything of a run can be found.
pub const RUN_SYSTEM: &str = "https://homefirst.example/fhir/CodeSystem/conformance-run";

/// For how many things a step with `each` is taken.
const MOST: usize = 1000;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Not as expected, by a sentence of that level.
    Failed(Level),
    /// Not declared, or refused where a server may.
    Skipped(String),
    /// What is given could not be created, or the case itself has a fault.
    Blocked(String),
}

/// What was found wrong, where.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What.
    pub finding: Finding,
    /// The number of the exchange that shows it.
    pub exchange: usize,
}

/// A case that is being run.
pub struct Trial<'a> {
    /// The server under test.
    pub client: &'a Client,
    /// What it declares.
    pub declared: &'a Declared,
    /// What `$(name)` stands for by now.
    pub variables: Variables,
    /// What was sent and answered.
    pub exchanges: Vec<Exchange>,
    /// What was wrong.
    pub faults: Vec<Fault>,
    /// The addresses of what was created.
    pub created: Vec<String>,
    level: Level,
}

/// Why a case ends before its last step.
pub enum End {
    /// Something was wrong.
    Fault,
    /// The server refused what it may refuse.
    Refused(String),
}

impl<'a> Trial<'a> {
    /// A case of that level with these variables.
    pub fn new(client: &'a Client, declared: &'a Declared, variables: Variables, level: Level) -> Self {
        let (exchanges, faults, created) = Default::default();
        Self { client, declared, variables, exchanges, faults, created, level }
    }

    /// Runs the case.
    pub async fn run(&mut self, case: &Case) -> Outcome {
        if let Err(error) = self.give(&case.given).await {
            return Outcome::Blocked(format!("{error:#}"));
        }
        match self.take(&case.steps).await {
            Ok(None | Some(End::Fault)) => match self.faults.iter().map(|fault| fault.finding.level).max() {
                Some(level) => Outcome::Failed(level),
                None => Outcome::Passed,
            },
            Ok(Some(End::Refused(reason))) => Outcome::Skipped(reason),
            Err(error) => Outcome::Blocked(format!("the case has a fault: {error:#}")),
        }
    }

    /// Creates resources, and sets their names to their ids.
    pub async fn give(&mut self, given: &Map<String, Value>) -> Result<()> {
        let mut ids = match self.variables.get("ids") {
            Some(Value::String(ids)) => ids.clone(),
            _ => String::new(),
        };
        for (name, resource) in given {
            let resource = self.tagged(&self.variables.fill_tree(resource)?);
            let resource_type = resource["resourceType"].as_str().unwrap_or_default().to_owned();
            let mut request =
                Request::parse(&format!("POST {resource_type}\n\n{resource}"), self.client.base())?;
            request.headers.push(("Prefer".to_owned(), "return=representation".to_owned()));
            let exchange = self.send(request).await;
            let Ok(answer) = &exchange.answer else {
                anyhow::bail!("what is given ('{name}') could not be created: no answer");
            };
            let (id, version) = location(answer).with_context(|| {
                format!("what is given ('{name}') could not be created: {} {}", answer.status, reason(answer))
            })?;
            self.variables.set(format!("{name}.version"), version);
            self.variables.set(format!("{name}.sent"), resource);
            ids = if ids.is_empty() { id.clone() } else { format!("{ids},{id}") };
            self.variables.set(name, id);
        }
        self.variables.set("ids", ids);
        Ok(())
    }

    /// Takes steps in order.
    pub async fn take(&mut self, steps: &[Value]) -> Result<Option<End>> {
        for step in steps {
            if let Some(end) = Box::pin(self.step(step)).await? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    async fn step(&mut self, raw: &Value) -> Result<Option<End>> {
        if let Some(each) = Step::read(raw)?.each {
            return self.repeat(raw, each).await;
        }
        let step = self.filled(raw)?;
        if step.page_walk.is_some() {
            let Some(exchange) = walk::pages(self, &step).await? else { return Ok(Some(End::Fault)) };
            return self.judge(&step, &exchange).await;
        }
        if step.parallel > 0 || !step.race.is_empty() {
            return race::at_once(self, raw, &step).await;
        }
        if step.eventually > 0 {
            return self.wait(&step).await;
        }
        let exchange = self.send(self.request(&step)?).await;
        self.judge(&step, &exchange).await
    }

    /// The step with its variables filled in, but for the steps within it, whose turn comes later.
    pub fn filled(&self, raw: &Value) -> Result<Step> {
        let mut raw = raw.clone();
        let between = raw.as_object_mut().and_then(|members| members.shift_remove("between"));
        let mut step = Step::read(&self.variables.fill_tree(&raw)?)?;
        if let Some(Value::Array(steps)) = between {
            step.between = steps;
        }
        Ok(step)
    }

    /// The request of a step.
    pub fn request(&self, step: &Step) -> Result<Request> {
        let text = step.request.as_deref().or(step.page_walk.as_deref()).unwrap_or_default();
        let mut request = Request::parse(text, self.client.base())?;
        if let Some(hex) = &step.hex {
            let digits: String = hex.split_whitespace().collect();
            let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2).unwrap_or_default(), 16);
            request.body = Some((0..digits.len()).step_by(2).map(byte).collect::<Result<_, _>>()?);
        }
        Ok(request)
    }

    /// Sends a request, and remembers it and what it created.
    pub async fn send(&mut self, request: Request) -> Exchange {
        let exchange = self.client.send(request).await;
        self.remember(exchange.clone());
        exchange
    }

    /// Keeps an exchange for the report, and what it created for the end of the run.
    pub fn remember(&mut self, exchange: Exchange) {
        if let Ok(answer) = &exchange.answer {
            let base = self.client.base();
            if answer.status == 201 {
                self.created
                    .extend(answer.header("location").first().and_then(|url| resource_url(base, url)));
            }
            if let Some(Value::Array(entries)) = answer.json().and_then(|json| json.get("entry").cloned()) {
                let locations = entries.iter().filter_map(|entry| entry["response"]["location"].as_str());
                self.created.extend(locations.filter_map(|url| resource_url(base, url)));
            }
        }
        self.exchanges.push(exchange);
    }

    /// Judges the last answer by what the step expects of it, and saves what the step wants saved.
    pub async fn judge(&mut self, step: &Step, exchange: &Exchange) -> Result<Option<End>> {
        if let (Some(statuses), Ok(answer)) = (&step.may_refuse, &exchange.answer)
            && is_status(statuses, answer.status)?
        {
            return Ok(Some(End::Refused(format!("refused with {}: {}", answer.status, reason(answer)))));
        }
        let findings = self.findings(step, exchange)?;
        let failed = findings.iter().any(|finding| finding.level == self.level);
        self.note(findings);
        if failed {
            return Ok(Some(End::Fault));
        }
        for (name, source) in &step.save {
            let source = source.as_str().unwrap_or_default();
            match saved(source, exchange)? {
                Some(value) => self.variables.set(name, value),
                None => {
                    let text = format!("the answer has no '{source}', which the case goes on with");
                    self.note(vec![Finding { level: self.level, text }]);
                    return Ok(Some(End::Fault));
                }
            }
        }
        Ok(None)
    }

    /// Adds what was found in the last exchange.
    pub fn note(&mut self, findings: Vec<Finding>) {
        let exchange = self.exchanges.len().saturating_sub(1);
        self.faults.extend(findings.into_iter().map(|finding| Fault { finding, exchange }));
    }

    /// How binding the case is.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Everything that is wrong with an answer.
    pub fn findings(&self, step: &Step, exchange: &Exchange) -> Result<Vec<Finding>> {
        let success = Expect::success();
        let main = if step.expect.has_status() { None } else { Some(&success) };
        let mut findings = Vec::new();
        for (level, expect) in main.into_iter().map(|expect| (self.level, expect)).chain([
            (self.level, &step.expect),
            (Level::Should, &step.should),
            (Level::Own, &step.own),
        ]) {
            findings.extend(expect.findings(level, exchange, &self.variables)?);
            if findings.iter().any(|finding| finding.level == self.level && level == self.level) {
                break;
            }
        }
        findings.extend(step.expect.missing_outcome(exchange));
        Ok(findings)
    }

    async fn wait(&mut self, step: &Step) -> Result<Option<End>> {
        let end = tokio::time::Instant::now() + std::time::Duration::from_secs(step.eventually);
        loop {
            let exchange = self.client.send(self.request(step)?).await;
            if self.findings(step, &exchange)?.is_empty() || tokio::time::Instant::now() >= end {
                self.remember(exchange.clone());
                return self.judge(step, &exchange).await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// Takes the step for everything declared, and keeps the exchanges that show a fault.
    async fn repeat(&mut self, raw: &Value, each: Each) -> Result<Option<End>> {
        let mut raw = raw.clone();
        raw.as_object_mut().map(|members| members.shift_remove("each"));
        let declared = self.declared;
        let subjects: Vec<(&str, &str, &str)> = match each {
            Each::SearchParameter => declared
                .search_parameters()
                .filter_map(|(resource_type, name, kind)| Some((resource_type, name, value_of(kind)?)))
                .collect(),
            Each::Type => declared.types().map(|(resource_type, _)| (resource_type, "", "")).collect(),
            Each::Include | Each::RevInclude => {
                let member = if each == Each::Include { "searchInclude" } else { "searchRevInclude" };
                declared.listed(member).map(|(resource_type, value)| (resource_type, "", value)).collect()
            }
        };
        // Evenly chosen where there are very many: a server at the other end of the world has to answer them all.
        for (resource_type, parameter, value) in subjects.iter().step_by(subjects.len().div_ceil(MOST).max(1))
        {
            self.variables.set("type", *resource_type);
            self.variables.set("parameter", *parameter);
            self.variables.set("value", *value);
            let before = self.faults.len();
            let end = Box::pin(self.step(&raw)).await?;
            if let Some(End::Refused(_)) = end {
                return Ok(end);
            }
            if self.faults.len() == before {
                self.exchanges.pop();
            }
        }
        Ok((!self.faults.is_empty()).then_some(End::Fault))
    }

    fn tagged(&self, resource: &Value) -> Value {
        let mut resource = resource.clone();
        let run = self.variables.get("run").cloned().unwrap_or_default();
        let tag = serde_json::json!({"system": RUN_SYSTEM, "code": run});
        match &mut resource["meta"]["tag"] {
            Value::Array(tags) => tags.push(tag),
            tags => *tags = Value::Array(vec![tag]),
        }
        resource
    }
}

/// Id and version in the Location of what was created.
fn location(answer: &Answer) -> Option<(String, String)> {
    let url = *answer.header("location").first().filter(|_| answer.status == 201)?;
    let (resource, version) = url.split_once("/_history/").unwrap_or((url, ""));
    let id = resource.rsplit('/').next().filter(|id| !id.is_empty())?;
    Some((id.to_owned(), version.to_owned()))
}

fn saved(source: &str, exchange: &Exchange) -> Result<Option<Value>> {
    let Ok(answer) = &exchange.answer else { return Ok(None) };
    let header = |name: &str| answer.header(name).first().map(|value| (*value).to_owned());
    let split = || {
        let url = header("location")?;
        let (resource, version) = url.split_once("/_history/").unwrap_or((&url, ""));
        Some((resource.rsplit('/').next()?.to_owned(), version.to_owned()))
    };
    Ok(match source {
        "status" => Some(Value::from(answer.status)),
        "body" => answer.json(),
        "sent" => serde_json::from_slice(exchange.request.body.as_deref().unwrap_or_default()).ok(),
        "location id" => split().map(|(id, _)| Value::from(id)),
        "location version" => split().map(|(_, version)| Value::from(version)),
        "etag" => header("etag").map(|etag| version_in(&etag)),
        source => match source.split_once(' ') {
            Some(("header", name)) => header(name).map(Value::from),
            Some(("version", path)) => found(path, answer)?.and_then(|etag| etag.as_str().map(version_in)),
            _ => found(source, answer)?,
        },
    })
}

/// The first value that the path yields in the content.
fn found(path: &str, answer: &Answer) -> Result<Option<Value>> {
    let path = JsonPath::parse(path).with_context(|| format!("save '{path}'"))?;
    Ok(answer.json().and_then(|json| path.query(&json).first().cloned()))
}

/// The version that an entity tag names.
fn version_in(etag: &str) -> Value {
    Value::from(etag.trim_start_matches("W/").trim_matches('"'))
}

/// What an OperationOutcome says first, or the beginning of what is none.
pub fn reason(answer: &Answer) -> String {
    let json = answer.json().unwrap_or_default();
    let issue = &json["issue"][0];
    let sentence = issue["diagnostics"].as_str().or_else(|| issue["details"]["text"].as_str());
    sentence.map_or_else(|| answer.text().chars().take(200).collect(), str::to_owned)
}

/// The address of a resource, of a Location with or without a version.
fn resource_url(base: &str, location: &str) -> Option<String> {
    let resource = location.split_once("/_history/").map_or(location, |(resource, _)| resource);
    let absolute = if resource.contains("://") { resource.to_owned() } else { format!("{base}/{resource}") };
    absolute.starts_with(base).then_some(absolute)
}

/// A value that is right for a parameter of that type; nothing where that depends on the parameter.
fn value_of(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "token" => "true",
        "string" | "reference" => "conformance",
        "date" => "2020-01-01",
        "number" | "quantity" => "1",
        "uri" => "http://conformance.example/none",
        _ => return None,
    })
}
