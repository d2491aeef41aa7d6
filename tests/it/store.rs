//! The database as the server uses it.

mod plan;
mod pool;
mod reindex;
mod sql;
