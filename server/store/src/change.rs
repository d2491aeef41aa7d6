//! What is to be written: every change with its expected version, its index rows, its label, and who makes it.

use fhir::{Error, Id, Instant, Key, ResourceType, VersionId};
use search::IndexRows;
use search::query::Criterion;

use crate::{Access, Content, Result};

/// What a change does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    pub(crate) fn from_code(code: &str) -> Result<Self> {
        match code {
            "create" => Ok(Self::Create),
            "update" => Ok(Self::Update),
            "delete" => Ok(Self::Delete),
            other => Err(Error::exception(format!("unknown operation {other}"))),
        }
    }
}

/// Who may read a version: its parties, and how confidential it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The organisations and services that are parties to it; `None` for directory data that every caller reads.
    pub parties: Option<Vec<Key>>,
    /// 0: normal, 1: restricted, 2: very restricted (from `meta.security`).
    pub confidentiality: i16,
}

/// The next version of one resource.
#[derive(Clone, Debug)]
pub struct Change {
    pub resource_type: ResourceType,
    pub id: Id,
    pub operation: Operation,
    /// The version that this one follows; `None` when the resource must not exist yet.
    pub expected: Option<VersionId>,
    /// The new content; `None` for a deletion.
    pub content: Option<Content>,
    /// What the new version is found by; empty for a deletion.
    pub rows: IndexRows,
    /// What the version before was found by.
    pub previous_rows: IndexRows,
    /// The business identifiers that it holds: no other resource may hold one of them.
    pub business_identifiers: Vec<Key>,
    /// Those that the version before held.
    pub previous_business_identifiers: Vec<Key>,
    pub label: Label,
    /// Who puts it there, for a new entry of the directory; empty for what its parties alone change.
    pub keepers: Vec<Key>,
}

impl Change {
    #[must_use]
    pub fn key(&self) -> Key {
        Key::of_resource(self.resource_type, self.id.as_str())
    }

    #[must_use]
    pub fn version_id(&self) -> VersionId {
        self.expected.map_or(VersionId::FIRST, VersionId::next)
    }
}

/// Who makes the changes, for the audit row of each.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    pub client: String,
    pub subject: String,
    pub organization: Option<String>,
    pub request_id: Option<String>,
}

/// A condition of a conditional create: nothing that this caller sees may match when the changes are written.
#[derive(Clone, Debug)]
pub struct Absent {
    pub resource_type: ResourceType,
    pub criteria: Vec<Criterion>,
    pub access: Access,
    /// What two creates must have in common to exclude each other: the identifiers they name, or the whole condition.
    pub locks: Vec<Key>,
}

/// A unit of work: all of it is written, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    pub changes: Vec<Change>,
    pub absent: Vec<Absent>,
    /// What does not count for these conditions: the same unit of work deletes or changes it.
    pub except: Vec<Key>,
    /// What the changes refer to and the unit of work does not touch: none of it may be deleted when they are written.
    pub present: Vec<Key>,
    pub actor: Actor,
}

impl Commit {
    /// What it deletes: nothing else may refer to it.
    pub(crate) fn deleted(&self) -> Vec<Key> {
        self.changes.iter().filter(|change| change.operation == Operation::Delete).map(Change::key).collect()
    }
}

/// What became of a [`Commit`].
#[derive(Clone, Debug)]
pub enum Committed {
    /// All of it was written; one entry a change, in the same order.
    Written(Vec<Written>),
    /// Another writer was faster: an expected version is no longer the current one, a condition no longer holds, or something that is
    /// referred to is deleted.
    /// Nothing was written; the caller reads again and decides anew.
    Outrun,
}

/// The version that a change became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub seq: i64,
    pub version_id: VersionId,
    pub last_updated: Instant,
}
