//! The harness of the integration tests: a server of its own for every test, callers with tokens, a receiver of
//! notifications, and builders of what they send.
//!
//! A test looks at the server from outside, over HTTP; where that says too little it may look into the database. Nothing
//! here waits for time to pass: [`TestServer::settle`] runs the subscriptions until nothing is left to do.

pub mod builders;
pub mod client;
pub mod database;
pub mod place;
pub mod process;
pub mod receiver;
mod record;
pub mod server;

pub use client::{Answer, Call, Caller};
pub use receiver::{Received, Scripted, TestReceiver};
pub use server::TestServer;
