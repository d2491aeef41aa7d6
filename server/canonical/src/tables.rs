//! The rows of `data/r4.json.zst`: HL7's definitions in compact form, written by `cargo xtask definitions`.
//!
//! One shape for the writer and the reader. Nothing else of the house uses it: see [`Definitions`](crate::Definitions).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::search_parameter::SearchParameter;
use crate::structure::{Binding, Constraint, ElementType, Kind};

/// The whole file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables {
    /// Sorted by name.
    pub structures: Vec<StructureRow>,
    /// Sorted by url.
    pub search_parameters: Vec<SearchParameter>,
    /// By owner, by resource type: the search parameters.
    pub compartments: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// By url, by system: the codes.
    pub value_sets: BTreeMap<String, Codes>,
}

/// The codes of a value set, by code system.
pub type Codes = BTreeMap<String, BTreeSet<String>>;

/// The version of a value set of these tables: that of R4. `None` for those that R4 takes from v2 and v3: they have versions of their own,
/// by which R4's bindings do not go.
#[must_use]
pub fn version_of_r4(url: &str) -> Option<&'static str> {
    url.starts_with("http://hl7.org/fhir/ValueSet/").then_some("4.0.1")
}

/// A resource type or data type with its elements.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StructureRow {
    pub name: String,
    pub url: String,
    pub kind: Kind,
    #[serde(rename = "abstract", default, skip_serializing_if = "is_false")]
    pub is_abstract: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// In the order of the snapshot, without the root; empty for primitives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<ElementRow>,
}

/// One element of a structure.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementRow {
    pub path: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min: u32,
    /// `None` is `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<ElementType>,
    /// The path of the element whose children this one has too, such as `Questionnaire.item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
    #[serde(rename = "modifier", default, skip_serializing_if = "is_false")]
    pub is_modifier: bool,
    #[serde(rename = "summary", default, skip_serializing_if = "is_false")]
    pub is_summary: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}
