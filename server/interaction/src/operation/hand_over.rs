//! `$redirect` and `$transfer` of a Task: another team is asked, in one transaction; their definitions are in `profiles/`.

use fhir::{Cause, Error, Id, Issue, IssueType, Value};
use workflow::handover::HandOver;

use super::{Call, Code};
use crate::unit::Work;
use crate::{Context, Reply, Server};

impl Server {
    pub(super) async fn hand_over(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        let Some(id) = &call.id else { return Err(call.unknown()) };
        let to = call.parameters.value("to").and_then(|to| to.get("reference")).and_then(Value::as_str);
        let to = to.ok_or_else(|| {
            let sentence = "Name the team that is asked next: the parameter 'to' with a valueReference.";
            Error::with_issue(Cause::BadRequest, Issue::error(IssueType::Required, sentence))
        })?;
        let over = HandOver { to: to.to_owned(), reason: call.parameters.value("reason").cloned() };
        let is_transfer = call.operation.code == Code::Transfer;
        self.write_one(context, Work::HandOver { id: Id::parse(id)?, over, is_transfer }).await
    }
}
