//! The conformance artifacts that the server knows, embedded: the R4 definitions in compact form
//! (<https://hl7.org/fhir/R4/downloads.html>, made by `cargo xtask definitions`) and our own, from `profiles/`.
//!
//! Nothing is ever loaded from the network.

pub mod compartment;
pub mod definitions;
pub mod search_parameter;
pub mod structure;
pub mod value_set;

pub use compartment::Compartment;
pub use definitions::{Definitions, definitions};
pub use search_parameter::SearchParameter;
pub use structure::{Binding, Child, Element, ElementType, Kind, Profile, ScopeId, Strength, Structure};
pub use value_set::ValueSet;
