//! The set of everything that is known, loaded once per process from the embedded files.
//!
//! HL7's definitions come first, then our own (`data/profiles.json`) are added to them. What is loaded lives as long as
//! the process, so that everybody may hold on to a definition. Nothing is validated and nothing is fetched here.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::artifact::{self, Artifact};
use crate::own::Own;
use crate::scope::{self, Scope};
use crate::structure::{Child, Element, Profile, ScopeId, Structure};
use crate::tables::{Tables, version_of_r4};
use crate::{Compartment, SearchParameter, ValueSet, is_version, profile, split_version, without_version};

static R4: &[u8] = include_bytes!("../data/r4.json.zst");
static OWN: &str = include_str!("../data/profiles.json");
static DEFINITIONS: OnceLock<Definitions> = OnceLock::new();

/// Everything that the server knows of FHIR R4, of its own profiles and of the packages that were added. Loading happens on
/// the first call.
pub fn definitions() -> &'static Definitions {
    DEFINITIONS.get_or_init(|| {
        Definitions::load(R4, OWN, Vec::new())
            .expect("the embedded definitions are made and tested with this crate")
    })
}

/// Adds the conformance resources of others, as the texts of their JSON. Where one has the url of HL7's or ours, it does not
/// count. Compartments and topics are not taken from others: they decide who sees and who is told.
///
/// # Errors
/// Which of them cannot be used, and why; or that the definitions are in use already, so that it is too late.
pub fn add_packages(resources: Vec<String>) -> Result<(), String> {
    let loaded = Definitions::load(R4, OWN, resources)?;
    DEFINITIONS.set(loaded).map_err(|_| "the definitions are in use already".to_owned())
}

/// The loaded definitions; see [`definitions`].
#[derive(Debug)]
pub struct Definitions {
    structures: &'static [Structure],
    structures_by_name: HashMap<&'static str, &'static Structure>,
    scopes: &'static [Scope],
    search_parameters: &'static [SearchParameter],
    compartments: HashMap<String, &'static Compartment>,
    value_sets: HashMap<String, &'static ValueSet>,
    profiles: &'static [Profile],
    profiles_by_url: HashMap<&'static str, &'static Profile>,
    topics: &'static [Value],
    artifacts: &'static [Artifact],
    others: &'static [Artifact],
}

impl Definitions {
    /// The resource type or data type with this name.
    #[must_use]
    pub fn structure(&self, name: &str) -> Option<&'static Structure> {
        self.structures_by_name.get(name).copied()
    }

    /// Every resource type and data type, the abstract ones too, by name.
    #[must_use]
    pub fn structures(&self) -> &'static [Structure] {
        self.structures
    }

    /// The elements directly below this scope, in the order of the definition; a choice is one element.
    #[must_use]
    pub fn children(&self, scope: ScopeId) -> &'static [&'static Element] {
        self.scope(scope).elements
    }

    /// What this JSON property is in this scope: `valueQuantity` is the element `value[x]` with the type Quantity. For
    /// `_birthDate` ask without the underscore; its own properties are those of the type `Element`.
    #[must_use]
    pub fn child(&self, scope: ScopeId, property: &str) -> Option<&'static Child> {
        self.scope(scope).children.get(property)
    }

    /// Where the elements of a resource type or complex data type are found; `None` for primitives and unknown names.
    #[must_use]
    pub fn scope_of_type(&self, type_name: &str) -> Option<ScopeId> {
        self.structure(type_name)?.scope
    }

    /// R4's search parameters by url, followed by our own.
    #[must_use]
    pub fn search_parameters(&self) -> &'static [SearchParameter] {
        self.search_parameters
    }

    /// The compartment whose owner has this resource type, with the members that our own definitions add.
    #[must_use]
    pub fn compartment(&self, owner: &str) -> Option<&'static Compartment> {
        self.compartments.get(owner).copied()
    }

    /// The value set with this canonical url, in this version if it names one, if all its codes are known.
    #[must_use]
    pub fn value_set(&self, canonical: &str) -> Option<&'static ValueSet> {
        let (url, version) = split_version(canonical);
        let held = self.value_sets.get(url).copied()?;
        is_version(held.version.as_deref(), version).then_some(held)
    }

    /// The profile or extension with this canonical url (`|version` is ignored): ours, a package's, or HL7's for R4.
    #[must_use]
    pub fn profile(&self, url: &str) -> Option<&'static Profile> {
        let url = without_version(url);
        self.profiles_by_url.get(url).copied().or_else(|| profile::of_hl7(url))
    }

    /// The urls of all of these.
    pub fn profile_urls(&self) -> impl Iterator<Item = &'static str> {
        self.profiles_by_url.keys().copied().chain(profile::urls_of_hl7())
    }

    /// Our own profiles and extensions, and those of packages.
    #[must_use]
    pub fn profiles(&self) -> &'static [Profile] {
        self.profiles
    }

    /// Our SubscriptionTopics, in the shape of R5.
    #[must_use]
    pub fn topics(&self) -> &'static [Value] {
        self.topics
    }

    /// The artifact of ours with this type and id, as it is published.
    #[must_use]
    pub fn artifact(&self, resource_type: &str, id: &str) -> Option<&'static Value> {
        let found = self.artifacts.iter().find(|a| a.resource_type == resource_type && a.id == id);
        found.map(Artifact::resource)
    }

    /// All artifacts of ours.
    #[must_use]
    pub fn artifacts(&self) -> &'static [Artifact] {
        self.artifacts
    }

    /// The artifacts of the packages that were added.
    #[must_use]
    pub fn others(&self) -> &'static [Artifact] {
        self.others
    }

    fn scope(&self, scope: ScopeId) -> &'static Scope {
        &self.scopes[scope.0 as usize]
    }

    /// Both files, and the resources of others, as one set of definitions; the error says what is wrong with them.
    fn load(r4: &[u8], own: &'static str, others: Vec<String>) -> Result<Self, String> {
        let tables = zstd::decode_all(r4).map_err(|e| e.to_string())?;
        let mut tables: Tables = serde_json::from_slice(&tables).map_err(|e| e.to_string())?;
        let artifacts: &'static [Artifact] = artifact::read(own).map_err(|e| e.to_string())?.leak();
        let others: &'static [Artifact] = artifact::read_each(others)?.leak();
        let own = Own::read(artifacts, others, &tables)?;
        for (owner, members) in own.compartments {
            let known = tables.compartments.entry(owner).or_default();
            for (resource_type, parameters) in members {
                let known = known.entry(resource_type).or_default();
                known.extend(parameters);
                known.sort_unstable();
                known.dedup();
            }
        }
        tables.search_parameters.extend(own.search_parameters);
        let mut value_sets = own.value_sets;
        value_sets.extend(tables.value_sets.into_iter().map(|(url, codes)| {
            let version = version_of_r4(&url).map(str::to_owned);
            (url, (version, codes))
        }));
        let (structures, scopes) = scope::build(tables.structures)?;
        let structures: &'static [Structure] = structures.leak();
        let profiles: &'static [Profile] = own.profiles.leak();
        Ok(Self {
            structures,
            structures_by_name: structures.iter().map(|s| (s.name.as_str(), s)).collect(),
            scopes: scopes.leak(),
            search_parameters: tables.search_parameters.leak(),
            compartments: by_key(tables.compartments, |owner, members| Compartment {
                owner,
                members: members.into_iter().collect(),
            }),
            value_sets: by_key(value_sets, |url, (version, codes)| ValueSet {
                url,
                version,
                codes: codes
                    .into_iter()
                    .map(|(system, codes)| (system, codes.into_iter().collect()))
                    .collect(),
            }),
            profiles,
            profiles_by_url: profiles.iter().rev().map(|p| (p.url.as_str(), p)).collect(),
            topics: own.topics.leak(),
            artifacts,
            others,
        })
    }
}

/// A table's rows, each made to last, by their key.
fn by_key<K: Clone + Eq + std::hash::Hash, R, T>(
    rows: impl IntoIterator<Item = (K, R)>,
    value: impl Fn(K, R) -> T,
) -> HashMap<K, &'static T> {
    let lasting =
        |(key, row): (K, R)| -> (K, &'static T) { (key.clone(), Box::leak(Box::new(value(key, row)))) };
    rows.into_iter().map(lasting).collect()
}

#[cfg(test)]
mod tests;
