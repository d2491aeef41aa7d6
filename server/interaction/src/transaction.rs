//! transaction: all entries or none, <https://hl7.org/fhir/R4/http.html#trules>.
//!
//! Entries are resolved first (which resource each one is about, and what every reference between them means), then planned in
//! the order DELETE, POST, PUT and PATCH into one unit, then written by one commit. Reads see what was written.

use std::collections::HashMap;

use auth::Right;
use fhir::{Cause, Error, Id, Instant, Issue, IssueType, Reference, Resource, Value, VersionId};
use store::Stored;

use crate::batch::Entry;
use crate::bundle::BundleWriter;
use crate::conditional::Selected;
use crate::request::{IfMatch, Interaction};
use crate::unit::{Plan, Planned, Unit, Write};
use crate::{Context, Reply, Server, Success};

/// What an entry is about, once its identity is known.
enum Resolved {
    Create {
        id: Id,
        resource: Resource,
    },
    /// A conditional create that one resource met already.
    Existing(Planned),
    /// A conditional create whose condition another entry of the same transaction meets.
    Same {
        id: Id,
    },
    Update {
        id: Id,
        resource: Resource,
        if_match: IfMatch,
    },
    /// A patch, already carried out on the version that is current.
    Patched {
        id: Id,
        current: Box<Stored>,
        resource: Resource,
        notes: Vec<Issue>,
    },
    Delete {
        id: Id,
        resource_type: fhir::ResourceType,
        if_match: IfMatch,
    },
    Later,
}

impl Server {
    pub(crate) async fn transaction(&self, context: &Context, entries: Vec<Entry>) -> Result<Reply, Error> {
        let write = Write::Transaction(entries);
        let writes = self.write(context, &write).await?;
        let Write::Transaction(entries) = write else { unreachable!("it was made as a transaction") };
        let mut answers = BundleWriter::new("transaction-response", None, &[]);
        for (entry, written) in entries.into_iter().zip(writes) {
            let reply = match written {
                Some(reply) => Ok(reply),
                None => Box::pin(self.perform(context, entry.interaction))
                    .await
                    .map_err(|e| e.in_entry(entry.index)),
            };
            self.answer(context, &mut answers, reply);
        }
        Ok(Reply::resource(answers.finish()))
    }
}

impl Unit<'_> {
    /// Plans every write of a transaction; entries that only read come back as `None`.
    pub(crate) async fn transaction(&mut self, entries: &[Entry]) -> Result<Vec<Plan>, Error> {
        let mut resolved = Vec::with_capacity(entries.len());
        let mut addresses = HashMap::new();
        for entry in entries {
            let resolution =
                self.resolve(entry, &resolved).await.map_err(|error| error.in_entry(entry.index))?;
            if let Some(full_url) = &entry.full_url
                && let Some(address) = resolution.address(entry)
            {
                if let Some(tail) = relative(full_url) {
                    addresses.insert(tail, address.clone());
                }
                addresses.insert(full_url.clone(), address);
            }
            resolved.push(resolution);
        }
        for at in 0..resolved.len() {
            let Some(mut resource) = resolved[at].resource_mut().map(|r| std::mem::replace(r, empty(r)))
            else {
                continue;
            };
            rewrite(resource.members_mut(), &addresses);
            self.resolve_conditional(&mut resource, &resolved).await.map_err(|error| error.in_entry(at))?;
            refuse_unresolved(&resource, &self.server.settings.base).map_err(|error| error.in_entry(at))?;
            if let Some(slot) = resolved[at].resource_mut() {
                *slot = resource;
            }
        }
        for resolution in &resolved {
            if let Resolved::Create { id, resource }
            | Resolved::Update { id, resource, .. }
            | Resolved::Patched { id, resource, .. } = resolution
            {
                let mut resource = resource.clone();
                resource.identify(id, VersionId::FIRST, self.now());
                self.announce(resource);
            }
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
                    Resolved::Existing(planned) => Some((planned, Success::Ok)),
                    Resolved::Same { id } => {
                        creates.get(id.as_str()).map(|draft| (draft.clone(), Success::Ok))
                    }
                    Resolved::Update { id, resource, if_match } => {
                        Some(self.update(id, resource, &if_match).await?)
                    }
                    Resolved::Patched { id, current, resource, notes } => {
                        let planned = self.draft_update(id, *current, resource).await?;
                        self.note(&planned, notes);
                        Some((planned, Success::Ok))
                    }
                    Resolved::Delete { id, resource_type, if_match } => {
                        Some((self.delete(resource_type, id, &if_match).await?, Success::NoContent))
                    }
                    Resolved::Later => None,
                })
            };
            planned[at] = plan.await.map_err(|error: Error| error.in_entry(at))?;
        }
        Ok(planned)
    }

    /// Settles which resource an entry is about.
    async fn resolve(&mut self, entry: &Entry, earlier: &[Resolved]) -> Result<Resolved, Error> {
        Ok(match entry.interaction.clone() {
            Interaction::Create { mut resource, if_none_exist } => {
                self.context.caller.require(resource.resource_type(), Right::Create)?;
                let id = Id::new();
                if let Some(condition) = if_none_exist {
                    match self.select(resource.resource_type(), &condition).await? {
                        Selected::One(stored) => return Ok(Resolved::Existing(Planned::Existing(stored))),
                        Selected::None(absent) => {
                            for other in earlier {
                                if let Resolved::Create { id, resource } = other {
                                    let mut resource = resource.clone();
                                    resource.identify(id, VersionId::FIRST, Instant::now());
                                    if self.meets(&absent, &resource) {
                                        return Ok(Resolved::Same { id: id.clone() });
                                    }
                                }
                            }
                            self.require_absent(absent);
                        }
                    }
                }
                resource.members_mut().shift_remove("id");
                Resolved::Create { id, resource }
            }
            Interaction::Update { id, resource, if_match } => Resolved::Update { id, resource, if_match },
            Interaction::Patch { resource_type, id, patch, if_match } => {
                let (current, resource, notes) = self.patched(resource_type, &id, &patch, &if_match).await?;
                Resolved::Patched { id, current: Box::new(current), resource, notes }
            }
            Interaction::Delete { resource_type, id, if_match } => {
                Resolved::Delete { id: Id::parse(&id)?, resource_type, if_match }
            }
            _ => Resolved::Later,
        })
    }

    /// Replaces conditional references, `Patient?identifier=…`, by the one resource that they select: one that the caller sees, or
    /// one that this transaction creates.
    async fn resolve_conditional(&mut self, resource: &mut Resource, all: &[Resolved]) -> Result<(), Error> {
        let base = self.server.settings.base.clone();
        let mut found = HashMap::new();
        for (expression, reference) in resource.references(&base) {
            let Reference::Conditional { resource_type, query } = reference else { continue };
            let text = format!("{resource_type}?{query}");
            if found.contains_key(&text) {
                continue;
            }
            let refuse = |error: Error| {
                let issues =
                    error.issues().iter().cloned().map(|issue| issue.at(expression.clone())).collect();
                Error::with_issues(error.cause(), issues)
            };
            let selected = match self.select(resource_type, &query).await.map_err(refuse)? {
                Selected::One(stored) => Some(format!("{resource_type}/{}", stored.id)),
                Selected::None(absent) => all.iter().find_map(|other| match other {
                    Resolved::Create { id, resource } => {
                        let mut resource = resource.clone();
                        resource.identify(id, VersionId::FIRST, Instant::now());
                        self.meets(&absent, &resource).then(|| format!("{resource_type}/{id}"))
                    }
                    _ => None,
                }),
            };
            let address = selected.ok_or_else(|| {
                Error::with_issue(
                    Cause::VersionMismatch,
                    Issue::error(IssueType::NotFound, format!("No {resource_type} matches '{query}'."))
                        .at(expression.clone()),
                )
            })?;
            found.insert(text, address);
        }
        rewrite(resource.members_mut(), &found);
        Ok(())
    }
}

impl Resolved {
    /// The order of processing, whatever the order of entries is.
    fn rank(&self) -> u8 {
        match self {
            Self::Delete { .. } => 0,
            Self::Create { .. } => 1,
            Self::Existing(_) | Self::Same { .. } => 2,
            Self::Update { .. } | Self::Patched { .. } => 3,
            Self::Later => 4,
        }
    }

    fn resource_mut(&mut self) -> Option<&mut Resource> {
        match self {
            Self::Create { resource, .. }
            | Self::Update { resource, .. }
            | Self::Patched { resource, .. } => Some(resource),
            _ => None,
        }
    }

    /// Where other entries find what this entry is about.
    fn address(&self, entry: &Entry) -> Option<String> {
        let resource_type = match &entry.interaction {
            Interaction::Create { resource, .. } | Interaction::Update { resource, .. } => {
                resource.resource_type()
            }
            _ => return None,
        };
        match self {
            Self::Create { id, .. } | Self::Same { id } | Self::Update { id, .. } => {
                Some(format!("{resource_type}/{id}"))
            }
            Self::Existing(Planned::Existing(stored)) => Some(format!("{resource_type}/{}", stored.id)),
            _ => None,
        }
    }
}

/// The last two segments of a RESTful fullUrl, by which entries of the same source refer to it: `Patient/123`.
fn relative(full_url: &str) -> Option<String> {
    let rest = full_url.strip_prefix("http")?;
    let (head, id) = rest.rsplit_once('/')?;
    let (_, name) = head.rsplit_once('/')?;
    fhir::ResourceType::find(name).map(|resource_type| format!("{resource_type}/{id}"))
}

fn empty(resource: &Resource) -> Resource {
    Resource::new(serde_json::json!({"resourceType": resource.resource_type().name()}))
        .unwrap_or_else(|_| unreachable!("a type of a resource is a type"))
}

/// The elements beside `Reference.reference` that may hold the address of another entry (types uri, url, oid and uuid).
const ADDRESSES: [&str; 7] = ["reference", "url", "uri", "valueUri", "valueUrl", "valueOid", "valueUuid"];

/// Replaces the addresses of entries, wherever a reference, a uri or the narrative's links name them.
fn rewrite(members: &mut fhir::Map<String, Value>, addresses: &HashMap<String, String>) {
    for (name, value) in members {
        match value {
            Value::String(text) if ADDRESSES.contains(&name.as_str()) => {
                if let Some(address) = addresses.get(text.as_str()) {
                    text.clone_from(address);
                }
            }
            Value::String(text) if name == "div" => {
                for (from, to) in addresses.iter().filter(|(from, _)| from.starts_with("urn:")) {
                    for attribute in ["href", "src"] {
                        *text = text
                            .replace(&format!("{attribute}=\"{from}\""), &format!("{attribute}=\"{to}\""));
                    }
                }
            }
            Value::Object(members) => rewrite(members, addresses),
            Value::Array(items) => rewrite_all(items, addresses),
            _ => {}
        }
    }
}

fn rewrite_all(items: &mut [Value], addresses: &HashMap<String, String>) {
    for item in items {
        match item {
            Value::Object(members) => rewrite(members, addresses),
            Value::Array(items) => rewrite_all(items, addresses),
            _ => {}
        }
    }
}

fn refuse_unresolved(resource: &Resource, base: &str) -> Result<(), Error> {
    let issues: Vec<_> = resource
        .references(base)
        .into_iter()
        .filter_map(|(expression, reference)| match reference {
            Reference::Urn(urn) => Some(
                Issue::error(IssueType::Invalid, format!("No entry has the fullUrl '{urn}'.")).at(expression),
            ),
            _ => None,
        })
        .collect();
    if issues.is_empty() { Ok(()) } else { Err(Error::with_issues(Cause::BadRequest, issues)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_rewritten_where_they_are_addresses() {
        let mut value = json!({
            "subject": {"reference": "urn:uuid:1"}, "identifier": [{"value": "urn:uuid:1"}],
            "extension": [{"url": "http://x", "valueUri": "urn:uuid:1"}],
            "text": {"div": "<div><a href=\"urn:uuid:1\">urn:uuid:1</a></div>"},
            "note": [{"text": "urn:uuid:1"}]
        });
        rewrite(value.as_object_mut().unwrap(), &HashMap::from([("urn:uuid:1".into(), "Patient/p".into())]));
        assert_eq!(value["subject"]["reference"], "Patient/p");
        assert_eq!(value["identifier"][0]["value"], "urn:uuid:1");
        assert_eq!(value["extension"][0]["valueUri"], "Patient/p");
        assert_eq!(value["text"]["div"], "<div><a href=\"Patient/p\">urn:uuid:1</a></div>");
        assert_eq!(value["note"][0]["text"], "urn:uuid:1");
    }

    #[test]
    fn a_full_url_of_another_server_has_a_tail() {
        assert_eq!(relative("https://x/y/Patient/1").as_deref(), Some("Patient/1"));
        assert_eq!(relative("urn:uuid:1"), None);
        assert_eq!(relative("https://x/y/1"), None);
    }
}
