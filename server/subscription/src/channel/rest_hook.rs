//! Notifications by HTTP POST, <https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/channels.html#rest-hook>, with the
//! headers of Standard Webhooks.
//!
//! What counts is the status of the answer. Redirects are failures, proxies are not used, and a body is read only as far as it
//! takes to use the connection again.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use fhir::{Error, Instant};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};

use super::Failure;
use super::resolver::{Resolver, Unresolved};
use crate::outbound::Guard;
use crate::{Content, Definition, Settings, signature};

/// How much of an answer's body is read at most, and for how long.
const BODY_BYTES: usize = 64 << 10;
const BODY_TIME: Duration = Duration::from_millis(250);

/// One notification, ready to be sent.
pub(crate) struct Webhook<'a> {
    pub(crate) definition: &'a Definition,
    /// The same for every attempt to send the same.
    pub(crate) id: &'a str,
    /// Those that sign it.
    pub(crate) secrets: Vec<&'a [u8]>,
    pub(crate) body: Vec<u8>,
}

/// The client of all rest-hooks: connections are kept and shared.
pub(crate) struct RestHook {
    client: Client,
    guard: Arc<Guard>,
}

impl RestHook {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let guard = Arc::new(Guard::new(settings));
        let client = match builder(&guard).build() {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "No trusted certificates were found: no https endpoint can be sent to.");
                builder(&guard).tls_certs_only([]).build().map_err(Error::exception)?
            }
        };
        Ok(Self { client, guard })
    }

    /// Sends it, and waits for the status of the answer.
    pub(crate) async fn post(&self, webhook: Webhook<'_>) -> Result<(), Failure> {
        let definition = webhook.definition;
        let confidential = definition.content == Content::FullResource;
        let url = self
            .guard
            .endpoint(&definition.endpoint, confidential)
            .map_err(|sentence| Failure::no_response(sentence, false))?;
        let timeout = Duration::from_secs(definition.timeout.into());
        let headers = headers(&webhook, Instant::now().microseconds() / 1_000_000);
        let request = self.client.post(url).headers(headers).timeout(timeout).body(webhook.body);
        let response = request.send().await.map_err(|error| failure(&error, definition.timeout))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        drain(response).await;
        if status.is_success() { Ok(()) } else { Err(Failure::answered(status.as_u16(), retry_after)) }
    }
}

fn builder(guard: &Arc<Guard>) -> ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent("HomeFirst")
        .dns_resolver(Arc::new(Resolver(Arc::clone(guard))))
        .connect_timeout(Duration::from_secs(10))
        .pool_max_idle_per_host(4)
        .pool_idle_timeout(Duration::from_secs(60))
}

fn headers(webhook: &Webhook<'_>, seconds: i64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &webhook.definition.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            value.set_sensitive(true);
            headers.append(name, value);
        }
    }
    let signature = signature::sign(webhook.secrets.iter().copied(), webhook.id, seconds, &webhook.body);
    let ours = [
        (CONTENT_TYPE, webhook.definition.payload.clone()),
        (HeaderName::from_static("webhook-id"), webhook.id.to_owned()),
        (HeaderName::from_static("webhook-timestamp"), seconds.to_string()),
        (HeaderName::from_static("webhook-signature"), signature),
    ];
    for (name, value) in ours {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    headers
}

fn failure(error: &reqwest::Error, timeout: u32) -> Failure {
    let mut source = error.source();
    while let Some(cause) = source {
        match cause.downcast_ref::<Unresolved>() {
            Some(Unresolved::Unknown) => return Failure::unresolved(Unresolved::Unknown.to_string()),
            Some(Unresolved::Refused(sentence)) => return Failure::no_response(sentence.clone(), false),
            None => source = cause.source(),
        }
    }
    if error.is_timeout() {
        return Failure::no_response(format!("The endpoint did not answer within {timeout} seconds."), true);
    }
    if error.is_connect() {
        return Failure::no_response("The endpoint cannot be connected to.", false);
    }
    Failure::no_response("The connection to the endpoint broke before it answered.", false)
}

/// `Retry-After` in seconds, where the answer has one: a number, or a date.
fn retry_after(response: &Response) -> Option<f64> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(f64::from(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    let seconds = date.timestamp().as_second() - jiff::Timestamp::now().as_second();
    i32::try_from(seconds).ok().map(|seconds| f64::from(seconds.max(0)))
}

async fn drain(mut response: Response) {
    let read = async {
        let mut left = BODY_BYTES;
        while let Ok(Some(chunk)) = response.chunk().await {
            if chunk.len() >= left {
                break;
            }
            left -= chunk.len();
        }
    };
    // Whatever is left is dropped with its connection.
    let _ = tokio::time::timeout(BODY_TIME, read).await;
}

#[cfg(test)]
mod tests;
