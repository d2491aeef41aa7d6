//! transaction: all entries or none, <https://hl7.org/fhir/R4/http.html#trules>.
//!
//! Entries are resolved first (which resource each one is about, and what every reference between them means), then planned in
//! the order DELETE, POST, PUT and PATCH into one unit, then written by one commit. Reads see what was written, and one that
//! fails undoes it.

mod link;

use std::collections::{HashMap, HashSet};

use auth::Right;
use fhir::{Cause, Error, Id, Issue, IssueType, Key, Reference, Resource, VersionId};
use store::Stored;

use self::link::{Links, Target, names_a_version};

use crate::batch::Entry;
use crate::bundle::BundleWriter;
use crate::conditional::{Aim, Selected};
use crate::reference::is_within_bundle;
use crate::request::{IfMatch, Interaction, Which, Write};
use crate::unit::{Plan, Planned, Unit, Work};
use crate::{Context, Reply, Server, Success};

/// What an entry is about, once its identity is known.
enum Resolved {
    Create {
        id: Id,
        resource: Resource,
    },
    /// A conditional create that one resource met already.
    Existing(Box<Stored>),
    /// A conditional create whose condition another entry of the same transaction meets.
    Same {
        id: Id,
    },
    Update {
        id: Id,
        resource: Resource,
        if_match: IfMatch,
    },
    /// New content for a version that was read already: what a patch makes of it, or a conditional update with a match.
    Follow {
        current: Box<Stored>,
        resource: Resource,
        notes: Vec<Issue>,
    },
    /// Nothing to delete, when there is no version.
    Delete(Option<Box<Stored>>),
    /// It reads: that comes after all writes.
    Later,
}

impl Server {
    pub(crate) async fn transaction(&self, context: &Context, entries: Vec<Entry>) -> Result<Reply, Error> {
        let work = Work::Transaction(entries);
        let replies = self.write(context, &work).await?;
        let Work::Transaction(entries) = work else { unreachable!("it was made as a transaction") };
        let mut answers = BundleWriter::new("transaction-response", None, &[]);
        for (entry, reply) in entries.iter().zip(replies) {
            self.answer(context, &mut answers, entry, Ok(reply));
        }
        Ok(Reply::resource(answers.finish()))
    }
}

impl Entry {
    /// In which order the entries are resolved: each sees what those before it leave. The order of the Bundle does not matter.
    fn rank(&self) -> u8 {
        match self.write() {
            Some(Write::Delete { which: Which::Id(_), .. }) => 0,
            Some(Write::Delete { which: Which::Condition(_), .. }) => 1,
            Some(Write::Create { if_none_exist: None, .. }) => 2,
            Some(Write::Create { if_none_exist: Some(_), .. }) => 3,
            Some(Write::Update { which: Which::Id(_), .. } | Write::Patch { which: Which::Id(_), .. }) => 4,
            Some(Write::Update { .. } | Write::Patch { .. }) => 5,
            None => 6,
        }
    }

    /// What it writes, unless it only reads.
    fn write(&self) -> Option<&Write> {
        match &self.interaction {
            Interaction::Write(write) => Some(write),
            _ => None,
        }
    }

    /// What it creates or updates, as it was sent.
    fn resource(&self) -> Option<&Resource> {
        match self.write()? {
            Write::Create { resource, .. } | Write::Update { resource, .. } => Some(resource),
            Write::Patch { .. } | Write::Delete { .. } => None,
        }
    }

    /// Whether it only reads.
    pub(crate) fn reads(&self) -> bool {
        self.write().is_none()
    }
}

impl Unit<'_> {
    /// Plans every write of a transaction; entries that only read come back as `None`.
    pub(crate) async fn transaction(&mut self, entries: &[Entry]) -> Result<Vec<Plan>, Error> {
        let mut resolved = self.resolve_all(entries).await?;
        let links = self.links(entries, &resolved).await?;
        for (at, (entry, resolution)) in entries.iter().zip(&mut resolved).enumerate() {
            let Some(resource) = resolution.resource_mut() else { continue };
            links.rewrite(resource, entry.full_url.as_deref());
            self.resolve_conditional(resource).await.map_err(|error| error.in_entry(at))?;
            refuse_unresolved(resource, &self.server.settings.base).map_err(|error| error.in_entry(at))?;
        }
        for resolution in &resolved {
            self.announce_resolved(resolution)?;
        }
        let mut planned: Vec<Plan> = vec![None; resolved.len()];
        let mut order: Vec<(usize, Resolved)> = resolved.into_iter().enumerate().collect();
        order.sort_by_key(|(_, resolution)| resolution.rank());
        let mut creates: HashMap<String, Planned> = HashMap::new();
        for (at, resolution) in order {
            self.begin_entry(at);
            let plan = async {
                Ok(match resolution {
                    Resolved::Create { id, resource } => {
                        let name = id.to_string();
                        let draft = self.draft_create(id, resource).await?;
                        creates.insert(name, draft.clone());
                        Some((draft, Success::Created))
                    }
                    Resolved::Existing(stored) => Some((Planned::Existing(stored), Success::Ok)),
                    Resolved::Same { id } => {
                        creates.get(id.as_str()).map(|draft| (draft.clone(), Success::Ok))
                    }
                    Resolved::Update { id, resource, if_match } => {
                        Some(self.update_at(id, resource, &if_match).await?)
                    }
                    Resolved::Follow { current, resource, notes } => {
                        let (planned, success) = self.follow(*current, resource).await?;
                        self.note(&planned, notes);
                        Some((planned, success))
                    }
                    Resolved::Delete(current) => {
                        let planned = match current {
                            Some(current) => self.draft_delete(Id::parse(&current.id)?, *current)?,
                            None => Planned::Nothing,
                        };
                        Some((planned, Success::NoContent))
                    }
                    Resolved::Later => None,
                })
            };
            planned[at] = plan.await.map_err(|error: Error| error.in_entry(at))?;
        }
        Ok(planned)
    }

    /// Settles which resource each entry is about.
    async fn resolve_all(&mut self, entries: &[Entry]) -> Result<Vec<Resolved>, Error> {
        let mut order: Vec<&Entry> = entries.iter().collect();
        order.sort_by_key(|entry| entry.rank());
        for entry in &order {
            if let Some(Write::Delete { resource_type, which: Which::Id(id), .. }) = entry.write() {
                self.announce_deletion(Key::of_resource(*resource_type, id.as_str()));
            }
        }
        let mut resolved: Vec<Resolved> = entries.iter().map(|_| Resolved::Later).collect();
        let mut changed = HashSet::new();
        for entry in order {
            let at = entry.index;
            let resolution = self.resolve(entry).await.map_err(|error| error.in_entry(at))?;
            if let Some(name) = resolution.changes(entry)
                && !changed.insert(name.clone())
            {
                let sentence = format!("{name} is written twice. A transaction may write a resource once.");
                return Err(Error::bad_request(sentence).in_entry(at));
            }
            self.announce_resolved(&resolution)?;
            resolved[at] = resolution;
        }
        Ok(resolved)
    }

    async fn resolve(&mut self, entry: &Entry) -> Result<Resolved, Error> {
        match &entry.interaction {
            Interaction::Write(write) => self.resolve_write(write.clone()).await,
            Interaction::Operation(call) if call.affects_state() => {
                let sentence = "An operation that changes something is no entry of a transaction. Call it by itself, or in a batch.";
                Err(Error::with_issue(Cause::Unprocessable, Issue::error(IssueType::NotSupported, sentence)))
            }
            _ => Ok(Resolved::Later),
        }
    }

    async fn resolve_write(&mut self, write: Write) -> Result<Resolved, Error> {
        Ok(match write {
            Write::Create { mut resource, if_none_exist } => {
                self.context.caller.require(resource.resource_type(), Right::Create)?;
                if let Some(condition) = if_none_exist {
                    match self.select(resource.resource_type(), &condition).await? {
                        Selected::One(stored) => return Ok(Resolved::Existing(stored)),
                        Selected::Written(id) => return Ok(Resolved::Same { id }),
                        Selected::None(absent) => self.require_absent(absent),
                    }
                }
                resource.members_mut().shift_remove("id");
                Resolved::Create { id: Id::new(), resource }
            }
            Write::Update { which: Which::Id(id), resource, if_match } => {
                Resolved::Update { id, resource, if_match }
            }
            Write::Update { which: Which::Condition(condition), resource, if_match } => {
                match self.aim(&condition, &resource, &if_match).await? {
                    Aim::Create(id, absent) => {
                        self.require_absent(absent);
                        Resolved::Create { id, resource }
                    }
                    Aim::Follow(current) => Resolved::Follow { current, resource, notes: Vec::new() },
                }
            }
            Write::Patch { resource_type, which, patch, if_match } => {
                let (current, resource, notes) =
                    self.patched(resource_type, &which, &patch, &if_match).await?;
                Resolved::Follow { current: Box::new(current), resource, notes }
            }
            Write::Delete { resource_type, which, if_match } => {
                let current = self.deletable(resource_type, &which, &if_match).await?;
                if let Some(current) = &current {
                    self.announce_deletion(Key::of_resource(resource_type, &current.id));
                }
                Resolved::Delete(current.map(Box::new))
            }
        })
    }

    /// Where other entries find what each entry is about, by its fullUrl.
    async fn links(&self, entries: &[Entry], resolved: &[Resolved]) -> Result<Links, Error> {
        let resources = entries.iter().filter_map(Entry::resource);
        let needs_versions = resources.into_iter().any(|resource| names_a_version(resource.value()));
        let mut links = Links::default();
        for (entry, resolution) in entries.iter().zip(resolved) {
            let (Some(full_url), Some(address)) = (&entry.full_url, resolution.address(entry)) else {
                continue;
            };
            let version_id = match needs_versions {
                true => Some(self.version_left(resolution).await?),
                false => None,
            };
            if !links.add(full_url, Target { address, version_id }) {
                let sentence = format!("Two entries have the fullUrl '{full_url}'.");
                return Err(Error::bad_request(sentence).in_entry(entry.index));
            }
        }
        Ok(links)
    }

    /// The version in which the transaction leaves what an entry is about.
    async fn version_left(&self, resolution: &Resolved) -> Result<VersionId, Error> {
        let (current, resource) = match resolution {
            Resolved::Existing(stored) => return Ok(stored.version_id),
            Resolved::Follow { current, resource, .. } => (Some((**current).clone()), resource),
            Resolved::Update { id, resource, .. } => {
                let key = Key::of_resource(resource.resource_type(), id.as_str());
                (self.server.store.read(&self.context.access, key).await?, resource)
            }
            _ => return Ok(VersionId::FIRST),
        };
        let Some(current) = current else { return Ok(VersionId::FIRST) };
        let says_the_same = current.resource()?.is_some_and(|before| {
            let mut after = resource.clone();
            after.identify(
                &Id::parse(&current.id).unwrap_or_else(|_| Id::new()),
                current.version_id,
                self.now(),
            );
            before.same_content(&after)
        });
        Ok(if says_the_same { current.version_id } else { current.version_id.next() })
    }

    /// Lets conditions, rules and references look ahead to what an entry will write.
    fn announce_resolved(&mut self, resolution: &Resolved) -> Result<(), Error> {
        let now = self.now();
        let identified = |id: &Id, resource: &Resource| {
            let mut resource = resource.clone();
            resource.identify(id, VersionId::FIRST, now);
            resource
        };
        match resolution {
            Resolved::Create { id, resource } => self.announce_new(identified(id, resource)),
            Resolved::Update { id, resource, .. } => self.announce(identified(id, resource)),
            Resolved::Follow { current, resource, .. } => {
                self.announce(identified(&Id::parse(&current.id)?, resource));
            }
            _ => {}
        }
        Ok(())
    }

    /// Replaces conditional references, `Patient?identifier=…`, by the one resource that they select: one that the caller sees, or
    /// one that this transaction creates.
    async fn resolve_conditional(&self, resource: &mut Resource) -> Result<(), Error> {
        let mut found = Links::default();
        let mut known = HashSet::new();
        let base = &self.server.settings.base;
        for (expression, reference) in resource.references(base) {
            let Reference::Conditional { resource_type, query } = reference else { continue };
            let text = format!("{resource_type}?{query}");
            if is_within_bundle(&expression) || !known.insert(text.clone()) {
                continue;
            }
            let refuse = |error: Error| {
                let issues =
                    error.issues().iter().cloned().map(|issue| issue.at(expression.clone())).collect();
                Error::with_issues(error.cause(), issues)
            };
            let address = match self.select(resource_type, &query).await.map_err(refuse)? {
                Selected::One(stored) => format!("{resource_type}/{}", stored.id),
                Selected::Written(id) => format!("{resource_type}/{id}"),
                Selected::None(_) => {
                    let sentence = format!("No {resource_type} matches '{query}'.");
                    return Err(Error::with_issue(
                        Cause::VersionMismatch,
                        Issue::error(IssueType::NotFound, sentence).at(expression.clone()),
                    ));
                }
            };
            found.add_condition(&format!("{base}/{text}"), &address);
            found.add_condition(&text, &address);
        }
        found.rewrite(resource, None);
        Ok(())
    }
}

impl Resolved {
    /// The order of processing, whatever the order of entries is.
    fn rank(&self) -> u8 {
        match self {
            Self::Delete(_) => 0,
            Self::Create { .. } => 1,
            Self::Existing(_) | Self::Same { .. } => 2,
            Self::Update { .. } | Self::Follow { .. } => 3,
            Self::Later => 4,
        }
    }

    fn resource_mut(&mut self) -> Option<&mut Resource> {
        match self {
            Self::Create { resource, .. } | Self::Update { resource, .. } | Self::Follow { resource, .. } => {
                Some(resource)
            }
            _ => None,
        }
    }

    /// Which resource an entry deletes or updates: that is one of its own.
    fn changes(&self, entry: &Entry) -> Option<String> {
        match (self, entry.write()) {
            (Self::Delete(_), Some(Write::Delete { resource_type, which: Which::Id(id), .. }))
            | (_, Some(Write::Patch { resource_type, which: Which::Id(id), .. })) => {
                Some(format!("{resource_type}/{id}"))
            }
            (Self::Update { id, resource, .. }, _) => Some(format!("{}/{id}", resource.resource_type())),
            (Self::Follow { current, .. } | Self::Delete(Some(current)), _) => {
                Some(format!("{}/{}", current.resource_type, current.id))
            }
            _ => None,
        }
    }

    /// Where other entries find what this entry is about.
    fn address(&self, entry: &Entry) -> Option<String> {
        let resource_type = entry.resource()?.resource_type();
        let id = match self {
            Self::Create { id, .. } | Self::Same { id } | Self::Update { id, .. } => id.as_str(),
            Self::Existing(stored) | Self::Follow { current: stored, .. } => &stored.id,
            _ => return None,
        };
        Some(format!("{resource_type}/{id}"))
    }
}

fn refuse_unresolved(resource: &Resource, base: &str) -> Result<(), Error> {
    let issues: Vec<_> = resource
        .references(base)
        .into_iter()
        .filter_map(|(expression, reference)| match reference {
            Reference::Urn(urn) if !is_within_bundle(&expression) => Some(
                Issue::error(IssueType::Invalid, format!("No entry has the fullUrl '{urn}'.")).at(expression),
            ),
            _ => None,
        })
        .collect();
    if issues.is_empty() { Ok(()) } else { Err(Error::with_issues(Cause::BadRequest, issues)) }
}
