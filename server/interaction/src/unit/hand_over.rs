//! `Task/[id]/$redirect` and `Task/[id]/$transfer`: the Task of one team and that of the next, in one commit.

use auth::Right;
use fhir::{Error, Id, Issue, IssueType, Key, Reference, ResourceType};
use store::Operation;
use workflow::handover::{self, HandOver};

use super::{Draft, Planned, Unit};
use crate::label::PARTIES;
use crate::reply::Success;

impl Unit<'_> {
    /// Plans both Tasks; the answer is that of the team that is asked.
    pub(crate) async fn hand_over(
        &mut self,
        id: &Id,
        over: &HandOver,
        is_transfer: bool,
    ) -> Result<(Planned, Success), Error> {
        for right in [Right::Read, Right::Update, Right::Create] {
            self.context.caller.require(ResourceType::TASK, right)?;
        }
        check_team(&over.to, &self.server.settings.base)?;
        let key = Key::of_resource(ResourceType::TASK, id.as_str());
        let stored = self.server.store.read(&self.context.access, key).await?;
        let stored = crate::read::present(stored, ResourceType::TASK, id.as_str())?;
        let Some(task) = stored.resource()? else { return Err(Error::deleted(&format!("Task/{id}"))) };
        let related = self.load_needs(&handover::needs(&task)).await?;
        let new = Id::new();
        let hand = if is_transfer { handover::transfer } else { handover::redirect };
        let outcome = hand(&task, over, &new, &related, self.now)?;
        let mut old = outcome.resource;
        old.identify(id, stored.version_id.next(), self.now);
        self.add(Draft {
            id: id.clone(),
            resource_type: ResourceType::TASK,
            operation: Operation::Update,
            previous: Some(stored),
            previous_resource: Some(task),
            resource: Some(old),
            rows: std::sync::OnceLock::new(),
            from_client: true,
            issues: Vec::new(),
            entry: self.entry,
        })?;
        self.apply(outcome.effects)?;
        let draft = *self
            .by_key
            .get(&Key::of_resource(ResourceType::TASK, new.as_str()))
            .ok_or_else(|| Error::exception("a hand-over makes no Task"))?;
        // The team that is named must be there, and the caller must see it.
        self.drafts[draft].from_client = true;
        Ok((Planned::Draft(draft), Success::Ok))
    }
}

/// Refuses what is no team of this server.
fn check_team(to: &str, base: &str) -> Result<(), Error> {
    match Reference::parse(to, base) {
        Reference::Local { resource_type, .. }
            if PARTIES.contains(&resource_type) && resource_type != ResourceType::CARE_TEAM =>
        {
            Ok(())
        }
        _ => {
            let sentence = "'to' names the team that is asked next, as a Reference to a HealthcareService, an Organization or a PractitionerRole \
                            of this server.";
            Err(Error::with_issue(fhir::Cause::BadRequest, Issue::error(IssueType::Value, sentence)))
        }
    }
}
