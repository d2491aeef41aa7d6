//! A caller of the server: sends requests with its token, and takes no answer without looking at it.
//!
//! Every answer of 400 and above must be an OperationOutcome that says what is wrong, and must not say how the server is made.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::record::record;

const JSON: &str = "application/fhir+json";

/// Words that stand in answers only when the inside of the server shows.
const INSIDE: [&str; 9] = [
    "tokio",
    "postgres error",
    "db error",
    "sqlstate",
    "relation \"",
    "syntax error at",
    ".rs:",
    "panicked",
    "pg_catalog",
];

/// Who calls. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Caller {
    http: Client,
    base: String,
    token: Option<String>,
}

/// A request that is being put together.
pub struct Call {
    builder: reqwest::RequestBuilder,
    name: String,
    is_recorded: bool,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The body, when it is JSON.
    pub json: Value,
    /// What was asked, for messages.
    pub name: String,
}

impl Caller {
    pub(crate) fn new(http: Client, base: &str, token: Option<String>) -> Self {
        Self { http, base: base.to_owned(), token }
    }

    /// A caller without a token, of the server at this address.
    #[must_use]
    pub fn at(base: &str) -> Self {
        Self::new(Client::new(), base, None)
    }

    /// The token that it sends.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A request to an address: below the base, or whole.
    #[must_use]
    pub fn request(&self, method: &str, address: &str) -> Call {
        let url = match address {
            whole if whole.starts_with("http://") => whole.to_owned(),
            "" => self.base.clone(),
            below => format!("{}/{below}", self.base),
        };
        let method_name = Method::from_bytes(method.as_bytes()).expect("a method");
        let builder = self.http.request(method_name, url);
        let builder = match &self.token {
            Some(token) => builder.bearer_auth(token),
            None => builder,
        };
        Call { builder, name: format!("{method} {address}"), is_recorded: true }
    }

    pub async fn get(&self, address: &str) -> Answer {
        self.request("GET", address).send().await
    }

    pub async fn post(&self, address: &str, body: &Value) -> Answer {
        self.request("POST", address).json(body).send().await
    }

    pub async fn put(&self, address: &str, body: &Value) -> Answer {
        self.request("PUT", address).json(body).send().await
    }

    /// An update of the version that the body was read as.
    pub async fn put_back(&self, resource: &Value) -> Answer {
        let text = |at: &str| resource.pointer(at).and_then(Value::as_str).expect("what was read").to_owned();
        let address = format!("{}/{}", text("/resourceType"), text("/id"));
        let etag = format!("W/\"{}\"", text("/meta/versionId"));
        self.request("PUT", &address).header("if-match", &etag).json(resource).send().await
    }

    pub async fn delete(&self, address: &str) -> Answer {
        self.request("DELETE", address).send().await
    }

    /// A search, its parameters percent-encoded.
    pub async fn search(&self, resource_type: &str, parameters: &[(&str, &str)]) -> Answer {
        self.get(&format!("{resource_type}?{}", form(parameters))).await
    }

    /// A search by POST.
    pub async fn post_search(&self, resource_type: &str, parameters: &[(&str, &str)]) -> Answer {
        let call = self.request("POST", &format!("{resource_type}/_search"));
        call.header("content-type", "application/x-www-form-urlencoded").body(form(parameters)).send().await
    }
}

impl Call {
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", JSON).body(body.to_string())
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.body(body);
        self
    }

    /// The same, of which no answer is recorded for others to look at.
    #[must_use]
    pub fn unrecorded(mut self) -> Self {
        self.is_recorded = false;
        self
    }

    pub async fn send(self) -> Answer {
        let response = self.builder.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", self.name));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await.expect("a body").to_vec();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let answer = Answer { status, headers, body, json, name: self.name };
        if self.is_recorded {
            record(&answer);
        }
        // The token endpoint tells errors as OAuth does.
        if status >= 400 && !answer.name.starts_with("HEAD") && !answer.name.ends_with("auth/token") {
            answer.check_outcome();
        }
        answer
    }
}

impl Answer {
    /// The same answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.name, self.text());
        self
    }

    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The id of the resource in the body, or in `Location`.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> String {
        if let Some(id) = self.json["id"].as_str() {
            return id.to_owned();
        }
        let location = self.header("location");
        let id = location.split("/_history/").next().and_then(|address| address.rsplit('/').next());
        id.filter(|id| !id.is_empty()).unwrap_or_else(|| panic!("{}: no id", self.name)).to_owned()
    }

    /// Type and id of the resource in the body, as a reference.
    #[must_use]
    #[track_caller]
    pub fn reference(&self) -> String {
        format!("{}/{}", self.json["resourceType"].as_str().expect("a resource"), self.id())
    }

    /// The entries of a Bundle.
    #[must_use]
    pub fn entries(&self) -> &[Value] {
        self.json["entry"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The ids of the entries whose search mode is this one, in their order.
    #[must_use]
    pub fn ids(&self, mode: &str) -> Vec<String> {
        let of_mode = self.entries().iter().filter(|entry| entry["search"]["mode"] == mode);
        of_mode.map(|entry| entry["resource"]["id"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The ids of the matches, sorted.
    #[must_use]
    pub fn matches(&self) -> Vec<String> {
        let mut ids = self.ids("match");
        ids.sort();
        ids
    }

    /// The address of a link of a Bundle.
    #[must_use]
    pub fn link(&self, relation: &str) -> Option<&str> {
        let links = self.json["link"].as_array()?;
        links.iter().find(|link| link["relation"] == relation)?["url"].as_str()
    }

    /// The issues of an OperationOutcome.
    #[must_use]
    pub fn issues(&self) -> &[Value] {
        self.json["issue"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The code of the first issue.
    #[must_use]
    pub fn code(&self) -> &str {
        self.json["issue"][0]["code"].as_str().unwrap_or("")
    }

    /// Whether an issue names this rule of intermediate care.
    #[must_use]
    pub fn names_rule(&self, rule: &str) -> bool {
        let codings =
            self.issues().iter().filter_map(|issue| issue["details"]["coding"].as_array()).flatten();
        codings.into_iter().any(|coding| coding["code"] == rule)
    }

    /// Every expression that an issue points to.
    #[must_use]
    pub fn expressions(&self) -> Vec<&str> {
        let all = self.issues().iter().filter_map(|issue| issue["expression"].as_array()).flatten();
        all.filter_map(Value::as_str).collect()
    }

    #[track_caller]
    fn check_outcome(&self) {
        let (name, text) = (&self.name, self.text());
        let lower = text.to_lowercase();
        for word in INSIDE {
            assert!(!lower.contains(word), "{name}: the answer shows the inside of the server: {text}");
        }
        if self.header("content-type").contains("xml") {
            assert!(text.contains("<OperationOutcome xmlns=\"http://hl7.org/fhir\">"), "{name}: {text}");
            return;
        }
        assert_eq!(self.json["resourceType"], "OperationOutcome", "{name} ({}): {text}", self.status);
        assert!(!self.issues().is_empty(), "{name}: no issue: {text}");
        let is_error = |issue: &Value| issue["severity"] == "error" || issue["severity"] == "fatal";
        assert!(self.issues().iter().any(is_error), "{name}: no error: {text}");
        for issue in self.issues() {
            assert!(issue["code"].is_string(), "{name}: an issue without code: {text}");
            let said = issue["diagnostics"].as_str().unwrap_or_default();
            assert!(said.len() > 8, "{name}: an issue that says nothing: {text}");
        }
    }
}

/// Parameters in the form of a query.
#[must_use]
pub fn form(parameters: &[(&str, &str)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encodes everything but what never needs it.
#[must_use]
pub fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
