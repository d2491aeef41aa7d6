//! `$expand`: the codes of a value set, <https://hl7.org/fhir/R4/valueset-operation-expand.html>.
//!
//! The expansion is flat. Its `total` counts what passes the filter, whatever part of it is asked for.

use canonical::terminology::Coded;
use canonical::{Terminology, is_version, split_version, without_version};
use fhir::{Error, Instant, Value};
use serde_json::json;

use super::{Call, Parameters, Refusal, check_version, flag};
use crate::{Context, Reply, Server};

/// What of the expansion is wanted.
struct Wanted {
    filter: Option<String>,
    offset: usize,
    count: Option<usize>,
    active_only: bool,
    designations: bool,
    language: Option<String>,
    /// The versions that code systems are to have, `url|version`. Which one is used the value set says, or it is the one that is held, so
    /// that a default, a check and an order ask for the same.
    system_versions: Vec<String>,
    /// The code systems whose codes are left out.
    excluded: Vec<String>,
    /// The parameters as they were given, for the expansion to repeat.
    given: Vec<Value>,
}

impl Server {
    pub(in crate::operation) async fn expand(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        let wanted = Wanted::read(&call.parameters)?;
        let mut subject = self.subject(context, call, "valueSet").await?;
        let url = subject.url.clone().ok_or_else(|| {
            Error::bad_request(
                "Which value set? Name its 'url', send it as 'valueSet', or call $expand at its address.",
            )
        })?;
        let expanded =
            self.ask(context, &mut subject, |terminology| answer(terminology, &url, &wanted)).await?;
        Ok(Reply::resource(expanded.to_string().into()))
    }
}

impl Wanted {
    fn read(parameters: &Parameters) -> Result<Self, Error> {
        let number = |name: &str| -> Result<Option<usize>, Error> {
            let refusal = |_| Error::bad_request(format!("The parameter '{name}' is a whole number from 0."));
            parameters
                .text(name)
                .map(|text| text.parse::<u32>().map(|n| n as usize))
                .transpose()
                .map_err(refusal)
        };
        if flag(parameters, "includeDefinition")? == Some(true) {
            return Err(Error::bad_request(
                "The definition is not part of an expansion here. Read the ValueSet, or leave includeDefinition out.",
            ));
        }
        flag(parameters, "excludeNested")?;
        let kind = |name: &str| match name {
            "count" | "offset" => "valueInteger",
            "activeOnly" | "includeDesignations" | "excludeNested" | "includeDefinition" => "valueBoolean",
            "displayLanguage" => "valueCode",
            "exclude-system" | "system-version" | "check-system-version" | "force-system-version" => {
                "valueUri"
            }
            _ => "valueString",
        };
        let given = parameters.query().into_iter().filter(|(name, _)| name != "url").map(|(name, text)| {
            let value = match kind(&name) {
                "valueInteger" | "valueBoolean" => serde_json::from_str(&text).unwrap_or(Value::Null),
                _ => Value::String(text),
            };
            json!({"name": name, kind(&name): value})
        });
        Ok(Self {
            filter: parameters
                .text("filter")
                .map(str::to_lowercase)
                .filter(|filter| !filter.trim().is_empty()),
            offset: number("offset")?.unwrap_or_default(),
            count: number("count")?,
            active_only: flag(parameters, "activeOnly")?.unwrap_or_default(),
            designations: flag(parameters, "includeDesignations")?.unwrap_or_default(),
            language: parameters.text("displayLanguage").map(str::to_owned),
            system_versions: system_versions(parameters)?,
            excluded: parameters.texts("exclude-system").map(str::to_owned).collect(),
            given: given.collect(),
        })
    }

    /// A version of a code system that is asked for must be the one that is held.
    fn check_systems(&self, codes: &[Coded<'_>]) -> Result<(), Error> {
        for asked in &self.system_versions {
            let (url, version) = split_version(asked);
            if let Some(used) = codes.iter().find(|coded| coded.system == url) {
                check_version(url, used.version, version)?;
            }
        }
        Ok(())
    }

    /// Whether the code is of a code system that is left out.
    fn excludes(&self, coded: &Coded<'_>) -> bool {
        self.excluded.iter().any(|canonical| {
            let (url, version) = split_version(canonical);
            url == coded.system && is_version(coded.version, version)
        })
    }

    /// Whether every word of the filter stands in the code or in one of its names.
    fn passes(&self, coded: &Coded<'_>) -> bool {
        if self.active_only && coded.concept.is_some_and(|concept| concept.is_inactive) {
            return false;
        }
        let Some(filter) = &self.filter else { return true };
        let names = coded.designations().map(|designation| designation.value.as_str());
        let names: Vec<String> =
            coded.display(None).into_iter().chain(names).chain([coded.code]).map(str::to_lowercase).collect();
        filter.split_whitespace().all(|word| names.iter().any(|name| name.contains(word)))
    }
}

/// What the three parameters for versions of code systems ask for.
fn system_versions(parameters: &Parameters) -> Result<Vec<String>, Error> {
    let mut asked = Vec::new();
    for name in ["system-version", "check-system-version", "force-system-version"] {
        for canonical in parameters.texts(name) {
            if !canonical.contains('|') {
                let sentence =
                    format!("The parameter '{name}' names a code system with its version: url|version.");
                return Err(Error::bad_request(sentence));
            }
            asked.push(canonical.to_owned());
        }
    }
    Ok(asked)
}

fn answer(terminology: &Terminology, url: &str, wanted: &Wanted) -> Result<Value, Refusal> {
    let mut codes = terminology.expand(url)?;
    codes.retain(|coded| !wanted.excludes(coded));
    wanted.check_systems(&codes)?;
    let definition = terminology.value_set(url);
    let text = |value: Option<&String>| value.map(|text| Value::String(text.clone()));
    let plain = without_version(url);

    let mut versions: Vec<String> = Vec::new();
    for coded in &codes {
        let used = coded.version.map(|version| format!("{}|{version}", coded.system));
        versions.extend(used.filter(|used| !versions.contains(used)));
    }
    let passing: Vec<_> = codes.iter().filter(|coded| wanted.passes(coded)).collect();
    let page = passing.iter().skip(wanted.offset).take(wanted.count.unwrap_or(usize::MAX));
    let versions = versions.into_iter().map(|version| json!({"name": "version", "valueUri": version}));
    let mut expansion = json!({
        "identifier": format!("urn:uuid:{}", uuid::Uuid::new_v4()),
        "timestamp": Instant::now().to_string(),
        "total": passing.len(),
        "offset": wanted.offset,
        "parameter": wanted.given.iter().cloned().chain(versions).collect::<Vec<_>>(),
        "contains": page.map(|coded| contains(coded, wanted)).collect::<Vec<_>>(),
    });
    if let Some(members) = expansion.as_object_mut() {
        members.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
    }
    let members = [
        ("resourceType", Some("ValueSet".into())),
        ("url", (plain != super::NAMELESS).then(|| plain.into())),
        ("version", text(definition.and_then(|d| d.version.as_ref()))),
        ("name", text(definition.and_then(|d| d.name.as_ref()))),
        ("title", text(definition.and_then(|d| d.title.as_ref()))),
        ("status", text(definition.and_then(|d| d.status.as_ref())).or(Some("active".into()))),
        ("expansion", Some(expansion)),
    ];
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Ok(Value::Object(members.collect()))
}

fn contains(coded: &Coded<'_>, wanted: &Wanted) -> Value {
    let mut entry = json!({"system": coded.system});
    if coded.concept.is_some_and(|concept| concept.is_abstract) {
        entry["abstract"] = true.into();
    }
    if coded.concept.is_some_and(|concept| concept.is_inactive) {
        entry["inactive"] = true.into();
    }
    entry["code"] = coded.code.into();
    if let Some(display) = coded.display(wanted.language.as_deref()) {
        entry["display"] = display.into();
    }
    if wanted.designations {
        let designations: Vec<Value> = coded.designations().map(super::lookup::designation).collect();
        if !designations.is_empty() {
            entry["designation"] = designations.into();
        }
    }
    entry
}
