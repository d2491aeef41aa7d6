//! A receiver of notifications: listens, keeps what comes, and answers as it is told to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How one request is answered.
#[derive(Clone, Copy, Debug)]
pub enum Scripted {
    /// With this status.
    Status(u16),
    /// With 200, after this time.
    Slow(Duration),
    /// Not at all: the connection is closed.
    Reset,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    /// By names in lower case.
    pub headers: HashMap<String, String>,
    pub text: String,
    pub body: Value,
}

/// One event of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub number: u64,
    /// Where the payload tells it: type and id, relative to the base.
    pub focus: Option<String>,
}

/// See the module.
pub struct TestReceiver {
    /// Where notifications are to be sent.
    pub endpoint: String,
    state: Arc<Mutex<State>>,
    listening: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    script: VecDeque<Scripted>,
    otherwise: Option<Scripted>,
}

impl TestReceiver {
    /// A receiver that answers 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let listening = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, Arc::clone(&state)));
                }
            }
        });
        Self { endpoint, state, listening }
    }

    /// The next requests are answered by these, one each; later ones as always.
    pub fn script(&self, answers: &[Scripted]) {
        self.state.lock().expect("no panic").script.extend(answers);
    }

    /// Every request that the script does not speak of is answered by this.
    pub fn always(&self, answer: Scripted) {
        self.state.lock().expect("no panic").otherwise = Some(answer);
    }

    /// Everything that came, in the order of its coming.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().expect("no panic").received.clone()
    }

    /// Everything of this kind: `handshake`, `heartbeat` or `event-notification`.
    #[must_use]
    pub fn of_kind(&self, kind: &str) -> Vec<Received> {
        self.received().into_iter().filter(|received| received.status("type") == Some(kind)).collect()
    }

    /// The events of all notifications, in the order of their coming.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.of_kind("event-notification").iter().flat_map(Received::events).collect()
    }
}

impl Drop for TestReceiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Received {
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// A parameter of the status that the Bundle begins with.
    #[must_use]
    pub fn status(&self, name: &str) -> Option<&str> {
        status(&self.body, name)
    }

    /// The events that the Bundle tells.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        events(&self.body)
    }
}

/// A parameter of the status that this Bundle begins with: its code, text or canonical, or its reference.
#[must_use]
pub fn status<'a>(bundle: &'a Value, name: &str) -> Option<&'a str> {
    let parameter = parameters(bundle).find(|parameter| parameter["name"] == name)?;
    let members = parameter.as_object()?;
    let value = members.iter().find(|(member, _)| member.starts_with("value"))?.1;
    value.as_str().or_else(|| value["reference"].as_str())
}

/// The events that this Bundle tells.
#[must_use]
pub fn events(bundle: &Value) -> Vec<Event> {
    let event = |parameter: &Value| {
        let parts = parameter["part"].as_array()?;
        let part = |name: &str| parts.iter().find(|part| part["name"] == name);
        let focus =
            part("focus").and_then(|part| part["valueReference"]["reference"].as_str()).map(|reference| {
                let mut segments: Vec<&str> = reference.rsplitn(3, '/').take(2).collect();
                segments.reverse();
                segments.join("/")
            });
        Some(Event { number: part("event-number")?["valueString"].as_str()?.parse().ok()?, focus })
    };
    parameters(bundle)
        .filter(|parameter| parameter["name"] == "notification-event")
        .filter_map(event)
        .collect()
}

fn parameters(bundle: &Value) -> impl Iterator<Item = &Value> {
    bundle["entry"][0]["resource"]["parameter"].as_array().into_iter().flatten()
}

async fn answer(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let Some(received) = read(&mut stream).await else { return };
    let scripted = {
        let mut state = state.lock().expect("no panic");
        state.received.push(received);
        state.script.pop_front().or(state.otherwise).unwrap_or(Scripted::Status(200))
    };
    let status = match scripted {
        Scripted::Status(status) => status,
        Scripted::Slow(time) => {
            tokio::time::sleep(time).await;
            200
        }
        Scripted::Reset => return,
    };
    let head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    // The sender may have gone away in the meantime.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// One request; its body has the length that it announces, as those of our own client do.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(Ok(0), |length| length.parse()).ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let text = String::from_utf8(body).ok()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Some(Received { method, path, headers, text, body })
}
