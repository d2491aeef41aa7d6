//! Code systems, value sets and concept maps, as published, and what can be asked of them: expansion, membership,
//! subsumption and translation, <https://hl7.org/fhir/R4/terminology-service.html>.
//!
//! What is not here is said ([`Unknown`]), never guessed: SNOMED CT and LOINC are not held. A canonical with a version means that
//! version ([`Terminology::code_system`]); what states no version itself stands for any.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::tables::{Codes, version_of_r4};
use crate::{definitions, is_version, split_version, without_version};

mod code_system;
mod compose;
mod concept_map;
mod expand;
mod filter;
mod member;
mod unknown;

pub use code_system::{CodeSystem, Concept, Designation, Property};
pub use compose::ValueSetDefinition;
pub use concept_map::{ConceptMap, Translation};
pub use expand::Coded;
pub use unknown::Unknown;

/// Deeper hierarchies are cut off.
const MAX_LEVELS: usize = 64;

static HL7: &[u8] = include_bytes!("../data/terminology.json.zst");
static TERMINOLOGY: LazyLock<Terminology> = LazyLock::new(|| {
    let text = zstd::decode_all(HL7).expect("the embedded file is made and tested with this crate");
    let text: &'static str = String::from_utf8(text).expect("the embedded file is JSON").leak();
    let mut terminology = Terminology::default();
    let resources: Vec<&'static RawValue> = serde_json::from_str(text).expect("the embedded file is JSON");
    let own = definitions().artifacts().iter().chain(definitions().others());
    for text in resources.into_iter().map(RawValue::get).chain(own.map(|artifact| artifact.text)) {
        terminology.hold(text);
    }
    terminology
});

/// HL7's terminology for R4 and our own. Loading happens on the first call.
pub fn terminology() -> &'static Terminology {
    &TERMINOLOGY
}

/// See the module.
#[derive(Debug, Default)]
pub struct Terminology {
    /// Where is looked for what is not here.
    base: Option<&'static Terminology>,
    /// By url: what is meant when no version is named; by `url|version`: what is held beside that.
    code_systems: HashMap<String, Held<CodeSystem>>,
    value_sets: HashMap<String, Held<ValueSetDefinition>>,
    concept_maps: HashMap<String, Held<ConceptMap>>,
    expanded: HashMap<String, Codes>,
    /// By the url of the value set of all its codes: the code system.
    whole: HashMap<String, String>,
}

/// A resource that is read when it is first asked for: of a thousand code systems, a process uses a handful.
#[derive(Debug)]
struct Held<T> {
    text: &'static str,
    read: OnceLock<Option<T>>,
}

impl<T: DeserializeOwned> Held<T> {
    fn of(read: T) -> Self {
        Self { text: "", read: OnceLock::from(Some(read)) }
    }

    /// `None` when the text is none of these; the embedded ones are all read in a test.
    fn get(&self) -> Option<&T> {
        self.read.get_or_init(|| serde_json::from_str(self.text).ok()).as_ref()
    }
}

/// What a canonical names: of its url what is meant without a version, or what is held in the version that it names.
fn held<'a, T: DeserializeOwned>(
    all: &'a HashMap<String, Held<T>>,
    canonical: &str,
    own: fn(&T) -> Option<&str>,
) -> Option<&'a T> {
    let (url, version) = split_version(canonical);
    let is_meant = |held: &&T| is_version(own(held), version);
    let beside = || version.and_then(|_| all.get(canonical)?.get());
    all.get(url).and_then(Held::get).filter(is_meant).or_else(beside)
}

/// What is said of a code system without reading its concepts.
#[derive(Clone, Debug, Deserialize)]
pub struct Announced {
    pub url: String,
    pub version: Option<String>,
    /// As [`CodeSystem::content`].
    #[serde(default)]
    pub content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    resource_type: String,
    #[serde(default)]
    url: String,
    /// Of a CodeSystem.
    value_set: Option<String>,
}

impl Terminology {
    /// One that falls back on this one for whatever is not added to it.
    #[must_use]
    pub fn over(base: &'static Self) -> Self {
        Self { base: Some(base), ..Self::default() }
    }

    /// Adds a code system; one with the same url is replaced.
    pub fn add_code_system(&mut self, code_system: CodeSystem) {
        self.hold_code_system(code_system.url.clone(), code_system);
    }

    fn hold_code_system(&mut self, canonical: String, code_system: CodeSystem) {
        if let Some(value_set) = &code_system.value_set {
            self.whole.insert(without_version(value_set).to_owned(), code_system.url.clone());
        }
        self.code_systems.insert(canonical, Held::of(code_system));
    }

    /// Adds a value set; one with the same url is replaced.
    pub fn add_value_set(&mut self, value_set: ValueSetDefinition) {
        self.value_sets.insert(value_set.url.clone(), Held::of(value_set));
    }

    /// Adds a CodeSystem, ValueSet or ConceptMap under its url; other resources are not looked at.
    ///
    /// # Errors
    /// When the resource is not made as its type says.
    pub fn add(&mut self, resource: &Value) -> Result<(), serde_json::Error> {
        let url = resource.get("url").and_then(Value::as_str).unwrap_or_default();
        self.add_as(url, resource)
    }

    /// The same under this canonical: under `url|version` it is found by those alone who name that version.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_as(&mut self, canonical: &str, resource: &Value) -> Result<(), serde_json::Error> {
        let canonical = canonical.to_owned();
        match resource.get("resourceType").and_then(Value::as_str) {
            Some("CodeSystem") => self.hold_code_system(canonical, CodeSystem::deserialize(resource)?),
            Some("ValueSet") => {
                self.value_sets.insert(canonical, Held::of(ValueSetDefinition::deserialize(resource)?));
            }
            Some("ConceptMap") => {
                self.concept_maps.insert(canonical, Held::of(ConceptMap::deserialize(resource)?));
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds the codes of a value set of R4 that is already expanded, for others to import.
    pub fn add_expanded(&mut self, url: String, codes: Codes) {
        self.expanded.insert(url, codes);
    }

    /// Adds the text of a resource, to be read when it is asked for; the first with a url counts.
    fn hold(&mut self, text: &'static str) {
        let Ok(Head { resource_type, url, value_set }) = serde_json::from_str(text) else { return };
        match resource_type.as_str() {
            "CodeSystem" => {
                if let Some(whole) = value_set {
                    self.whole.entry(without_version(&whole).to_owned()).or_insert_with(|| url.clone());
                }
                self.code_systems.entry(url).or_insert(Held { text, read: OnceLock::new() });
            }
            "ValueSet" => {
                self.value_sets.entry(url).or_insert(Held { text, read: OnceLock::new() });
            }
            "ConceptMap" => {
                self.concept_maps.entry(url).or_insert(Held { text, read: OnceLock::new() });
            }
            _ => {}
        }
    }

    /// The code system with this canonical url, in this version if it names one.
    #[must_use]
    pub fn code_system(&self, canonical: &str) -> Option<&CodeSystem> {
        held(&self.code_systems, canonical, |held| held.version.as_deref())
            .or_else(|| self.base?.code_system(canonical))
    }

    /// The value set with this canonical url, in this version if it names one.
    #[must_use]
    pub fn value_set(&self, canonical: &str) -> Option<&ValueSetDefinition> {
        held(&self.value_sets, canonical, |held| held.version.as_deref())
            .or_else(|| self.base?.value_set(canonical))
    }

    /// The concept map with this canonical url, in this version if it names one.
    #[must_use]
    pub fn concept_map(&self, canonical: &str) -> Option<&ConceptMap> {
        held(&self.concept_maps, canonical, |held| held.version.as_deref())
            .or_else(|| self.base?.concept_map(canonical))
    }

    /// The code systems that are part of the server, by url; those that were added later are not among them.
    #[must_use]
    pub fn announced(&self) -> Vec<Announced> {
        let texts = self.code_systems.values().map(|held| held.text);
        let mut announced: Vec<Announced> =
            texts.filter_map(|text| serde_json::from_str(text).ok()).collect();
        announced.sort_unstable_by(|a, b| a.url.cmp(&b.url));
        announced
    }

    /// Every concept map, by url.
    #[must_use]
    pub fn concept_maps(&self) -> Vec<&ConceptMap> {
        let base = self.base.into_iter().flat_map(|base| base.concept_maps());
        let base = base.filter(|map| !self.concept_maps.contains_key(&map.url));
        let mut maps: Vec<_> = self.concept_maps.values().filter_map(Held::get).chain(base).collect();
        maps.sort_unstable_by(|a, b| a.url.cmp(&b.url));
        maps
    }

    /// The canonical urls of the value sets that were added unexpanded.
    pub fn value_set_urls(&self) -> impl Iterator<Item = &str> {
        self.value_sets.keys().map(String::as_str)
    }

    /// The code system that names this value set as that of all its codes.
    fn system_of_value_set(&self, url: &str) -> Option<&str> {
        let own = self.whole.get(url).map(String::as_str);
        own.or_else(|| self.base?.system_of_value_set(url))
    }

    fn already_expanded(&self, canonical: &str) -> Option<&Codes> {
        let (url, version) = split_version(canonical);
        let own = self.expanded.get(url).filter(|_| is_version(version_of_r4(url), version));
        own.or_else(|| self.base?.already_expanded(canonical))
    }
}

#[cfg(test)]
mod tests;
