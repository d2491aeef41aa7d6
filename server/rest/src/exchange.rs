//! One request and its answer, from the first header to the last byte.
//!
//! What costs least is checked first: the address, the media type, the token, the length; then the body is read, and the
//! interaction waits for its turn. Parsing, carrying out and writing down happen in a task of their own on the same
//! thread, so that a panic there is one answer with status 500 and nothing else, that a write whose client went away is
//! finished all the same, and that no other thread has to be woken.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use auth::{Caller, bearer, smart_configuration};
use bytes::Bytes;
use fhir::{Cause, Error, Instant, ResourceType, Value};
use interaction::request::{allowed, parse};
use interaction::{
    Conditions, Context, Export, Presentation, ReadConditions, Request, Verb, is_later, lines,
};

use crate::answer::{Answer, Stream};
use crate::app::{App, AuthMode};
use crate::binary::{About, SECURITY_CONTEXT, is_read};
use crate::content_coding::{Coding, accepts_gzip, compress};
use crate::etag::date;
use crate::middleware::Trace;
use crate::negotiate::{Format, negotiate};
use crate::request::{BodyKind, Parsed, body_kind, has_body, parse_body, takes_form};
use crate::response::{Asked, failure, success};
use crate::routes::{self, Route};
use crate::{body, cors, health, prefer, token};

/// Answers any request to the server.
pub async fn exchange(http: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    let mut trace = Trace::begin(http.method().as_str(), http.headers());
    let app = app.into_inner();
    let answer = route(&http, payload, &app, &mut trace).await;
    trace.end(answer, &app)
}

async fn route(http: &HttpRequest, payload: web::Payload, app: &Arc<App>, trace: &mut Trace) -> Answer {
    let told = |error: &Error, trace: &Trace| failure(error, Format::default(), false, &trace.request_id);
    if http.uri().path_and_query().map_or(0, |text| text.as_str().len()) > app.settings.max_url_bytes {
        let sentence = format!(
            "An address may have {} bytes. Long searches can be posted to _search.",
            app.settings.max_url_bytes
        );
        return told(&Error::new(Cause::UriTooLong, sentence), trace);
    }
    let found = routes::find(http.uri().path(), &app.base_path);
    let method = http.method().as_str();
    if method == "OPTIONS" {
        let address = match &found {
            Ok(Route::Fhir(address)) => address.as_str(),
            _ => "metadata",
        };
        trace.route = "OPTIONS".to_owned();
        let is_preflight = http.headers().contains_key("access-control-request-method");
        let answer = if is_preflight { cors::preflight() } else { Answer::empty(204) };
        return answer.with("allow", allowed(address).join(", "));
    }
    trace.route = match &found {
        Err(_) => "[?]".to_owned(),
        Ok(Route::Fhir(address)) => routes::pattern(address),
        Ok(page) => format!("{page:?}"),
    };
    match found {
        Err(error) => told(&error, trace),
        Ok(Route::Fhir(address)) => fhir(http, payload, app, address, trace).await,
        Ok(Route::Token) => match app.token_endpoint() {
            Some(endpoint) => token::answer(http, payload, endpoint, &app.server, &app.settings)
                .await
                .unwrap_or_else(|error| told(&error, trace)),
            None => told(&Error::not_found("A token endpoint"), trace),
        },
        Ok(_) if !matches!(method, "GET" | "HEAD") => {
            let error = Error::new(Cause::MethodNotAllowed, "This address can only be read.");
            told(&error, trace).with("allow", "GET, HEAD")
        }
        Ok(page) => page_of(page, app).await.unwrap_or_else(|error| told(&error, trace)),
    }
}

/// What stands at the addresses that are no interactions, and that nobody has to log in for.
async fn page_of(page: Route, app: &App) -> Result<Answer, Error> {
    let json = |value: &Value| Answer::content(200, "application/json", value.to_string());
    match page {
        Route::Live => Ok(health::live()),
        Route::Ready => Ok(health::ready(app).await),
        Route::SmartConfiguration => {
            Ok(json(&smart_configuration(&app.server.settings.base, app.token_endpoint().is_some())))
        }
        Route::Jwks => match &app.auth {
            AuthMode::Bearer { jwks: Some(jwks), .. } => Ok(json(jwks)),
            _ => Err(Error::not_found("A key set")),
        },
        Route::Fhir(_) | Route::Token => Err(Error::not_found("This address")),
    }
}

/// An exchange below the base. Every error is told in the format that was asked for.
async fn fhir(
    http: &HttpRequest,
    payload: web::Payload,
    app: &Arc<App>,
    address: String,
    trace: &mut Trace,
) -> Answer {
    let mut presentation = Presentation::default();
    let query = presentation.take(http.uri().query().unwrap_or(""));
    let accept = texts(http.headers(), "accept").unwrap_or_default();
    let is_pretty = presentation.is_pretty;
    // A Binary can be had in the type of its content, which is not known yet.
    let is_binary = presentation.format.is_none() && is_read(http.method().as_str(), &address);
    let negotiated = match negotiate(&accept, presentation.format.as_deref()) {
        // What is carried out later answers in one form; theirs is what tells of errors.
        Err(_) if is_binary || is_later(&address) => Ok(Format::default()),
        negotiated => negotiated,
    };
    let binary = is_binary.then(|| accept.into_iter().map(str::to_owned).collect());
    let (format, result) = match negotiated {
        Ok(format) => {
            let asked = Shape { format, presentation, binary };
            (format, interact(http, payload, app, &address, query, asked, trace).await)
        }
        Err(error) => (Format::default(), Err(error)),
    };
    let error = match result {
        Ok(answer) => return answer,
        Err(error) => error,
    };
    log(&error, trace);
    let mut answer = failure(&error, format, is_pretty, &trace.request_id);
    if let Some(address) = error.address() {
        answer = answer.with("location", format!("{}/{address}", app.server.settings.base));
    }
    match error.cause() {
        Cause::MethodNotAllowed => answer.with("allow", others(&address, http.method().as_str())),
        Cause::Login if http.headers().contains_key("authorization") => {
            answer.with("www-authenticate", "Bearer realm=\"FHIR\", error=\"invalid_token\"")
        }
        Cause::Login => answer.with("www-authenticate", "Bearer realm=\"FHIR\""),
        _ => answer,
    }
}

/// Which form the answer is to have.
struct Shape {
    format: Format,
    presentation: Presentation,
    /// The values of `Accept` of a request that reads a Binary.
    binary: Option<Vec<String>>,
}

/// Everything that can fail.
async fn interact(
    http: &HttpRequest,
    payload: web::Payload,
    app: &Arc<App>,
    address: &str,
    query: String,
    shape: Shape,
    trace: &mut Trace,
) -> Result<Answer, Error> {
    let headers = http.headers();
    let verb = verb(http.method().as_str(), address)?;
    let caller = caller(app, headers, address)?;
    trace.client = Some(caller.client.clone());
    let if_none_match = joined(headers, "if-none-match")?;
    let conditions = Conditions {
        if_match: joined(headers, "if-match")?,
        if_none_exist: one(headers, "if-none-exist")?,
        if_none_match: if_none_match.clone(),
        if_unmodified_since: one(headers, "if-unmodified-since")?.as_deref().and_then(date),
    };
    let (preferences, named_preferences) = prefer::parse(&texts(headers, "prefer")?);
    let asked = Asked {
        verb,
        address: address.to_owned(),
        format: shape.format,
        is_pretty: shape.presentation.is_pretty,
        binary: shape.binary,
        preferences,
        named_preferences,
        conditions: ReadConditions {
            if_none_match,
            if_modified_since: one(headers, "if-modified-since")?.as_deref().and_then(date),
        },
    };
    let takes_gzip = accepts_gzip(&texts(headers, "accept-encoding")?);
    let (kind, body) = match has_body(verb) {
        true => read_body(verb, headers, payload, app, address).await?,
        false => (BodyKind::None, Content::default()),
    };
    let turn = app.turn().await?;
    let request_id = trace.request_id.clone();
    let task = actix_web::rt::spawn({
        let app = app.clone();
        async move {
            let _turn = turn;
            let presentation = shape.presentation;
            let work = Work { asked, presentation, query, kind, body, conditions, caller, request_id };
            let answer = work.carry_out(&app).await?;
            Ok(if takes_gzip { compress(answer) } else { answer })
        }
    });
    let abort = task.abort_handle();
    match tokio::time::timeout(Duration::from_millis(app.settings.request_timeout_ms), task).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Error::exception(panic)),
        Err(_) => {
            abort.abort();
            Err(Error::new(Cause::Timeout, "The interaction took too long."))
        }
    }
}

/// An interaction that is ready to begin.
struct Work {
    asked: Asked,
    presentation: Presentation,
    query: String,
    kind: BodyKind,
    body: Content,
    conditions: Conditions,
    caller: Caller,
    request_id: String,
}

/// A body as it was sent.
#[derive(Default)]
struct Content {
    bytes: Bytes,
    limit: usize,
    coding: Option<Coding>,
    about: About,
}

impl Content {
    fn parse(self, kind: BodyKind) -> Result<Parsed, Error> {
        match self.coding {
            Some(coding) => parse_body(kind, &coding.decode(self.bytes, self.limit)?, &self.about),
            None => parse_body(kind, &self.bytes, &self.about),
        }
    }
}

impl Work {
    async fn carry_out(mut self, app: &App) -> Result<Answer, Error> {
        let mut asked = self.asked;
        let Parsed { resource, json_patch, merge_patch, mut form } = self.body.parse(self.kind)?;
        if let Some(text) = &mut form {
            *text = self.presentation.take(text);
            if let Some(format) = &self.presentation.format {
                asked.format = negotiate(&[], Some(format))?;
            }
            asked.is_pretty |= self.presentation.is_pretty;
        }
        let separator = if self.query.is_empty() { "" } else { "?" };
        let request = Request {
            verb: asked.verb,
            address: format!("{}{separator}{}", asked.address, self.query),
            body: resource,
            form,
            json_patch,
            merge_patch,
            conditions: self.conditions,
        };
        let interaction = parse(request)?;
        let context = Context::new(
            &app.server,
            self.caller,
            Some(self.request_id),
            asked.preferences,
            self.presentation,
        )
        .await?;
        let reply = app.server.perform(&context, interaction).await?;
        if !matches!(asked.verb, Verb::Get | Verb::Head) && !takes_form(&asked.address) {
            app.wrote();
        }
        let mut answer = success(&reply, &asked, &app.server.settings.base)?;
        if let (Verb::Get, Some(Export::File(file))) = (asked.verb, &reply.export) {
            answer.stream = Some(Stream(lines(Arc::clone(&app.server), context, file)));
        }
        Ok(answer)
    }
}

/// The verb of a request to this address, before anything else of it is looked at: 404 for a type that does not exist,
/// 405 for a verb that the address does not take.
fn verb(method: &str, address: &str) -> Result<Verb, Error> {
    let verbs = allowed(address);
    let first = address.split('/').next().unwrap_or_default();
    if !first.is_empty() && !first.starts_with(['_', '$']) && first != "metadata" {
        ResourceType::parse(first)?;
    }
    if verbs.is_empty() {
        return Err(Error::not_found("This address"));
    }
    let taken = Verb::find(method).filter(|verb| verbs.contains(&verb.name()));
    taken.ok_or_else(|| {
        let sentence = format!("This method is not for this address, which takes: {}.", verbs.join(", "));
        Error::new(Cause::MethodNotAllowed, sentence)
    })
}

/// The verbs that the address takes, but for the one that was refused: a type may take fewer than its address.
fn others(address: &str, method: &str) -> String {
    allowed(address).iter().filter(|verb| **verb != method).copied().collect::<Vec<_>>().join(", ")
}

/// Who is calling. What the server can do, everyone may ask.
fn caller(app: &App, headers: &HeaderMap, address: &str) -> Result<Caller, Error> {
    let AuthMode::Bearer { verifier, .. } = &app.auth else { return Ok(Caller::everyone()) };
    if address == "metadata" {
        return Ok(Caller::everyone());
    }
    match bearer(&texts(headers, "authorization")?)? {
        Some(token) => verifier.verify(token, Instant::now()),
        None => {
            Err(Error::new(Cause::Login, "Who is calling? Send a token: 'Authorization: Bearer <token>'."))
        }
    }
}

async fn read_body(
    verb: Verb,
    headers: &HeaderMap,
    payload: web::Payload,
    app: &App,
    address: &str,
) -> Result<(BodyKind, Content), Error> {
    let settings = &app.settings;
    let limit = if address.is_empty() { settings.max_bundle_bytes } else { settings.max_resource_bytes };
    let coding = Coding::of_request(&texts(headers, "content-encoding")?)?;
    let content_types = texts(headers, "content-type")?;
    let announced = one(headers, "content-length")?.and_then(|length| length.parse().ok());
    if announced != Some(0) && !content_types.is_empty() {
        body_kind(verb, address, &content_types, false)?;
    }
    let bytes =
        body::read(payload, announced, limit, Duration::from_millis(settings.body_timeout_ms)).await?;
    let kind = body_kind(verb, address, &content_types, bytes.is_empty())?;
    let coding = Some(coding).filter(|_| !bytes.is_empty());
    let mut about = About::default();
    if kind == BodyKind::Binary {
        about.content_type = content_types.join(", ");
        about.security_context = one(headers, SECURITY_CONTEXT)?;
        about.id = address.split_once('/').map(|(_, id)| id.to_owned());
    }
    Ok((kind, Content { bytes, limit, coding, about }))
}

/// A failure is logged here, and only here.
fn log(error: &Error, trace: &Trace) {
    let request_id = trace.request_id.as_str();
    match error.cause() {
        Cause::Exception => tracing::error!(request_id, route = trace.route, %error, "an interaction failed"),
        Cause::Transient | Cause::Timeout => {
            tracing::warn!(request_id, route = trace.route, %error, "an interaction could not be carried out");
        }
        _ => {}
    }
}

/// The values of a header, one per line of it; 400 when one is not text.
fn texts<'a>(headers: &'a HeaderMap, name: &str) -> Result<Vec<&'a str>, Error> {
    let text = |value: &'a actix_web::http::header::HeaderValue| {
        value.to_str().map_err(|_| {
            Error::bad_request(format!("The header '{name}' has characters that are not ASCII."))
        })
    };
    headers.get_all(name).map(text).collect()
}

/// The value of a list that may stand in several lines.
fn joined(headers: &HeaderMap, name: &str) -> Result<Option<String>, Error> {
    let values = texts(headers, name)?;
    Ok((!values.is_empty()).then(|| values.join(", ")))
}

/// The value of a header that may stand there once.
fn one(headers: &HeaderMap, name: &str) -> Result<Option<String>, Error> {
    match texts(headers, name)?.as_slice() {
        [] => Ok(None),
        [value] => Ok(Some((*value).to_owned())),
        _ => Err(Error::bad_request(format!("The header '{name}' may stand there once."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_is_checked_first() {
        for (method, address, expect) in [
            ("GET", "Task/1", Ok(Verb::Get)),
            ("HEAD", "Task/1", Ok(Verb::Head)),
            ("POST", "", Ok(Verb::Post)),
            ("TRACE", "Task", Err(405)),
            ("BREW", "Task/1", Err(405)),
            ("POST", "Task/1", Err(405)),
            ("PUT", "metadata", Err(405)),
            ("POST", "Foo", Err(404)),
            ("GET", "patient/1", Err(404)),
            ("GET", "Task/1/x", Err(404)),
        ] {
            assert_eq!(verb(method, address).map_err(|e| e.cause().status()), expect, "{method} {address}");
        }
    }

    #[test]
    fn headers_that_stand_there_twice() {
        let mut headers = HeaderMap::new();
        let name = actix_web::http::header::IF_MATCH;
        headers.append(name.clone(), "W/\"1\"".parse().unwrap());
        headers.append(name, "W/\"2\"".parse().unwrap());
        assert_eq!(joined(&headers, "if-match").unwrap().as_deref(), Some("W/\"1\", W/\"2\""));
        assert!(one(&headers, "if-match").is_err());
        assert_eq!(one(&headers, "if-none-exist").unwrap(), None);
    }
}
