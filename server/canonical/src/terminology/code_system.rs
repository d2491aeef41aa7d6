//! Code systems with their hierarchy, <https://hl7.org/fhir/R4/codesystem.html>.
//!
//! A code is below another by nesting, or by the properties that code systems use to give a code a second place.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::MAX_LEVELS;

/// A code system, its concepts in the order of their publication.
#[derive(Debug, Deserialize)]
#[serde(from = "Resource")]
pub struct CodeSystem {
    pub url: String,
    pub version: Option<String>,
    /// Its title or, without one, its name.
    pub name: Option<String>,
    /// `complete`, `fragment`, `example`, `not-present` or `supplement`.
    pub content: String,
    /// The canonical url of the value set that has all its codes.
    pub value_set: Option<String>,
    pub concepts: Vec<Concept>,
    case_sensitive: bool,
    by_code: HashMap<String, usize>,
}

/// One concept.
#[derive(Debug)]
pub struct Concept {
    pub code: String,
    pub display: Option<String>,
    pub definition: Option<String>,
    pub designations: Vec<Designation>,
    pub properties: Vec<Property>,
    /// The codes directly above it.
    pub parents: BTreeSet<String>,
    /// Whether it only groups others and stands in no resource.
    pub is_abstract: bool,
    /// Whether it is no longer to be used.
    pub is_inactive: bool,
}

/// Another name of a concept.
#[derive(Clone, Debug, Deserialize)]
pub struct Designation {
    pub language: Option<String>,
    /// The Coding that says what it is for.
    #[serde(rename = "use")]
    pub used_as: Option<serde_json::Value>,
    pub value: String,
}

/// What else is said of a concept: its code, and its `value[x]` as it stands there.
#[derive(Clone, Debug, Deserialize)]
pub struct Property {
    pub code: String,
    #[serde(flatten)]
    pub value: serde_json::Map<String, serde_json::Value>,
}

impl Property {
    /// The member that holds its value, as `valueCode`, and the value.
    #[must_use]
    pub fn value(&self) -> Option<(&str, &serde_json::Value)> {
        let (name, value) = self.value.iter().find(|(name, _)| name.starts_with("value"))?;
        Some((name, value))
    }

    fn is(&self, code: &str, wanted: &serde_json::Value) -> bool {
        self.code == code && self.value().is_some_and(|(_, value)| value == wanted)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(default)]
    url: String,
    version: Option<String>,
    name: Option<String>,
    title: Option<String>,
    #[serde(default)]
    content: String,
    case_sensitive: Option<bool>,
    value_set: Option<String>,
    #[serde(default)]
    concept: Vec<Nested>,
}

#[derive(Deserialize)]
struct Nested {
    code: String,
    display: Option<String>,
    definition: Option<String>,
    #[serde(default)]
    designation: Vec<Designation>,
    #[serde(default)]
    property: Vec<Property>,
    #[serde(default)]
    concept: Vec<Nested>,
}

impl From<Resource> for CodeSystem {
    fn from(resource: Resource) -> Self {
        let mut concepts = Vec::new();
        flatten(resource.concept, None, &mut concepts, MAX_LEVELS);
        let mut by_code = HashMap::new();
        for (at, concept) in concepts.iter().enumerate() {
            by_code.entry(concept.code.clone()).or_insert(at);
        }
        let below: Vec<(usize, String)> = concepts
            .iter()
            .flat_map(|concept| {
                let children = concept.properties.iter().filter(|property| property.code == "child");
                let children = children.filter_map(|property| property.value()?.1.as_str());
                children.filter_map(|child| Some((*by_code.get(child)?, concept.code.clone())))
            })
            .collect();
        for (at, parent) in below {
            concepts[at].parents.insert(parent);
        }
        Self {
            url: resource.url,
            version: resource.version,
            name: resource.title.or(resource.name),
            content: resource.content,
            value_set: resource.value_set,
            case_sensitive: resource.case_sensitive.unwrap_or(true),
            concepts,
            by_code,
        }
    }
}

fn flatten(nested: Vec<Nested>, parent: Option<&str>, concepts: &mut Vec<Concept>, levels: usize) {
    let Some(levels) = levels.checked_sub(1) else { return };
    for Nested { code, display, definition, designation, property, concept } in nested {
        let mut parents: BTreeSet<String> = parent.map(str::to_owned).into_iter().collect();
        let above = property.iter().filter(|p| matches!(p.code.as_str(), "subsumedBy" | "parent"));
        parents.extend(above.filter_map(|p| p.value()?.1.as_str()).map(str::to_owned));
        let is = |code: &str, value: &serde_json::Value| property.iter().any(|p| p.is(code, value));
        let is_true = |code: &str| is(code, &true.into());
        let is_abstract = is_true("notSelectable") || is_true("abstract");
        let is_inactive =
            is_true("inactive") || is("status", &"retired".into()) || is("status", &"deprecated".into());
        concepts.push(Concept {
            code: code.clone(),
            display,
            definition,
            designations: designation,
            properties: property,
            parents,
            is_abstract,
            is_inactive,
        });
        flatten(concept, Some(&code), concepts, levels);
    }
}

impl CodeSystem {
    /// The concept with this code; in a code system whose codes are not case-sensitive, whatever its case.
    #[must_use]
    pub fn concept(&self, code: &str) -> Option<&Concept> {
        if let Some(at) = self.by_code.get(code) {
            return self.concepts.get(*at);
        }
        if self.case_sensitive {
            return None;
        }
        self.concepts.iter().find(|concept| concept.code.eq_ignore_ascii_case(code))
    }

    /// Whether all its codes are here.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.content == "complete"
    }

    /// Whether the code `below` is below the code `above`, at any depth.
    #[must_use]
    pub fn is_below(&self, below: &str, above: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![below];
        while let Some(code) = waiting.pop() {
            for parent in self.concept(code).into_iter().flat_map(|concept| &concept.parents) {
                if parent == above {
                    return true;
                }
                if seen.insert(parent.as_str()) {
                    waiting.push(parent);
                }
            }
        }
        false
    }

    /// The codes directly below this one, in the order of their publication.
    #[must_use]
    pub fn children(&self, code: &str) -> Vec<&str> {
        let of_code = self.concepts.iter().filter(|concept| concept.parents.contains(code));
        of_code.map(|concept| concept.code.as_str()).collect()
    }
}

impl Concept {
    /// Its name in this language, when it has one; otherwise its display.
    #[must_use]
    pub fn display_in(&self, language: Option<&str>) -> Option<&str> {
        let wanted = language.and_then(|language| {
            self.designations.iter().find(|designation| {
                designation.language.as_deref().is_some_and(|given| is_language(given, language))
            })
        });
        wanted.map(|designation| designation.value.as_str()).or(self.display.as_deref())
    }

    /// Whether it is called this: its display or one of its designations, whatever their case.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let designations = self.designations.iter().map(|designation| designation.value.as_str());
        let name = name.trim().to_lowercase();
        self.display.as_deref().into_iter().chain(designations).any(|own| own.to_lowercase() == name)
    }
}

/// `en-GB` is English.
fn is_language(given: &str, wanted: &str) -> bool {
    let (given, wanted) = (given.to_lowercase(), wanted.to_lowercase());
    given == wanted || given.split('-').next() == Some(&wanted)
}
