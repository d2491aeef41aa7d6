//! The rules of intermediate care, as organisations meet them over HTTP.

mod discharge;
mod referral;
mod task;
