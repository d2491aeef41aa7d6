//! The integration tests: a whole server on a real Postgres, seen from outside. Modules carry the names of the crates and
//! files that they are about.

mod fault;
mod interaction;
mod rest;
