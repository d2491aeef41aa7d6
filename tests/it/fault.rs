//! What happens when many write at once, when processes are killed, when Postgres crashes and when subscribers hang: nothing
//! acknowledged is lost, nothing is written twice, and every subscriber is told of everything, once and in order.
//!
//! Everything is seen from outside, through HTTP and by real processes. The sizes are for every day;
//! `HOMEFIRST_FAULT_SCALE=full` gives those for a release.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod client;
mod crash;
mod identical_creates;
mod isolation;
mod ledger;
mod order;
mod place;
mod receiver;
mod resources;
mod timer;
mod transactions;
mod updates;
mod writers;

/// The path of the test that is a server.
pub(crate) const SERVER: &str = "fault::server_process";

/// Is a server when [`tests::process`] starts this binary again, and nothing otherwise.
#[test]
#[ignore = "is started by other tests, as a process"]
fn server_process() -> anyhow::Result<()> {
    tests::process::run()
}

/// How much is done.
struct Scale {
    /// How many referrals each writer sends.
    referrals: usize,
    /// How often the server is killed.
    kills: usize,
}

/// How many write at the same time.
const WRITERS: usize = 8;

fn scale() -> Scale {
    match std::env::var("HOMEFIRST_FAULT_SCALE").as_deref() {
        Ok("full") => Scale { referrals: 500, kills: 10 },
        _ => Scale { referrals: 40, kills: 3 },
    }
}
