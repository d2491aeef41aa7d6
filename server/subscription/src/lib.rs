//! Topic subscriptions: which changes matter to whom, their numbers, and their delivery,
//! <http://hl7.org/fhir/uv/subscriptions-backport> (1.1.0, for R4).
//!
//! The way of an event: a committed change waits in the store's queue; the [`sequencer`] compares it with the topics,
//! finds the subscriptions it matters to and numbers it for each of them in one transaction; [`delivery`] sends what is
//! numbered but not yet accepted, in order, until it is. [`accept`](mod@accept) decides which Subscriptions may be stored
//! at all, and [`status`] answers how one stands. Nothing here writes a resource: a new status is told as a [`StatusChange`].

pub mod accept;
mod channel;
pub mod definition;
pub mod delivery;
mod engine;
pub mod filter;
mod handshake;
mod header;
mod heartbeat;
pub mod matcher;
pub mod notification;
pub mod outbound;
mod report;
mod retry;
pub mod sequencer;
mod settings;
mod signature;
pub mod status;
pub mod topic;

pub use accept::{Accepted, accept, mask};
pub use definition::{Content, Definition};
pub use engine::Engine;
pub use report::StatusChange;
pub use sequencer::{Sequencer, TickResult};
pub use settings::Settings;
pub use signature::renew_secret;
pub use topic::{Topic, topics};

/// The canonical base of the implementation guide.
pub(crate) const GUIDE: &str = "http://hl7.org/fhir/uv/subscriptions-backport";
