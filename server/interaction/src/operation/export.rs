//! `$export` of many resources, asked for now and fetched later, <http://hl7.org/fhir/uv/bulkdata/export.html>,
//! <https://hl7.org/fhir/R4/async.html>.
//!
//! Any process carries out what was asked for, and any process answers for it. Provenance of what is exported comes where it is
//! in the scope itself; it is not looked for.

mod asked;
mod lines;
mod run;
mod state;

use auth::CallerKind;
use fhir::{Cause, Error, Issue, IssueType, Key, ResourceType, Severity, outcome::operation_outcome};
use store::export::Ask;

use super::Call;
use crate::reply::Export;
use crate::{Context, Reply, Server, Success};
use asked::Scope;

pub use lines::{ExportFile, Lines, lines};

/// The name of the operation in addresses.
const NAME: &str = "$export";

/// Whether this address below the base is one of what is carried out later: where it is asked for, its state and its files.
#[must_use]
pub fn is_later(address: &str) -> bool {
    address.split('/').any(|segment| segment == NAME || segment == super::reindex::NAME)
}

impl Server {
    pub(super) async fn export(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        if !matches!(context.caller.kind, CallerKind::System | CallerKind::Anonymous) {
            return Err(Error::new(
                Cause::Forbidden,
                "Exports are for systems: this needs a token with 'system/' scopes.",
            ));
        }
        if !context.preferences.respond_async {
            return Err(Error::bad_request(
                "An export is only answered asynchronously. Send the header 'Prefer: respond-async'.",
            ));
        }
        let asked = self.what_is_asked(context, call).await?;
        let ask = Ask {
            owner: owner(context),
            asked: serde_json::to_string(&asked).map_err(Error::exception)?,
            access: &context.access,
            resource_type: call.resource_type,
            subject: match &asked.scope {
                Scope::Group(id) => Some(Key::of_resource(ResourceType::GROUP, id)),
                Scope::System | Scope::Patients => None,
            },
            actor: context.actor(),
            at_most: self.settings.exports.per_client,
            keep_hours: self.settings.exports.keep_hours,
        };
        let Some(id) = self.store.begin_export(ask).await? else {
            let sentence = format!(
                "{} exports of this client are under way, and more are not. Wait for one of them, or delete it.",
                self.settings.exports.per_client
            );
            return Err(Error::new(Cause::Throttled, sentence));
        };
        self.export_begun.notify_one();
        let address = format!("{NAME}/{id}");
        let sentence = format!(
            "The export has begun. Ask {}/{address} how far it is, and delete that when its files are read.",
            self.settings.base
        );
        let issue = Issue::new(Severity::Information, IssueType::Informational, sentence);
        Ok(Reply {
            success: Success::Accepted,
            body: Some(operation_outcome(&[issue]).to_string().into()),
            version: None,
            issues: Vec::new(),
            export: Some(Export::Begun { address }),
        })
    }
}

/// Who may see an export: the client that asked for it, for the same organisations.
fn owner(context: &Context) -> Key {
    let caller = &context.caller;
    let mut parts = vec![caller.client.as_str(), caller.subject.as_str()];
    let mut organizations: Vec<&str> = caller.organizations.iter().map(String::as_str).collect();
    organizations.sort_unstable();
    parts.extend(organizations);
    Key::of_parts("export", &parts)
}
