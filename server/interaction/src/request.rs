//! From a verb and an address to an [`Interaction`], for HTTP requests and Bundle entries alike,
//! <https://hl7.org/fhir/R4/http.html#summary>.

use fhir::{Cause, Error, Id, Resource, ResourceType, Value, VersionId};

use crate::operation::{Call, Operation};
use crate::patch::Patch;

/// <https://hl7.org/fhir/R4/valueset-http-verb.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// The verb with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|v| v.name() == name)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// The conditions of a request, as texts of its headers or of `Bundle.entry.request`.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    pub if_match: Option<String>,
    pub if_none_exist: Option<String>,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Request {
    pub verb: Verb,
    /// Below the base, percent-encoded, with its query: `Task/1?_summary=true`; empty is the base itself.
    pub address: String,
    /// The body of a write, strictly parsed.
    pub body: Option<Value>,
    /// The form body of a POST to `_search`.
    pub form: Option<String>,
    /// The body of a PATCH, when it is a JSON Patch.
    pub json_patch: Option<Value>,
    pub conditions: Conditions,
}

/// Which versions an `If-Match` allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    Absent,
    Any,
    Versions(Vec<VersionId>),
}

/// One interaction, ready to be carried out.
#[derive(Clone, Debug)]
pub enum Interaction {
    Capabilities,
    Read {
        resource_type: ResourceType,
        id: String,
    },
    VRead {
        resource_type: ResourceType,
        id: String,
        version_id: String,
    },
    Create {
        resource: Resource,
        if_none_exist: Option<String>,
    },
    Update {
        id: Id,
        resource: Resource,
        if_match: IfMatch,
    },
    Patch {
        resource_type: ResourceType,
        id: Id,
        patch: Patch,
        if_match: IfMatch,
    },
    Delete {
        resource_type: ResourceType,
        id: String,
        if_match: IfMatch,
    },
    HistoryInstance {
        resource_type: ResourceType,
        id: String,
        parameters: Vec<(String, String)>,
    },
    Search {
        resource_type: ResourceType,
        parameters: Vec<(String, String)>,
    },
    /// A batch or a transaction.
    Bundle {
        bundle: Resource,
    },
    Operation(Call),
}

/// The interaction that a request asks for.
///
/// # Errors
/// 404 for an address that nothing has, 405 for a verb that the address does not take, 400 for a body that does not fit.
pub fn parse(request: Request) -> Result<Interaction, Error> {
    let (path, query) = request.address.split_once('?').unwrap_or((request.address.as_str(), ""));
    let segments: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
    let parameters = |form: Option<&str>| -> Result<Vec<(String, String)>, Error> {
        let mut pairs = ::search::decode_pairs(query)?;
        if let Some(form) = form {
            pairs.extend(::search::decode_pairs(form)?);
        }
        Ok(pairs)
    };
    let not_allowed = || {
        let allowed = allowed(path).join(", ");
        let verb = request.verb.name();
        Err(Error::new(
            Cause::MethodNotAllowed,
            format!("{verb} is not for this address, which takes: {allowed}."),
        ))
    };
    let reads = matches!(request.verb, Verb::Get | Verb::Head);
    match segments.as_slice() {
        [] => match request.verb {
            Verb::Post => {
                let bundle = resource(request.body)?;
                expect_type(&bundle, ResourceType::BUNDLE)?;
                Ok(Interaction::Bundle { bundle })
            }
            _ => not_allowed(),
        },
        ["metadata"] if reads => Ok(Interaction::Capabilities),
        ["metadata"] => not_allowed(),
        [operation] if operation.starts_with('$') => {
            let parameters = parameters(None)?;
            Call::read(request.verb, &operation[1..], None, None, &parameters, request.body)
                .map(Interaction::Operation)
        }
        [name] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Get | Verb::Head => {
                    Ok(Interaction::Search { resource_type, parameters: parameters(None)? })
                }
                Verb::Post => {
                    let resource = resource(request.body)?;
                    expect_type(&resource, resource_type)?;
                    Ok(Interaction::Create { resource, if_none_exist: request.conditions.if_none_exist })
                }
                Verb::Put | Verb::Patch | Verb::Delete => not_allowed(),
            }
        }
        [name, "_search"] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Post => Ok(Interaction::Search {
                    resource_type,
                    parameters: parameters(request.form.as_deref())?,
                }),
                _ => not_allowed(),
            }
        }
        [name, operation] if operation.starts_with('$') => {
            let resource_type = ResourceType::parse(name)?;
            let parameters = parameters(None)?;
            Call::read(request.verb, &operation[1..], Some(resource_type), None, &parameters, request.body)
                .map(Interaction::Operation)
        }
        [name, id] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Get | Verb::Head => Ok(Interaction::Read { resource_type, id: known_id(id)? }),
                Verb::Put => {
                    let id = Id::parse(id)?;
                    let resource = resource(request.body)?;
                    expect_type(&resource, resource_type)?;
                    Ok(Interaction::Update { id, resource, if_match: if_match(request.conditions.if_match)? })
                }
                Verb::Delete => Ok(Interaction::Delete {
                    resource_type,
                    id: known_id(id)?,
                    if_match: if_match(request.conditions.if_match)?,
                }),
                Verb::Patch => Ok(Interaction::Patch {
                    resource_type,
                    id: known_id(id).and_then(|id| Id::parse(&id))?,
                    patch: patch(request.body, request.json_patch)?,
                    if_match: if_match(request.conditions.if_match)?,
                }),
                Verb::Post => not_allowed(),
            }
        }
        [name, id, "_history"] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Get | Verb::Head => Ok(Interaction::HistoryInstance {
                    resource_type,
                    id: known_id(id)?,
                    parameters: parameters(None)?,
                }),
                _ => not_allowed(),
            }
        }
        [name, id, "_history", version_id] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Get | Verb::Head => Ok(Interaction::VRead {
                    resource_type,
                    id: known_id(id)?,
                    version_id: (*version_id).to_owned(),
                }),
                _ => not_allowed(),
            }
        }
        [name, id, operation] if operation.starts_with('$') => {
            let resource_type = ResourceType::parse(name)?;
            let id = Some(known_id(id)?);
            let parameters = parameters(None)?;
            Call::read(request.verb, &operation[1..], Some(resource_type), id, &parameters, request.body)
                .map(Interaction::Operation)
        }
        _ => Err(Error::not_found(&format!("The address '{path}'"))),
    }
}

/// The verbs that an address takes, for the `Allow` header.
#[must_use]
pub fn allowed(path: &str) -> &'static [&'static str] {
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [""] => &["POST"],
        ["metadata"] | [_, _, "_history", ..] => &["GET", "HEAD"],
        [_, "_search"] => &["POST"],
        [above @ .., operation] if operation.starts_with('$') => {
            let resource_type = above.first().and_then(|name| ResourceType::find(name));
            let known = Operation::find(&operation[1..], resource_type, above.len() > 1);
            // That there is no such operation is better said in a sentence about it.
            known.map_or(&["GET", "HEAD", "POST"], Operation::verbs)
        }
        [_] => &["GET", "HEAD", "POST"],
        [_, _] => &["GET", "HEAD", "PUT", "PATCH", "DELETE"],
        _ => &[],
    }
}

fn resource(body: Option<Value>) -> Result<Resource, Error> {
    let body = body.ok_or_else(|| Error::bad_request("The request has no body. Send the resource in it."))?;
    Resource::new(body)
}

fn patch(body: Option<Value>, json_patch: Option<Value>) -> Result<Patch, Error> {
    match (json_patch, body) {
        (Some(json_patch), _) => Patch::of_json(&json_patch),
        (None, Some(body)) => Patch::of_resource(&body),
        (None, None) => Err(Error::bad_request("The request has no body. Send the patch in it.")),
    }
}

/// The resource must be of the type that the address is for.
pub(crate) fn expect_type(resource: &Resource, resource_type: ResourceType) -> Result<(), Error> {
    if resource.resource_type() == resource_type {
        return Ok(());
    }
    let found = resource.resource_type();
    let sentence = format!("The address is for {resource_type}, but the body is a {found}.");
    Err(Error::with_issue(
        Cause::BadRequest,
        fhir::Issue::error(fhir::IssueType::Invalid, sentence).at(format!("{found}.resourceType")),
    ))
}

/// An id that no resource can have is an address that nothing has.
fn known_id(id: &str) -> Result<String, Error> {
    Id::parse(id).map(|id| id.to_string()).map_err(|_| Error::not_found("A resource with this id"))
}

/// `W/"3"`, `"3"`, `3`, a list of these, or `*`.
fn if_match(header: Option<String>) -> Result<IfMatch, Error> {
    let Some(header) = header else { return Ok(IfMatch::Absent) };
    if header.trim() == "*" {
        return Ok(IfMatch::Any);
    }
    let mut versions = Vec::new();
    for tag in header.split(',').map(str::trim) {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        let text = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
            return Err(Error::bad_request(
                "If-Match holds a version as W/\"3\", several with commas, or *.",
            ));
        }
        // A tag that no version of ours can have matches none of them, which is not an error but a 412.
        versions.extend(VersionId::parse(text));
    }
    Ok(IfMatch::Versions(versions))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(verb: Verb, address: &str) -> Request {
        Request {
            verb,
            address: address.into(),
            body: None,
            form: None,
            json_patch: None,
            conditions: Conditions::default(),
        }
    }

    #[test]
    fn addresses_that_nothing_has_and_verbs_that_they_do_not_take() {
        for (verb, address, status) in [
            (Verb::Get, "patient/1", 404),
            (Verb::Get, "Patient/1/x", 404),
            (Verb::Get, "Patient/a b", 404),
            (Verb::Get, "Patient//1", 404),
            (Verb::Get, "", 405),
            (Verb::Post, "Patient/1", 405),
            (Verb::Put, "metadata", 405),
            (Verb::Get, "Patient/_search", 405),
            (Verb::Post, "Patient", 400),
            (Verb::Delete, "Patient/1/_history/1", 405),
        ] {
            let error = parse(request(verb, address)).unwrap_err();
            assert_eq!(error.cause().status(), status, "{verb:?} {address}");
        }
    }

    #[test]
    fn the_forms_of_if_match() {
        let parse = |text: &str| if_match(Some(text.to_owned()));
        assert_eq!(parse("*").unwrap(), IfMatch::Any);
        for one in ["W/\"3\"", "\"3\"", "3"] {
            assert_eq!(parse(one).unwrap(), IfMatch::Versions(vec![VersionId::new(3)]), "{one}");
        }
        assert_eq!(parse("W/\"99999999999\"").unwrap(), IfMatch::Versions(vec![]));
        assert!(parse("\"1 OR 1=1\"").is_err());
        assert!(parse("").is_err());
    }
}
