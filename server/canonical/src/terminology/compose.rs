//! How a value set is put together, <https://hl7.org/fhir/R4/valueset.html#compositions>.

use serde::Deserialize;

use super::Designation;
use crate::in_version;

/// The parts of a ValueSet that say which codes it has.
#[derive(Clone, Debug, Deserialize)]
pub struct ValueSetDefinition {
    #[serde(default)]
    pub url: String,
    pub version: Option<String>,
    pub name: Option<String>,
    pub title: Option<String>,
    pub status: Option<String>,
    pub(super) compose: Option<Compose>,
    pub(super) expansion: Option<Expansion>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Compose {
    #[serde(default)]
    pub(super) include: Vec<Include>,
    #[serde(default)]
    pub(super) exclude: Vec<Include>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Include {
    pub(super) system: Option<String>,
    /// Of the code system.
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) concept: Vec<Listed>,
    #[serde(default)]
    pub(super) filter: Vec<Filter>,
    #[serde(default)]
    pub(super) value_set: Vec<String>,
}

impl Include {
    /// The canonical url of the code system, with the version if one is named.
    pub(super) fn code_system(&self) -> Option<String> {
        Some(in_version(self.system.as_deref()?, self.version.as_deref()).into_owned())
    }
}

/// A code that a value set lists, with the name that it gives it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) code: String,
    pub(super) display: Option<String>,
    #[serde(default)]
    pub(super) designation: Vec<Designation>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Filter {
    pub(super) property: String,
    pub(super) op: String,
    pub(super) value: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Expansion {
    #[serde(default)]
    pub(super) contains: Vec<Contains>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Contains {
    pub(super) system: Option<String>,
    /// Of the code system.
    pub(super) version: Option<String>,
    pub(super) code: Option<String>,
    pub(super) display: Option<String>,
    #[serde(default)]
    pub(super) contains: Vec<Contains>,
}
