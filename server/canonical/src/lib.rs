//! The conformance artifacts that the server knows, embedded: the R4 definitions in compact form
//! (<https://hl7.org/fhir/R4/downloads.html>, made by `cargo xtask definitions`) and our own, from `profiles/`.
//!
//! Nothing is ever loaded from the network.

pub mod artifact;
pub mod compartment;
pub mod definitions;
pub mod element_definition;
mod own;
mod profile;
mod published;
mod scope;
pub mod search_parameter;
pub mod structure;
pub mod tables;
pub mod terminology;
pub mod value_set;

use std::borrow::Cow;

pub use compartment::Compartment;
pub use definitions::{Definitions, add_packages, definitions};
pub use published::published;
pub use search_parameter::SearchParameter;
pub use structure::{
    Binding, Child, Constraint, Element, ElementType, Kind, Profile, ScopeId, Strength, Structure,
};
pub use terminology::{Terminology, terminology};
pub use value_set::ValueSet;

/// A canonical as its url and its version, if it names one, <https://hl7.org/fhir/R4/references.html#canonical>.
#[must_use]
pub fn split_version(canonical: &str) -> (&str, Option<&str>) {
    canonical.split_once('|').map_or((canonical, None), |(url, version)| (url, Some(version)))
}

/// A canonical without its `|version`.
#[must_use]
pub fn without_version(canonical: &str) -> &str {
    split_version(canonical).0
}

/// The canonical in this version, whichever it names itself; as it is when none is wanted.
#[must_use]
pub fn in_version<'c>(canonical: &'c str, version: Option<&str>) -> Cow<'c, str> {
    match version {
        Some(version) => Cow::Owned(format!("{}|{version}", without_version(canonical))),
        None => Cow::Borrowed(canonical),
    }
}

/// Whether what states this version of itself is what is meant by who asks for that one: without either, any is.
#[must_use]
pub fn is_version(own: Option<&str>, asked: Option<&str>) -> bool {
    asked.is_none_or(|asked| own.is_none_or(|own| own == asked))
}
