//! The server under test: its base address and what proves to it who is asking, <https://hl7.org/fhir/R4/http.html#root>.
//!
//! Plain HTTP only: a benchmark that shares the machine with the server would measure two sides of TLS.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::connection::Connection;

/// Tokens of a command are asked for again when they are older, so that no run outlives its token.
const TOKEN_AGE: Duration = Duration::from_secs(60);

/// Where to get the bearer token.
#[derive(Clone, Debug)]
pub enum Token {
    /// The server asks for none.
    None,
    /// Always the same.
    Fixed(String),
    /// What this shell command prints.
    Command(String),
}

/// A FHIR server's base address, as in `http://127.0.0.1:8080/fhir`.
pub struct Target {
    host: String,
    port: u16,
    path: String,
    token: Token,
    printed: RefCell<Option<(Instant, String)>>,
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
        Ok(Self { host, port, path, token, printed: RefCell::new(None) })
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
        let token = self.token()?;
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

    fn token(&self) -> Result<Option<String>> {
        match &self.token {
            Token::None => Ok(None),
            Token::Fixed(token) => Ok(Some(token.clone())),
            Token::Command(command) => {
                let mut printed = self.printed.borrow_mut();
                if let Some((at, token)) = &*printed
                    && at.elapsed() < TOKEN_AGE
                {
                    return Ok(Some(token.clone()));
                }
                let token = print_token(command)?;
                *printed = Some((Instant::now(), token.clone()));
                Ok(Some(token))
            }
        }
    }
}

fn print_token(command: &str) -> Result<String> {
    let output = std::process::Command::new("sh")
        .args(["-c", command])
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("the token command did not start")?;
    ensure!(output.status.success(), "the token command ended with {}", output.status);
    let token =
        String::from_utf8(output.stdout).context("the token command did not print text")?.trim().to_owned();
    let usable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(usable, "the token command did not print one token");
    Ok(token)
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
            let target = Target::new(base, Token::None).unwrap();
            let found = (target.path("Task/1"), target.path(""), target.base());
            assert_eq!(found, (task.to_owned(), root.to_owned(), again.to_owned()), "{base}");
        }
    }

    #[test]
    fn what_is_no_plain_base_address_is_refused() {
        for base in
            ["https://server/fhir", "server:80", "http://", "http://:80/fhir", "http://server:port/fhir"]
        {
            assert!(Target::new(base, Token::None).is_err(), "{base}");
        }
    }

    #[test]
    fn a_token_command_must_print_one_token() {
        assert_eq!(print_token("printf ' abc.def \n'").unwrap(), "abc.def");
        for command in ["true", "false", "echo two words", "echo token; exit 3"] {
            assert!(print_token(command).is_err(), "{command}");
        }
    }
}
