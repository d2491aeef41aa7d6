//! Group commit: units of work that arrive while others are being written are written together, in one statement.
//!
//! There is no timer and no waiting for company: a unit that finds the writer free is written at once, alone. Only while it is
//! busy do units gather, and then it takes all of them. One writer makes larger groups, and so fewer statements and fewer flushes,
//! than two; another one joins it only when it is held up. What cannot be written together (because one of
//! them was outrun) is written one by one, so that nobody suffers from another's conflict.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fhir::{Cause, Error, Key};
use tokio::sync::oneshot;

use crate::{Commit, Committed, Result, Store};

/// How many statements write at the same time at most.
const WRITERS: usize = 4;

/// How long the writers may be busy with what they took last before another one joins them: a statement that waits for a lock
/// must not hold up everybody else's.
const HELD_UP: Duration = Duration::from_millis(50);

/// How many changes one statement writes at most.
const MOST_CHANGES: usize = 200;

/// The units of work that wait for a writer.
#[derive(Default)]
pub(crate) struct Group(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    writers: usize,
    /// When one of them last took something.
    taken: Option<Instant>,
}

struct Waiting {
    commit: Commit,
    answer: oneshot::Sender<Result<Committed>>,
}

impl Store {
    pub(crate) async fn commit_in_group(&self, commit: Commit) -> Result<Committed> {
        let (answer, committed) = oneshot::channel();
        let is_writer = self.group.join(Waiting { commit, answer })?;
        if is_writer {
            // On a task of its own: a caller that goes away must not take the others' writes with it. And not on the caller's
            // thread: the requests that are read and checked there would come between the writes.
            let store = self.clone();
            self.runtime.spawn(async move {
                while let Some(batch) = store.group.next() {
                    store.write_batch(batch).await;
                }
            });
        }
        committed.await.unwrap_or_else(|_| {
            Err(Error::new(Cause::Transient, "The server is stopping. Please repeat the request."))
        })
    }

    async fn write_batch(&self, batch: Vec<Waiting>) {
        let commits: Vec<&Commit> = batch.iter().map(|waiting| &waiting.commit).collect();
        let together = match commits.as_slice() {
            [_] => Ok(None),
            commits => self.write_together(commits).await,
        };
        match together {
            Ok(Some(all)) => {
                for (waiting, written) in batch.into_iter().zip(all) {
                    // Whoever does not wait any more does not want to know.
                    waiting.answer.send(Ok(Committed::Written(written))).ok();
                }
                return;
            }
            // Whether it was written is not known, so it must not be tried again under the same keys.
            Err(error) if matches!(error.cause(), Cause::Transient | Cause::Timeout) => {
                let sentence = error.issues().first().map_or("", |issue| issue.diagnostics.as_str());
                for waiting in batch {
                    waiting.answer.send(Err(Error::new(error.cause(), sentence))).ok();
                }
                return;
            }
            Ok(None) | Err(_) => {}
        }
        for waiting in batch {
            let alone = self.write_together(&[&waiting.commit]).await;
            let committed = alone
                .map(|all| all.and_then(|mut all| all.pop()).map_or(Committed::Outrun, Committed::Written));
            waiting.answer.send(committed).ok();
        }
    }
}

impl Group {
    /// Adds a unit to those that wait; whether the caller must become a writer.
    fn join(&self, waiting: Waiting) -> Result<bool> {
        let mut state = self.0.lock().map_err(|_| Error::exception("a writer panicked"))?;
        state.waiting.push(waiting);
        let is_held_up = state.taken.is_some_and(|taken| taken.elapsed() > HELD_UP);
        let is_writer = state.writers == 0 || (is_held_up && state.writers < WRITERS);
        state.writers += usize::from(is_writer);
        Ok(is_writer)
    }

    /// What a writer takes next: units without a resource in common. With none left it is a writer no more.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut state = self.0.lock().ok()?;
        let mut keys: HashSet<Key> = HashSet::new();
        let (mut batch, mut left) = (Vec::new(), Vec::new());
        for waiting in std::mem::take(&mut state.waiting) {
            let own: Vec<Key> = waiting.commit.changes.iter().map(crate::Change::key).collect();
            let fits = batch.is_empty() || keys.len() + own.len() <= MOST_CHANGES;
            if fits && own.iter().all(|key| !keys.contains(key)) {
                keys.extend(own);
                batch.push(waiting);
            } else {
                left.push(waiting);
            }
        }
        state.waiting = left;
        state.taken = Some(Instant::now());
        if batch.is_empty() {
            state.writers -= 1;
            return None;
        }
        Some(batch)
    }
}
