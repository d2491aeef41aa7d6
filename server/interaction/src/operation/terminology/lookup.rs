//! `$lookup`: what a code system says of a code, <https://hl7.org/fhir/R4/codesystem-operation-lookup.html>.

use canonical::terminology::{CodeSystem, Concept, Designation};
use fhir::{Cause, Error, Issue, IssueType, Value};
use serde_json::json;

use super::{Call, Refusal, asked, code_system, parameters, part};
use crate::{Context, Reply, Server};

/// The properties that are given by their own parameter, or by the hierarchy.
const NAMED: [&str; 4] = ["parent", "child", "inactive", "definition"];

impl Server {
    pub(in crate::operation) async fn lookup(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        let given = &call.parameters;
        let [asked] = asked(given, "system")?.try_into().map_err(|_| {
            Error::bad_request("$lookup is about one code: name 'code' and 'system', or a 'coding'.")
        })?;
        let url = asked.system.clone().ok_or_else(|| {
            Error::bad_request("A code is looked up in its code system: name 'system' beside 'code'.")
        })?;
        let mut subject = self.subject(context, call, "codeSystem").await?;
        let version = given.text("version").or(asked.version.as_deref());
        let url = canonical::in_version(&url, version).into_owned();
        subject.url = Some(url.clone());
        let wanted: Vec<String> = given.texts("property").map(str::to_owned).collect();
        let language = given.text("displayLanguage").map(str::to_owned);
        self.ask(context, &mut subject, |terminology| {
            let code_system = code_system(terminology, &url)?;
            let concept = concept(code_system, &asked.code)?;
            let is_wanted =
                |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name || wanted == "*");
            Ok(answer(code_system, concept, &is_wanted, language.as_deref()))
        })
        .await
    }
}

/// The concept with this code; 404 where the code system has none.
pub(super) fn concept<'a>(code_system: &'a CodeSystem, code: &str) -> Result<&'a Concept, Refusal> {
    if let Some(concept) = code_system.concept(code) {
        return Ok(concept);
    }
    let code: String = code.chars().take(100).collect();
    let (issue_type, sentence) = if code_system.is_complete() {
        (IssueType::CodeInvalid, format!("The code system {} has no code '{code}'.", code_system.url))
    } else {
        let sentence = format!(
            "Of the code system {} only a part is held here, and '{code}' is not in it.",
            code_system.url
        );
        (IssueType::NotFound, sentence)
    };
    Err(Error::with_issue(Cause::NotFound, Issue::error(issue_type, sentence)).into())
}

fn answer(
    code_system: &CodeSystem,
    concept: &Concept,
    is_wanted: &dyn Fn(&str) -> bool,
    language: Option<&str>,
) -> Reply {
    let name = code_system.name.as_deref().unwrap_or(&code_system.url);
    let version = code_system.version.as_deref();
    let display = concept.display_in(language).unwrap_or(&concept.code);
    let mut parts = vec![
        part("name", "valueString", name),
        version.and_then(|version| part("version", "valueString", version)),
        part("display", "valueString", display),
    ];
    if is_wanted("designation") {
        for own in &concept.designations {
            let members = designation(own);
            let members = [("language", "valueCode"), ("use", "valueCoding"), ("value", "valueString")]
                .into_iter()
                .filter_map(|(name, kind)| Some(json!({"name": name, kind: members.get(name)?})));
            parts.push(Some(json!({"name": "designation", "part": members.collect::<Vec<_>>()})));
        }
    }
    let property = |code: &str, kind: &str, value: Value| {
        Some(json!({"name": "property", "part": [
            {"name": "code", "valueCode": code}, {"name": "value", kind: value}]}))
    };
    if is_wanted("definition")
        && let Some(definition) = &concept.definition
    {
        parts.push(property("definition", "valueString", definition.as_str().into()));
    }
    if is_wanted("inactive") {
        parts.push(property("inactive", "valueBoolean", concept.is_inactive.into()));
    }
    if is_wanted("parent") {
        parts
            .extend(concept.parents.iter().map(|code| property("parent", "valueCode", code.as_str().into())));
    }
    if is_wanted("child") {
        let children = code_system.children(&concept.code);
        parts.extend(children.into_iter().map(|code| property("child", "valueCode", code.into())));
    }
    let others = concept.properties.iter().filter(|own| !NAMED.contains(&own.code.as_str()));
    for own in others.filter(|own| is_wanted(&own.code)) {
        parts.extend(own.value().map(|(kind, value)| property(&own.code, kind, value.clone())));
    }
    parameters(parts)
}

/// A designation as it stands in an expansion.
pub(super) fn designation(designation: &Designation) -> Value {
    let members = [
        ("language", designation.language.clone().map(Value::String)),
        ("use", designation.used_as.clone()),
        ("value", Some(Value::String(designation.value.clone()))),
    ];
    Value::Object(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}
