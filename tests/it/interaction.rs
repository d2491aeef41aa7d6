//! The interactions of FHIR, over HTTP.

mod batch;
mod capabilities;
mod conditional;
mod conditional_write;
mod create;
mod delete;
mod export;
mod history;
mod operation;
mod paging;
mod patch;
mod poll;
mod publish;
mod race;
mod read;
mod search;
mod transaction;
mod update;
