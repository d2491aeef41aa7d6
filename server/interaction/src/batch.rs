//! batch, and what batch and transaction share: reading entries and writing their answers,
//! <https://hl7.org/fhir/R4/http.html#transaction>.

use fhir::reference::below;
use fhir::{Cause, Error, Instant, Issue, IssueType, Resource, Value, outcome::operation_outcome};
use serde_json::json;

use crate::bundle::BundleWriter;
use crate::read_conditions::ReadConditions;
use crate::reply::Version;
use crate::request::{self, Conditions, Interaction, Request, Verb};
use crate::{Context, Presentation, Reply, Return, Server, Success};

/// One entry of a Bundle to be carried out.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) index: usize,
    pub(crate) full_url: Option<String>,
    pub(crate) interaction: Interaction,
    pub(crate) verb: Verb,
    /// Under which a read is not answered with what the client has.
    pub(crate) conditions: ReadConditions,
}

impl Server {
    pub(crate) async fn bundle(&self, context: &Context, bundle: Resource) -> Result<Reply, Error> {
        let entries = bundle.get("entry").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let most = self.settings.max_entries;
        if entries.len() > most {
            let sentence = format!("The Bundle has {} entries; at most {most} are allowed.", entries.len());
            return Err(Error::new(Cause::TooCostly, sentence));
        }
        let entries =
            entries.iter().enumerate().map(|(index, entry)| read(entry, index, &self.settings.base));
        match bundle.text("type") {
            Some("batch") => {
                let mut answers = BundleWriter::new("batch-response", None, &[]);
                for entry in entries {
                    match entry {
                        Ok(entry) => {
                            let reply = Box::pin(self.perform(context, entry.interaction.clone())).await;
                            let reply = reply.map_err(|error| error.in_entry(entry.index));
                            self.answer(context, &mut answers, &entry, reply);
                        }
                        Err(error) => refuse(&mut answers, &error),
                    }
                }
                Ok(Reply::resource(answers.finish()))
            }
            Some("transaction") => self.transaction(context, entries.collect::<Result<_, _>>()?).await,
            other => {
                let found = other.unwrap_or("none");
                Err(Error::with_issue(
                    Cause::Unprocessable,
                    Issue::error(
                        IssueType::NotSupported,
                        format!("The base address takes Bundles of type batch or transaction; this one's type is '{found}'."),
                    )
                    .at("Bundle.type"),
                ))
            }
        }
    }

    /// Adds the answer to one entry. A failure becomes its OperationOutcome; other entries do not suffer from it.
    pub(crate) fn answer(
        &self,
        context: &Context,
        answers: &mut BundleWriter,
        entry: &Entry,
        reply: Result<Reply, Error>,
    ) {
        let mut reply = match reply {
            Ok(reply) => reply,
            Err(error) => return refuse(answers, &error),
        };
        let is_read = matches!(entry.verb, Verb::Get | Verb::Head);
        let has_it = |version: &Version| entry.conditions.has_it(&version.etag(), Some(version.last_updated));
        if is_read && reply.version.as_ref().is_some_and(has_it) {
            reply.success = Success::NotModified;
        }
        if entry.verb == Verb::Head || reply.success == Success::NotModified {
            reply.body = None;
        }
        let mut response = json!({"status": reply.success.status_line()});
        let mut members = json!({});
        if let Some(version) = &reply.version {
            response["location"] = Value::from(version.location());
            response["etag"] = Value::from(version.etag());
            response["lastModified"] = Value::from(version.last_updated.to_string());
            members["fullUrl"] =
                Value::from(format!("{}/{}/{}", self.settings.base, version.resource_type, version.id));
        }
        if !reply.issues.is_empty() {
            response["outcome"] = operation_outcome(&reply.issues);
        }
        members["response"] = response;
        let minimal = context.preferences.returns == Return::Minimal && reply.version.is_some() && !is_read;
        answers.entry(&members, reply.body.as_deref().filter(|_| !minimal));
    }
}

/// Adds the answer to an entry that failed.
fn refuse(answers: &mut BundleWriter, error: &Error) {
    if error.cause().status() >= 500 {
        tracing::error!(%error, "a Bundle entry failed");
    }
    let outcome = operation_outcome(error.issues());
    let response = json!({"status": error.cause().status().to_string(), "outcome": outcome});
    answers.entry(&json!({"response": response}), None);
}

/// Reads one entry into the interaction that it asks for.
fn read(entry: &Value, index: usize, base: &str) -> Result<Entry, Error> {
    let at = |element: &str| format!("Bundle.entry[{index}].{element}");
    let refuse = |element: &str, code: IssueType, sentence: String| {
        Error::with_issue(Cause::BadRequest, Issue::error(code, sentence).at(at(element)))
    };
    let request = entry.get("request").ok_or_else(|| {
        refuse("request", IssueType::Required, "Each entry carries a request with method and url.".to_owned())
    })?;
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    let method = text("method").ok_or_else(|| {
        refuse(
            "request.method",
            IssueType::Required,
            "The request names its method, such as POST.".to_owned(),
        )
    })?;
    let verb = Verb::find(&method).ok_or_else(|| {
        refuse(
            "request.method",
            IssueType::Value,
            format!("'{method}' is not one of GET, HEAD, POST, PUT, PATCH, DELETE."),
        )
    })?;
    let url = text("url").ok_or_else(|| {
        refuse(
            "request.url",
            IssueType::Required,
            "The request names its url, such as ServiceRequest.".to_owned(),
        )
    })?;
    let address = below(&url, base).unwrap_or(&url).trim_start_matches('/').to_owned();
    // The Bundle has one form, and so have its entries.
    let address = match address.split_once('?') {
        Some((path, query)) => format!("{path}?{}", Presentation::default().take(query)),
        None => address,
    };
    let interaction = request::parse(Request {
        verb,
        address,
        body: entry.get("resource").cloned(),
        form: None,
        json_patch: None,
        merge_patch: None,
        conditions: Conditions {
            if_match: text("ifMatch"),
            if_none_exist: text("ifNoneExist"),
            if_none_match: text("ifNoneMatch"),
            if_unmodified_since: None,
        },
    })
    .map_err(|error| error.in_entry(index))?;
    if matches!(interaction, Interaction::Bundle { .. }) {
        return Err(refuse(
            "resource",
            IssueType::NotSupported,
            "An entry may not be a batch or transaction itself.".to_owned(),
        ));
    }
    let is_answered_first = match &interaction {
        Interaction::Operation(call) => call.is_answered_first(),
        Interaction::Export { .. } => true,
        _ => false,
    };
    if is_answered_first {
        return Err(refuse(
            "request.url",
            IssueType::NotSupported,
            "An export is asked for, and fetched, in requests of its own.".to_owned(),
        ));
    }
    let full_url = entry.get("fullUrl").and_then(Value::as_str).map(str::to_owned);
    let if_modified_since = text("ifModifiedSince")
        .map(|since| {
            let refused = "An instant is meant, such as 2026-11-21T10:15:03.120Z.";
            Instant::parse(&since)
                .ok_or_else(|| refuse("request.ifModifiedSince", IssueType::Value, refused.to_owned()))
        })
        .transpose()?;
    let conditions = ReadConditions { if_none_match: text("ifNoneMatch"), if_modified_since };
    Ok(Entry { index, full_url, interaction, verb, conditions })
}
