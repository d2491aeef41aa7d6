//! Value sets that are held in full: those of required bindings, and our own, <https://hl7.org/fhir/R4/valueset.html>.
//!
//! A value set that is not here (mime types, languages, units) can only be checked for its form.

use std::collections::{HashMap, HashSet};

/// The codes of a value set, by code system.
#[derive(Debug)]
pub struct ValueSet {
    pub url: String,
    /// `None` where it states none.
    pub version: Option<String>,
    pub codes: HashMap<String, HashSet<String>>,
}

impl ValueSet {
    /// Whether this code of this system is in it; without a system, whether any system's code of that text is.
    #[must_use]
    pub fn contains(&self, system: Option<&str>, code: &str) -> bool {
        match system {
            Some(system) => self.codes.get(system).is_some_and(|codes| codes.contains(code)),
            None => self.codes.values().any(|codes| codes.contains(code)),
        }
    }

    /// Up to `limit` of its codes, sorted, to be named in a message.
    #[must_use]
    pub fn sample(&self, limit: usize) -> Vec<&str> {
        let mut codes: Vec<_> = self.codes.values().flatten().map(String::as_str).collect();
        codes.sort_unstable();
        codes.truncate(limit);
        codes
    }
}
