//! Our own artifacts as they are published: whole, and the topics as the Basic resources that R4 has for them.
//!
//! They are read when somebody publishes them, once a start; what the server works with is in [`Definitions`].

use serde_json::Value;

use crate::Definitions;

static PUBLISHED: &[u8] = include_bytes!("../data/published.json.zst");

/// Every resource that the server publishes on its own account.
///
/// # Panics
/// Never: the embedded file is made and tested with this crate.
#[must_use]
pub fn published() -> Vec<Value> {
    let text = zstd::decode_all(PUBLISHED).expect("the embedded file is made with this crate");
    serde_json::from_slice(&text).expect("the embedded file is made with this crate")
}

impl Definitions {
    /// Whether the server publishes a resource of this type under this id, so that nobody else may write it.
    #[must_use]
    pub fn is_published(&self, resource_type: &str, id: &str) -> bool {
        let made_of = if resource_type == "Basic" { "SubscriptionTopic" } else { resource_type };
        resource_type != "SubscriptionTopic"
            && self.artifacts().iter().any(|a| a.resource_type == made_of && a.id == id)
    }
}
