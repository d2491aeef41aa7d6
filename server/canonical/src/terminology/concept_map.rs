//! Translation of a code by a concept map, <https://hl7.org/fhir/R4/conceptmap.html>.
//!
//! Dependencies on other elements and products are not looked at; a target that depends on one is no match by itself.

use serde::Deserialize;

use super::without_version;

/// A concept map.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConceptMap {
    #[serde(default)]
    pub url: String,
    pub version: Option<String>,
    pub source_uri: Option<String>,
    pub source_canonical: Option<String>,
    pub target_uri: Option<String>,
    pub target_canonical: Option<String>,
    #[serde(default)]
    group: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    source: Option<String>,
    target: Option<String>,
    #[serde(default)]
    element: Vec<Element>,
    unmapped: Option<Unmapped>,
}

#[derive(Debug, Deserialize)]
struct Element {
    code: Option<String>,
    display: Option<String>,
    #[serde(default)]
    target: Vec<Target>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    code: Option<String>,
    display: Option<String>,
    #[serde(default)]
    equivalence: String,
    comment: Option<String>,
    #[serde(default)]
    depends_on: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Unmapped {
    mode: String,
    code: Option<String>,
    display: Option<String>,
    url: Option<String>,
}

/// One code that a code is translated to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// <https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html>
    pub equivalence: String,
    pub system: Option<String>,
    /// `None` where the map says that there is none.
    pub code: Option<String>,
    pub display: Option<String>,
    pub comment: Option<String>,
    /// The map that says so.
    pub map: String,
}

impl ConceptMap {
    /// Whether it maps codes of this system (with `reverse`: to this system), and to this one where it is given.
    #[must_use]
    pub fn is_between(&self, system: &str, target: Option<&str>, reverse: bool) -> bool {
        self.groups(system, target, reverse).next().is_some()
    }

    /// Whether this is the value set (or system) that it maps from.
    #[must_use]
    pub fn has_source(&self, url: &str) -> bool {
        is_any(&[&self.source_uri, &self.source_canonical], url)
    }

    /// Whether this is the value set (or system) that it maps to.
    #[must_use]
    pub fn has_target(&self, url: &str) -> bool {
        is_any(&[&self.target_uri, &self.target_canonical], url)
    }

    /// What this code is translated to, in the order of the map; with `reverse`, what is translated to it.
    #[must_use]
    pub fn translate(
        &self,
        system: &str,
        code: &str,
        target: Option<&str>,
        reverse: bool,
    ) -> Vec<Translation> {
        let mut found = Vec::new();
        for group in self.groups(system, target, reverse) {
            if reverse {
                found.extend(group.back(code, &self.url));
            } else {
                found.extend(group.forth(code, &self.url));
            }
        }
        found
    }

    /// The map that stands in for this one where it has no entry for the code.
    #[must_use]
    pub fn instead<'a>(&'a self, system: &'a str, target: Option<&'a str>) -> Option<&'a str> {
        let mut unmapped = self.groups(system, target, false).filter_map(|group| group.unmapped.as_ref());
        unmapped.find(|unmapped| unmapped.mode == "other-map")?.url.as_deref()
    }

    fn groups<'a>(
        &'a self,
        system: &'a str,
        target: Option<&'a str>,
        reverse: bool,
    ) -> impl Iterator<Item = &'a Group> {
        self.group.iter().filter(move |group| {
            let (from, to) =
                if reverse { (&group.target, &group.source) } else { (&group.source, &group.target) };
            from.as_deref().is_some_and(|from| without_version(from) == without_version(system))
                && target.is_none_or(|target| to.as_deref().is_some_and(|to| without_version(to) == target))
        })
    }
}

impl Group {
    fn forth(&self, code: &str, map: &str) -> Vec<Translation> {
        let translation =
            |equivalence: &str, code: Option<&String>, display: Option<&String>, comment| Translation {
                equivalence: equivalence.to_owned(),
                system: code.and(self.target.clone()),
                code: code.cloned(),
                display: display.cloned(),
                comment,
                map: map.to_owned(),
            };
        let of_code = self.element.iter().filter(|element| element.code.as_deref() == Some(code));
        let targets = of_code.flat_map(|element| &element.target).filter(|t| t.depends_on.is_empty());
        let found: Vec<_> = targets
            .map(|t| translation(&t.equivalence, t.code.as_ref(), t.display.as_ref(), t.comment.clone()))
            .collect();
        if !found.is_empty() {
            return found;
        }
        match &self.unmapped {
            Some(unmapped) if unmapped.mode == "provided" => {
                vec![translation("equal", Some(&code.to_owned()), None, None)]
            }
            Some(unmapped) if unmapped.mode == "fixed" => {
                vec![translation("inexact", unmapped.code.as_ref(), unmapped.display.as_ref(), None)]
            }
            _ => Vec::new(),
        }
    }

    fn back(&self, code: &str, map: &str) -> Vec<Translation> {
        let mut found = Vec::new();
        for element in &self.element {
            for target in element.target.iter().filter(|t| t.code.as_deref() == Some(code)) {
                found.push(Translation {
                    equivalence: reversed(&target.equivalence).to_owned(),
                    system: self.source.clone(),
                    code: element.code.clone(),
                    display: element.display.clone(),
                    comment: target.comment.clone(),
                    map: map.to_owned(),
                });
            }
        }
        found
    }
}

/// What an equivalence says in the other direction.
fn reversed(equivalence: &str) -> &str {
    match equivalence {
        "wider" => "narrower",
        "narrower" => "wider",
        "subsumes" => "specializes",
        "specializes" => "subsumes",
        other => other,
    }
}

fn is_any(given: &[&Option<String>], url: &str) -> bool {
    given
        .iter()
        .any(|given| given.as_deref().is_some_and(|given| without_version(given) == without_version(url)))
}
