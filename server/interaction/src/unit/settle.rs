//! From drafts to one commit: every reference and right is checked, and every draft gets its label and index rows.

use std::collections::{BTreeSet, HashMap};

use fhir::{Cause, Error, Issue, IssueType, Key, Reference, Resource, ResourceType};
use store::{Change, Commit, Content, Target};

use super::{Draft, Unit};
use crate::label::{WORKFLOW, label, parties_of};
use crate::reference::{self, References};

impl Unit<'_> {
    /// Checks references and rights, and gives every draft its label and index rows.
    pub(crate) async fn settle(&mut self) -> Result<Commit, Error> {
        let base = &self.server.settings.base;
        let references: Vec<References> = self.drafts.iter().map(|draft| draft.references(base)).collect();
        let targets = self.targets(&references).await?;
        let keepers = self.keepers().await?;
        for (draft, references) in self.drafts.iter().zip(&references).filter(|(draft, _)| draft.from_client)
        {
            self.check(draft, references, &targets, &keepers).map_err(|error| draft.blamed(error))?;
        }
        let parties = self.parties(&references, &targets);
        self.contents = self
            .drafts
            .iter()
            .map(|draft| draft.resource.as_ref().map(Content::of).transpose())
            .collect::<Result<_, _>>()?;
        let mut changes = Vec::with_capacity(self.drafts.len());
        for ((draft, content), parties) in self.drafts.iter().zip(&self.contents).zip(parties) {
            let rows =
                |resource: &Resource| self.server.index(resource, draft.resource_type, draft.id.as_str());
            let held = |resource: &Option<Resource>| {
                resource.as_ref().map(|resource| held(resource, base)).unwrap_or_default()
            };
            let labelled = draft.resource.as_ref().or(draft.previous_resource.as_ref());
            changes.push(Change {
                resource_type: draft.resource_type,
                id: draft.id.clone(),
                operation: draft.operation,
                expected: draft.previous.as_ref().map(|previous| previous.version_id),
                content: content.clone(),
                rows: draft.resource.as_ref().map(rows).unwrap_or_default(),
                previous_rows: draft.previous_resource.as_ref().map(rows).unwrap_or_default(),
                business_identifiers: held(&draft.resource),
                previous_business_identifiers: held(&draft.previous_resource),
                label: labelled.map(|resource| label(resource, parties)).unwrap_or_default(),
                keepers: self.becomes_keeper(draft),
            });
        }
        let absent = std::mem::take(&mut self.absent);
        let except = if absent.is_empty() { Vec::new() } else { self.touched().collect() };
        let present = self.present(&references, &targets);
        Ok(Commit { changes, absent, except, present, actor: self.context.actor() })
    }

    /// What is there, is referred to by a draft, and is not written or deleted by another: it must be there still when the drafts are
    /// written.
    fn present(&self, references: &[References], targets: &HashMap<Key, Target>) -> Vec<Key> {
        if !self.server.settings.check_references {
            return Vec::new();
        }
        let named = references.iter().flat_map(|references| &references.now);
        let keys = named
            .filter(|(expression, _)| !reference::is_within_bundle(expression))
            .filter_map(|(_, reference)| reference.key());
        let is_there = |key: &Key| targets.get(key).is_some_and(|target| !target.deleted);
        keys.filter(|key| is_there(key) && self.leaves(*key).is_none()).collect()
    }

    /// What the drafts refer to, before and after, and the drafts' own current rows, as far as it is there.
    async fn targets(&mut self, references: &[References]) -> Result<HashMap<Key, Target>, Error> {
        let mut keys = BTreeSet::new();
        for (draft, References { now, before }) in self.drafts.iter().zip(references) {
            keys.extend(now.iter().chain(before).filter_map(|(_, reference)| reference.key()));
            if draft.previous.is_some() {
                keys.insert(Key::of_resource(draft.resource_type, draft.id.as_str()));
            }
        }
        self.look_for(keys, &[]).await?;
        Ok(std::mem::take(&mut self.targets)
            .into_iter()
            .filter_map(|(key, target)| Some((key, target?)))
            .collect())
    }

    /// Looks for these resources, if that has not been done, and reads those in `contents` for the rules; the hub too, which may
    /// make the moves of others.
    pub(crate) async fn look_for(&mut self, mut keys: BTreeSet<Key>, contents: &[Key]) -> Result<(), Error> {
        let hub = self.server.settings.hub.as_deref().filter(|_| !keys.is_empty());
        keys.extend(hub.and_then(|hub| Reference::parse(hub, &self.server.settings.base).key()));
        keys.retain(|key| !self.targets.contains_key(key));
        keys.extend(contents);
        let keys: Vec<_> = keys.into_iter().collect();
        let (targets, stored) = self.server.store.targets(&self.context.access, &keys, contents).await?;
        self.targets.extend(keys.into_iter().map(|key| (key, None)));
        self.targets.extend(targets.into_iter().map(|target| (target.key, Some(target))));
        for stored in stored {
            self.remember(stored.key(), stored);
        }
        Ok(())
    }

    /// Whether what it refers to is there, and the caller may write it.
    fn check(
        &self,
        draft: &Draft,
        references: &References,
        targets: &HashMap<Key, Target>,
        keepers: &HashMap<Key, Vec<Key>>,
    ) -> Result<(), Error> {
        if self.server.settings.check_references {
            let base = &self.server.settings.base;
            reference::check(references, base, targets, |key| self.leaves(key))?;
        }
        self.check_right(draft, targets)?;
        self.check_keeper(draft, keepers)?;
        self.check_mover(draft, references, targets)
    }

    /// Some moves are one side's. Who is a party by the other side alone may not make them.
    fn check_mover(
        &self,
        draft: &Draft,
        references: &References,
        targets: &HashMap<Key, Target>,
    ) -> Result<(), Error> {
        let (Some(previous), Some(resource)) = (&draft.previous_resource, &draft.resource) else {
            return Ok(());
        };
        let Some(movers) = workflow::movers(previous, resource) else { return Ok(()) };
        let base = &self.server.settings.base;
        let keys = |text: &String| {
            let key = Reference::parse(text, base).key();
            let behind = key.and_then(|key| targets.get(&key)?.owner);
            key.into_iter().chain(behind)
        };
        let of_movers: Vec<Key> = movers.iter().chain(&self.server.settings.hub).flat_map(keys).collect();
        // Whoever is on no side that is named, as the sender of a referral for somebody else, is a party by having sent it.
        let is_other = references
            .now
            .iter()
            .filter(|(at, _)| at.contains(".performer"))
            .filter_map(|(_, other)| other.key());
        let of_others: Vec<Key> = is_other
            .flat_map(|key| [Some(key), targets.get(&key).and_then(|target| target.owner)])
            .flatten()
            .collect();
        let is_aside = resource.resource_type() == ResourceType::SERVICE_REQUEST
            && !self.context.access.may_write(Some(&of_others));
        if is_aside || self.context.access.may_write(Some(&of_movers)) {
            return Ok(());
        }
        let status = resource.text("status").unwrap_or_default();
        let issue = Issue::error(
            IssueType::Forbidden,
            format!(
                "Moving {}/{} to '{status}' is for {} (or the care-transfer hub), and your organisation is another party to it.",
                draft.resource_type,
                draft.id,
                movers.first().map_or("its owner", String::as_str)
            ),
        );
        let issue = issue.by_rule("IC-AUTH-01").at(format!("{}.status", draft.resource_type));
        Err(Error::with_issue(Cause::Forbidden, issue))
    }

    /// Writes are for the parties of the current version.
    fn check_right(&self, draft: &Draft, targets: &HashMap<Key, Target>) -> Result<(), Error> {
        let Some(current) = targets.get(&Key::of_resource(draft.resource_type, draft.id.as_str())) else {
            return Ok(());
        };
        if draft.previous.is_none() || self.context.access.may_write(current.parties.as_deref()) {
            return Ok(());
        }
        let issue = Issue::error(
            fhir::IssueType::Forbidden,
            format!(
                "Your organisation is not a party to {}/{}, so it may read it but not write it.",
                draft.resource_type, draft.id
            ),
        );
        Err(Error::with_issue(Cause::Forbidden, issue.by_rule("IC-AUTH-01")))
    }

    /// The parties of every draft's version. An organisation that is named no more sees this version, and nothing after it.
    fn parties(&self, references: &[References], targets: &HashMap<Key, Target>) -> Vec<BTreeSet<Key>> {
        let mut of_requests: HashMap<Key, BTreeSet<Key>> = HashMap::new();
        let mut parties = vec![BTreeSet::new(); self.drafts.len()];
        let mut order: Vec<usize> = (0..self.drafts.len()).collect();
        order.sort_by_key(|at| self.drafts[*at].resource_type != ResourceType::SERVICE_REQUEST);
        for at in order {
            let draft = &self.drafts[at];
            let key = Key::of_resource(draft.resource_type, draft.id.as_str());
            let References { now, before } = &references[at];
            let of_request = |request| of_requests.get(&request).cloned();
            let mut of_draft: BTreeSet<Key> = [now, before]
                .into_iter()
                .flat_map(|references| parties_of(draft.resource_type, references, targets, of_request))
                .collect();
            if draft.previous.is_none() && draft.from_client {
                of_draft.extend(&self.context.parties);
            }
            let is_kept = !WORKFLOW.contains(&draft.resource_type) || draft.resource.is_none();
            if is_kept && let Some(current) = targets.get(&key) {
                of_draft.extend(current.parties.iter().flatten());
                of_draft.extend(&self.context.parties);
            }
            if draft.resource_type == ResourceType::SERVICE_REQUEST {
                of_requests.insert(key, of_draft.clone());
            }
            parties[at] = of_draft;
        }
        parties
    }
}

impl Draft {
    fn references(&self, base: &str) -> References {
        References::of(self.resource.as_ref(), self.previous_resource.as_ref(), base)
    }

    /// The error as one of the entry that this draft is planned for.
    fn blamed(&self, error: Error) -> Error {
        match self.entry {
            Some(index) => error.in_entry(index),
            None => error,
        }
    }
}

/// The keys of the business identifiers that a resource holds.
fn held(resource: &Resource, base: &str) -> Vec<Key> {
    let key = |held: workflow::BusinessIdentifier<'_>| {
        let requester = match Reference::parse(held.requester, base) {
            Reference::Local { resource_type, id, .. } => format!("{resource_type}/{id}"),
            _ => held.requester.to_owned(),
        };
        Key::of_parts("business identifier", &[held.kind, &requester, held.system, held.value])
    };
    workflow::business_identifiers(resource).into_iter().map(key).collect()
}

impl Unit<'_> {
    /// The refusal of a write that the database refused because another resource holds a business identifier of one of the
    /// drafts: it names that resource, if the caller may see it.
    pub(crate) async fn duplicate(&self, refused: Error) -> Result<Error, Error> {
        let base = &self.server.settings.base;
        let of_draft = |draft: &Draft| draft.resource.as_ref().map(|r| held(r, base)).unwrap_or_default();
        let all: Vec<Key> = self.drafts.iter().flat_map(of_draft).collect();
        let holders = self.server.store.holders(&self.context.access, &all).await?;
        let own = |address: &str| {
            self.drafts.iter().any(|draft| format!("{}/{}", draft.resource_type, draft.id) == address)
        };
        let Some((key, address)) = holders.into_iter().find(|(_, address)| !own(address)) else {
            let sentence = "The same business identifier (system and value, by the same requester) is held already. Send a request once, \
                            or with If-None-Exist.";
            let issue = Issue::error(IssueType::Duplicate, sentence).by_rule(workflow::rule::DUPLICATE);
            return Ok(Error::with_issue(refused.cause(), issue));
        };
        let sentence = format!(
            "{address} holds the same business identifier (system and value, by the same requester). Read or update it; to send a request safely more than once, use If-None-Exist."
        );
        let blamed = self.drafts.iter().find(|draft| of_draft(draft).contains(&key));
        let issue = Issue::error(IssueType::Duplicate, sentence)
            .by_rule(workflow::rule::DUPLICATE)
            .at("ServiceRequest.identifier");
        let error = Error::with_issue(refused.cause(), issue).naming(address);
        Ok(match blamed {
            Some(draft) => draft.blamed(error),
            None => error,
        })
    }
}
