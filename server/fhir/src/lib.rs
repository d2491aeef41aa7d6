//! FHIR R4 content without I/O: what every other crate of the house speaks in.
//!
//! The parser of record is [`json::parse`]; XML is converted at the edge by [`xml`], the only module that names fhirbolt.
//! There is one error value, [`Error`], and one table from its cause to HTTP status and issue type.

pub mod error;
pub mod id;
pub mod instant;
pub mod json;
pub mod key;
pub mod outcome;
pub mod primitive;
pub mod reference;
pub mod resource;
pub mod resource_type;
mod same_time;
pub mod snomed;
pub mod xml;

pub use error::{Cause, Error};
pub use id::{Id, VersionId};
pub use instant::Instant;
pub use key::Key;
pub use outcome::{Issue, IssueType, Severity};
pub use reference::Reference;
pub use resource::Resource;
pub use resource_type::ResourceType;
pub use serde_json::{Map, Value};

/// The canonical base of everything that this project itself defines: profiles, extensions, code systems, topics.
pub const CANONICAL_BASE: &str = "https://homefirst.example/fhir";
