//! What our own artifacts, and those of packages, add to HL7's definitions: profiles, value sets, search parameters; ours also
//! compartment members and topics.
//!
//! CodeSystems count only through the value sets that are expanded from them; other resources are only published.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::artifact::Artifact;
use crate::structure::Profile;
use crate::tables::{Codes, Tables};
use crate::terminology::Terminology;
use crate::{Compartment, SearchParameter, profile};

/// See the module.
#[derive(Debug, Default)]
pub struct Own {
    pub profiles: Vec<Profile>,
    pub search_parameters: Vec<SearchParameter>,
    /// Owner and members, as in the tables.
    pub compartments: Vec<(String, BTreeMap<String, Vec<String>>)>,
    /// By canonical url, with their version; those that cannot be expanded in full are left out.
    pub value_sets: BTreeMap<String, (Option<String>, Codes)>,
    pub topics: Vec<Value>,
}

/// What is not taken from others: who belongs to whom, and what is told, is not theirs to say.
const OURS_ALONE: [&str; 2] = ["CompartmentDefinition", "SubscriptionTopic"];

impl Own {
    /// Reads all artifacts, those of others too; value sets may import those of the tables. The error names the artifact.
    pub fn read(
        artifacts: &'static [Artifact],
        others: &'static [Artifact],
        tables: &Tables,
    ) -> Result<Self, String> {
        let mut own = Self::default();
        let mut terminology = Terminology::default();
        let others = others.iter().filter(|other| {
            let is_known = |known: &&Artifact| known.url.is_some() && known.url == other.url;
            !OURS_ALONE.contains(&other.resource_type.as_str()) && !artifacts.iter().any(|own| is_known(&own))
        });
        for artifact in artifacts.iter().chain(others) {
            own.add(artifact, &mut terminology)
                .map_err(|e| format!("{}/{}: {e}", artifact.resource_type, artifact.id))?;
        }
        let urls: Vec<String> = terminology.value_set_urls().map(str::to_owned).collect();
        if !urls.is_empty() {
            for (url, codes) in &tables.value_sets {
                terminology.add_expanded(url.clone(), codes.clone());
            }
        }
        let expanded = urls.into_iter().filter_map(|url| {
            let version = terminology.value_set(&url)?.version.clone();
            Some(((version, terminology.codes(&url).ok()?), url))
        });
        own.value_sets = expanded.map(|(expanded, url)| (url, expanded)).collect();
        Ok(own)
    }

    fn add(&mut self, artifact: &'static Artifact, terminology: &mut Terminology) -> Result<(), String> {
        let text = artifact.text;
        let reason = |e: serde_json::Error| e.to_string();
        match artifact.resource_type.as_str() {
            "StructureDefinition" => self.profiles.extend(profile::read(text)?),
            "ValueSet" => terminology.add_value_set(serde_json::from_str(text).map_err(reason)?),
            "CodeSystem" => terminology.add_code_system(serde_json::from_str(text).map_err(reason)?),
            "SearchParameter" => self.search_parameters.push(SearchParameter::read(text).map_err(reason)?),
            "CompartmentDefinition" => self.compartments.push(Compartment::read(text).map_err(reason)?),
            "SubscriptionTopic" => self.topics.push(serde_json::from_str(text).map_err(reason)?),
            _ => {}
        }
        Ok(())
    }
}
