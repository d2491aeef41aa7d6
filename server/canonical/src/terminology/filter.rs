//! The codes of one code system that pass the filters of an include, <https://hl7.org/fhir/R4/valueset-filter-operator.html>.
//!
//! Only filters on the hierarchy are known; any other leaves the value set without an expansion.

use std::collections::{BTreeMap, BTreeSet};

use super::{CodeSystem, Concept, Filter, MAX_LEVELS};

impl CodeSystem {
    /// The codes that pass every filter; all codes when there is none; `None` when a filter is not known.
    pub(super) fn select(&self, filters: &[Filter]) -> Option<BTreeSet<String>> {
        let mut parents = BTreeMap::new();
        read_parents(&self.concept, None, &mut parents, MAX_LEVELS);
        let mut codes: BTreeSet<&str> = parents.keys().copied().collect();
        for filter in filters {
            if !matches!(filter.property.as_str(), "concept" | "code") {
                return None;
            }
            let below = descendants(&parents, &filter.value);
            let itself = filter.value.as_str();
            match filter.op.as_str() {
                "is-a" => codes.retain(|code| *code == itself || below.contains(code)),
                "descendent-of" => codes.retain(|code| below.contains(code)),
                "is-not-a" => codes.retain(|code| *code != itself && !below.contains(code)),
                "=" => codes.retain(|code| *code == itself),
                "in" => codes.retain(|code| filter.value.split(',').any(|value| value.trim() == *code)),
                "not-in" => codes.retain(|code| filter.value.split(',').all(|value| value.trim() != *code)),
                _ => return None,
            }
        }
        Some(codes.into_iter().map(str::to_owned).collect())
    }
}

/// Every code with its parents: by nesting, and by the properties that code systems use to give a code a second one.
fn read_parents<'a>(
    concepts: &'a [Concept],
    parent: Option<&'a str>,
    parents: &mut BTreeMap<&'a str, BTreeSet<&'a str>>,
    levels: usize,
) {
    let Some(levels) = levels.checked_sub(1) else { return };
    for concept in concepts {
        let of_this = parents.entry(&concept.code).or_default();
        of_this.extend(parent);
        for property in &concept.property {
            if matches!(property.code.as_str(), "subsumedBy" | "parent") {
                of_this.extend(property.value_code.as_deref());
            }
        }
        read_parents(&concept.concept, Some(&concept.code), parents, levels);
    }
}

/// Every code below this one, at any depth.
fn descendants<'a>(parents: &BTreeMap<&'a str, BTreeSet<&'a str>>, ancestor: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![ancestor];
    while let Some(parent) = waiting.pop() {
        for (code, of_code) in parents {
            if of_code.contains(parent) && found.insert(*code) {
                waiting.push(*code);
            }
        }
    }
    found
}
