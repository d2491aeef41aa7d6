//! The database as the server uses it.

mod pool;
mod reindex;
mod sql;
