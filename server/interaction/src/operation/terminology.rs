//! The operations of a terminology service, <https://hl7.org/fhir/R4/terminology-service.html>, on what is held: HL7's
//! terminology for R4, ours, and the code systems, value sets and concept maps that are stored here.
//!
//! What is not held is named in the answer. SNOMED CT and LOINC are not, so no question about their codes is answered.

mod expand;
mod lookup;
mod subsumes;
mod translate;
mod validate_code;
mod value_sets;

use std::collections::BTreeSet;

use auth::Right;
use canonical::terminology::{CodeSystem, Unknown, terminology};
use canonical::{Terminology, in_version, split_version, without_version};
use fhir::{Cause, Error, Issue, IssueType, Key, ResourceType, Value};
use serde_json::json;

use super::{Call, Parameters};
use crate::{Context, Handling, Reply, Server};

/// How many stored value sets and code systems may be needed for one answer.
const MAX_FETCHED: usize = 50;
/// The url of a resource that was sent without one.
const NAMELESS: &str = "urn:homefirst:sent";

/// Why a question has no answer.
enum Refusal {
    Unknown(Unknown),
    Error(Error),
}

impl From<Unknown> for Refusal {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(unknown)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What a call is about: the canonical url, and the terminology with what was sent or is stored under the call's address.
struct Subject {
    /// With the version that is asked for, if one is; `None` when the call names none.
    url: Option<String>,
    terminology: Terminology,
}

impl Server {
    /// The resource that a call is about: the one at its address, the one in this parameter, or the one with the `url`.
    async fn subject(&self, context: &Context, call: &Call, sent: &str) -> Result<Subject, Error> {
        let Some(resource_type) = call.resource_type else { return Err(call.unknown()) };
        context.caller.require(resource_type, Right::Read)?;
        let given = match (&call.id, call.parameters.value(sent)) {
            (Some(_), Some(_)) => {
                return Err(Error::bad_request(format!(
                    "The address names a resource already, so the parameter '{sent}' is one too many."
                )));
            }
            (Some(id), None) => {
                let stored = self.store.read(&context.access, Key::of_resource(resource_type, id)).await?;
                let stored = crate::read::present(stored, resource_type, id)?;
                stored.resource()?.map(fhir::Resource::into_value)
            }
            (None, sent) => sent.cloned(),
        };
        let mut held = Terminology::over(terminology());
        let version = call.parameters.text(match resource_type {
            ResourceType::VALUE_SET => "valueSetVersion",
            ResourceType::CONCEPT_MAP => "conceptMapVersion",
            _ => "version",
        });
        let Some(mut given) = given else {
            let url = call.parameters.text("url").map(|url| in_version(url, version).into_owned());
            return Ok(Subject { url, terminology: held });
        };
        if given.get("resourceType").and_then(Value::as_str) != Some(resource_type.name()) {
            return Err(Error::bad_request(format!("The parameter '{sent}' holds a {resource_type}.")));
        }
        if given.get("url").and_then(Value::as_str).is_none() {
            given["url"] = NAMELESS.into();
        }
        let url = given.get("url").and_then(Value::as_str).map(str::to_owned);
        let name = url.as_deref().unwrap_or_default();
        check_version(name, given.get("version").and_then(Value::as_str), version)?;
        held.add(&given).map_err(|error| {
            let sentence = format!("The {resource_type} cannot be read: {error}.");
            Error::with_issue(Cause::BadRequest, Issue::error(IssueType::Structure, sentence))
        })?;
        Ok(Subject { url, terminology: held })
    }

    /// The answer to a question. What is missing for it is looked for among what is stored here and visible to the caller.
    async fn ask<T>(
        &self,
        context: &Context,
        subject: &mut Subject,
        question: impl Fn(&Terminology) -> Result<T, Refusal>,
    ) -> Result<T, Error> {
        let mut fetched = BTreeSet::new();
        loop {
            let unknown = match question(&subject.terminology) {
                Ok(answer) => return Ok(answer),
                Err(Refusal::Error(error)) => return Err(error),
                Err(Refusal::Unknown(unknown)) => unknown,
            };
            let (resource_type, canonical) = match &unknown {
                Unknown::CodeSystem(canonical) => (ResourceType::CODE_SYSTEM, canonical),
                Unknown::ValueSet(canonical) => (ResourceType::VALUE_SET, canonical),
                _ => return Err(refuse(&unknown, subject, &[])),
            };
            let is_new = fetched.len() < MAX_FETCHED && fetched.insert((resource_type, canonical.clone()));
            if !is_new {
                return Err(refuse(&unknown, subject, &[]));
            }
            let stored = self.with_url(context, resource_type, without_version(canonical)).await?;
            let Some(meant) = meant(&stored, split_version(canonical).1) else {
                return Err(refuse(&unknown, subject, &stored));
            };
            if subject.terminology.add_as(canonical, meant).is_err() {
                return Err(refuse(&unknown, subject, &[]));
            }
        }
    }

    /// The stored resources with this canonical url, the newest first.
    async fn with_url(
        &self,
        context: &Context,
        resource_type: ResourceType,
        url: &str,
    ) -> Result<Vec<Value>, Error> {
        let escaped: String = url
            .chars()
            .flat_map(|c| matches!(c, '\\' | ',' | '|' | '$').then_some('\\').into_iter().chain([c]))
            .collect();
        let options = self.search_options(Handling::Strict);
        let query = ::search::parse(resource_type, &[("url".to_owned(), escaped)], &options)?;
        let mut stored = self.store.matching(&context.access, resource_type, &query.criteria, 100).await?;
        stored.sort_by_key(|stored| std::cmp::Reverse(stored.seq));
        let resources = stored.iter().map(|stored| Ok(stored.resource()?.map(fhir::Resource::into_value)));
        resources.filter_map(Result::transpose).collect()
    }
}

/// Of what is stored with one url, the newest first, what is meant: this version, or what states none; without a version, the newest.
fn meant<'a>(stored: &'a [Value], version: Option<&str>) -> Option<&'a Value> {
    let Some(version) = version else { return stored.first() };
    let of_version = stored.iter().find(|stored| stored["version"] == version);
    of_version.or_else(|| stored.iter().find(|stored| stored.get("version").is_none()))
}

/// 404 when it is the subject of the call that is not known, 422 when it is something that the subject needs. `stored` is what is stored
/// with its url.
fn refuse(unknown: &Unknown, subject: &Subject, stored: &[Value]) -> Error {
    let is_subject = |canonical: &str| {
        subject.url.as_deref().is_some_and(|subject| without_version(subject) == without_version(canonical))
    };
    let (cause, issue_type) = match unknown {
        Unknown::CodeSystem(url) | Unknown::ValueSet(url) if is_subject(url) => {
            (Cause::NotFound, IssueType::NotFound)
        }
        Unknown::CodeSystem(_) | Unknown::ValueSet(_) => (Cause::Unprocessable, IssueType::NotFound),
        Unknown::Content { .. } | Unknown::Filter { .. } => (Cause::Unprocessable, IssueType::NotSupported),
        Unknown::TooCostly(_) => (Cause::Unprocessable, IssueType::TooCostly),
    };
    let others = other_versions(unknown, &subject.terminology, stored);
    let held = match others.is_empty() {
        true => "Held are HL7's code systems and value sets for R4, our own, and those that are stored here."
            .to_owned(),
        false => format!(
            "Held of it: {}. Name one of these versions, or store the one that is meant.",
            others.join(", ")
        ),
    };
    Error::with_issue(cause, Issue::error(issue_type, format!("{unknown}, so there is no answer. {held}")))
}

/// The versions that are held of what is not held in another one.
fn other_versions(unknown: &Unknown, terminology: &Terminology, stored: &[Value]) -> Vec<String> {
    let in_server = match unknown {
        Unknown::CodeSystem(canonical) => {
            terminology.code_system(without_version(canonical)).map(|held| &held.version)
        }
        Unknown::ValueSet(canonical) => {
            terminology.value_set(without_version(canonical)).map(|held| &held.version)
        }
        _ => None,
    };
    let of_stored = stored.iter().filter_map(|stored| stored["version"].as_str());
    let all = in_server.and_then(Option::as_deref).into_iter().chain(of_stored);
    let mut versions: Vec<String> = all.map(|version| version.chars().take(50).collect()).collect();
    versions.dedup();
    versions.truncate(10);
    versions
}

/// One code, as it is asked about.
#[derive(Clone, Debug)]
struct Asked {
    system: Option<String>,
    /// Of the code system, where a Coding names one.
    version: Option<String>,
    code: String,
    display: Option<String>,
}

impl Asked {
    fn of_coding(coding: &Value) -> Result<Self, Error> {
        let text = |name: &str| coding.get(name).and_then(Value::as_str).map(str::to_owned);
        let code = text("code").ok_or_else(|| Error::bad_request("A Coding is asked about by its code."))?;
        Ok(Self { system: text("system"), version: text("version"), code, display: text("display") })
    }

    /// `system|code`, to be named in a message.
    fn name(&self) -> String {
        let short = |text: &str| -> String { text.chars().take(100).collect() };
        match &self.system {
            Some(system) => format!("{}|{}", short(system), short(&self.code)),
            None => short(&self.code),
        }
    }
}

/// The codes that a call asks about: `code` with its system in this parameter, `coding`, or those of `codeableConcept`.
fn asked(parameters: &Parameters, system: &str) -> Result<Vec<Asked>, Error> {
    let code = parameters.text("code").map(|code| Asked {
        system: parameters.text(system).map(str::to_owned),
        version: None,
        code: code.to_owned(),
        display: parameters.text("display").map(str::to_owned),
    });
    let coding = parameters.value("coding").map(Asked::of_coding).transpose()?;
    let concept = parameters.value("codeableConcept").map(|concept| {
        let codings = concept.get("coding").and_then(Value::as_array).into_iter().flatten();
        codings.map(Asked::of_coding).collect::<Result<Vec<_>, _>>()
    });
    match (code, coding, concept.transpose()?) {
        (Some(one), None, None) | (None, Some(one), None) => Ok(vec![one]),
        (None, None, Some(several)) if !several.is_empty() => Ok(several),
        (None, None, Some(_)) => Err(Error::bad_request("The codeableConcept has no coding.")),
        _ => Err(Error::bad_request(format!(
            "Ask about one thing: 'code' (with '{system}'), 'coding' or 'codeableConcept'."
        ))),
    }
}

/// The code system, which must be one that is held, in the version that is named.
fn code_system<'a>(terminology: &'a Terminology, url: &str) -> Result<&'a CodeSystem, Unknown> {
    terminology.code_system(url).ok_or_else(|| Unknown::CodeSystem(url.to_owned()))
}

/// A version that is asked for must be the one that is held.
fn check_version(name: &str, held: Option<&str>, asked: Option<&str>) -> Result<(), Error> {
    match (held, asked) {
        (Some(held), Some(asked)) if held != asked => {
            let asked: String = asked.chars().take(50).collect();
            let sentence = format!("Of {name} the version {held} is held here, and not {asked}.");
            Err(Error::with_issue(Cause::NotFound, Issue::error(IssueType::NotFound, sentence)))
        }
        _ => Ok(()),
    }
}

fn flag(parameters: &Parameters, name: &str) -> Result<Option<bool>, Error> {
    match parameters.text(name) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Error::bad_request(format!("The parameter '{name}' is true or false."))),
    }
}

/// A Parameters resource with these parts, those left out that have no value.
fn parameters(parts: impl IntoIterator<Item = Option<Value>>) -> Reply {
    let parts: Vec<Value> = parts.into_iter().flatten().collect();
    Reply::resource(json!({"resourceType": "Parameters", "parameter": parts}).to_string().into())
}

/// A part with a value of this type: `value` and the type's name, as in `valueString`.
fn part(name: &str, kind: &str, value: impl Into<Value>) -> Option<Value> {
    Some(json!({"name": name, kind: value.into()}))
}
