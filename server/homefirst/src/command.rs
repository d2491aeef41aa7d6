//! One file a command.

pub(crate) mod dev;
pub(crate) mod reindex;
pub(crate) mod serve;
pub(crate) mod token;
