//! HTTP itself: addresses, negotiation, conditions, limits and errors.

mod binary;
mod bodies;
mod conditions;
mod errors;
mod metrics;
mod negotiation;
mod prefer;
mod round_trip;
mod routes;
