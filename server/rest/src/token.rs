//! The token endpoint over HTTP: a form comes in, JSON goes out, <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>.
//!
//! Refusals are told as OAuth tells them, and not as an OperationOutcome: it is OAuth's libraries that read them.

use std::time::Duration;

use actix_web::{HttpRequest, web};
use auth::{Refusal, TokenEndpoint};
use fhir::{Cause, Error, Instant};
use interaction::Server;
use serde_json::Value;

use crate::answer::Answer;
use crate::app::Settings;
use crate::body;
use crate::media_type::MediaType;

/// How large the form may be, in bytes.
const LIMIT: usize = 64 * 1024;

/// Answers a request for a token.
///
/// # Errors
/// 405 for anything but POST; 408 and 413 for the body; 503 when the database cannot say whether an assertion was used.
pub(crate) async fn answer(
    http: &HttpRequest,
    payload: web::Payload,
    endpoint: &TokenEndpoint,
    server: &Server,
    settings: &Settings,
) -> Result<Answer, Error> {
    if http.method() != "POST" {
        return Ok(refused(405, "Tokens are asked for with POST.").with("allow", "POST"));
    }
    let text = |name: &str| http.headers().get(name).and_then(|value| value.to_str().ok());
    let is_form = text("content-type")
        .and_then(MediaType::parse)
        .is_some_and(|media_type| media_type.essence == "application/x-www-form-urlencoded");
    if !is_form {
        return Ok(refused(400, "The parameters come as application/x-www-form-urlencoded."));
    }
    let announced = text("content-length").and_then(|length| length.parse().ok());
    let time = Duration::from_millis(settings.body_timeout_ms);
    let body = match body::read(payload, announced, LIMIT, time).await {
        Err(error) if error.cause() == Cause::BadRequest => return Ok(refused(400, "The form broke off.")),
        body => body?,
    };
    let parameters = std::str::from_utf8(&body)
        .ok()
        .and_then(|form| web::Query::<Vec<(String, String)>>::from_query(form).ok());
    let Some(parameters) = parameters else {
        return Ok(refused(400, "The form cannot be read."));
    };
    Ok(match endpoint.grant(&parameters, Instant::now()) {
        Ok(granted) => match server.use_assertion(granted.assertion).await? {
            true => json(200, &granted.body),
            false => json(400, &Refusal::used().body()),
        },
        Err(refusal) => json(400, &refusal.body()),
    })
}

fn refused(status: u16, description: &str) -> Answer {
    let refusal = Refusal { error: "invalid_request", description: description.to_owned() };
    json(status, &refusal.body())
}

fn json(status: u16, value: &Value) -> Answer {
    Answer::content(status, "application/json", value.to_string()).with("pragma", "no-cache")
}
