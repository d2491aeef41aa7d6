//! The interactions of FHIR REST as values, one file each, <https://hl7.org/fhir/R4/http.html>.
//!
//! A request over HTTP and an entry of a Bundle are parsed into the same [`Interaction`] by [`request::parse`], and carried
//! out by the same code. Every write is planned in a [`unit::Unit`] and written by one `store::commit`; when another writer
//! was faster, it is planned anew.

mod assertion;
mod batch;
mod bundle;
mod capabilities;
mod capabilities_of_terminology;
mod clock;
mod conditional;
mod context;
mod create;
mod delete;
mod history;
mod label;
mod operation;
mod patch;
mod poll;
mod presentation;
mod publish;
mod read;
mod read_conditions;
mod reference;
mod reindex;
mod related;
pub mod reply;
pub mod request;
mod search;
mod server;
mod timer;
mod transaction;
mod unit;
mod update;

pub use clock::Clock;
pub use context::{Context, Handling, Preferences, Return};
pub use operation::{Call, ExportFile, Lines, is_later, lines};
pub use patch::{JSON_PATCH, MERGE_PATCH, Patch};
pub use presentation::Presentation;
pub use read_conditions::ReadConditions;
pub use reindex::Step;
pub use reply::{Export, Reply, Success};
pub use request::{Conditions, Interaction, Request, Verb};
pub use server::{ExportSettings, Server, Settings};
pub use timer::Ticked;
pub use workflow::Doubtful;
