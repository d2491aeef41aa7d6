//! The rules of intermediate care, as organisations meet them over HTTP.

mod clauses;
mod discharge;
mod duplicate;
mod handover;
mod referral;
mod rules;
mod task;
mod timer;
mod topics;
