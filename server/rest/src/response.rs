//! From a reply, or an error, to the answer that goes back, <https://hl7.org/fhir/R4/http.html#ops>.

use bytes::Bytes;
use fhir::{Cause, Error, outcome::operation_outcome};
use interaction::{Export, Preferences, ReadConditions, Reply, Return, Success, Verb};

use crate::answer::Answer;
use crate::binary::{self, Shown};
use crate::etag::of_content;
use crate::media_type::Syntax;
use crate::negotiate::Format;
use crate::request::has_body;

/// Resources, one a line, <http://ndjson.org>.
const NDJSON: &str = "application/fhir+ndjson";

/// What the headers of a request say about its answer.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) verb: Verb,
    /// The path below the base.
    pub(crate) address: String,
    pub(crate) format: Format,
    pub(crate) is_pretty: bool,
    pub(crate) preferences: Preferences,
    /// Those of them that the client named.
    pub(crate) named_preferences: Vec<&'static str>,
    pub(crate) conditions: ReadConditions,
    /// The values of `Accept`, where they say whether a Binary is read as a resource or as its content.
    pub(crate) binary: Option<Vec<String>>,
}

impl Asked {
    fn reads(&self) -> bool {
        matches!(self.verb, Verb::Get | Verb::Head)
    }
}

/// The answer that this reply is to what was asked, on the server with this base address.
///
/// # Errors
/// When the content cannot be written in the format that was asked for.
pub(crate) fn success(reply: &Reply, asked: &Asked, base: &str) -> Result<Answer, Error> {
    let mut headers = Vec::new();
    let mut etag = None;
    let mut last_updated = None;
    if let Some(version) = &reply.version {
        etag = Some(version.etag());
        last_updated = Some(version.last_updated);
        headers.push(("last-modified", version.last_updated.http_date()));
        if reply.success == Success::Created || asked.verb == Verb::Post {
            headers.push(("location", format!("{base}/{}", version.location())));
        } else if has_body(asked.verb) && asked.preferences.returns != Return::OperationOutcome {
            // Clients take the id and version of what they updated from here. An OperationOutcome is not what is at that address.
            headers.push(("content-location", format!("{base}/{}", version.location())));
        }
    } else if asked.address == "metadata" {
        etag = reply.body.as_deref().map(of_content);
    }
    if let Some(etag) = &etag {
        headers.push(("etag", etag.clone()));
    }
    let has_it = etag.as_deref().is_some_and(|etag| asked.conditions.has_it(etag, last_updated));
    if asked.reads() && has_it {
        return Ok(Answer { headers, ..Answer::empty(304) });
    }
    let begins = matches!(reply.export, Some(Export::Begun { .. }));
    let is_write = reply.version.is_some() && has_body(asked.verb);
    let is_followed = |name: &&&str| match **name {
        "respond-async" => begins,
        name => is_write || !name.starts_with("return"),
    };
    let named = asked.named_preferences.iter().filter(is_followed);
    let named = named.copied().collect::<Vec<_>>().join(", ");
    if !named.is_empty() {
        headers.push(("preference-applied", named));
    }
    let body = match asked.preferences.returns {
        Return::Minimal if is_write => None,
        Return::OperationOutcome if is_write => Some(reply.outcome()),
        _ => reply.body.clone(),
    };
    let mut format = asked.format;
    if let (Some(accept), Some(text)) = (&asked.binary, &body) {
        match binary::show(text, accept, format)? {
            Shown::Resource(chosen) => format = chosen,
            Shown::Content(mut answer) => {
                answer.headers.extend(headers);
                return Ok(answer);
            }
        }
    }
    let answer = Answer { headers, ..Answer::empty(reply.success.status()) };
    if let Some(of_export) = &reply.export {
        return Ok(export(answer, of_export, reply.body.clone(), base));
    }
    match body {
        Some(body) => Ok(answer.with_content(format.media_type, written(body, format, asked.is_pretty)?)),
        None => Ok(answer),
    }
}

/// The answer that tells what became of an export, <http://hl7.org/fhir/uv/bulkdata/export.html>.
fn export(answer: Answer, export: &Export, body: Option<Bytes>, base: &str) -> Answer {
    let answer = match export {
        Export::Begun { address } => answer.with("content-location", format!("{base}/{address}")),
        Export::UnderWay { progress, again_s } => {
            answer.with("x-progress", progress).with("retry-after", again_s.to_string())
        }
        Export::Whole { expires } => answer.with("expires", expires.http_date()),
        Export::Ended => answer,
        Export::File(_) => {
            let mut answer = answer;
            answer.headers.push(("content-type", NDJSON.to_owned()));
            answer
        }
    };
    let media_type = match export {
        Export::Whole { .. } => "application/json",
        _ => Format::default().media_type,
    };
    match body {
        Some(body) => answer.with_content(media_type, body),
        None => answer,
    }
}

/// The answer that tells of this error. Of a fault of ours it says only the id by which the log knows it.
pub(crate) fn failure(error: &Error, format: Format, is_pretty: bool, request_id: &str) -> Answer {
    let cause = error.cause();
    let outcome = if cause.status() >= 500 {
        let sentence = match cause {
            Cause::Transient => "The server cannot do this for the moment. Please repeat the request.",
            Cause::Timeout => "The server could not do this in time. What was asked for may have been done.",
            _ => "The server met an unexpected condition, which is in its log.",
        };
        let sentence = format!("{sentence} The id of the request is {request_id}.");
        operation_outcome(&[fhir::Issue::error(cause.issue_type(), sentence)])
    } else {
        operation_outcome(error.issues())
    };
    let body: Bytes = outcome.to_string().into();
    let (format, body) = match written(body.clone(), format, is_pretty) {
        Ok(body) => (format, body),
        Err(_) => (Format::default(), body),
    };
    let answer = Answer::content(cause.status(), format.media_type, body);
    match cause {
        Cause::Throttled | Cause::Transient => answer.with("retry-after", "1"),
        _ => answer,
    }
}

/// This JSON text in a format.
fn written(json: Bytes, format: Format, is_pretty: bool) -> Result<Bytes, Error> {
    if format.syntax == Syntax::Json && !is_pretty {
        return Ok(json);
    }
    // Our own parser keeps numbers to the letter. Bundles may hold what is deeper than it allows; those are read without it.
    let value =
        fhir::json::parse(&json).or_else(|_| serde_json::from_slice(&json).map_err(Error::exception))?;
    match format.syntax {
        Syntax::Json => Ok(serde_json::to_string_pretty(&value).map_err(Error::exception)?.into()),
        Syntax::Xml => Ok(fhir::xml::to_xml(&value)?.into()),
    }
}

#[cfg(test)]
mod tests {
    use fhir::{Instant, Issue, IssueType, ResourceType, VersionId};
    use interaction::reply::Version;

    use super::*;

    fn asked(verb: Verb, prefer: &str) -> Asked {
        let (preferences, named_preferences) = crate::prefer::parse(&[prefer]);
        Asked {
            verb,
            address: "Task/1".into(),
            format: Format::default(),
            is_pretty: false,
            preferences,
            named_preferences,
            conditions: ReadConditions::default(),
            binary: None,
        }
    }

    fn stored(success: Success) -> Reply {
        Reply {
            success,
            body: Some(Bytes::from_static(br#"{"resourceType":"Task","id":"1"}"#)),
            version: Some(Version {
                resource_type: ResourceType::TASK,
                id: "1".into(),
                version_id: VersionId::new(3),
                last_updated: Instant::from_microseconds(1_763_720_103_120_456),
            }),
            issues: vec![Issue::warning(IssueType::BusinessRule, "Late.")],
            export: None,
        }
    }

    #[test]
    fn preferences_count_for_writes() {
        for (verb, success, prefer, status, body) in [
            (Verb::Post, Success::Created, "", 201, "{\"resourceType\":\"Task\""),
            (Verb::Post, Success::Created, "return=minimal", 201, ""),
            (
                Verb::Put,
                Success::Ok,
                "return=OperationOutcome",
                200,
                "{\"resourceType\":\"OperationOutcome\"",
            ),
            (Verb::Get, Success::Ok, "return=minimal", 200, "{\"resourceType\":\"Task\""),
        ] {
            let answer = success_of(&stored(success), &asked(verb, prefer));
            assert_eq!(answer.status, status);
            assert!(std::str::from_utf8(&answer.body).unwrap().starts_with(body), "{verb:?} {prefer}");
            assert_eq!(answer.body.is_empty(), body.is_empty());
            assert_eq!(answer.header("etag"), Some("W/\"3\""));
            assert_eq!(answer.header("last-modified"), Some("Fri, 21 Nov 2025 10:15:03 GMT"));
            let location = (verb == Verb::Post).then_some("http://h/fhir/Task/1/_history/3");
            assert_eq!(answer.header("location"), location);
            let applied = Some(prefer).filter(|prefer| verb != Verb::Get && !prefer.is_empty());
            assert_eq!(answer.header("preference-applied"), applied);
        }
    }

    fn success_of(reply: &Reply, asked: &Asked) -> Answer {
        success(reply, asked, "http://h/fhir").unwrap()
    }

    #[test]
    fn who_has_it_is_not_sent_it_again() {
        let mut asked = asked(Verb::Get, "");
        asked.conditions.if_none_match = Some("W/\"3\"".into());
        let answer = success_of(&stored(Success::Ok), &asked);
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, Some("W/\"3\"")));
        asked.verb = Verb::Put;
        assert_eq!(success_of(&stored(Success::Ok), &asked).status, 200);
    }

    #[test]
    fn faults_of_ours_are_not_told() {
        let error = Error::exception("SELECT secret FROM patient");
        let answer = failure(&error, Format::default(), false, "r-1");
        let body = std::str::from_utf8(&answer.body).unwrap();
        assert_eq!(answer.status, 500);
        assert!(body.contains("r-1") && !body.contains("SELECT"), "{body}");
        let busy = failure(&Error::new(Cause::Transient, "pool"), Format::default(), false, "r");
        assert_eq!((busy.status, busy.header("retry-after")), (503, Some("1")));
        assert!(!std::str::from_utf8(&busy.body).unwrap().contains("pool"));
    }

    #[test]
    fn numbers_stay_as_they_are_when_printed() {
        let json = Bytes::from_static(br#"{"resourceType":"Observation","valueQuantity":{"value":1.00}}"#);
        let pretty = written(json, Format::default(), true).unwrap();
        assert!(std::str::from_utf8(&pretty).unwrap().contains("\n    \"value\": 1.00\n"));
    }
}
