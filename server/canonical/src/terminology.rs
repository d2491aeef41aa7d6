//! The expansion of value sets from code systems that are at hand, <https://hl7.org/fhir/R4/valueset.html#compositions>.
//!
//! A value set is expanded in full or not at all: one that needs a code system that is not here, or only in part,
//! has no expansion. Displays, designations and versions are not looked at.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::tables::Codes;
use crate::without_version;

mod filter;

/// Imports deeper than this are taken for a circle.
const MAX_IMPORTS: usize = 16;
/// Deeper hierarchies are cut off.
const MAX_LEVELS: usize = 64;

/// Code systems and value sets, as published, by canonical url.
#[derive(Debug, Default)]
pub struct Terminology {
    code_systems: HashMap<String, CodeSystem>,
    value_sets: HashMap<String, ValueSetDefinition>,
    expanded: HashMap<String, Codes>,
}

/// The parts of a CodeSystem that an expansion needs.
#[derive(Debug, Deserialize)]
pub struct CodeSystem {
    url: String,
    content: String,
    #[serde(default)]
    concept: Vec<Concept>,
}

#[derive(Debug, Deserialize)]
struct Concept {
    code: String,
    #[serde(default)]
    concept: Vec<Concept>,
    #[serde(default)]
    property: Vec<Property>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Property {
    code: String,
    value_code: Option<String>,
}

/// The parts of a ValueSet that an expansion needs.
#[derive(Debug, Deserialize)]
pub struct ValueSetDefinition {
    url: String,
    compose: Option<Compose>,
    expansion: Option<Expansion>,
}

#[derive(Debug, Deserialize)]
struct Compose {
    include: Vec<Include>,
    #[serde(default)]
    exclude: Vec<Include>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Include {
    system: Option<String>,
    #[serde(default)]
    concept: Vec<CodeOnly>,
    #[serde(default)]
    filter: Vec<Filter>,
    #[serde(default)]
    value_set: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct CodeOnly {
    code: String,
}

#[derive(Debug, Deserialize)]
struct Filter {
    property: String,
    op: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct Expansion {
    #[serde(default)]
    contains: Vec<Contains>,
}

#[derive(Debug, Deserialize)]
struct Contains {
    system: Option<String>,
    code: Option<String>,
    #[serde(default)]
    contains: Vec<Contains>,
}

impl Terminology {
    /// Adds a code system; one with the same url is replaced.
    pub fn add_code_system(&mut self, code_system: CodeSystem) {
        self.code_systems.insert(code_system.url.clone(), code_system);
    }

    /// Adds a value set; one with the same url is replaced.
    pub fn add_value_set(&mut self, value_set: ValueSetDefinition) {
        self.value_sets.insert(value_set.url.clone(), value_set);
    }

    /// Adds the codes of a value set that is already expanded, for others to import.
    pub fn add_expanded(&mut self, url: String, codes: Codes) {
        self.expanded.insert(url, codes);
    }

    /// The canonical urls of the value sets that were added unexpanded.
    pub fn value_set_urls(&self) -> impl Iterator<Item = &str> {
        self.value_sets.keys().map(String::as_str)
    }

    /// All codes of a value set by system, given its canonical url (`|version` is ignored); `None` when they cannot
    /// all be known from what is here.
    #[must_use]
    pub fn expand(&self, canonical: &str) -> Option<Codes> {
        self.expand_within(canonical, MAX_IMPORTS)
    }

    fn expand_within(&self, canonical: &str, imports: usize) -> Option<Codes> {
        let url = without_version(canonical);
        if let Some(codes) = self.expanded.get(url) {
            return Some(codes.clone());
        }
        let imports = imports.checked_sub(1)?;
        let value_set = self.value_sets.get(url)?;
        let Some(compose) = &value_set.compose else {
            let mut codes = Codes::new();
            gather(&value_set.expansion.as_ref()?.contains, &mut codes, MAX_LEVELS);
            return Some(codes);
        };
        let mut codes = Codes::new();
        for include in &compose.include {
            for (system, included) in self.included(include, imports)? {
                codes.entry(system).or_default().extend(included);
            }
        }
        for exclude in &compose.exclude {
            for (system, excluded) in self.included(exclude, imports)? {
                if let Some(codes) = codes.get_mut(&system) {
                    codes.retain(|code| !excluded.contains(code));
                }
            }
        }
        codes.retain(|_, codes| !codes.is_empty());
        Some(codes)
    }

    /// What one include (or exclude) names: the system's codes that are also in every imported value set.
    fn included(&self, include: &Include, imports: usize) -> Option<Codes> {
        let mut result: Option<Codes> = None;
        if let Some(system) = &include.system {
            let codes = if include.concept.is_empty() {
                let code_system = self.code_systems.get(system).filter(|s| s.content == "complete")?;
                code_system.select(&include.filter)?
            } else {
                include.concept.iter().map(|concept| concept.code.clone()).collect()
            };
            result = Some(BTreeMap::from([(system.clone(), codes)]));
        }
        for import in &include.value_set {
            let imported = self.expand_within(import, imports)?;
            result = Some(match result {
                None => imported,
                Some(codes) => intersection(codes, &imported),
            });
        }
        result
    }
}

fn intersection(mut codes: Codes, other: &Codes) -> Codes {
    codes.retain(|system, codes| {
        let Some(other) = other.get(system) else { return false };
        codes.retain(|code| other.contains(code));
        !codes.is_empty()
    });
    codes
}

fn gather(contains: &[Contains], codes: &mut Codes, levels: usize) {
    let Some(levels) = levels.checked_sub(1) else { return };
    for entry in contains {
        if let (Some(system), Some(code)) = (&entry.system, &entry.code) {
            codes.entry(system.clone()).or_default().insert(code.clone());
        }
        gather(&entry.contains, codes, levels);
    }
}

#[cfg(test)]
mod tests;
