//! The sequencer: takes committed changes in order, finds the subscriptions they matter to, and numbers the events, all in
//! one transaction. Any process may do it, one at a time; whatever is killed when, no event is lost, doubled or out of order.
//!
//! Subscriptions come through the same queue: one sees every change that is sequenced after its own creation. Nothing is sent
//! here.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use fhir::{Error, Instant, Key, Resource, ResourceType};
use jiff::tz::TimeZone;
use store::outbox::{ChangeContent, Define, QueuedChange};
use store::{Outbox, Store, Stored};
use tokio::sync::Mutex;

use crate::filter::{Change, Side};
use crate::matcher::Index;
use crate::outbound::host;
use crate::{Definition, Settings, signature, topics};

/// How many changes one transaction takes.
const BATCH: i64 = 1000;
/// How long a number may have been drawn before it is committed: longer than the database lets a transaction take. Of the
/// numbers below one that was seen so long ago, those that will ever be seen were.
const LONGEST_COMMIT: Duration = Duration::from_secs(120);
/// How often the number seen is noted.
const NOTED: Duration = Duration::from_secs(1);

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickResult {
    /// How many changes were taken out of the queue.
    pub changes: usize,
    /// How many events were numbered.
    pub events: i64,
    /// How many subscriptions began, changed or ended.
    pub subscriptions: usize,
    /// Whether another process was at it, so that nothing was done.
    pub busy: bool,
}

impl TickResult {
    /// Whether there is something to send that was not there before.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.events > 0 || self.subscriptions > 0
    }

    /// Whether the queue may hold more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.changes >= BATCH as usize
    }
}

/// The sequencer of one process. It remembers the subscriptions between ticks.
pub struct Sequencer {
    store: Store,
    settings: Arc<Settings>,
    zone: TimeZone,
    memory: Mutex<Memory>,
}

struct Memory {
    index: Index,
    /// The epoch of the store that the index stands at; before everything at first.
    epoch: i64,
    /// A number below which nothing is expected any more.
    floor: i64,
    /// The last numbers that were taken, and when, oldest first.
    taken: VecDeque<(Clock, i64)>,
}

impl Memory {
    fn new() -> Self {
        Self { index: Index::default(), epoch: -1, floor: 0, taken: VecDeque::new() }
    }

    /// Takes note that this number was seen at this time.
    fn note(&mut self, now: Clock, seq: i64) {
        if self.taken.back().is_none_or(|(since, _)| now - *since >= NOTED) {
            self.taken.push_back((now, seq));
        }
        while let Some((since, seq)) = self.taken.front()
            && now - *since >= LONGEST_COMMIT
        {
            self.floor = self.floor.max(*seq);
            self.taken.pop_front();
        }
    }
}

/// What a batch of changes comes to, before it is written.
#[derive(Default)]
struct Plan {
    matches: Vec<(Key, i64)>,
    done: Vec<i64>,
    dead: Vec<(i64, String)>,
    subscriptions: usize,
}

impl Sequencer {
    /// # Errors
    /// When the settings name a time zone that does not exist.
    pub fn new(store: Store, settings: Arc<Settings>) -> Result<Self, Error> {
        let zone = settings.time_zone()?;
        Ok(Self { store, settings, zone, memory: Mutex::new(Memory::new()) })
    }

    /// Numbers what is in the queue, up to a thousand changes.
    ///
    /// # Errors
    /// When the database cannot be used; then nothing has changed.
    pub async fn tick(&self) -> Result<TickResult, Error> {
        if !self.store.has_changes().await? {
            return Ok(TickResult::default());
        }
        let mut memory = self.memory.lock().await;
        let Some(outbox) = self.store.outbox().await? else {
            return Ok(TickResult { busy: true, ..TickResult::default() });
        };
        let result = self.number(outbox, &mut memory).await;
        if result.is_err() {
            // The index may be ahead of what was committed.
            *memory = Memory::new();
        }
        result
    }

    async fn number(&self, mut outbox: Outbox, memory: &mut Memory) -> Result<TickResult, Error> {
        self.catch_up(&outbox, memory).await?;
        let queued = outbox.changes(memory.floor, BATCH).await?;
        let plan = self.plan(&mut outbox, memory, &queued).await?;
        let events = outbox.number(&plan.matches, self.settings.unrestricted, &plan.done, &plan.dead).await?;
        let epoch = outbox.epoch();
        outbox.finish().await?;
        memory.epoch = epoch;
        if let Some(last) = queued.last() {
            memory.note(Clock::now(), last.seq);
        }
        for (seq, error) in &plan.dead {
            tracing::error!(change.seq = seq, error, "A change could not be sequenced and was set aside.");
        }
        Ok(TickResult { changes: queued.len(), events, subscriptions: plan.subscriptions, busy: false })
    }

    /// Learns of the subscriptions that other processes sequenced.
    async fn catch_up(&self, outbox: &Outbox, memory: &mut Memory) -> Result<(), Error> {
        if outbox.epoch() < memory.epoch {
            *memory = Memory::new();
        }
        if outbox.epoch() == memory.epoch {
            return Ok(());
        }
        for known in outbox.subscriptions(memory.epoch).await? {
            let read = |definition: Result<Stored, Error>| {
                let resource = definition.and_then(|stored| stored.resource()).ok().flatten()?;
                Definition::read(&resource, &self.settings).ok()
            };
            match known.definition.map(read) {
                Some(Some(definition)) => {
                    memory.index.insert(known.key, definition.topic, definition.filters)
                }
                Some(None) => {
                    tracing::error!(subscription.key = %known.key.uuid(), "A subscription can no longer be understood.");
                    memory.index.remove(known.key);
                }
                None => memory.index.remove(known.key),
            }
        }
        memory.epoch = outbox.epoch();
        Ok(())
    }

    /// Goes through the changes in order: subscriptions begin and end, everything else is matched with those that are there.
    async fn plan(
        &self,
        outbox: &mut Outbox,
        memory: &mut Memory,
        queued: &[QueuedChange],
    ) -> Result<Plan, Error> {
        let about_subscriptions = queued.iter().any(|c| c.resource_type == ResourceType::SUBSCRIPTION);
        if about_subscriptions {
            outbox.next_epoch().await?;
        }
        let with_topics: Vec<ResourceType> = topics().iter().flat_map(crate::Topic::resource_types).collect();
        let is_wanted = |resource_type: ResourceType| {
            resource_type == ResourceType::SUBSCRIPTION
                || memory.index.listens_to(resource_type)
                || (about_subscriptions && with_topics.contains(&resource_type))
        };
        let wanted: Vec<i64> = queued.iter().filter(|c| is_wanted(c.resource_type)).map(|c| c.seq).collect();
        let mut plan = Plan { done: queued.iter().map(|c| c.seq).collect(), ..Plan::default() };
        for (at, (seq, content)) in outbox.contents(&wanted).await?.into_iter().enumerate() {
            if at % 16 == 15 {
                tokio::task::yield_now().await;
            }
            let outcome = match content {
                Ok(content) if content.current.resource_type == ResourceType::SUBSCRIPTION => {
                    plan.subscriptions += 1;
                    match content.current.resource() {
                        Ok(resource) => {
                            self.subscription(outbox, memory, content, resource).await?;
                            Ok(Vec::new())
                        }
                        Err(error) => Err(error.to_string()),
                    }
                }
                Ok(content) => self.matches(&memory.index, content),
                Err(error) => Err(error.to_string()),
            };
            match outcome {
                Ok(matches) => plan.matches.extend(matches.into_iter().map(|key| (key, seq))),
                Err(error) => plan.dead.push((seq, error)),
            }
        }
        Ok(plan)
    }

    /// The subscriptions that a change is an event for. One that cannot be read, and even a fault of ours, is an error of this
    /// change alone.
    fn matches(&self, index: &Index, content: ChangeContent) -> Result<Vec<Key>, String> {
        if !index.listens_to(content.current.resource_type) {
            return Ok(Vec::new());
        }
        let matched = catch_unwind(AssertUnwindSafe(|| {
            let change = self.change(content).map_err(|error| error.to_string())?;
            Ok(index.matches(&change))
        }));
        matched.unwrap_or_else(|_| Err("matching it failed unexpectedly".to_owned()))
    }

    fn change(&self, content: ChangeContent) -> Result<Change, Error> {
        let current = content.current;
        Ok(Change {
            resource_type: current.resource_type,
            operation: current.operation,
            identity: Key::of_resource(current.resource_type, &current.id),
            previous: content.previous.as_ref().map(|previous| self.side(previous)).transpose()?.flatten(),
            current: self.side(&current)?,
        })
    }

    fn side(&self, stored: &Stored) -> Result<Option<Side>, Error> {
        let Some(resource) = stored.resource()? else { return Ok(None) };
        let rows = search::index(&resource, &self.settings.base, &self.zone);
        Ok(Some(Side { resource, rows, last_updated: stored.last_updated.microseconds() }))
    }

    /// A version of a Subscription. `requested` and `off` are its client's word (or, for `off`, also ours); `active` and
    /// `error` are what the server itself wrote, and say nothing new.
    async fn subscription(
        &self,
        outbox: &Outbox,
        memory: &mut Memory,
        content: ChangeContent,
        resource: Option<Resource>,
    ) -> Result<(), Error> {
        let stored = content.current;
        let key = Key::of_resource(stored.resource_type, &stored.id);
        let Some(resource) = resource else {
            memory.index.remove(key);
            return outbox.stop(key, stored.version_id, true).await;
        };
        let reported = resource.text("status").unwrap_or_default().to_owned();
        let is_known = outbox.is_known(key).await?;
        match reported.as_str() {
            "off" if is_known => {
                memory.index.remove(key);
                outbox.stop(key, stored.version_id, false).await
            }
            "active" | "error" if is_known => outbox.reported(key, &reported).await,
            _ => {
                let definition = Definition::read(&resource, &self.settings);
                let define =
                    define(key, &stored, content.parties, reported, &resource, definition.as_ref().ok());
                match definition {
                    Ok(definition) if define.listening => {
                        memory.index.insert(key, definition.topic, definition.filters);
                    }
                    _ => memory.index.remove(key),
                }
                outbox.define(&define).await
            }
        }
    }
}

fn define(
    key: Key,
    stored: &Stored,
    parties: Vec<Key>,
    reported: String,
    resource: &Resource,
    definition: Option<&Definition>,
) -> Define {
    let status = match definition {
        _ if resource.text("status") == Some("off") => "off",
        Some(_) => "requested",
        None => "error",
    };
    let url = definition.and_then(|d| reqwest::Url::parse(&d.endpoint).ok());
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    Define {
        key,
        id: stored.id.clone(),
        seq: stored.seq,
        version_id: stored.version_id,
        listening: status == "requested",
        parties,
        status,
        reported,
        error_code: None,
        error_text: (status == "error")
            .then(|| "The subscription asks for what this server cannot do.".to_owned()),
        host: url.as_ref().and_then(host).unwrap_or_default(),
        heartbeat_seconds: definition.and_then(|d| d.heartbeat).map(number),
        timeout_seconds: definition.map_or(10, |d| number(d.timeout)),
        max_count: definition.map_or(1, |d| number(d.max_count)),
        // One that the database could not hold has passed as well.
        end: definition.and_then(|d| d.end).map(|end| end.max(Instant::from_microseconds(0))),
        secret: signature::secret(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_passed_over_that_may_still_be_committed() {
        let (mut memory, start) = (Memory::new(), Clock::now());
        for (seconds, seq, floor) in [
            (0, 100, 0),
            (60, 90_000, 0),
            // In a burst as well: what counts is time, and not how many numbers were drawn.
            (119, 1_000_000, 0),
            (120, 1_000_001, 100),
            (121, 1_000_002, 100),
            (180, 1_000_003, 90_000),
            (1_000, 1_000_004, 1_000_003),
        ] {
            memory.note(start + Duration::from_secs(seconds), seq);
            assert_eq!(memory.floor, floor, "after {seconds} s");
        }
        assert!(memory.taken.len() < 3, "old notes are forgotten");
    }
}
