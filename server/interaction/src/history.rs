//! The history of one resource, of a type, or of everything that the caller sees, <https://hl7.org/fhir/R4/http.html#history>.
//!
//! `_list` and `_sort` are not known here: a history is newest first.

use ::search::query::Criterion;
use auth::Right;
use fhir::{Error, Instant, Key, ResourceType};
use serde_json::{Value, json};
use store::{Operation, Span, Stored, Versions};

use crate::bundle::{BundleWriter, address};
use crate::poll::told;
use crate::reply::shown;
use crate::search::full_url;
use crate::{Context, Handling, Reply, Server, Success};

/// The parameter that carries the place after which a page begins.
const CURSOR: &str = "_cursor";

/// What the parameters of a history ask for.
struct Asked {
    count: u32,
    span: Span,
    cursor: Option<String>,
    /// The parameters in the form that is used, but for the cursor.
    used: Vec<(String, String)>,
}

impl Server {
    pub(crate) async fn history_instance(
        &self,
        context: &Context,
        resource_type: ResourceType,
        id: &str,
        parameters: &[(String, String)],
    ) -> Result<Reply, Error> {
        context.caller.require(resource_type, Right::Read)?;
        let asked = self.asked(parameters)?;
        let key = Key::of_resource(resource_type, id);
        let total = self.store.history_total(&context.access, key).await?;
        if total == 0 {
            return Err(Error::not_found(&format!("{resource_type}/{id}")));
        }
        let total = (asked.span.since.is_none() && asked.span.at.is_none()).then_some(total);
        let path = format!("{resource_type}/{id}/_history");
        self.history(context, &path, Versions::OfResource(key), asked, total).await
    }

    pub(crate) async fn history_type(
        &self,
        context: &Context,
        resource_type: ResourceType,
        parameters: &[(String, String)],
    ) -> Result<Reply, Error> {
        context.caller.require(resource_type, Right::Read)?;
        let asked = self.asked(parameters)?;
        let path = format!("{resource_type}/_history");
        self.history(context, &path, Versions::OfTypes(vec![resource_type]), asked, None).await
    }

    /// The history of every type that the token allows to read.
    pub(crate) async fn history_system(
        &self,
        context: &Context,
        parameters: &[(String, String)],
    ) -> Result<Reply, Error> {
        let types: Vec<_> =
            ResourceType::all().filter(|known| context.caller.has(*known, Right::Read)).collect();
        if types.is_empty() {
            context.caller.require(ResourceType::PATIENT, Right::Read)?;
        }
        let asked = self.asked(parameters)?;
        self.history(context, "_history", Versions::OfTypes(types), asked, None).await
    }

    async fn history(
        &self,
        context: &Context,
        path: &str,
        versions: Versions,
        mut asked: Asked,
        total: Option<i64>,
    ) -> Result<Reply, Error> {
        // The versions of one resource follow each other, and none of them appears late.
        let polls = asked.span.since.is_some() || matches!(versions, Versions::OfTypes(_));
        if polls && asked.cursor.is_none() {
            asked.span.until = Some(self.settled().await?);
        }
        let words = asked.used.iter().filter(|(name, _)| name != "_count");
        let words: Vec<&str> = [path]
            .into_iter()
            .chain(words.flat_map(|(name, value)| [name.as_str(), value.as_str()]))
            .collect();
        let cursor = asked.cursor.as_deref();
        let access = &context.access;
        let page = self.store.history(access, &versions, &asked.span, cursor, &words, asked.count).await?;
        let base = &self.settings.base;
        let link = |cursor: Option<String>| {
            let mut used = asked.used.clone();
            used.extend(cursor.map(|cursor| (CURSOR.to_owned(), cursor)));
            address(base, path, &context.presentation.with(&used))
        };
        let mut links = vec![("self", link(asked.cursor.clone()))];
        links.extend(page.next.map(|next| ("next", link(Some(next)))));
        let mut bundle =
            BundleWriter::of("history", total, &links, page.until.map_or_else(Instant::now, told));
        for stored in &page.entries {
            bundle.entry(&entry(base, stored), shown(context, stored)?.as_deref());
        }
        Ok(Reply::resource(bundle.finish()))
    }

    fn asked(&self, parameters: &[(String, String)]) -> Result<Asked, Error> {
        let count = self.settings.default_count;
        let mut asked = Asked { count, span: Span::default(), cursor: None, used: Vec::new() };
        for (at, (name, value)) in parameters.iter().enumerate() {
            if parameters[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(Error::bad_request(format!("The parameter '{name}' may be given once.")));
            }
            let mut used = value.clone();
            match name.as_str() {
                "_count" => {
                    let number = value.parse::<u32>();
                    let number = number.map_err(|_| Error::bad_request("_count is a whole number."))?;
                    asked.count = number.clamp(1, self.settings.max_count);
                    used = asked.count.to_string();
                }
                "_since" => asked.span.since = Some(self.period(name, value)?.0),
                "_at" => asked.span.at = Some(self.period(name, value)?),
                CURSOR => {
                    asked.cursor = Some(value.clone());
                    continue;
                }
                other => {
                    let shown: String = other.chars().take(100).collect();
                    return Err(Error::bad_request(format!(
                        "'{shown}' is not a parameter of a history. It takes _count, _since and _at."
                    )));
                }
            }
            asked.used.push((name.clone(), used));
        }
        Ok(asked)
    }

    /// The period that a date or a time stands for, as in a search for `_lastUpdated`.
    pub(crate) fn period(&self, name: &str, value: &str) -> Result<(Instant, Instant), Error> {
        let refused = || {
            Error::bad_request(format!(
                "{name} is a date or a time with its zone, such as 2026-11-21 or 2026-11-21T10:15:03Z."
            ))
        };
        let is_plain = value.starts_with(|c: char| c.is_ascii_digit());
        let is_known = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | '.' | 'Z' | '+' | ' ');
        if !is_plain || !value.chars().all(is_known) {
            return Err(refused());
        }
        // A plus sign that was not encoded is a space.
        let condition = format!("_lastUpdated={}", value.replace(['+', ' '], "%2B"));
        let options = self.search_options(Handling::Strict);
        let criteria =
            ::search::parse_criteria(ResourceType::TASK, &condition, &options).map_err(|_| refused())?;
        match criteria.as_slice() {
            [Criterion::LastUpdated { values }] if values.len() == 1 => {
                let instant = Instant::from_microseconds;
                Ok((instant(values[0].low), instant(values[0].high)))
            }
            _ => Err(refused()),
        }
    }
}

/// Everything of a history entry but its resource. A patch is recorded as the update that it amounts to.
fn entry(base: &str, stored: &Stored) -> Value {
    let (resource_type, id) = (stored.resource_type, &stored.id);
    let (method, url, success) = match stored.operation {
        Operation::Create => ("POST", resource_type.to_string(), Success::Created),
        Operation::Update => ("PUT", format!("{resource_type}/{id}"), Success::Ok),
        Operation::Delete => ("DELETE", format!("{resource_type}/{id}"), Success::NoContent),
    };
    json!({
        "fullUrl": full_url(base, stored),
        "request": {"method": method, "url": url},
        "response": {
            "status": success.status_line(), "etag": format!("W/\"{}\"", stored.version_id),
            "lastModified": stored.last_updated.to_string()
        }
    })
}
