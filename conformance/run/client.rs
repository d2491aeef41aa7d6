//! Sends requests to the server under test and keeps what was sent and answered, <https://hl7.org/fhir/R4/http.html>.
//!
//! It follows no redirects, decompresses nothing and retries nothing: the answer is what the server said. The token goes to the target's
//! own origin only.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::request::Request;
use crate::token::Token;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The way to one server.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Token,
}

/// What the server answered.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The content as it came.
    pub body: Vec<u8>,
}

/// One request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was sent.
    pub request: Request,
    /// What was answered, or why nothing was.
    pub answer: Result<Answer, String>,
}

impl Client {
    /// A client of the server at this base address.
    pub fn new(base: &str, token: Token) -> Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .context("no HTTP client")?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), token })
    }

    /// The base address, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether requests carry a token.
    pub fn has_token(&self) -> bool {
        self.token.current().is_ok_and(|token| token.is_some())
    }

    /// Sends a request and waits for its answer, of whatever status.
    pub async fn send(&self, request: Request) -> Exchange {
        let answer = self.answer(&request).await.map_err(|error| format!("{error:#}"));
        Exchange { request, answer }
    }

    async fn answer(&self, request: &Request) -> Result<Answer> {
        let method = reqwest::Method::from_bytes(request.method.as_bytes())?;
        let mut builder = self.http.request(method, &request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if self.trusts(&request.url)
            && !request.anonymous
            && let Some(token) = self.token.current()?
        {
            builder = builder.bearer_auth(token);
        }
        match &request.body {
            Some(body) => builder = builder.body(body.clone()),
            // Without content, a method that takes some says so.
            None if ["POST", "PUT", "PATCH"].contains(&request.method.as_str()) => {
                builder = builder.header("Content-Length", "0");
            }
            None => {}
        }
        let response = builder.send().await?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let status = response.status().as_u16();
        let body = response.bytes().await.context("the answer broke off")?.to_vec();
        Ok(Answer { status, headers, body })
    }

    /// Whether an address, which may come from the server's own links, is the target's.
    fn trusts(&self, url: &str) -> bool {
        let origin = |url: &str| url.split('/').take(3).collect::<Vec<_>>().join("/").to_ascii_lowercase();
        origin(url) == origin(&self.base)
    }
}

impl Answer {
    /// The values of a header, whose case does not matter.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let named = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str()).collect()
    }

    /// The content as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stays_with_the_target() {
        let client = Client::new("https://Server:1/fhir/", Token::new(Some("t".into()), None)).unwrap();
        assert_eq!(client.base(), "https://Server:1/fhir");
        for (url, trusted) in [
            ("https://server:1/fhir/Patient", true),
            ("https://server:1/other", true),
            ("http://server:1/fhir", false),
            ("https://server:12/fhir", false),
            ("https://server.example/fhir", false),
        ] {
            assert_eq!(client.trusts(url), trusted, "{url}");
        }
    }

    #[test]
    fn headers_are_found_whatever_their_case() {
        let headers =
            vec![("link".into(), "a".into()), ("etag".into(), "b".into()), ("link".into(), "c".into())];
        let answer = Answer { status: 200, headers, body: b"{}".to_vec() };
        assert_eq!((answer.header("Link"), answer.header("X")), (vec!["a", "c"], vec![]));
        assert_eq!(answer.json(), Some(serde_json::json!({})));
    }
}
