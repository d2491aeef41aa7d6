//! Compartments: which resources belong to a patient, an encounter, …, <https://hl7.org/fhir/R4/compartmentdefinition.html>.
//!
//! The owner itself is always a member of its own compartment, and is listed only where a parameter makes other
//! resources of its type members too.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

/// One of the five compartments of R4.
#[derive(Debug)]
pub struct Compartment {
    /// The type of its owner: `Patient`.
    pub owner: String,
    /// By resource type, the reference search parameters that make a resource a member.
    pub members: HashMap<String, Vec<String>>,
}

/// A CompartmentDefinition as it is published.
#[derive(Deserialize)]
struct Resource {
    code: String,
    #[serde(default)]
    resource: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    code: String,
    #[serde(default)]
    param: Vec<String>,
}

impl Compartment {
    /// The owner and the members that the text of a CompartmentDefinition resource defines, in the form of the tables.
    /// `{def}`, the owner's own membership, is no search parameter and is left out.
    pub fn read(resource: &str) -> Result<(String, BTreeMap<String, Vec<String>>), serde_json::Error> {
        let resource: Resource = serde_json::from_str(resource)?;
        let mut members = BTreeMap::new();
        for Member { code, mut param } in resource.resource {
            param.retain(|parameter| !parameter.starts_with('{'));
            param.sort_unstable();
            if !param.is_empty() {
                members.insert(code, param);
            }
        }
        Ok((resource.code, members))
    }
}
