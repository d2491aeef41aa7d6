//! What every answer gets, whatever it is: the ids of its request, the headers that keep browsers from doing more with it
//! than show it, and a line in the log.
//!
//! The line never holds a query, an id of a resource or a body.

use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::{answer::Answer, app::App, cors, request_id};

/// One request, as far as its log line and the headers of its answer are concerned.
#[derive(Debug)]
pub(crate) struct Trace {
    started: Instant,
    pub(crate) request_id: String,
    correlation_id: Option<String>,
    origin: Option<String>,
    method: String,
    /// What its address is, without what is particular about it.
    pub(crate) route: String,
    /// Who called, when that is known.
    pub(crate) client: Option<String>,
}

impl Trace {
    pub(crate) fn begin(method: &str, headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            started: Instant::now(),
            request_id: request_id::of(text("x-request-id")),
            correlation_id: request_id::sane(text("x-correlation-id")).map(str::to_owned),
            origin: text("origin").map(str::to_owned),
            method: method.chars().take(16).collect(),
            route: String::new(),
            client: None,
        }
    }

    /// The answer as HTTP, with what every answer gets.
    pub(crate) fn end(self, mut answer: Answer, app: &App) -> HttpResponse {
        let took = self.started.elapsed();
        app.metrics.answered(&self.route, &self.method, answer.status, took);
        tracing::info!(
            target: "access",
            method = self.method,
            route = self.route,
            status = answer.status,
            ms = took.as_micros() as f64 / 1000.0,
            request_id = self.request_id,
            client = self.client,
            "answered"
        );
        if let Some(origin) =
            self.origin.as_deref().filter(|origin| cors::allows(&app.settings.cors_origins, origin))
        {
            answer = cors::grant(answer, origin);
        }
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        let fixed = [
            ("x-request-id", self.request_id),
            ("x-content-type-options", "nosniff".to_owned()),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'".to_owned()),
            ("cache-control", "private, no-store".to_owned()),
            ("vary", "Accept, Accept-Encoding, Authorization, Origin, Prefer".to_owned()),
        ];
        let correlation_id = self.correlation_id.map(|id| ("x-correlation-id", id));
        for (name, value) in fixed.into_iter().chain(correlation_id).chain(answer.headers) {
            insert(&mut response, name, &value);
        }
        match answer.stream {
            // An error in it breaks the connection off, so that nobody takes a part for the whole.
            Some(stream) => response.streaming(stream.0),
            None => response.body(answer.body),
        }
    }
}

fn insert(response: &mut HttpResponseBuilder, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.insert_header((HeaderName::from_static(name), value));
    }
}
