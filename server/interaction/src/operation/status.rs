//! `$status` of one Subscription, of several, or of all that the caller may see,
//! <http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status>.

use auth::Right;
use fhir::{Error, Key, ResourceType};

use super::Parameters;
use crate::bundle::address;
use crate::{Context, Reply, Server};

/// How many Subscriptions one answer has at most.
const MOST: u32 = 1000;

impl Server {
    pub(super) async fn subscription_status(
        &self,
        context: &Context,
        id: Option<&str>,
        parameters: &Parameters,
    ) -> Result<Reply, Error> {
        context.caller.require(ResourceType::SUBSCRIPTION, Right::Read)?;
        let values = |name: &str| -> Vec<String> {
            parameters.texts(name).flat_map(|text| text.split(',')).map(str::to_owned).collect()
        };
        let (ids, statuses, url) = match id {
            Some(id) => (
                vec![id.to_owned()],
                Vec::new(),
                self.operation_url(&format!("Subscription/{id}/$status"), &[]),
            ),
            None => (
                values("id"),
                values("status"),
                self.operation_url("Subscription/$status", &parameters.query()),
            ),
        };
        let subscriptions = if ids.is_empty() {
            self.store.matching(&context.access, ResourceType::SUBSCRIPTION, &[], MOST).await?
        } else {
            let keys: Vec<Key> =
                ids.iter().map(|id| Key::of_resource(ResourceType::SUBSCRIPTION, id)).collect();
            self.store.read_all(&context.access, &keys).await?
        };
        if let (Some(id), true) = (id, subscriptions.is_empty()) {
            return Err(Error::not_found(&format!("Subscription/{id}")));
        }
        let base = &self.settings.base;
        let status = subscription::status::status(&self.store, base, &subscriptions, &statuses, &url).await?;
        Ok(Reply::resource(status.to_string().into()))
    }

    fn operation_url(&self, path: &str, parameters: &[(String, String)]) -> String {
        address(&self.settings.base, path, parameters)
    }
}
