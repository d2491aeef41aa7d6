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

/// The artifacts of others, as the texts of their JSON. They live as long as the process.
pub fn read_each(texts: Vec<String>) -> Result<Vec<Artifact>, String> {
    let read = |text: String| {
        let text: &'static str = text.leak();
        let head = serde_json::from_str(text);
        let Head { resource_type, id, url } = head.map_err(|e| {
            let begin: String = text.chars().take(60).collect();
            format!("{begin} …: {e}")
        })?;
        Ok(Artifact { resource_type, id, url, text, resource: OnceLock::new() })
    };
    texts.into_iter().map(read).collect()
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
