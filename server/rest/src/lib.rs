//! HTTP and only HTTP, <https://hl7.org/fhir/R4/http.html>: from the bytes of a request to an interaction, and from its reply
//! to the bytes of an answer.
//!
//! The natural path of a request: [`routes`] finds what its address is, [`exchange`] checks its headers and its caller,
//! [`body`] reads it within limits, [`request`] makes an `interaction::Request` of it, and [`response`] makes HTTP of the reply.
//! What an interaction does is not decided here; no other crate knows methods, headers or status numbers.

mod address;
mod answer;
mod app;
mod binary;
mod body;
mod content_coding;
mod cors;
mod etag;
mod exchange;
mod health;
mod media_type;
mod metrics;
mod middleware;
mod negotiate;
mod prefer;
mod request;
mod request_id;
mod response;
mod routes;
mod token;

pub use app::{App, AuthMode, Settings};
pub use exchange::exchange;
