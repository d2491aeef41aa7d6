//! The binary as a library: what it starts, for the tests to start too.

pub mod embedded_postgres;
