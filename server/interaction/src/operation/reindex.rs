//! `$reindex`: rebuilds what resources are found by, asked for now and carried out later, beside everything else,
//! <https://hl7.org/fhir/R4/async.html>. R4 has no such operation; others call theirs so.
//!
//! It is for those who run the server. To all others there is no such operation.

use auth::CallerKind;
use fhir::{Cause, Error, Issue, IssueType, Severity, outcome::operation_outcome};
use uuid::Uuid;

use super::Call;
use crate::reply::Export;
use crate::request::OfReindex;
use crate::{Context, Reply, Server, Success};

/// The name of the operation in addresses.
pub(super) const NAME: &str = "$reindex";

impl Server {
    pub(super) async fn begin_reindex(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        if !self.is_operator(context) {
            return Err(call.unknown());
        }
        if !context.preferences.respond_async {
            return Err(Error::bad_request(
                "A rebuilding is only answered asynchronously. Send the header 'Prefer: respond-async'.",
            ));
        }
        let id = self.store.begin_reindex(&context.actor()).await?;
        let address = format!("{NAME}/{id}");
        let sentence =
            format!("The rebuilding is under way. Ask {}/{address} how far it is.", self.settings.base);
        let body = operation_outcome(&[note(sentence)]).to_string().into();
        Ok(Reply::of_export(Success::Accepted, Some(body), Export::Begun { address }))
    }

    /// What is asked of a rebuilding that was begun.
    pub(crate) async fn of_reindex(
        &self,
        context: &Context,
        id: &str,
        of: OfReindex,
    ) -> Result<Reply, Error> {
        let unknown = || Error::not_found("This rebuilding");
        let job = Uuid::try_parse(id).ok().filter(|_| self.is_operator(context)).ok_or_else(unknown)?;
        if of == OfReindex::End {
            return match self.store.forget_reindex(job).await? {
                true => Ok(Reply::of_export(Success::Accepted, None, Export::Ended)),
                false => Err(unknown()),
            };
        }
        let state = self.store.reindex_state(job).await?.ok_or_else(unknown)?;
        if state.failed {
            return Err(Error::new(Cause::Exception, "The rebuilding failed."));
        }
        if !state.is_over {
            let progress = format!("{} of about {} resources rebuilt", state.done, state.resources);
            return Ok(Reply::of_export(Success::Accepted, None, Export::under_way(progress, state.age)));
        }
        let sentence = format!("{} resources were rebuilt. The index is whole.", state.done);
        Ok(Reply::resource(operation_outcome(&[note(sentence)]).to_string().into()))
    }

    /// Whether it is one of those who run the server that calls, by a system of theirs.
    fn is_operator(&self, context: &Context) -> bool {
        match context.caller.kind {
            CallerKind::Anonymous => true,
            CallerKind::System => self.settings.operators.contains(&context.caller.client),
            CallerKind::User | CallerKind::Patient => false,
        }
    }
}

fn note(sentence: String) -> Issue {
    Issue::new(Severity::Information, IssueType::Informational, sentence)
}
