//! Search parameters, queries and index rows, without I/O.
pub mod query;
