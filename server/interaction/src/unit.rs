//! A unit of work that is being planned: the drafts of every resource that it will write, until they are settled into one
//! [`store::Commit`]. A single write is a unit of one; a transaction is a unit of many.

mod directory;
mod hand_over;
mod settle;
mod write;

pub(crate) use write::{Plan, Work};

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use auth::Right;
use fhir::{Cause, Error, Id, Instant, Issue, Key, Resource, ResourceType, VersionId};
use search::IndexRows;
use store::{Absent, Content, Operation, Stored, Target, Written};
use validation::Finding;
use workflow::{Effect, Outcome};

use crate::reply::{Reply, Success, Version};
use crate::{Context, Server};

/// What is planned for one caller.
pub(crate) struct Unit<'a> {
    pub(crate) server: &'a Server,
    pub(crate) context: &'a Context,
    drafts: Vec<Draft>,
    /// What is written of each draft, once they are settled.
    contents: Vec<Option<Content>>,
    by_key: HashMap<Key, usize>,
    /// What a transaction will write, although it is not planned yet: rules and references may look ahead to it.
    incoming: HashMap<Key, Incoming>,
    /// Those of them that are new.
    creating: HashSet<Key>,
    /// What a transaction will delete.
    going: Vec<Key>,
    absent: Vec<Absent>,
    /// What was read on the way, so that effects know which version they follow.
    remembered: HashMap<Key, Stored>,
    /// What was looked for on the way of what the drafts refer to; `None` for what there is not.
    targets: HashMap<Key, Option<Target>>,
    now: Instant,
    entry: Option<usize>,
}

/// What a transaction will write, and what that is found by once somebody looks.
struct Incoming {
    resource: Resource,
    rows: OnceLock<IndexRows>,
}

/// The next version of one resource, before its label and index rows are known.
struct Draft {
    id: Id,
    resource_type: ResourceType,
    operation: Operation,
    previous: Option<Stored>,
    previous_resource: Option<Resource>,
    resource: Option<Resource>,
    /// What the resource is found by, once somebody looks.
    rows: OnceLock<IndexRows>,
    /// Whether a client sent it, so that its references and the right to write it are checked.
    from_client: bool,
    issues: Vec<Issue>,
    /// The entry of the transaction that it is planned for.
    entry: Option<usize>,
}

/// What planning one write came to.
#[derive(Clone, Debug)]
pub(crate) enum Planned {
    /// The draft with this number.
    Draft(usize),
    /// Nothing is written: this version is the answer.
    Existing(Box<Stored>),
    /// Nothing is written, and there is nothing to show.
    Nothing,
}

impl<'a> Unit<'a> {
    pub(crate) fn new(server: &'a Server, context: &'a Context) -> Self {
        Self {
            server,
            context,
            drafts: Vec::new(),
            contents: Vec::new(),
            by_key: HashMap::new(),
            incoming: HashMap::new(),
            creating: HashSet::new(),
            going: Vec::new(),
            absent: Vec::new(),
            remembered: HashMap::new(),
            targets: HashMap::new(),
            now: server.clock.now(),
            entry: None,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// The same for one that it will create.
    pub(crate) fn announce_new(&mut self, resource: Resource) {
        self.creating.extend(resource.key());
        self.announce(resource);
    }

    /// Lets conditions, rules and references look ahead to a resource that this unit will write.
    pub(crate) fn announce(&mut self, resource: Resource) {
        if let Some(key) = resource.key() {
            self.incoming.insert(key, Incoming { resource, rows: OnceLock::new() });
        }
    }

    /// From now on conditions do not see this resource, which the unit will delete.
    pub(crate) fn announce_deletion(&mut self, key: Key) {
        self.going.push(key);
    }

    /// What the unit will delete.
    pub(crate) fn going(&self) -> &[Key] {
        &self.going
    }

    /// Every resource that the unit will write or delete, as far as is known.
    pub(crate) fn touched(&self) -> impl Iterator<Item = Key> {
        self.incoming.keys().chain(&self.going).copied()
    }

    /// Whether the unit will write or delete this resource, as far as is known.
    pub(crate) fn touches(&self, key: Key) -> bool {
        self.incoming.contains_key(&key) || self.going.contains(&key)
    }

    /// The conditions that must still hold when this unit is written.
    pub(crate) fn absent(&self) -> &[Absent] {
        &self.absent
    }

    pub(crate) fn require_absent(&mut self, absent: Absent) {
        self.absent.push(absent);
    }

    pub(crate) fn remember(&mut self, key: Key, stored: Stored) {
        self.remembered.insert(key, stored);
    }

    /// What was read of this resource before.
    pub(crate) fn remembered(&self, key: Key) -> Option<&Stored> {
        self.remembered.get(&key)
    }

    /// The resource as this unit leaves it, if it writes it.
    pub(crate) fn written(&self, key: Key) -> Option<&Resource> {
        match self.by_key.get(&key) {
            Some(draft) => self.drafts[*draft].resource.as_ref(),
            None => self.incoming.get(&key).map(|incoming| &incoming.resource),
        }
    }

    /// Every resource of a type that this unit writes, with what it is found by. That is asked for by each of many conditions,
    /// and made once.
    pub(crate) fn all_written(
        &self,
        resource_type: ResourceType,
    ) -> impl Iterator<Item = (Key, &Resource, &IndexRows)> {
        let ahead = self.incoming.iter().filter(|(key, _)| !self.by_key.contains_key(key));
        let ahead = ahead.map(|(key, incoming)| (*key, &incoming.resource, &incoming.rows));
        let drafts = self.drafts.iter().filter_map(|draft| {
            let key = Key::of_resource(draft.resource_type, draft.id.as_str());
            Some((key, draft.resource.as_ref()?, &draft.rows))
        });
        let server = self.server;
        let index = move |resource| ::search::index(resource, &server.settings.base, &server.zone);
        ahead
            .chain(drafts)
            .filter(move |(_, resource, _)| resource.resource_type() == resource_type)
            .map(move |(key, resource, rows)| (key, resource, rows.get_or_init(|| index(resource))))
    }

    /// Whether this unit creates the resource, so that nothing in the database can refer to it yet.
    pub(crate) fn is_new(&self, key: Key) -> bool {
        match self.by_key.get(&key) {
            Some(draft) => self.drafts[*draft].previous.is_none(),
            None => self.creating.contains(&key),
        }
    }

    /// Whether this unit leaves the resource there; `None` when it does not touch it.
    pub(crate) fn leaves(&self, key: Key) -> Option<bool> {
        match self.by_key.get(&key) {
            Some(draft) => Some(self.drafts[*draft].resource.is_some()),
            None => self.incoming.contains_key(&key).then_some(true),
        }
    }

    /// From now on what is planned is planned for this entry of a transaction.
    pub(crate) fn begin_entry(&mut self, index: usize) {
        self.entry = Some(index);
    }

    /// Plans a new resource under this id.
    pub(crate) async fn draft_create(&mut self, id: Id, mut resource: Resource) -> Result<Planned, Error> {
        let findings = self.validate(&resource)?;
        resource = self.accept(None, resource)?;
        resource.identify(&id, VersionId::FIRST, self.now);
        let outcome = self.ruled(&id, None, resource).await?;
        self.add_outcome(id, None, None, outcome, findings)
    }

    /// Plans new content for a resource whose current version is `previous`: nothing when it says the same.
    pub(crate) async fn draft_update(
        &mut self,
        id: Id,
        previous: Stored,
        mut resource: Resource,
    ) -> Result<Planned, Error> {
        let findings = self.validate(&resource)?;
        let previous_resource = previous.resource()?;
        if let Some(current) = &previous_resource {
            resource.keep_times(current);
        }
        resource = self.accept(previous_resource.as_ref(), resource)?;
        resource.identify(&id, previous.version_id.next(), self.now);
        let outcome = match &previous_resource {
            Some(current) if current.same_content(&resource) => {
                return Ok(Planned::Existing(Box::new(previous)));
            }
            // Without a current one it is brought back to life: the rules see it as new.
            current => self.ruled(&id, current.as_ref(), resource).await?,
        };
        if previous_resource.as_ref().is_some_and(|current| current.same_content(&outcome.resource)) {
            return Ok(Planned::Existing(Box::new(previous)));
        }
        self.add_outcome(id, Some(previous), previous_resource, outcome, findings)
    }

    /// Plans what the rules made of a client's content, and what they write beside it.
    fn add_outcome(
        &mut self,
        id: Id,
        previous: Option<Stored>,
        previous_resource: Option<Resource>,
        outcome: Outcome,
        findings: Vec<Finding>,
    ) -> Result<Planned, Error> {
        let mut issues = validation::warnings(findings)?;
        // Where an invariant of a profile states a rule that has spoken, the rule's words are clearer.
        issues.retain(|issue| {
            issue.rule.is_none() || outcome.warnings.iter().all(|told| told.rule != issue.rule)
        });
        issues.extend(outcome.warnings);
        let draft = self.add(Draft {
            resource_type: outcome.resource.resource_type(),
            id,
            operation: if previous_resource.is_some() { Operation::Update } else { Operation::Create },
            previous,
            previous_resource,
            resource: Some(outcome.resource),
            rows: OnceLock::new(),
            from_client: true,
            issues,
            entry: self.entry,
        })?;
        self.apply(outcome.effects)?;
        Ok(Planned::Draft(draft))
    }

    /// Plans a resource that the server publishes, which is as good as its release: nothing when it says the same.
    pub(crate) fn draft_published(
        &mut self,
        id: Id,
        previous: Option<Stored>,
        mut resource: Resource,
    ) -> Result<Planned, Error> {
        let previous_resource = match &previous {
            Some(previous) => previous.resource()?,
            None => None,
        };
        let version_id = previous.as_ref().map_or(VersionId::FIRST, |previous| previous.version_id.next());
        resource.identify(&id, version_id, self.now);
        match (&previous, &previous_resource) {
            (Some(previous), Some(current)) if current.same_content(&resource) => {
                return Ok(Planned::Existing(Box::new(previous.clone())));
            }
            _ => {}
        }
        self.add_own(id, previous, previous_resource, resource).map(Planned::Draft)
    }

    /// Adds what the client should know of a draft that was planned.
    pub(crate) fn note(&mut self, planned: &Planned, notes: Vec<Issue>) {
        if let Planned::Draft(draft) = planned {
            self.drafts[*draft].issues.extend(notes);
        }
    }

    pub(crate) fn draft_delete(&mut self, id: Id, previous: Stored) -> Result<Planned, Error> {
        let previous_resource = previous.resource()?;
        let draft = self.add(Draft {
            resource_type: previous.resource_type,
            id,
            operation: Operation::Delete,
            previous: Some(previous),
            previous_resource,
            resource: None,
            rows: OnceLock::new(),
            from_client: true,
            issues: Vec::new(),
            entry: self.entry,
        })?;
        Ok(Planned::Draft(draft))
    }

    /// What is found in the resource. Invariants alone do not refuse it yet: where the rules of the workflow say something of
    /// the same move, they say it better.
    fn validate(&self, resource: &Resource) -> Result<Vec<Finding>, Error> {
        let findings = named_by_rule(validation::validate(resource, &self.server.validation), resource);
        if findings.iter().any(|finding| finding.issue.is_error() && !finding.is_invariant()) {
            return Err(validation::into_error(findings));
        }
        Ok(findings)
    }

    /// A Subscription must be one that can be honoured, about types that its client may read and search.
    fn accept(&self, previous: Option<&Resource>, resource: Resource) -> Result<Resource, Error> {
        if resource.resource_type() != ResourceType::SUBSCRIPTION || self.context.is_server {
            return Ok(resource);
        }
        let accepted = subscription::accept(previous, resource, &self.server.subscription)?;
        for resource_type in accepted.resource_types {
            self.context.caller.require(resource_type, Right::Read)?;
            self.context.caller.require(resource_type, Right::Search)?;
        }
        Ok(accepted.resource)
    }

    fn add(&mut self, draft: Draft) -> Result<usize, Error> {
        self.check_unpublished(draft.resource_type, &draft.id)?;
        let key = Key::of_resource(draft.resource_type, draft.id.as_str());
        if self.by_key.insert(key, self.drafts.len()).is_some() {
            return Err(Error::bad_request(format!(
                "{}/{} is written twice. A transaction may write a resource once.",
                draft.resource_type, draft.id
            )));
        }
        self.drafts.push(draft);
        Ok(self.drafts.len() - 1)
    }

    /// Adds what the server writes on its own account.
    pub(crate) fn add_own(
        &mut self,
        id: Id,
        previous: Option<Stored>,
        previous_resource: Option<Resource>,
        resource: Resource,
    ) -> Result<usize, Error> {
        self.add(Draft {
            resource_type: resource.resource_type(),
            id,
            operation: if previous_resource.is_some() { Operation::Update } else { Operation::Create },
            previous,
            previous_resource,
            resource: Some(resource),
            rows: OnceLock::new(),
            from_client: false,
            issues: Vec::new(),
            entry: self.entry,
        })
    }

    /// Plans what the rules write on their own account. What the same unit writes already is amended, not written twice.
    pub(crate) fn apply(&mut self, effects: Vec<Effect>) -> Result<(), Error> {
        for effect in effects {
            match effect {
                Effect::Create(mut resource) => {
                    let id = resource.id().map_or_else(|| Ok(Id::new()), Id::parse)?;
                    resource.identify(&id, VersionId::FIRST, self.now);
                    self.add_own(id, None, None, resource)?;
                }
                Effect::Update(resource) => {
                    let key = resource.key().ok_or_else(|| Error::exception("an effect updates nothing"))?;
                    if let Some(draft) = self.by_key.get(&key) {
                        self.drafts[*draft].resource = Some(resource);
                        self.drafts[*draft].rows = OnceLock::new();
                        continue;
                    }
                    if self.incoming.contains_key(&key) {
                        let name = resource.address().unwrap_or_default();
                        return Err(Error::new(
                            Cause::Unprocessable,
                            format!(
                                "The transaction updates {name}, and another of its entries changes it by the rules as well. Send them one after the other."
                            ),
                        ));
                    }
                    let id = Id::parse(resource.id().unwrap_or_default())?;
                    let previous = self
                        .remembered
                        .get(&key)
                        .cloned()
                        .ok_or_else(|| Error::exception("an effect updates what was not read"))?;
                    let previous_resource = previous.resource()?;
                    self.add_own(id, Some(previous), previous_resource, resource)?;
                }
            }
        }
        Ok(())
    }

    /// The reply for what was planned, once it is written.
    pub(crate) fn reply(
        &self,
        planned: &Planned,
        written: &[Written],
        success: Success,
    ) -> Result<Reply, Error> {
        let draft = match planned {
            Planned::Nothing => {
                return Ok(Reply {
                    success: Success::NoContent,
                    body: None,
                    version: None,
                    issues: Vec::new(),
                    export: None,
                });
            }
            Planned::Existing(stored) => return Reply::stored(self.context, (**stored).clone()),
            Planned::Draft(draft) => *draft,
        };
        let content = self.contents.get(draft).and_then(Option::as_ref);
        let (draft, written) = self
            .drafts
            .get(draft)
            .zip(written.get(draft))
            .ok_or_else(|| Error::exception("a planned write was not written"))?;
        let version = Version::written(draft.resource_type, draft.id.as_str(), written);
        let body = content.map(|content| {
            content.text(draft.resource_type, draft.id.as_str(), written.version_id, written.last_updated)
        });
        Ok(Reply { success, body, version: Some(version), issues: draft.issues.clone(), export: None })
    }
}

/// The findings, those that one of our rules is about with its name.
pub(crate) fn named_by_rule(mut findings: Vec<Finding>, resource: &Resource) -> Vec<Finding> {
    for finding in findings.iter_mut().filter(|finding| finding.issue.rule.is_none()) {
        finding.issue.rule = workflow::rule_of_missing(resource, &finding.issue);
    }
    findings
}
