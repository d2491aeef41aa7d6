//! Writers: each sends referrals one after the other, moves some of their Tasks, and keeps a ledger of what was acknowledged.
//!
//! A writer repeats what was not acknowledged until it is, as a hospital's system would: a create with If-None-Exist, a move
//! with If-Match.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::client::{Answer, Client};
use super::ledger::{Ledger, Version};
use super::place::Place;
use super::resources::{condition, referral};

/// Which of its Tasks a writer moves: one in so many.
const MOVED: usize = 3;

/// What a writer puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Faults {
    /// Nothing.
    None,
    /// Servers that are gone, and come back.
    Killed,
    /// Servers that answer 503 with Retry-After.
    Unavailable,
}

/// Writers at work.
pub(super) struct Writers {
    tasks: JoinSet<Ledger>,
    /// How many referrals were acknowledged.
    acknowledged: watch::Receiver<usize>,
}

impl Writers {
    /// Starts writers, each about a person of its own, that take these clients in turn.
    pub(super) async fn start(
        place: &Place,
        clients: &[Client],
        writers: usize,
        referrals: usize,
        faults: Faults,
    ) -> Self {
        let (count, acknowledged) = watch::channel(0);
        let count = Arc::new(count);
        let mut tasks = JoinSet::new();
        for number in 0..writers {
            let patient = place.patient().await;
            let writer = Writer {
                client: clients[number % clients.len()].clone(),
                name: format!("W{number}"),
                patient,
                faults,
                ledger: Ledger::default(),
            };
            tasks.spawn(writer.write(referrals, Arc::clone(&count)));
        }
        Self { tasks, acknowledged }
    }

    /// Waits until so many referrals were acknowledged, of all writers together.
    pub(super) async fn until(&mut self, acknowledged: usize) {
        // The sender is gone when all writers are done, or one of them failed; `finish` tells which.
        let _ = self.acknowledged.wait_for(|count| *count >= acknowledged).await;
    }

    /// What was acknowledged to all of them, when they are done.
    pub(super) async fn finish(mut self) -> Ledger {
        let mut ledger = Ledger::default();
        while let Some(done) = self.tasks.join_next().await {
            ledger.extend(done.unwrap());
        }
        ledger
    }
}

struct Writer {
    client: Client,
    name: String,
    patient: String,
    faults: Faults,
    ledger: Ledger,
}

impl Writer {
    async fn write(mut self, referrals: usize, count: Arc<watch::Sender<usize>>) -> Ledger {
        for number in 0..referrals {
            let identifier = format!("{}-{number}", self.name);
            let body = referral(&identifier, &self.patient);
            let condition = condition(&identifier);
            let before = self.ledger.unknown + self.ledger.refused;
            let answer = self
                .insist(Method::POST, "ServiceRequest", &[("if-none-exist", &condition)], Some(&body))
                .await;
            let had_faults = self.ledger.unknown + self.ledger.refused > before;
            // What was not acknowledged may have been done.
            let is_created = answer.status == 201 || (answer.status == 200 && had_faults);
            assert!(is_created, "{identifier}: {answer:?}");
            let created = Version::of(answer.json());
            assert!(created.address.ends_with("/_history/1"), "{}", created.address);
            count.send_modify(|count| *count += 1);
            let task = self.task(&answer.id()).await;
            if number % MOVED == 0 {
                self.take(task.content.clone()).await;
            }
            self.ledger.referrals.push(created);
            self.ledger.tasks.push(task);
            assert_eq!(self.matches(&format!("ServiceRequest?{condition}")).await.len(), 1, "{identifier}");
        }
        self.ledger
    }

    /// The one Task that was made with a referral.
    async fn task(&mut self, referral: &str) -> Version {
        let tasks = self.matches(&format!("Task?focus=ServiceRequest/{referral}")).await;
        assert_eq!(tasks.len(), 1, "the Tasks of ServiceRequest/{referral}");
        Version::of(tasks[0].clone())
    }

    /// The team has received the Task.
    async fn take(&mut self, mut task: Value) {
        let address = format!("Task/{}", task["id"].as_str().unwrap());
        assert_eq!(
            (&task["status"], &task["meta"]["versionId"]),
            (&json!("requested"), &json!("1")),
            "{task}"
        );
        task["status"] = json!("received");
        let answer = self.insist(Method::PUT, &address, &[("if-match", "W/\"1\"")], Some(&task)).await;
        let answer = match answer.status {
            // Nobody else moves it, so it was moved by the request whose answer was lost.
            412 if self.faults != Faults::None => self.insist(Method::GET, &address, &[], None).await,
            _ => answer,
        };
        assert_eq!(answer.status, 200, "{address}: {answer:?}");
        let taken = Version::of(answer.json());
        assert_eq!(taken.address, format!("{address}/_history/2"));
        assert_eq!(taken.content["status"], "received");
        self.ledger.tasks.push(taken);
    }

    async fn matches(&mut self, path: &str) -> Vec<Value> {
        let answer = self.insist(Method::GET, path, &[], None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let entries = answer.json()["entry"].as_array().cloned().unwrap_or_default();
        entries.into_iter().map(|entry| entry["resource"].clone()).collect()
    }

    /// Repeats a request until it is answered otherwise than by a fault that this writer puts up with.
    async fn insist(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        loop {
            match self.client.send(method.clone(), path, headers, body).await {
                Ok(answer) if answer.status == 503 && self.faults == Faults::Unavailable => {
                    assert!(answer.retry_after.is_some(), "no Retry-After: {answer:?}");
                    self.ledger.refused += 1;
                }
                Ok(answer) => return answer,
                Err(error) if self.faults == Faults::Killed => {
                    assert!(!error.is_timeout(), "{error:?}");
                    self.ledger.unknown += 1;
                }
                Err(error) => panic!("{method} {path}: {error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
