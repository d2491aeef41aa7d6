//! What all measurements of one run share.

use std::time::Duration;

use anyhow::Result;
use uuid::Uuid;

use super::contest::{self, Figures, Operation};
use super::floor::Floor;
use super::memory::Known;
use super::payload::{Numbers, Payload};
use super::place::Place;
use super::target::Target;

/// One run.
pub struct Stage {
    /// The server under test.
    pub target: Target,
    /// Its Postgres, when a way to it is known.
    pub floor: Option<Floor>,
    /// Whom and what the load is about.
    pub place: Place,
    /// Makes each payload unlike all others.
    pub numbers: Numbers,
    /// How long the server is measured for each figure.
    pub span: Duration,
    /// The ids of referrals on the server.
    pub referrals: Known<String>,
    /// The ids of the same in the floor's table.
    pub rows: Known<Uuid>,
}

impl Stage {
    /// The draft referral that most figures are about.
    pub fn referral(&self) -> Payload {
        Payload::referral(&self.place, &self.numbers)
    }

    /// Measures both sides by turns.
    pub async fn measure<S: Operation, F: Operation>(
        &self,
        mut server: Vec<S>,
        mut floor: Option<Vec<F>>,
    ) -> Result<Figures> {
        contest::measure(&mut server, floor.as_deref_mut(), self.span).await
    }
}
