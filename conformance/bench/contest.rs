//! Runs the server and its floor by turns, so that what else the machine does meanwhile falls on both.
//!
//! A closed loop: each connection sends its next request when the last is answered. Overload, where requests arrive whether or not
//! the last is answered, is not measured here.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::sample::{Sample, Summary};

/// A connection gives up after that many failures in a row.
const PATIENCE: u32 = 20;

/// Something that can be done again and again on one connection.
pub trait Operation {
    /// Does it once.
    async fn once(&mut self) -> Result<()>;
}

/// For a floor that there is not, when no database was given.
pub enum Nothing {}

impl Operation for Nothing {
    async fn once(&mut self) -> Result<()> {
        match *self {}
    }
}

/// What both sides did.
#[derive(Debug)]
pub struct Figures {
    /// The server under test.
    pub server: Summary,
    /// The same with Postgres alone.
    pub floor: Option<Summary>,
}

/// Warms both sides up, then measures floor, server, floor: the server for `span`, the floor for half of it each time.
pub async fn measure<S: Operation, F: Operation>(
    server: &mut [S],
    mut floor: Option<&mut [F]>,
    span: Duration,
) -> Result<Figures> {
    let warm_up = span / 4;
    if let Some(floor) = &mut floor {
        run(floor, warm_up).await;
    }
    let warm = run(server, warm_up).await;
    if warm.microseconds.is_empty() {
        return Err(failure(warm));
    }
    let mut below = Sample::default();
    if let Some(floor) = &mut floor {
        below.then(run(floor, span / 2).await);
    }
    let above = run(server, span).await;
    if let Some(floor) = &mut floor {
        below.then(run(floor, span / 2).await);
    }
    if let Some(error) = &above.first_error {
        eprintln!("  {} requests failed, the first with: {error}", above.errors);
    }
    let floor = match floor {
        None => None,
        Some(_) => Some(below.clone().summary().ok_or_else(|| failure(below))?),
    };
    let server = above.clone().summary().ok_or_else(|| failure(above))?;
    Ok(Figures { server, floor })
}

/// All connections at once, for that long.
pub async fn run<O: Operation>(operations: &mut [O], span: Duration) -> Sample {
    let began = Instant::now();
    let mut loops: FuturesUnordered<_> =
        operations.iter_mut().map(|operation| repeat(operation, began, span)).collect();
    let mut all = Sample::default();
    while let Some(sample) = loops.next().await {
        all.beside(sample);
    }
    all
}

async fn repeat<O: Operation>(operation: &mut O, began: Instant, span: Duration) -> Sample {
    let mut sample = Sample::default();
    let mut failures = 0;
    loop {
        let start = Instant::now();
        let outcome = operation.once().await;
        let end = Instant::now();
        failures = if outcome.is_ok() { 0 } else { failures + 1 };
        sample.add(outcome, end - start);
        sample.elapsed = end - began;
        if sample.elapsed >= span || failures >= PATIENCE {
            return sample;
        }
    }
}

fn failure(sample: Sample) -> anyhow::Error {
    anyhow!(sample.first_error.unwrap_or_else(|| "nothing was measured".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    struct Turn<'a> {
        name: char,
        turns: &'a RefCell<String>,
        works: bool,
    }

    impl Operation for Turn<'_> {
        async fn once(&mut self) -> Result<()> {
            if !self.turns.borrow().ends_with(self.name) {
                self.turns.borrow_mut().push(self.name);
            }
            tokio::task::yield_now().await;
            if self.works { Ok(()) } else { Err(anyhow!("refused")) }
        }
    }

    #[tokio::test]
    async fn floor_and_server_take_turns() {
        let turns = RefCell::new(String::new());
        let turn = |name| Turn { name, turns: &turns, works: true };
        let span = Duration::from_millis(4);
        let figures = measure(&mut [turn('s')], Some(&mut [turn('f')]), span).await.unwrap();
        assert_eq!(*turns.borrow(), "fsfsf", "a warm-up of both, then floor, server, floor");
        assert!(figures.server.count > 0 && figures.floor.is_some_and(|floor| floor.count > 0));
    }

    #[tokio::test]
    async fn without_a_floor_the_server_is_measured_alone() {
        let turns = RefCell::new(String::new());
        let mut server = [Turn { name: 's', turns: &turns, works: true }];
        let figures = measure::<_, Nothing>(&mut server, None, Duration::from_millis(2)).await.unwrap();
        assert!(figures.floor.is_none() && figures.server.errors == 0);
    }

    #[tokio::test]
    async fn a_server_that_refuses_everything_is_not_measured() {
        let turns = RefCell::new(String::new());
        let mut server = [Turn { name: 's', turns: &turns, works: false }];
        let sample = run(&mut server, Duration::from_secs(3600)).await;
        assert_eq!(sample.errors, u64::from(PATIENCE), "it gives up early");
        let refused = measure::<_, Nothing>(&mut server, None, Duration::from_secs(3600)).await.unwrap_err();
        assert_eq!(refused.to_string(), "refused");
    }
}
