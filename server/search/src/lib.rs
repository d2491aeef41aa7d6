//! Search parameters, queries and index rows, without I/O: what a resource is found by,
//! <https://hl7.org/fhir/R4/search.html>.
//!
//! The way of a search: [`pairs`] decodes the query string, [`parse`](mod@parse) makes a [`query::Query`] of it, and the
//! store turns that into SQL over the rows that [`index`](mod@index) made when the resource was written.
//! [`matches`](mod@matches) decides the same conditions in memory. There is no SQL here.

pub mod compartment;
pub mod control;
pub mod criterion;
mod derived;
mod element;
mod expression;
mod filter;
mod found;
pub mod hot;
pub mod include;
pub mod index;
pub mod matches;
pub mod pairs;
pub mod parameter;
pub mod parse;
pub mod query;
mod refusal;
pub mod sort;
pub mod subset;
pub mod value;

pub use hot::Hot;
pub use index::{IndexRows, ReferenceRow, index};
pub use matches::matches;
pub use pairs::decode_pairs;
pub use parameter::{Kind, Parameter, Registry, registry};
pub use parse::{
    Options, ValueSets, parse, parse_compartment, parse_criteria, parse_filter, parse_system, value_sets,
};
pub use query::Query;
pub use subset::subset;
