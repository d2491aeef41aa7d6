//! The binary as a library: what it starts, for the integration tests to start too.

pub mod config;
pub mod demo;
pub mod embedded_postgres;
mod exports;
pub mod listen;
mod metrics;
mod packages;
pub mod reindex;
mod shutdown;
mod startup;
mod status;
pub mod telemetry;
mod timer;

pub use config::Config;
pub use shutdown::asked_to_stop;
pub use startup::{Running, migrate, start};
