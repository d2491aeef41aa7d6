//! The codes of a value set, <https://hl7.org/fhir/R4/valueset.html#expansion>.
//!
//! A value set is expanded in full or not at all: one that needs what is not here has no expansion.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};

use super::compose::{Contains, Filter, Include};
use super::filter::Filters;
use super::{CodeSystem, Concept, Designation, MAX_LEVELS, Terminology, Unknown, ValueSetDefinition};
use crate::tables::Codes;
use crate::{in_version, split_version, without_version};

/// Imports deeper than this are taken for a circle.
const MAX_IMPORTS: usize = 16;
/// How many codes may be looked at for one expansion.
const MAX_CODES: usize = 200_000;

/// One code of an expansion.
#[derive(Clone, Copy, Debug)]
pub struct Coded<'a> {
    pub system: &'a str,
    pub version: Option<&'a str>,
    pub code: &'a str,
    /// The name that the value set gives it.
    pub listed_display: Option<&'a str>,
    pub listed_designations: &'a [Designation],
    /// What its code system says of it, where that is here.
    pub concept: Option<&'a Concept>,
}

impl<'a> Coded<'a> {
    pub(super) fn of(code_system: &'a CodeSystem, concept: &'a Concept) -> Self {
        Self {
            system: &code_system.url,
            version: code_system.version.as_deref(),
            code: &concept.code,
            listed_display: None,
            listed_designations: &[],
            concept: Some(concept),
        }
    }

    /// Its name: in this language where it has one there, or the value set's own, or its code system's.
    #[must_use]
    pub fn display(&self, language: Option<&str>) -> Option<&'a str> {
        let in_language = self.concept.and_then(|concept| concept.display_in(language));
        if language.is_some() {
            in_language.or(self.listed_display)
        } else {
            self.listed_display.or(in_language)
        }
    }

    /// Every other name.
    pub fn designations(&self) -> impl Iterator<Item = &'a Designation> {
        self.listed_designations.iter().chain(self.concept.into_iter().flat_map(|c| &c.designations))
    }
}

/// How much may still be looked at.
pub(super) struct Budget<'a> {
    codes: Cell<usize>,
    url: &'a str,
}

impl<'a> Budget<'a> {
    pub(super) fn of(url: &'a str) -> Self {
        Self { codes: Cell::new(MAX_CODES), url }
    }

    fn spend(&self, codes: usize) -> Result<(), Unknown> {
        let left = self.codes.get().checked_sub(codes.max(1));
        self.codes.set(left.unwrap_or_default());
        left.map(|_| ()).ok_or_else(|| Unknown::TooCostly(self.url.to_owned()))
    }
}

impl Terminology {
    /// All codes of the value set with this canonical url, in this version if it names one, each once, in their order.
    ///
    /// # Errors
    /// What is not here and would have to be.
    pub fn expand(&self, canonical: &str) -> Result<Vec<Coded<'_>>, Unknown> {
        self.expand_within(canonical, MAX_IMPORTS, &Budget::of(canonical))
    }

    /// The same by code system, without order.
    ///
    /// # Errors
    /// As [`Self::expand`].
    pub fn codes(&self, canonical: &str) -> Result<Codes, Unknown> {
        let mut codes: Codes = BTreeMap::new();
        for coded in self.expand(canonical)? {
            codes.entry(coded.system.to_owned()).or_default().insert(coded.code.to_owned());
        }
        Ok(codes)
    }

    fn expand_within(
        &self,
        canonical: &str,
        imports: usize,
        budget: &Budget<'_>,
    ) -> Result<Vec<Coded<'_>>, Unknown> {
        if let Some(codes) = self.already_expanded(canonical) {
            return Ok(codes
                .iter()
                .flat_map(|(system, codes)| codes.iter().map(move |code| self.coded(system, None, code)))
                .collect());
        }
        let too_deep = || Unknown::TooCostly(budget.url.to_owned());
        let imports = imports.checked_sub(1).ok_or_else(too_deep)?;
        let Some(value_set) = self.value_set(canonical) else {
            return self.whole_system_of(canonical, budget);
        };
        self.expand_definition(value_set, imports, budget)
    }

    /// The value set that a code system names as that of all its codes. It has the versions of the code system.
    fn whole_system_of(&self, canonical: &str, budget: &Budget<'_>) -> Result<Vec<Coded<'_>>, Unknown> {
        let (url, version) = split_version(canonical);
        let system = self.system_of_value_set(url);
        let system = system.and_then(|system| self.code_system(&in_version(system, version)));
        let system = system.ok_or_else(|| Unknown::ValueSet(canonical.to_owned()))?;
        self.of_system(system, &[], budget)
    }

    pub(super) fn expand_definition<'a>(
        &'a self,
        value_set: &'a ValueSetDefinition,
        imports: usize,
        budget: &Budget<'_>,
    ) -> Result<Vec<Coded<'a>>, Unknown> {
        let mut codes = Vec::new();
        let Some(compose) = &value_set.compose else {
            let expansion = value_set.expansion.as_ref();
            let expansion = expansion.ok_or_else(|| Unknown::ValueSet(value_set.url.clone()))?;
            self.gather(&expansion.contains, &mut codes, MAX_LEVELS, budget)?;
            return Ok(codes);
        };
        for include in &compose.include {
            codes.extend(self.included(include, imports, budget)?);
        }
        let mut excluded: HashSet<(&str, &str)> = HashSet::new();
        for exclude in &compose.exclude {
            excluded.extend(self.included(exclude, imports, budget)?.iter().map(|c| (c.system, c.code)));
        }
        let mut seen = HashSet::new();
        codes.retain(|c| !excluded.contains(&(c.system, c.code)) && seen.insert((c.system, c.code)));
        Ok(codes)
    }

    /// What one include (or exclude) names: the system's codes that are also in every imported value set.
    fn included<'a>(
        &'a self,
        include: &'a Include,
        imports: usize,
        budget: &Budget<'_>,
    ) -> Result<Vec<Coded<'a>>, Unknown> {
        let mut result: Option<Vec<Coded<'a>>> = None;
        if let Some(system) = &include.system {
            result = Some(if include.concept.is_empty() {
                self.of_system(self.system_of(include)?, &include.filter, budget)?
            } else {
                budget.spend(include.concept.len())?;
                self.listed(system, include).collect()
            });
        }
        for import in &include.value_set {
            let imported = self.expand_within(import, imports, budget)?;
            result = Some(match result {
                None => imported,
                Some(mut codes) => {
                    let imported: HashSet<_> = imported.iter().map(|c| (c.system, c.code)).collect();
                    codes.retain(|c| imported.contains(&(c.system, c.code)));
                    codes
                }
            });
        }
        Ok(result.unwrap_or_default())
    }

    /// The code system that an include is about, in the version that it names.
    pub(super) fn system_of(&self, include: &Include) -> Result<&CodeSystem, Unknown> {
        let canonical = include.code_system().unwrap_or_default();
        self.code_system(&canonical).ok_or(Unknown::CodeSystem(canonical))
    }

    /// The codes of a code system that pass these filters.
    fn of_system<'a>(
        &'a self,
        code_system: &'a CodeSystem,
        filters: &'a [Filter],
        budget: &Budget<'_>,
    ) -> Result<Vec<Coded<'a>>, Unknown> {
        if !code_system.is_complete() {
            return Err(Unknown::content(code_system));
        }
        budget.spend(code_system.concepts.len())?;
        let mut codes = Vec::new();
        let filters = Filters::of(filters)?;
        for concept in &code_system.concepts {
            if filters.pass(code_system, concept)? {
                codes.push(Coded::of(code_system, concept));
            }
        }
        Ok(codes)
    }

    /// The codes that an include lists one by one.
    pub(super) fn listed<'a>(
        &'a self,
        system: &'a str,
        include: &'a Include,
    ) -> impl Iterator<Item = Coded<'a>> {
        include.concept.iter().map(move |listed| Coded {
            listed_display: listed.display.as_deref(),
            listed_designations: &listed.designation,
            ..self.coded(system, include.version.as_deref(), &listed.code)
        })
    }

    /// A code that is listed somewhere, with what its code system says of it in this version.
    fn coded<'a>(&'a self, system: &'a str, version: Option<&'a str>, code: &'a str) -> Coded<'a> {
        let code_system = self.code_system(&in_version(system, version));
        Coded {
            system: without_version(system),
            version: version.or(code_system.and_then(|s| s.version.as_deref())),
            code,
            listed_display: None,
            listed_designations: &[],
            concept: code_system.and_then(|s| s.concept(code)),
        }
    }

    fn gather<'a>(
        &'a self,
        contains: &'a [Contains],
        codes: &mut Vec<Coded<'a>>,
        levels: usize,
        budget: &Budget<'_>,
    ) -> Result<(), Unknown> {
        let Some(levels) = levels.checked_sub(1) else { return Ok(()) };
        budget.spend(contains.len())?;
        for entry in contains {
            if let (Some(system), Some(code)) = (&entry.system, &entry.code) {
                let listed_display = entry.display.as_deref();
                let coded = self.coded(system, entry.version.as_deref(), code);
                codes.push(Coded { listed_display, ..coded });
            }
            self.gather(&entry.contains, codes, levels, budget)?;
        }
        Ok(())
    }
}
