//! Delivery: leases the lanes that something is due for, sends one request to each, and writes down what became of it.
//!
//! A lane is a subscription with its place in the sequence of its events: what was accepted, and what was not yet. There is
//! one request in flight for each, so that events arrive in order. Endpoints that are slow or dead have few places of their
//! own, and a host has a limit, so that nobody waits for somebody else's endpoint.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Clock};

use fhir::Error;
use store::subscription::{Claim, Failed, Lane, Lease};
use store::{Access, Store};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::channel::{Failure, RestHook, Webhook};
use crate::notification::{Kind, Standing, bundle};
use crate::{Content, Definition, Settings, handshake, heartbeat, retry};

/// How many requests to endpoints that timed out last are in flight at a time.
const SLOW_PLACES: usize = 32;
/// How many lanes are leased at once.
const CLAIM: usize = 64;
/// How often leases are renewed: several times before they would end.
const RENEW: Duration = Duration::from_secs(2);
/// How often the database is told of an outcome before the lease is left to end.
const WRITES: u32 = 4;

/// The delivery of one process.
pub struct Delivery {
    store: Store,
    settings: Arc<Settings>,
    rest_hook: RestHook,
    places: Mutex<Places>,
    /// How many requests came to what: `accepted`, or the code of the failure.
    attempts: Mutex<BTreeMap<&'static str, u64>>,
    /// Told whenever the status of a subscription may have changed.
    pub(crate) reports: Notify,
}

/// The requests that are in flight.
#[derive(Default)]
struct Places {
    fast: usize,
    slow: usize,
    hosts: HashMap<String, i32>,
    /// The leases of their lanes, and since when each is good.
    leases: HashMap<Lease, Clock>,
}

/// A request's place, given back when it is dropped.
struct Place<'a> {
    delivery: &'a Delivery,
    host: String,
    lease: Lease,
    slow: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.delivery.places();
        let used = if self.slow { &mut places.slow } else { &mut places.fast };
        *used = used.saturating_sub(1);
        places.leases.remove(&self.lease);
        if let Some(requests) = places.hosts.get_mut(&self.host) {
            *requests -= 1;
            if *requests <= 0 {
                places.hosts.remove(&self.host);
            }
        }
    }
}

/// The requests that a [`Delivery`] has begun; each tells whether its lane is due again.
pub(crate) type Requests = JoinSet<bool>;

impl Delivery {
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(store: Store, settings: Arc<Settings>) -> Result<Self, Error> {
        let rest_hook = RestHook::new(&settings)?;
        Ok(Self {
            store,
            settings,
            rest_hook,
            places: Mutex::default(),
            attempts: Mutex::default(),
            reports: Notify::new(),
        })
    }

    /// Begins a request for every lane that is due, as far as there are places; how many. `slow` asks for the lanes whose last
    /// attempt timed out, the others otherwise.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn dispatch(
        self: &Arc<Self>,
        slow: bool,
        requests: &mut Requests,
    ) -> Result<usize, Error> {
        let mut begun = 0;
        loop {
            let lanes = self.claim(slow).await?;
            if lanes.is_empty() {
                return Ok(begun);
            }
            begun += lanes.len();
            for lane in lanes {
                let delivery = Arc::clone(self);
                requests.spawn(async move { delivery.deliver(lane, slow).await });
            }
        }
    }

    async fn claim(&self, slow: bool) -> Result<Vec<Lane>, Error> {
        let claim = {
            let places = self.places();
            let free = self.most(slow).saturating_sub(if slow { places.slow } else { places.fast });
            Claim {
                slow,
                limit: i64::try_from(free.min(CLAIM)).unwrap_or(0),
                in_flight: places.hosts.iter().map(|(host, requests)| (host.clone(), *requests)).collect(),
                per_host: i32::from(self.settings.per_host),
            }
        };
        if claim.limit == 0 {
            return Ok(Vec::new());
        }
        let claimed = Clock::now();
        let lanes = self.store.claim_lanes(&claim).await?;
        let mut places = self.places();
        for lane in &lanes {
            places.leases.insert(lane.lease(), claimed);
            let used = if slow { &mut places.slow } else { &mut places.fast };
            *used += 1;
            *places.hosts.entry(lane.host.clone()).or_default() += 1;
        }
        Ok(lanes)
    }

    /// Renews the leases of requests that take long, for ever. When the database is away they end, and what is in flight may be
    /// sent again.
    pub(crate) async fn renew_leases(&self) {
        loop {
            tokio::time::sleep(RENEW / 2).await;
            let old = |since: &Clock| since.elapsed() >= RENEW;
            let held = |places: &Places| -> Vec<Lease> {
                places.leases.iter().filter(|(_, since)| old(since)).map(|(lease, _)| *lease).collect()
            };
            let leases = held(&self.places());
            if leases.is_empty() {
                continue;
            }
            let renewed = Clock::now();
            match self.store.renew_leases(&leases).await {
                Ok(()) => {
                    let mut places = self.places();
                    for lease in leases {
                        places.leases.entry(lease).and_modify(|since| *since = renewed);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "The leases of notifications in flight were not renewed.")
                }
            }
        }
    }

    /// Sends what is due on this lane, and writes down what became of it. Whether more is due, on this lane or on one that
    /// waits for the place.
    async fn deliver(&self, lane: Lane, slow: bool) -> bool {
        let _place = Place { delivery: self, host: lane.host.clone(), lease: lane.lease(), slow };
        self.attempt(&lane).await || self.is_crowded(&lane.host, slow)
    }

    fn is_crowded(&self, host: &str, slow: bool) -> bool {
        let places = self.places();
        places.hosts.get(host).is_some_and(|requests| *requests >= i32::from(self.settings.per_host))
            || if slow { places.slow >= self.most(true) } else { places.fast >= self.most(false) }
    }

    /// How many requests may be in flight.
    fn most(&self, slow: bool) -> usize {
        let most = usize::from(self.settings.in_flight);
        if slow { most.min(SLOW_PLACES) } else { most }
    }

    async fn attempt(&self, lane: &Lane) -> bool {
        let definition = match definition(lane, &self.settings) {
            Ok(definition) => definition,
            Err(sentence) => return self.failed(lane, &Failure::no_response(sentence, false)).await,
        };
        let (id, body) = match self.message(lane, &definition).await {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(subscription = lane.id, %error, "A notification could not be made.");
                let _ = self.store.lane_released(lane).await;
                return false;
            }
        };
        let secrets =
            std::iter::once(lane.secret.as_slice()).chain(lane.previous_secret.as_deref()).collect();
        let webhook = Webhook { definition: &definition, id: &id, secrets, body };
        match self.rest_hook.post(webhook).await {
            Ok(()) => {
                self.count("accepted");
                self.sent(lane).await
            }
            Err(failure) => {
                self.count(failure.code);
                self.failed(lane, &failure).await
            }
        }
    }

    fn count(&self, result: &'static str) {
        *self.attempts.lock().unwrap_or_else(PoisonError::into_inner).entry(result).or_default() += 1;
    }

    /// How many requests of this process came to what: `accepted`, or the code of the failure.
    pub(crate) fn attempts(&self) -> BTreeMap<&'static str, u64> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The id and the body of what is due: a handshake before anything else, events, or a heartbeat.
    async fn message(&self, lane: &Lane, definition: &Definition) -> Result<(String, Vec<u8>), Error> {
        let base = &self.settings.base;
        let (id, body) = match lane.batch_to {
            _ if !lane.handshaken => handshake::message(lane, definition, base),
            None => heartbeat::message(lane, definition, base),
            Some(to) => {
                let from = lane.acked_no + 1;
                // What may be seen is decided anew: a right that was lost since the event is lost for it too.
                let access = if self.settings.unrestricted {
                    Access::system()
                } else {
                    self.store.access(&lane.parties)
                };
                let events = self.store.subscription_events(&access, lane.key, from, to).await?;
                if events.len() as i64 != to - lane.acked_no {
                    return Err(Error::exception(format!("events {from} to {to} are not all there")));
                }
                let standing = Standing {
                    base,
                    id: &lane.id,
                    topic: (definition.content != Content::Empty).then_some(definition.topic.url.as_str()),
                    status: &lane.status,
                    events: to,
                    error: None,
                };
                let topic = Some(definition.topic);
                let id = format!("{}-{from}-{to}", lane.id);
                (id, bundle(Kind::EventNotification, &standing, definition.content, topic, &events))
            }
        };
        Ok((id, serde_json::to_vec(&body).map_err(Error::exception)?))
    }

    async fn sent(&self, lane: &Lane) -> bool {
        let more = self.write(lane, None).await;
        if lane.status != "active" {
            self.reports.notify_one();
        }
        more
    }

    async fn failed(&self, lane: &Lane, failure: &Failure) -> bool {
        let failed: Failed = retry::after(lane.into(), failure, &self.settings, rand::random());
        tracing::warn!(
            subscription = lane.id,
            attempt = lane.attempt + 1,
            error.code = failure.code,
            http.status = failure.status,
            retry.seconds = failed.retry_seconds,
            "A notification was not accepted."
        );
        self.write(lane, Some(&failed)).await;
        if failed.status != lane.status {
            self.reports.notify_one();
        }
        false
    }

    /// Writes an outcome, with patience: when it is lost, the notification is sent again after its lease. Whether more is due.
    async fn write(&self, lane: &Lane, failed: Option<&Failed>) -> bool {
        for attempt in 0..WRITES {
            let written = match failed {
                None => self.store.lane_sent(lane).await,
                Some(failed) => self.store.lane_failed(lane, failed).await.map(|()| false),
            };
            match written {
                Ok(more) => return more,
                Err(error) if attempt + 1 == WRITES => {
                    tracing::error!(subscription = lane.id, %error, "The outcome of a notification could not be written.");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50 << attempt)).await,
            }
        }
        false
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn definition(lane: &Lane, settings: &Settings) -> Result<Definition, String> {
    let resource = lane.definition.resource().ok().flatten();
    let resource = resource.ok_or("The subscription cannot be read.")?;
    Definition::read(&resource, settings)
        .map_err(|issues| issues.first().map_or_else(String::new, |issue| issue.diagnostics.clone()))
}
