//! What must be written into a Subscription because of what happened to it, <https://hl7.org/fhir/R4/valueset-subscription-status.html>.
//!
//! The truth is in the store at once; the resource follows when whoever listens has written it. A change that nobody wrote is
//! told again, so that neither a crash nor a lost write leaves a resource behind.

use fhir::{Resource, Value, VersionId};
use store::Store;
use store::subscription::Unreported;
use tokio::sync::mpsc;

/// A Subscription has another status than its resource says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// The id of the Subscription.
    pub id: String,
    /// `active`, `error` or `off`.
    pub status: String,
    /// For `Subscription.error`.
    pub error: Option<String>,
    /// The version in which its client last said what it wants.
    definition: VersionId,
}

impl StatusChange {
    /// The Subscription as it is to be written; `None` when it says so already, or when its client has asked for something
    /// else since. Write it only over the version that was given here.
    #[must_use]
    pub fn apply(&self, current: &Resource) -> Option<Resource> {
        let status = current.text("status")?;
        let version = current.get("meta")?.get("versionId")?.as_str().and_then(VersionId::parse)?;
        let is_stale = version > self.definition && matches!(status, "requested" | "off");
        if is_stale || status == self.status {
            return None;
        }
        let mut resource = current.clone();
        let members = resource.members_mut();
        members.insert("status".to_owned(), Value::from(self.status.as_str()));
        match &self.error {
            Some(error) => {
                members.insert("error".to_owned(), Value::from(error.as_str()));
            }
            None => {
                members.shift_remove("error");
            }
        }
        Some(resource)
    }
}

impl From<Unreported> for StatusChange {
    fn from(unreported: Unreported) -> Self {
        Self {
            id: unreported.id,
            status: unreported.status,
            error: unreported.error_text,
            definition: unreported.definition_version,
        }
    }
}

/// Tells the statuses that resources do not say yet. Whether somebody listens.
pub(crate) async fn report(
    store: &Store,
    listener: &mpsc::Sender<StatusChange>,
) -> Result<bool, fhir::Error> {
    loop {
        let unreported = store.unreported_subscriptions().await?;
        if unreported.is_empty() {
            return Ok(!listener.is_closed());
        }
        for change in unreported {
            if listener.send(change.into()).await.is_err() {
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_written_unless_the_client_was_faster() {
        let check = |version: &str, status: &str, change: &str, expected: Option<&str>| {
            let current =
                Resource::new(json!({"resourceType": "Subscription", "meta": {"versionId": version},
                "status": status, "error": "before"}))
                .unwrap();
            let change = StatusChange {
                id: "s".into(),
                status: change.into(),
                error: None,
                definition: VersionId::new(3),
            };
            let applied = change.apply(&current);
            assert_eq!(applied.as_ref().and_then(|r| r.text("status")), expected, "{version} {status}");
            assert!(applied.is_none_or(|r| r.get("error").is_none()));
        };
        check("3", "requested", "active", Some("active"));
        check("4", "active", "error", Some("error"));
        check("4", "active", "active", None);
        check("5", "off", "active", None);
        check("5", "requested", "error", None);
    }
}
