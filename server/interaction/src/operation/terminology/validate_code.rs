//! `$validate-code`: whether a code is in a value set, or in a code system,
//! <https://hl7.org/fhir/R4/valueset-operation-validate-code.html>,
//! <https://hl7.org/fhir/R4/codesystem-operation-validate-code.html>.
//!
//! A name that the code does not have makes the answer false, as a code that does not exist does.

use canonical::{Terminology, in_version, without_version};
use fhir::{Error, ResourceType};

use super::{Asked, Call, Refusal, asked, check_version, code_system, flag, parameters, part};
use crate::{Context, Reply, Server};

/// What came of one code.
struct Verdict {
    /// Why it is not good; `None` when it is.
    fault: Option<String>,
    /// What the code is called.
    display: Option<String>,
}

impl Server {
    pub(in crate::operation) async fn validate_code(
        &self,
        context: &Context,
        call: &Call,
    ) -> Result<Reply, Error> {
        let is_value_set = call.resource_type == Some(ResourceType::VALUE_SET);
        let given = &call.parameters;
        let codes = asked(given, if is_value_set { "system" } else { "url" })?;
        let (sent, version) = match is_value_set {
            true => ("valueSet", given.text("valueSetVersion")),
            false => ("codeSystem", given.text("version")),
        };
        let version = version.map(str::to_owned);
        let system_version = given.text("systemVersion").map(str::to_owned);
        let language = given.text("displayLanguage").map(str::to_owned);
        let refuses_abstract = flag(given, "abstract")? == Some(false);
        let mut subject = self.subject(context, call, sent).await?;
        if !is_value_set && subject.url.is_none() {
            let system = codes.first().and_then(|asked| asked.system.as_deref());
            subject.url = system.map(|system| in_version(system, version.as_deref()).into_owned());
        }
        let url = subject.url.clone().ok_or_else(|| {
            Error::bad_request(format!(
                "Against what? Name a 'url', send a '{sent}', or call $validate-code at its address."
            ))
        })?;
        let verdicts = self
            .ask(context, &mut subject, |terminology| {
                let each = |asked: &Asked| match is_value_set {
                    true => {
                        let wanted = system_version.as_deref();
                        in_value_set(terminology, &url, asked, wanted, language.as_deref(), refuses_abstract)
                    }
                    false => in_code_system(terminology, &url, asked, language.as_deref(), refuses_abstract),
                };
                codes.iter().map(each).collect::<Result<Vec<_>, Refusal>>()
            })
            .await?;
        Ok(answer(&verdicts))
    }
}

fn in_value_set(
    terminology: &Terminology,
    url: &str,
    asked: &Asked,
    system_version: Option<&str>,
    language: Option<&str>,
    refuses_abstract: bool,
) -> Result<Verdict, Refusal> {
    let coded = terminology.member(url, asked.system.as_deref(), &asked.code)?;
    let elsewhere = asked.system.as_deref().and_then(|system| terminology.code_system(system));
    if let Some(system) = asked.system.as_deref() {
        let used = coded.and_then(|coded| coded.version);
        check_version(system, used.or(elsewhere.and_then(|held| held.version.as_deref())), system_version)?;
    }
    let Some(coded) = coded else {
        let unknown =
            elsewhere.filter(|system| system.is_complete() && system.concept(&asked.code).is_none());
        let reason = match unknown {
            Some(system) => format!("The code system {} has no code '{}'", system.url, asked.code),
            None => format!("'{}' is not in the value set {}", asked.name(), without_version(url)),
        };
        return Ok(Verdict { fault: Some(format!("{reason}.")), display: None });
    };
    if let Some(fault) = other_version(asked, coded.version) {
        return Ok(Verdict { fault: Some(fault), display: None });
    }
    let display = coded.display(language).map(str::to_owned);
    let is_called = |name: &str| {
        coded.listed_display.is_some_and(|own| own.eq_ignore_ascii_case(name.trim()))
            || coded.concept.is_some_and(|concept| concept.is_called(name))
            || coded.designations().any(|own| own.value.eq_ignore_ascii_case(name.trim()))
    };
    let is_abstract = coded.concept.is_some_and(|concept| concept.is_abstract);
    let fault = fault(asked, display.as_deref(), &is_called, is_abstract && refuses_abstract);
    Ok(Verdict { fault, display })
}

fn in_code_system(
    terminology: &Terminology,
    url: &str,
    asked: &Asked,
    language: Option<&str>,
    refuses_abstract: bool,
) -> Result<Verdict, Refusal> {
    let system = code_system(terminology, url)?;
    let plain = without_version(url);
    let wrong = |fault: String| Ok(Verdict { fault: Some(fault), display: None });
    if asked.system.as_deref().is_some_and(|given| without_version(given) != plain) {
        return wrong(format!("'{}' is of another code system than {plain}.", asked.name()));
    }
    if let Some(fault) = other_version(asked, system.version.as_deref()) {
        return wrong(fault);
    }
    let Some(concept) = system.concept(&asked.code) else {
        if system.is_complete() {
            return wrong(format!("The code system {plain} has no code '{}'.", asked.code));
        }
        return Err(canonical::terminology::Unknown::Content {
            system: system.url.clone(),
            content: system.content.clone(),
        }
        .into());
    };
    let display = concept.display_in(language).map(str::to_owned);
    let is_abstract = concept.is_abstract && refuses_abstract;
    Ok(Verdict {
        fault: fault(asked, display.as_deref(), &|name| concept.is_called(name), is_abstract),
        display,
    })
}

/// What is wrong with a Coding of another version of its code system than the one that was looked at.
fn other_version(asked: &Asked, held: Option<&str>) -> Option<String> {
    let (given, held) = (asked.version.as_deref()?, held?);
    let short: String = given.chars().take(50).collect();
    (given != held).then(|| {
        format!(
            "'{}' was looked up in the version '{held}' of its code system, and not in '{short}'.",
            asked.name()
        )
    })
}

fn fault(
    asked: &Asked,
    display: Option<&str>,
    is_called: &dyn Fn(&str) -> bool,
    is_abstract: bool,
) -> Option<String> {
    if is_abstract {
        return Some(format!("'{}' only groups other codes and stands for nothing by itself.", asked.name()));
    }
    let given = asked.display.as_deref().filter(|given| display.is_some() && !is_called(given))?;
    let given: String = given.chars().take(200).collect();
    let own = display.unwrap_or_default();
    Some(format!("'{}' is not called '{given}', but '{own}'.", asked.name()))
}

/// True when one of the codes is good.
fn answer(verdicts: &[Verdict]) -> Reply {
    let good = verdicts.iter().find(|verdict| verdict.fault.is_none());
    let faults: Vec<&str> = verdicts.iter().filter_map(|verdict| verdict.fault.as_deref()).collect();
    let message = (good.is_none() && !faults.is_empty()).then(|| faults.join(" "));
    let display = good.or(verdicts.first()).and_then(|verdict| verdict.display.as_deref());
    parameters([
        part("result", "valueBoolean", good.is_some()),
        message.and_then(|message| part("message", "valueString", message)),
        display.and_then(|display| part("display", "valueString", display)),
    ])
}
