//! One kept-alive HTTP/1.1 connection of the load, cheap enough to leave the processors to the server,
//! <https://www.rfc-editor.org/rfc/rfc9112>.
//!
//! One request at a time: no pipelining, no retries, no redirects, no cookies.

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::message::{Inbox, Message};

/// A connection to the server under test; after a failure it is opened again by the next request.
pub struct Connection {
    host: String,
    port: u16,
    headers: String,
    stream: Option<TcpStream>,
    inbox: Inbox,
    request: Vec<u8>,
}

/// What the server answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    message: Message<'a>,
}

impl Connection {
    /// Connects to the host; `authority` becomes the Host header, and `token` the bearer token of every request.
    pub async fn open(host: &str, port: u16, authority: &str, token: Option<&str>) -> std::io::Result<Self> {
        let mut headers = format!("Host: {authority}\r\nAccept: application/fhir+json\r\n");
        if let Some(token) = token {
            headers.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        let stream = Some(dial(host, port).await?);
        Ok(Self {
            host: host.to_owned(),
            port,
            headers,
            stream,
            inbox: Inbox::default(),
            request: Vec::new(),
        })
    }

    /// Sends one request and waits for its answer, of whatever status.
    pub async fn send(&mut self, method: &str, path: &str, content: Option<&str>) -> Result<Answer<'_>> {
        self.send_with("", method, path, content).await
    }

    /// The same with more header lines, each with its end of line.
    async fn send_with(
        &mut self,
        headers: &str,
        method: &str,
        path: &str,
        content: Option<&str>,
    ) -> Result<Answer<'_>> {
        self.request.clear();
        let head = format!("{method} {path} HTTP/1.1\r\n{}{headers}", self.headers);
        self.request.extend_from_slice(head.as_bytes());
        match content {
            Some(content) => {
                let length = content.len();
                let framing =
                    format!("Content-Type: application/fhir+json\r\nContent-Length: {length}\r\n\r\n");
                self.request.extend_from_slice(framing.as_bytes());
                self.request.extend_from_slice(content.as_bytes());
            }
            None => self.request.extend_from_slice(b"\r\n"),
        }
        // Taken out, and put back only after a whole answer: what a failure leaves behind is never read as the next answer.
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                self.inbox = Inbox::default();
                dial(&self.host, self.port).await?
            }
        };
        stream.write_all(&self.request).await?;
        let Some(message) = self.inbox.next(&mut stream).await? else {
            bail!("the server closed the connection without an answer");
        };
        let Some(status) = message.start.get(9..12).and_then(|digits| digits.parse().ok()) else {
            bail!("the server's answer is not HTTP: {}", message.start);
        };
        let closes = message.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if !closes {
            self.stream = Some(stream);
        }
        Ok(Answer { status, message })
    }

    /// Sends one request, and makes an error of every answer that is not of status 2xx.
    pub async fn succeed(&mut self, method: &str, path: &str, content: Option<&str>) -> Result<Answer<'_>> {
        self.succeed_with("", method, path, content).await
    }

    /// The same with more header lines, each with its end of line.
    pub async fn succeed_with(
        &mut self,
        headers: &str,
        method: &str,
        path: &str,
        content: Option<&str>,
    ) -> Result<Answer<'_>> {
        let answer = self.send_with(headers, method, path, content).await?;
        if !(200..300).contains(&answer.status) {
            bail!("{method} {path}: {} {}", answer.status, reason(answer.body()));
        }
        Ok(answer)
    }
}

impl<'a> Answer<'a> {
    /// The content, as the server wrote it.
    pub fn body(&self) -> &'a [u8] {
        self.message.body
    }

    /// The content as JSON.
    pub fn json(&self) -> Result<Value> {
        Ok(serde_json::from_slice(self.body())?)
    }

    /// The id of the created resource, from the Location header.
    pub fn created(&self) -> Result<&'a str> {
        let location = self.message.header("location").unwrap_or_default();
        match id_in(location) {
            Some(id) => Ok(id),
            None => {
                bail!("the answer {} names no new resource in its Location header: '{location}'", self.status)
            }
        }
    }
}

/// The id in `[base]/Task/{id}` or `[base]/Task/{id}/_history/{version}`.
fn id_in(location: &str) -> Option<&str> {
    let resource = location.split_once("/_history/").map_or(location, |(resource, _)| resource);
    let (_, id) = resource.rsplit_once('/')?;
    (!id.is_empty()).then_some(id)
}

/// What an OperationOutcome says first, or the beginning of a body that is none.
fn reason(body: &[u8]) -> String {
    let outcome: Option<Value> = serde_json::from_slice(body).ok();
    let issue = outcome.as_ref().and_then(|outcome| outcome.pointer("/issue/0"));
    let sentence = issue.and_then(|issue| {
        let sentence = issue.get("diagnostics").or_else(|| issue.pointer("/details/text"))?.as_str()?;
        let place = issue.pointer("/expression/0").and_then(Value::as_str).unwrap_or_default();
        Some(format!("{sentence} {place}").trim_end().to_owned())
    });
    sentence.unwrap_or_else(|| String::from_utf8_lossy(body).chars().take(200).collect())
}

async fn dial(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    #[test]
    fn the_id_is_taken_from_a_location() {
        for (location, id) in [
            ("http://server/fhir/Task/7/_history/1", Some("7")),
            ("http://server/fhir/Task/7", Some("7")),
            ("Task/a-b.c/_history/12", Some("a-b.c")),
            ("Task/", None),
            ("", None),
        ] {
            assert_eq!(id_in(location), id, "{location}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        for (body, sentence) in [
            (r#"{"issue":[{"diagnostics":"No.","expression":["Task.status"]}]}"#, "No. Task.status"),
            (r#"{"issue":[{"details":{"text":"Not so."}}]}"#, "Not so."),
            ("<html>", "<html>"),
            ("", ""),
        ] {
            assert_eq!(reason(body.as_bytes()), sentence);
        }
    }

    #[tokio::test]
    async fn requests_share_a_connection_until_it_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let answers: [&[&str]; 2] = [
                &[
                    "HTTP/1.1 201 Created\r\nLocation: /Task/1/_history/1\r\nContent-Length: 0\r\n\r\n",
                    "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
                ],
                &["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"],
            ];
            for connection in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                for answer in connection {
                    let mut request = [0; 1024];
                    let length = stream.read(&mut request).await.unwrap();
                    assert!(
                        String::from_utf8_lossy(&request[..length]).contains("Authorization: Bearer t\r\n")
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        let mut connection = Connection::open("127.0.0.1", port, "server", Some("t")).await.unwrap();
        assert_eq!(connection.succeed("POST", "/Task", Some("{}")).await.unwrap().created().unwrap(), "1");
        let refused = connection.succeed("GET", "/Task/1", None).await.unwrap_err();
        assert_eq!(refused.to_string(), "GET /Task/1: 400 no");
        let answer = connection.send("GET", "/Task/1", None).await.unwrap();
        assert_eq!((answer.status, answer.json().unwrap()), (200, serde_json::json!({})));
        assert!(connection.send("GET", "/Task/1", None).await.is_err(), "the peer has gone");
    }
}
