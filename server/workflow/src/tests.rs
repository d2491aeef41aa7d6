//! The rules at work: a small world that loads what [`crate::needs`] names and writes what comes back, as a server does.

mod clauses;
mod discharge;
mod episode;
mod handover;
mod machines;
mod malformed;
mod put_back;
mod referral;
mod task;
mod timer;
mod walk;
mod world;
