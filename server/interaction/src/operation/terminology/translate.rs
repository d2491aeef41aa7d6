//! `$translate`: a code in other words, by the concept maps that are held or stored,
//! <https://hl7.org/fhir/R4/conceptmap-operation-translate.html>.
//!
//! Dependencies are not taken: a translation that depends on something else is not given.

use canonical::terminology::{ConceptMap, Translation};
use canonical::{Terminology, split_version, without_version};
use fhir::{Cause, Error, Issue, IssueType, ResourceType, Value};
use serde_json::json;

use super::{Asked, Call, Refusal, asked, flag, meant, parameters, part};
use crate::{Context, Reply, Server};

/// How many stored maps are looked at when none is named.
const MAX_MAPS: u32 = 500;

impl Server {
    pub(in crate::operation) async fn translate(
        &self,
        context: &Context,
        call: &Call,
    ) -> Result<Reply, Error> {
        let given = &call.parameters;
        let codes = asked(given, "system")?;
        let reverse = flag(given, "reverse")?.unwrap_or_default();
        let target_system = given.text("targetsystem").map(|url| without_version(url).to_owned());
        let value_sets = [given.text("source"), given.text("target")].map(|url| url.map(str::to_owned));
        if let Some(asked) = codes.iter().find(|asked| asked.system.is_none()) {
            return Err(Error::bad_request(format!(
                "'{}' is translated from its code system: name 'system' beside 'code'.",
                asked.name()
            )));
        }
        let mut subject = self.subject(context, call, "conceptMap").await?;
        let found = match &subject.url {
            Some(url) if subject.terminology.concept_map(url).is_none() => {
                let (plain, version) = split_version(url);
                let maps = self.with_url(context, ResourceType::CONCEPT_MAP, plain).await?;
                meant(&maps, version).cloned().into_iter().collect()
            }
            Some(_) => Vec::new(),
            None => {
                let access = &context.access;
                let all = self.store.matching(access, ResourceType::CONCEPT_MAP, &[], MAX_MAPS).await?;
                let all = all.iter().map(|stored| Ok(stored.resource()?.map(fhir::Resource::into_value)));
                all.filter_map(Result::transpose).collect::<Result<_, Error>>()?
            }
        };
        for map in found.iter().rev() {
            // One that cannot be read translates nothing.
            let _ = subject.terminology.add(map);
        }
        let url = subject.url.clone();
        self.ask(context, &mut subject, |terminology| {
            let maps = maps(terminology, url.as_deref(), &value_sets)?;
            let found = translations(terminology, &maps, &codes, target_system.as_deref(), reverse);
            if maps.is_empty() || found.is_none() {
                return Ok(no_map(&codes));
            }
            Ok(answer(&found.unwrap_or_default(), &codes))
        })
        .await
    }
}

/// The map that is named, or all that are between these value sets.
fn maps<'a>(
    terminology: &'a Terminology,
    url: Option<&str>,
    value_sets: &[Option<String>; 2],
) -> Result<Vec<&'a ConceptMap>, Refusal> {
    let Some(url) = url else {
        let [source, target] = value_sets;
        let mut maps = terminology.concept_maps();
        maps.retain(|map| {
            source.as_ref().is_none_or(|url| map.has_source(url))
                && target.as_ref().is_none_or(|url| map.has_target(url))
        });
        return Ok(maps);
    };
    let Some(map) = terminology.concept_map(url) else {
        let url: String = url.chars().take(200).collect();
        let held = terminology.concept_map(without_version(&url)).and_then(|held| held.version.as_deref());
        let held = held.map(|held| format!(" Held of it is the version {held}.")).unwrap_or_default();
        let sentence = format!("The concept map {url} is not held here.{held}");
        return Err(Error::with_issue(Cause::NotFound, Issue::error(IssueType::NotFound, sentence)).into());
    };
    Ok(vec![map])
}

/// `None` when no map is about any of the code systems.
fn translations(
    terminology: &Terminology,
    maps: &[&ConceptMap],
    codes: &[Asked],
    target: Option<&str>,
    reverse: bool,
) -> Option<Vec<Translation>> {
    let mut found = None;
    for asked in codes {
        let system = asked.system.as_deref().unwrap_or_default();
        for map in maps.iter().filter(|map| map.is_between(system, target, reverse)) {
            let found = found.get_or_insert_with(Vec::new);
            let mut of_map = map.translate(system, &asked.code, target, reverse);
            if of_map.is_empty()
                && let Some(other) = map.instead(system, target).and_then(|url| terminology.concept_map(url))
            {
                of_map = other.translate(system, &asked.code, target, reverse);
            }
            found.extend(of_map);
        }
    }
    found
}

fn no_map(codes: &[Asked]) -> Reply {
    let names: Vec<String> = codes.iter().map(Asked::name).collect();
    let sentence = format!("No concept map that is held here is about {}.", names.join(" or "));
    parameters([part("result", "valueBoolean", false), part("message", "valueString", sentence)])
}

fn answer(found: &[Translation], codes: &[Asked]) -> Reply {
    // `unmatched` and `disjoint` say that there is no translation.
    let is_match =
        |t: &Translation| t.code.is_some() && !matches!(t.equivalence.as_str(), "unmatched" | "disjoint");
    let result = found.iter().any(is_match);
    let names = || codes.iter().map(Asked::name).collect::<Vec<_>>().join(" or ");
    let message = (!result).then(|| format!("The map has no translation of {}.", names()));
    let mut parts = vec![
        part("result", "valueBoolean", result),
        message.and_then(|message| part("message", "valueString", message)),
    ];
    parts.extend(found.iter().map(|translation| Some(match_of(translation))));
    parameters(parts)
}

fn match_of(translation: &Translation) -> Value {
    let mut members = vec![json!({"name": "equivalence", "valueCode": translation.equivalence})];
    if let Some(code) = &translation.code {
        let mut concept = json!({});
        if let Some(system) = &translation.system {
            concept["system"] = system.as_str().into();
        }
        concept["code"] = code.as_str().into();
        if let Some(display) = &translation.display {
            concept["display"] = display.as_str().into();
        }
        members.push(json!({"name": "concept", "valueCoding": concept}));
    }
    if !translation.map.is_empty() && translation.map != super::NAMELESS {
        members.push(json!({"name": "source", "valueUri": translation.map}));
    }
    json!({"name": "match", "part": members})
}
