//! All SQL of the server. [`Store::commit`] is the only writer of the resource tables; every read goes through an [`Access`].
//!
//! One statement a file in `sql/`; the only dynamic SQL is that of [`mod@search`], of histories and of a person's record.

mod access;
mod assertion;
mod change;
mod commit;
mod content;
mod error;
mod everything;
pub mod export;
mod group;
mod history;
mod index_rows;
mod look;
mod membership;
mod migrate;
pub mod outbox;
mod pool;
mod read;
mod reindex;
mod reindex_job;
pub mod search;
mod secret;
mod settled;
mod standing;
pub mod subscription;
mod target;
mod timer;

pub use access::{Access, Circle};
pub use change::{Absent, Actor, Change, Commit, Committed, Label, Operation, Written};
pub use content::{Content, Stored};
pub use error::Result;
pub use everything::Record;
pub use history::{Page, Span, Versions};
pub use membership::{Membership, Persons};
pub use outbox::Outbox;
pub use pool::{Settings, Store};
pub use reindex::Reached;
pub use reindex_job::{ReindexClaim, ReindexState};
pub use standing::{Backlog, Connections, Waiting};
pub use target::{Referrers, Target};
pub use timer::Due;
