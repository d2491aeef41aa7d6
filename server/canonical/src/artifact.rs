//! Our own conformance resources, as `cargo xtask profiles` wrote them into `data/profiles.json`: one JSON array.
//!
//! They are kept as text and parsed when somebody asks for one: most are never asked for, and their snapshots are large.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One of our own artifacts: a profile, value set, code system, search parameter, topic, …
#[derive(Debug)]
pub struct Artifact {
    pub resource_type: String,
    pub id: String,
    /// The canonical url, for those that have one.
    pub url: Option<String>,
    /// The resource as it stands in the file.
    pub text: &'static str,
    resource: OnceLock<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    resource_type: String,
    id: String,
    url: Option<String>,
}

impl Artifact {
    /// The resource.
    pub fn resource(&'static self) -> &'static Value {
        self.resource
            .get_or_init(|| serde_json::from_str(self.text).expect("the file was read as JSON before"))
    }
}

/// All artifacts of the file, in its order.
pub fn read(file: &'static str) -> Result<Vec<Artifact>, serde_json::Error> {
    let resources: Vec<&'static RawValue> = serde_json::from_str(file)?;
    resources
        .into_iter()
        .map(|raw| {
            let Head { resource_type, id, url } = serde_json::from_str(raw.get())?;
            Ok(Artifact { resource_type, id, url, text: raw.get(), resource: OnceLock::new() })
        })
        .collect()
}
