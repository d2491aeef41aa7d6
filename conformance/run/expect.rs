//! What a step expects of an answer, and what is wrong with it.
//!
//! Every answer of 400 and above is expected to carry an OperationOutcome, whatever the case says, at the level of the sentence that
//! says so: SHOULD, <https://hl7.org/fhir/R4/http.html#Status-Codes>.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::case::Level;
use super::client::Exchange;
use super::content;
use super::matcher::Matcher;
use super::variables::Variables;

/// Expectations of one answer, as a case writes them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The allowed statuses: a number, `2xx`, or a list of them; 2xx when nothing is said.
    status: Option<Value>,
    /// Matchers of header values, by header name.
    header: Map<String, Value>,
    /// Matchers of what a JSONPath (RFC 9535) yields in the content.
    body: Map<String, Value>,
    /// Matcher of the whole content as text.
    text: Option<Value>,
    /// The names of the resources that a Bundle has as matches, in any order.
    matches: Option<Vec<String>>,
    /// The same in this order.
    in_order: Option<Vec<String>>,
    /// The names of the resources that a Bundle has as includes, in any order.
    includes: Option<Vec<String>>,
    /// Issue codes, one of which the OperationOutcome has.
    issue: Option<Vec<String>>,
    /// False where an error needs no OperationOutcome.
    outcome: Option<bool>,
    /// `sent`, or the variable that has the resource that the content is to equal.
    content: Option<String>,
}

/// Something that is not as expected.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How binding the sentence is that says so.
    pub level: Level,
    /// What was expected and found.
    pub text: String,
}

impl Expect {
    /// What is expected where a case says nothing of the status: that it is 2xx.
    pub fn success() -> Self {
        Self { status: Some(Value::from("2xx")), ..Self::default() }
    }

    /// Whether everything in it can be read.
    pub fn check(&self) -> Result<()> {
        if let Some(status) = &self.status {
            patterns(status)?;
        }
        for (name, matcher) in &self.header {
            Matcher::read(matcher).with_context(|| format!("the header {name}"))?;
        }
        for (path, matcher) in &self.body {
            JsonPath::parse(path).with_context(|| format!("the path {path}"))?;
            Matcher::read(matcher).with_context(|| format!("the path {path}"))?;
        }
        self.text.as_ref().map_or(Ok(()), |matcher| Matcher::read(matcher).map(drop))
    }

    /// Whether it says which status is expected.
    pub fn has_status(&self) -> bool {
        self.status.is_some()
    }

    /// What is wrong with the answer at that level. An error is a fault of the case.
    pub fn findings(&self, level: Level, exchange: &Exchange, variables: &Variables) -> Result<Vec<Finding>> {
        let answer = match &exchange.answer {
            Ok(answer) => answer,
            Err(error) => return Ok(vec![Finding { level, text: format!("there was no answer: {error}") }]),
        };
        let mut faults = Vec::new();
        if let Some(status) = &self.status {
            let allowed = patterns(status)?;
            if !allowed.iter().any(|pattern| pattern.matches(answer.status)) {
                faults.push(format!("status: expected {}, found {}", words(status), answer.status));
            }
        }
        for (name, matcher) in &self.header {
            let values: Vec<Value> = answer.header(name).into_iter().map(Value::from).collect();
            let found = Matcher::read(matcher)?.faults(&values.iter().collect::<Vec<_>>());
            faults.extend(found.into_iter().map(|fault| format!("header {name}: {fault}")));
        }
        let json = answer.json();
        let needs_json = !self.body.is_empty()
            || self.matches.is_some()
            || self.in_order.is_some()
            || self.includes.is_some()
            || self.issue.is_some()
            || self.content.is_some();
        match &json {
            None if needs_json => faults.push("the content is not JSON".to_owned()),
            None => {}
            Some(json) => self.add_faults_of_content(json, exchange, variables, &mut faults)?,
        }
        if let Some(matcher) = &self.text {
            let text = Value::from(answer.text());
            let found = Matcher::read(matcher)?.faults(&[&text]);
            faults.extend(found.into_iter().map(|fault| format!("content: {fault}")));
        }
        Ok(faults.into_iter().map(|text| Finding { level, text }).collect())
    }

    /// The rule of every error: it says what is wrong in an OperationOutcome.
    pub fn missing_outcome(&self, exchange: &Exchange) -> Option<Finding> {
        let answer = exchange.answer.as_ref().ok()?;
        if self.outcome == Some(false) || answer.status < 400 || exchange.request.method == "HEAD" {
            return None;
        }
        let text = answer.text();
        let told = match answer.json() {
            Some(json) => {
                json["resourceType"] == "OperationOutcome"
                    && json["issue"].as_array().is_some_and(|issues| !issues.is_empty())
            }
            None => text.contains("<OperationOutcome") && text.contains("<issue>"),
        };
        (!told).then(|| Finding {
            level: Level::Should,
            text: format!("an answer {} without an OperationOutcome that says why", answer.status),
        })
    }

    fn add_faults_of_content(
        &self,
        json: &Value,
        exchange: &Exchange,
        variables: &Variables,
        faults: &mut Vec<String>,
    ) -> Result<()> {
        for (path, matcher) in &self.body {
            let found = Matcher::read(matcher)?.faults(&JsonPath::parse(path)?.query(json).all());
            faults.extend(found.into_iter().map(|fault| format!("{path}: {fault}")));
        }
        let of_bundle = self.matches.is_some() || self.in_order.is_some() || self.includes.is_some();
        if of_bundle && json["resourceType"] != "Bundle" {
            faults.push("the content is no Bundle".to_owned());
            return Ok(());
        }
        if let Some(names) = &self.matches {
            faults.extend(set_fault("matches", &ids(names, variables)?, &entries(json, "match"), variables));
        }
        if let Some(names) = &self.includes {
            faults.extend(set_fault(
                "includes",
                &ids(names, variables)?,
                &entries(json, "include"),
                variables,
            ));
        }
        if let Some(names) = &self.in_order {
            let (expected, found) = (ids(names, variables)?, entries(json, "match"));
            if expected != found {
                let found: Vec<_> = found.iter().map(|id| variables.name_of(id)).collect();
                faults.push(format!("order: expected {}, found {}", names.join(", "), found.join(", ")));
            }
        }
        if let Some(codes) = &self.issue {
            let found = JsonPath::parse("$.issue[*].code")?.query(json).all();
            let named = found.iter().filter_map(|code| code.as_str());
            if !named.clone().any(|code| codes.iter().any(|expected| expected == code)) {
                let found = named.collect::<Vec<_>>().join(", ");
                faults.push(format!("issue: expected the code {}, found '{found}'", codes.join(" or ")));
            }
        }
        if let Some(name) = &self.content {
            let expected = match name.as_str() {
                "sent" => serde_json::from_slice(exchange.request.body.as_deref().unwrap_or_default())?,
                name => variables.get(name).with_context(|| format!("nothing has set '{name}'"))?.clone(),
            };
            faults.extend(content::difference(&expected, json).map(|fault| format!("content: {fault}")));
        }
        Ok(())
    }
}

/// A status, or all of its class.
struct Pattern(String);

impl Pattern {
    fn matches(&self, status: u16) -> bool {
        let status = status.to_string();
        match self.0.strip_suffix("xx") {
            Some(class) => status.starts_with(class),
            None => status == self.0,
        }
    }
}

fn patterns(value: &Value) -> Result<Vec<Pattern>> {
    let one = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let known = text.len() == 3
            && text.starts_with(|first: char| ('1'..='5').contains(&first))
            && (text.ends_with("xx") || text.bytes().all(|byte| byte.is_ascii_digit()));
        if known { Ok(Pattern(text)) } else { bail!("'{text}' is no status") }
    };
    match value {
        Value::Array(list) if !list.is_empty() => list.iter().map(one).collect(),
        other => Ok(vec![one(other)?]),
    }
}

/// Whether the status is one of those that a case lists.
pub fn is_status(listed: &Value, status: u16) -> Result<bool> {
    Ok(patterns(listed)?.iter().any(|pattern| pattern.matches(status)))
}

fn words(status: &Value) -> String {
    match status {
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(" or "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn ids(names: &[String], variables: &Variables) -> Result<Vec<String>> {
    let id = |name: &String| {
        let value = variables.get(name).and_then(Value::as_str);
        value.map(str::to_owned).with_context(|| format!("nothing has set the id '{name}'"))
    };
    names.iter().map(id).collect()
}

/// The ids of a Bundle's entries with that search mode; an entry without a mode is a match.
fn entries(bundle: &Value, mode: &str) -> Vec<String> {
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_mode = |entry: &&Value| entry["search"]["mode"].as_str().unwrap_or("match") == mode;
    let id = |entry: &Value| entry["resource"]["id"].as_str().unwrap_or("an entry without id").to_owned();
    entries.iter().filter(of_mode).map(id).collect()
}

fn set_fault(what: &str, expected: &[String], found: &[String], variables: &Variables) -> Option<String> {
    let (wanted, had): (BTreeSet<_>, BTreeSet<_>) = (expected.iter().collect(), found.iter().collect());
    let names = |ids: Vec<&&String>| {
        ids.into_iter().map(|id| variables.name_of(id).to_owned()).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    let missing = names(wanted.difference(&had).collect());
    if !missing.is_empty() {
        parts.push(format!("missing {missing}"));
    }
    let surplus = names(had.difference(&wanted).collect());
    if !surplus.is_empty() {
        parts.push(format!("wrongly there {surplus}"));
    }
    if parts.is_empty() && found.len() != had.len() {
        parts.push("one is there more than once".to_owned());
    }
    (!parts.is_empty()).then(|| format!("{what}: {}", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::client::Answer;
    use crate::run::request::Request;
    use serde_json::json;

    fn exchange(status: u16, headers: &[(&str, &str)], body: &str) -> Exchange {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer = Answer { status, headers, body: body.as_bytes().to_vec() };
        let request = Request { body: Some(br#"{"a":1}"#.to_vec()), ..Request::get("http://server") };
        Exchange { request, answer: Ok(answer) }
    }

    fn faults(expect: Value, exchange: &Exchange) -> Vec<String> {
        let mut variables = Variables::default();
        variables.set("one", "1");
        variables.set("two", "2");
        let expect: Expect = serde_json::from_value(expect).unwrap();
        let findings = expect.findings(Level::Shall, exchange, &variables).unwrap();
        findings.into_iter().map(|finding| finding.text).collect()
    }

    fn bundle(entries: &[(&str, &str)]) -> String {
        let entry = |(id, mode): &(&str, &str)| json!({"resource": {"id": id}, "search": {"mode": mode}});
        let entries: Vec<Value> = entries.iter().map(entry).collect();
        json!({"resourceType": "Bundle", "entry": entries}).to_string()
    }

    #[test]
    fn every_kind_of_expectation_holds_and_fails() {
        let ok = |body: &str| exchange(200, &[("etag", "W/\"1\"")], body);
        let (both, none) = (bundle(&[("1", "match"), ("2", "match")]), bundle(&[]));
        let outcome = |code: &str| ok(&json!({"issue": [{"code": code}]}).to_string());
        for (expect, right, wrong) in [
            (json!({"status": 200}), ok(""), exchange(201, &[], "")),
            (json!({"status": ["4xx", 501]}), exchange(404, &[], ""), exchange(500, &[], "")),
            (json!({"header": {"ETag": "W/\"1\""}}), ok(""), exchange(200, &[], "")),
            (json!({"header": {"ETag": "W/\"1\""}}), ok(""), exchange(200, &[("etag", "W/\"2\"")], "")),
            (json!({"body": {"$.a": 1}}), ok(r#"{"a":1}"#), ok(r#"{"a":2}"#)),
            (json!({"body": {"$.b": {"present": false}}}), ok("{}"), ok("<a/>")),
            (json!({"text": ""}), ok(""), ok("x")),
            (json!({"matches": ["two", "one"]}), ok(&both), ok(&bundle(&[("1", "match")]))),
            (json!({"matches": ["one"]}), ok(&bundle(&[("1", "match")])), ok(&both)),
            (json!({"matches": ["one"]}), ok(&bundle(&[("1", "match")])), ok(&bundle(&[("1", "include")]))),
            (
                json!({"matches": ["one"]}),
                ok(&bundle(&[("1", "match")])),
                ok(&bundle(&[("1", "match"), ("1", "match")])),
            ),
            (json!({"matches": []}), ok(&none), ok("{}")),
            (json!({"in_order": ["one", "two"]}), ok(&both), ok(&bundle(&[("2", "match"), ("1", "match")]))),
            (json!({"includes": ["one"]}), ok(&bundle(&[("1", "include")])), ok(&both)),
            (json!({"issue": ["invalid", "value"]}), outcome("value"), outcome("not-found")),
            (json!({"content": "sent"}), ok(r#"{"id":"7","a":1}"#), ok(r#"{"id":"7","a":1.0}"#)),
        ] {
            assert_eq!(faults(expect.clone(), &right), Vec::<String>::new(), "{expect}");
            assert_ne!(faults(expect.clone(), &wrong), Vec::<String>::new(), "{expect}");
        }
    }

    #[test]
    fn no_answer_is_a_finding() {
        let silent = Exchange { answer: Err("refused".to_owned()), ..exchange(200, &[], "") };
        assert_eq!(faults(json!({}), &silent), ["there was no answer: refused"]);
    }

    #[test]
    fn an_error_has_an_outcome() {
        let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error"}]}"#;
        for (status, body, missing) in [
            (200, "", false),
            (404, outcome, false),
            (404, "", true),
            (400, r#"{"resourceType":"OperationOutcome","issue":[]}"#, true),
            (500, "<html></html>", true),
            (406, "<OperationOutcome><issue></issue></OperationOutcome>", false),
        ] {
            let finding = Expect::default().missing_outcome(&exchange(status, &[], body));
            assert_eq!(finding.is_some(), missing, "{status} {body}");
            assert!(finding.is_none_or(|finding| finding.level == Level::Should));
        }
    }

    #[test]
    fn a_fault_names_what_is_missing_and_what_is_too_much() {
        let found = faults(json!({"matches": ["one"]}), &exchange(200, &[], &bundle(&[("2", "match")])));
        assert_eq!(found, ["matches: missing one; wrongly there two"]);
    }
}
