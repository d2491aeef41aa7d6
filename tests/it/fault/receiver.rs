//! A receiver of notifications that keeps everything, and that can be told to hang, to refuse, or to hang up,
//! <https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/channels.html#rest-hook>.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long anything that must come is waited for: long enough for leases of killed processes to end several times.
const PATIENCE: Duration = Duration::from_secs(120);

/// What it does with events. Handshakes are always accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Accept,
    /// Reads, and does not answer before the mood changes.
    Hang,
    /// Answers 500.
    Refuse,
    /// Closes the connection instead of answering.
    HangUp,
}

/// A notification that came, whatever it was answered.
#[derive(Clone, Debug)]
pub(super) struct Notification {
    /// The id by which a repetition is told from something new.
    pub(super) webhook_id: String,
    /// The id of the Subscription.
    pub(super) subscription: String,
    pub(super) kind: String,
    pub(super) events: Vec<Event>,
    pub(super) is_accepted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) number: u64,
    /// As `Task/1/_history/2`.
    pub(super) version: String,
}

#[derive(Default)]
struct State {
    notifications: Vec<Notification>,
    /// Requests that are read and not answered.
    open: usize,
}

/// Listens until it is dropped.
pub(super) struct Receiver {
    pub(super) port: u16,
    state: Arc<watch::Sender<State>>,
    mood: Arc<watch::Sender<Mood>>,
    listening: tokio::task::JoinHandle<()>,
    connections: Arc<Mutex<tokio::task::JoinSet<()>>>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
        if let Ok(mut connections) = self.connections.lock() {
            connections.abort_all();
        }
    }
}

impl Receiver {
    pub(super) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(watch::Sender::new(State::default()));
        let mood = Arc::new(watch::Sender::new(mood));
        let connections = Arc::new(Mutex::new(tokio::task::JoinSet::new()));
        let listening = tokio::spawn({
            let (state, mood, connections) =
                (Arc::clone(&state), Arc::clone(&mood), Arc::clone(&connections));
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let connection = converse(stream, Arc::clone(&state), mood.subscribe());
                    connections.lock().unwrap().spawn(async move {
                        // The other side may be killed at any time.
                        let _ = connection.await;
                    });
                }
            }
        });
        Self { port, state, mood, listening, connections }
    }

    /// Its address, under this name of this machine.
    pub(super) fn endpoint(&self, host: &str) -> String {
        format!("http://{host}:{}/hook", self.port)
    }

    pub(super) fn set_mood(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Everything that came for a subscription, in the order in which it came.
    pub(super) fn notifications(&self, subscription: &str) -> Vec<Notification> {
        let state = self.state.borrow();
        state.notifications.iter().filter(|came| came.subscription == subscription).cloned().collect()
    }

    /// How many requests are not answered yet.
    pub(super) fn open(&self) -> usize {
        self.state.borrow().open
    }

    /// Waits until this holds.
    pub(super) async fn until(&self, what: &str, mut holds: impl FnMut(&[Notification], usize) -> bool) {
        let mut seen = self.state.subscribe();
        let waited =
            tokio::time::timeout(PATIENCE, seen.wait_for(|state| holds(&state.notifications, state.open)));
        if waited.await.is_err() {
            let state = self.state.borrow();
            let count = state.notifications.len();
            panic!(
                "{what} did not come; {count} notifications did, the last: {:?}",
                state.notifications.last()
            );
        }
    }

    /// Waits until the event with this number came and was accepted, and with it, by the promise of order, all before it.
    pub(super) async fn until_event(&self, subscription: &str, number: u64) {
        let is_it = |came: &Notification| {
            came.subscription == subscription
                && came.is_accepted
                && came.events.last().is_some_and(|event| event.number >= number)
        };
        let what = format!("event {number} of {subscription}");
        self.until(&what, |notifications, _| notifications.iter().rev().any(is_it)).await;
    }
}

/// Answers the requests of one connection.
async fn converse(
    stream: TcpStream,
    state: Arc<watch::Sender<State>>,
    mut mood: watch::Receiver<Mood>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut webhook_id) = (0, String::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "webhook-id" => value.trim().clone_into(&mut webhook_id),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let mut notification = read(webhook_id, &serde_json::from_slice(&body).unwrap());
        let is_event = !notification.events.is_empty();
        let now = if is_event { *mood.borrow_and_update() } else { Mood::Accept };
        notification.is_accepted = now == Mood::Accept;
        let at = {
            let mut at = 0;
            state.send_modify(|state| {
                at = state.notifications.len();
                state.notifications.push(notification);
                state.open += usize::from(now == Mood::Hang);
            });
            at
        };
        let answer = match now {
            Mood::Accept => 200,
            Mood::Refuse => 500,
            Mood::HangUp => return Ok(()),
            Mood::Hang => {
                let mut peer = [0];
                // The other side hanging up ends it as well.
                let is_released = tokio::select! {
                    changed = mood.wait_for(|mood| *mood != Mood::Hang) => changed.is_ok(),
                    _ = stream.read(&mut peer) => false,
                };
                state.send_modify(|state| {
                    state.open -= 1;
                    state.notifications[at].is_accepted = is_released;
                });
                if !is_released {
                    return Ok(());
                }
                200
            }
        };
        let reason = if answer == 200 { "OK" } else { "Internal Server Error" };
        let head = format!("HTTP/1.1 {answer} {reason}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
    }
}

fn read(webhook_id: String, bundle: &Value) -> Notification {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parameters = bundle["entry"][0]["resource"]["parameter"].as_array().unwrap();
    let named = |name: &str| parameters.iter().find(|parameter| parameter["name"] == name);
    let subscription = text(&named("subscription").unwrap()["valueReference"]["reference"]);
    let events =
        parameters.iter().filter(|parameter| parameter["name"] == "notification-event").map(|event| {
            let part =
                |name: &str| event["part"].as_array().unwrap().iter().find(|part| part["name"] == name);
            let number = text(&part("event-number").unwrap()["valueString"]).parse().unwrap();
            (number, text(&part("focus").unwrap()["valueReference"]["reference"]))
        });
    // The entries after the status are those of the events, in the same order.
    let entries = &bundle["entry"].as_array().unwrap()[1..];
    let events: Vec<Event> = events
        .zip(entries)
        .map(|((number, focus), entry)| {
            assert_eq!(entry["fullUrl"], focus.as_str());
            let etag = text(&entry["response"]["etag"]);
            let address = focus.rsplit('/').take(2).collect::<Vec<_>>();
            let version = etag.trim_start_matches("W/").trim_matches('"');
            Event { number, version: format!("{}/{}/_history/{version}", address[1], address[0]) }
        })
        .collect();
    assert_eq!(events.len(), entries.len(), "every event has its entry");
    Notification {
        webhook_id,
        subscription: subscription.rsplit('/').next().unwrap_or_default().to_owned(),
        kind: text(&named("type").unwrap()["valueCode"]),
        events,
        is_accepted: false,
    }
}
