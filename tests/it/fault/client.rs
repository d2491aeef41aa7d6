//! A client that tells refusals, passing failures and unknown outcomes apart, <https://hl7.org/fhir/R4/http.html>.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::Value;

/// Longer than the server itself lets a request take.
const PATIENCE: Duration = Duration::from_secs(90);

/// A client of one server process.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    address: String,
}

/// An answer with all of its body.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) retry_after: Option<String>,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The id of the resource in the body.
    pub(super) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {self:?}")).to_owned()
    }

    /// The number in the entity tag.
    pub(super) fn version(&self) -> u32 {
        let number = self.etag.as_deref().and_then(|tag| tag.strip_prefix("W/\"")?.strip_suffix('"'));
        number.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no version: {self:?}"))
    }
}

impl Client {
    pub(super) fn new(address: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { http, address: address.to_owned() }
    }

    /// Sends one request; an error when no whole answer came, so that it is not known what was done.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}/{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/fhir+json").body(body.to_string());
        }
        let answer: Response = request.send().await?;
        let header = |name: &str| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (etag, retry_after) = (header("etag"), header("retry-after"));
        Ok(Answer { status: answer.status().as_u16(), etag, retry_after, text: answer.text().await? })
    }

    /// The answer to a request that must be answered.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await.unwrap()
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.send(Method::POST, path, headers, Some(body)).await.unwrap()
    }

    pub(super) async fn put(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.send(Method::PUT, path, headers, Some(body)).await.unwrap()
    }

    /// The resources that a search finds; all of them are on one page.
    pub(super) async fn search(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let found = answer.json();
        let is_last = found["link"].as_array().into_iter().flatten().all(|link| link["relation"] != "next");
        assert!(is_last, "{path} has several pages");
        let entries = found["entry"].as_array().cloned().unwrap_or_default();
        entries.into_iter().map(|entry| entry["resource"].clone()).collect()
    }
}
