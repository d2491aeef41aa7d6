//! The engine: sequencing, delivery and upkeep of one process, as loops that wake each other. Any number of processes may run
//! one on the same database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use fhir::{Cause, Error};
use store::Store;
use tokio::sync::{Notify, mpsc, watch};

use crate::delivery::{Delivery, Requests};
use crate::report::{StatusChange, report};
use crate::{Sequencer, Settings};

/// How often each loop looks, whether it was woken or not.
const POLL: Duration = Duration::from_millis(250);
/// How often the sequencer looks at most while changes keep coming: each look is a transaction, and takes all that wait.
const PACE: Duration = Duration::from_millis(10);
const UPKEEP: Duration = Duration::from_secs(1);
const FORGET: Duration = Duration::from_secs(600);
/// How long requests in flight may take when the process stops; later their leases end.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long [`Engine::settle`] takes at most.
const SETTLE: Duration = Duration::from_secs(30);

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    store: Store,
    settings: Arc<Settings>,
    sequencer: Arc<Sequencer>,
    delivery: Arc<Delivery>,
}

impl Engine {
    /// # Errors
    /// When the settings name a time zone that does not exist, or no HTTP client can be made.
    pub fn new(store: Store, settings: Settings) -> Result<Self, Error> {
        let settings = Arc::new(settings);
        Ok(Self {
            sequencer: Arc::new(Sequencer::new(store.clone(), Arc::clone(&settings))?),
            delivery: Arc::new(Delivery::new(store.clone(), Arc::clone(&settings))?),
            settings,
            store,
        })
    }

    /// Runs until `shutdown` is true (or its sender is gone). `wake` is told after every commit of this process; without it,
    /// changes are seen within a quarter of a second. Every status that a resource does not say yet goes to
    /// `status_changes`, whose receiver writes it into the resource.
    pub async fn run(
        &self,
        wake: Arc<Notify>,
        status_changes: mpsc::Sender<StatusChange>,
        shutdown: watch::Receiver<bool>,
    ) {
        let due = Notify::new();
        tokio::join!(
            self.sequence(&wake, &due, shutdown.clone()),
            self.deliver(&due, shutdown.clone()),
            self.keep_up(&status_changes, shutdown)
        );
    }

    /// Sequences and delivers until nothing is to be done now: the queue is empty, no lane is due or being sent to, and, while
    /// somebody listens to `status_changes`, every resource says its status. Lanes that wait after a failure are not waited
    /// for. For tests.
    ///
    /// # Errors
    /// When the database cannot be used, or after half a minute.
    pub async fn settle(&self, status_changes: &mpsc::Sender<StatusChange>) -> Result<(), Error> {
        let since = Clock::now();
        let mut requests = Requests::new();
        loop {
            while self.sequencer.tick().await?.is_full() {}
            let begun = self.delivery.dispatch(false, &mut requests).await?
                + self.delivery.dispatch(true, &mut requests).await?;
            while requests.join_next().await.is_some() {}
            let listened = report(&self.store, status_changes).await?;
            if begun == 0 && self.store.lanes_idle(listened).await? {
                return Ok(());
            }
            if since.elapsed() > SETTLE {
                return Err(Error::new(Cause::Timeout, "Subscriptions do not come to rest."));
            }
            if begun == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }

    /// How many requests of this process to endpoints came to what: `accepted`, or the code of the failure.
    #[must_use]
    pub fn attempts(&self) -> BTreeMap<&'static str, u64> {
        self.delivery.attempts()
    }

    async fn sequence(&self, wake: &Notify, due: &Notify, mut shutdown: watch::Receiver<bool>) {
        while !is_over(&shutdown) {
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                _ = shutdown.changed() => continue,
            }
            loop {
                let begun = Clock::now();
                match self.sequencer.tick().await {
                    Ok(tick) => {
                        if tick.has_news() {
                            due.notify_one();
                        }
                        if !tick.is_full() || is_over(&shutdown) {
                            tokio::time::sleep(PACE.saturating_sub(begun.elapsed())).await;
                            break;
                        }
                    }
                    Err(error) => {
                        log(&error, "Changes could not be sequenced; they will be.");
                        tokio::time::sleep(POLL).await;
                        break;
                    }
                }
            }
        }
    }

    /// Delivers, and holds on to the lanes that are being sent to.
    async fn deliver(&self, due: &Notify, shutdown: watch::Receiver<bool>) {
        tokio::select! {
            () = self.dispatch(due, shutdown) => {}
            () = self.delivery.renew_leases() => {}
        }
    }

    async fn dispatch(&self, due: &Notify, mut shutdown: watch::Receiver<bool>) {
        let mut requests = Requests::new();
        let mut slow_looked = Clock::now();
        while !is_over(&shutdown) {
            let more = tokio::select! {
                () = due.notified() => true,
                () = tokio::time::sleep(POLL) => true,
                Some(done) = requests.join_next() => {
                    let mut more = done.unwrap_or(false);
                    while let Some(done) = requests.try_join_next() {
                        more |= done.unwrap_or(false);
                    }
                    more
                }
                _ = shutdown.changed() => continue,
            };
            if !more {
                continue;
            }
            let mut looked = self.delivery.dispatch(false, &mut requests).await.map(|_| ());
            if looked.is_ok() && slow_looked.elapsed() >= POLL {
                slow_looked = Clock::now();
                looked = self.delivery.dispatch(true, &mut requests).await.map(|_| ());
            }
            if let Err(error) = looked {
                log(&error, "Notifications that are due could not be looked for; they will be.");
                tokio::time::sleep(POLL).await;
            }
        }
        let _ = tokio::time::timeout(FAREWELL, async { while requests.join_next().await.is_some() {} }).await;
    }

    /// Tells new statuses, ends what is over, and forgets what is old.
    async fn keep_up(
        &self,
        status_changes: &mpsc::Sender<StatusChange>,
        mut shutdown: watch::Receiver<bool>,
    ) {
        let mut forgot: Option<Clock> = None;
        let mut looked: Option<Clock> = None;
        while !is_over(&shutdown) {
            tokio::select! {
                () = self.delivery.reports.notified() => {}
                () = tokio::time::sleep(UPKEEP) => {}
                _ = shutdown.changed() => continue,
            }
            if let Err(error) = self.look_after(status_changes, &mut looked, &mut forgot).await {
                log(&error, "Subscriptions could not be looked after; they will be.");
                tokio::time::sleep(UPKEEP).await;
            }
        }
    }

    async fn look_after(
        &self,
        status_changes: &mpsc::Sender<StatusChange>,
        looked: &mut Option<Clock>,
        forgot: &mut Option<Clock>,
    ) -> Result<(), Error> {
        let is_due = |last: &Option<Clock>, every: Duration| last.is_none_or(|last| last.elapsed() >= every);
        if is_due(looked, UPKEEP) {
            *looked = Some(Clock::now());
            self.store.expire_subscriptions().await?;
        }
        report(&self.store, status_changes).await?;
        if is_due(forgot, FORGET) {
            *forgot = Some(Clock::now());
            while self.store.forget_events(i32::from(self.settings.retention_days)).await? > 0 {}
        }
        Ok(())
    }
}

fn is_over(shutdown: &watch::Receiver<bool>) -> bool {
    *shutdown.borrow() || shutdown.has_changed().is_err()
}

fn log(error: &Error, sentence: &'static str) {
    tracing::error!(%error, "{sentence}");
}
