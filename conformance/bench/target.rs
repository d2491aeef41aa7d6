//! The server under test: its base address and what proves to it who is asking, <https://hl7.org/fhir/R4/http.html#root>.
//!
//! Plain HTTP only: a benchmark that shares the machine with the server would measure two sides of TLS.

use anyhow::{Context as _, Result, bail, ensure};

use super::connection::Connection;
use crate::token::Token;

/// A FHIR server's base address, as in `http://127.0.0.1:8080/fhir`.
pub struct Target {
    host: String,
    port: u16,
    path: String,
    token: Token,
}

impl Target {
    /// Takes the base address apart; an error says what is wrong with it.
    pub fn new(base: &str, token: Token) -> Result<Self> {
        let Some(rest) = base.strip_prefix("http://") else {
            bail!("the target {base} does not begin with http:// (TLS is not measured here)");
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (
                host,
                port.parse()
                    .with_context(|| format!("the target {base} has no port number after its colon"))?,
            ),
            _ => (authority, 80),
        };
        ensure!(!host.is_empty(), "the target {base} names no host");
        let path = path.trim_end_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port, path, token })
    }

    /// The path of a request, of something relative to the base such as `Task/1`; the base itself for an empty text.
    pub fn path(&self, relative: &str) -> String {
        if relative.is_empty() && !self.path.is_empty() {
            self.path.clone()
        } else {
            format!("{}/{relative}", self.path)
        }
    }

    /// The base address.
    pub fn base(&self) -> String {
        format!("http://{}{}", self.authority(), self.path)
    }

    /// A new connection to the server, with a token that is not about to expire.
    pub async fn connect(&self) -> Result<Connection> {
        let token = self.token.current()?;
        self.open(token.as_deref()).await
    }

    /// A new connection without a token, for what everybody may ask.
    pub async fn connect_without_token(&self) -> Result<Connection> {
        self.open(None).await
    }

    /// That many connections.
    pub async fn connect_all(&self, count: usize) -> Result<Vec<Connection>> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(self.connect().await?);
        }
        Ok(connections)
    }

    async fn open(&self, token: Option<&str>) -> Result<Connection> {
        Connection::open(&self.host, self.port, &self.authority(), token)
            .await
            .with_context(|| format!("no connection to {}", self.base()))
    }

    fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_address_is_taken_apart() {
        for (base, task, root, again) in [
            ("http://127.0.0.1:8080/fhir", "/fhir/Task/1", "/fhir", "http://127.0.0.1:8080/fhir"),
            ("http://localhost/fhir/", "/fhir/Task/1", "/fhir", "http://localhost:80/fhir"),
            ("http://server:81", "/Task/1", "/", "http://server:81"),
            ("http://[::1]:81/a/b", "/a/b/Task/1", "/a/b", "http://[::1]:81/a/b"),
            ("http://[::1]/r4", "/r4/Task/1", "/r4", "http://[::1]:80/r4"),
        ] {
            let target = Target::new(base, Token::default()).unwrap();
            let found = (target.path("Task/1"), target.path(""), target.base());
            assert_eq!(found, (task.to_owned(), root.to_owned(), again.to_owned()), "{base}");
        }
    }

    #[test]
    fn what_is_no_plain_base_address_is_refused() {
        for base in
            ["https://server/fhir", "server:80", "http://", "http://:80/fhir", "http://server:port/fhir"]
        {
            assert!(Target::new(base, Token::default()).is_err(), "{base}");
        }
    }
}
