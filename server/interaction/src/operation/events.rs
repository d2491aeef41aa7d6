//! `$events` of one Subscription: what its client missed,
//! <http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events>.

use auth::Right;
use fhir::{Error, Key, ResourceType};
use subscription::status::Asked;

use super::Parameters;
use crate::{Context, Reply, Server};

impl Server {
    pub(super) async fn subscription_events(
        &self,
        context: &Context,
        id: &str,
        parameters: &Parameters,
    ) -> Result<Reply, Error> {
        context.caller.require(ResourceType::SUBSCRIPTION, Right::Read)?;
        let key = Key::of_resource(ResourceType::SUBSCRIPTION, id);
        let own = self.store.read_all(&context.access, &[key]).await?.pop();
        let own = own.ok_or_else(|| Error::not_found(&format!("Subscription/{id}")))?;
        let asked = Asked {
            since: parameters.text("eventsSinceNumber"),
            until: parameters.text("eventsUntilNumber"),
            content: parameters.text("content"),
        };
        let events =
            subscription::status::events(&self.store, &context.access, &self.settings.base, &own, &asked)
                .await?;
        Ok(Reply::resource(events.to_string().into()))
    }
}
