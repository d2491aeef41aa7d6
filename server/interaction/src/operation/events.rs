//! `$events` of one Subscription: what its client missed,
//! <http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-events>.

use auth::Right;
use fhir::{Error, Key, ResourceType};
use subscription::status::Asked;

use crate::{Context, Reply, Server};

const PARAMETERS: [&str; 3] = ["eventsSinceNumber", "eventsUntilNumber", "content"];

impl Server {
    pub(super) async fn subscription_events(
        &self,
        context: &Context,
        id: &str,
        parameters: &[(String, String)],
    ) -> Result<Reply, Error> {
        context.caller.require(ResourceType::SUBSCRIPTION, Right::Read)?;
        if let Some((name, _)) = parameters.iter().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
            return Err(Error::bad_request(format!(
                "'{name}' is not a parameter of $events. It takes {}.",
                PARAMETERS.join(", ")
            )));
        }
        let key = Key::of_resource(ResourceType::SUBSCRIPTION, id);
        let own = self.store.read_all(&context.access, &[key]).await?.pop();
        let own = own.ok_or_else(|| Error::not_found(&format!("Subscription/{id}")))?;
        let value =
            |name: &str| parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let [since, until, content] = PARAMETERS.map(value);
        let asked = Asked { since, until, content };
        let events =
            subscription::status::events(&self.store, &context.access, &self.settings.base, &own, &asked)
                .await?;
        Ok(Reply::resource(events.to_string().into()))
    }
}
