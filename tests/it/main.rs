//! The integration tests: a whole server on a real Postgres, seen from outside. Modules carry the names of the crates and
//! files that they are about.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod access;
mod auth;
mod fault;
mod interaction;
mod rest;
mod store;
mod subscription;
mod validation;
mod workflow;
