//! From a verb and an address to an [`Interaction`], for HTTP requests and Bundle entries alike,
//! <https://hl7.org/fhir/R4/http.html#summary>.

mod if_match;

use fhir::{Cause, Error, Id, Instant, Resource, ResourceType, Value};

use crate::operation::{Call, Operation};
use crate::patch::Patch;

pub use if_match::IfMatch;
pub(crate) use if_match::is_unmodified;
use if_match::{if_match, if_match_existing};

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
    pub if_none_match: Option<String>,
    /// `If-Unmodified-Since`, which entries of a Bundle cannot say.
    pub if_unmodified_since: Option<Instant>,
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
    /// The body of a PATCH, when it is a JSON Merge Patch.
    pub merge_patch: Option<Value>,
    pub conditions: Conditions,
}

/// Which resource a write is about.
#[derive(Clone, Debug)]
pub enum Which {
    Id(Id),
    /// The one that meets this condition, in the form of a query.
    Condition(String),
}

/// Where a search looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// Every type, or those that `_type` names.
    System,
    Type(ResourceType),
    /// The compartment of this owner: one type in it, or all.
    Compartment {
        owner: ResourceType,
        id: String,
        member: Option<ResourceType>,
    },
}

/// An interaction that writes one resource.
#[derive(Clone, Debug)]
pub enum Write {
    Create { resource: Resource, if_none_exist: Option<String> },
    Update { which: Which, resource: Resource, if_match: IfMatch },
    Patch { resource_type: ResourceType, which: Which, patch: Patch, if_match: IfMatch },
    Delete { resource_type: ResourceType, which: Which, if_match: IfMatch },
}

/// One interaction, ready to be carried out.
#[derive(Clone, Debug)]
pub enum Interaction {
    /// What the server can do; of its terminology, if that is what is asked for.
    Capabilities {
        of_terminology: bool,
    },
    Read {
        resource_type: ResourceType,
        id: String,
        parameters: Vec<(String, String)>,
    },
    VRead {
        resource_type: ResourceType,
        id: String,
        version_id: String,
    },
    Write(Write),
    HistoryInstance {
        resource_type: ResourceType,
        id: String,
        parameters: Vec<(String, String)>,
    },
    HistoryType {
        resource_type: ResourceType,
        parameters: Vec<(String, String)>,
    },
    HistorySystem {
        parameters: Vec<(String, String)>,
    },
    Search {
        area: Area,
        parameters: Vec<(String, String)>,
    },
    /// A batch or a transaction.
    Bundle {
        bundle: Resource,
    },
    Operation(Call),
    /// About an export that was begun.
    Export {
        id: String,
        of: OfExport,
    },
    /// About a rebuilding that was begun.
    Reindex {
        id: String,
        of: OfReindex,
    },
}

/// What is asked of a rebuilding that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfReindex {
    /// How far it is.
    State,
    End,
}

/// What is asked of an export that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfExport {
    /// How far it is, and where its files are.
    State,
    /// Its end, and that of its files.
    End,
    /// The file with this name.
    File(String),
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
            Verb::Get | Verb::Head => search(Area::System, parameters(None)?),
            _ => not_allowed(),
        },
        ["metadata"] if reads => capabilities(&parameters(None)?),
        ["metadata"] => not_allowed(),
        ["_search"] => match request.verb {
            Verb::Post => search(Area::System, parameters(request.form.as_deref())?),
            _ => not_allowed(),
        },
        ["_history"] if reads => Ok(Interaction::HistorySystem { parameters: parameters(None)? }),
        ["_history"] => not_allowed(),
        [operation] if operation.starts_with('$') => {
            let parameters = parameters(None)?;
            Call::read(request.verb, &operation[1..], None, None, &parameters, request.body)
                .map(|call| Interaction::Operation(call.at(&request.address)))
        }
        [name] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Get | Verb::Head => search(Area::Type(resource_type), parameters(None)?),
                Verb::Post => {
                    let resource = resource(request.body)?;
                    expect_type(&resource, resource_type)?;
                    let if_none_exist = if_none_exist(query, request.conditions.if_none_exist)?;
                    Ok(Interaction::Write(Write::Create { resource, if_none_exist }))
                }
                Verb::Put => update(resource_type, Which::Condition(query.to_owned()), request),
                Verb::Patch => patch(resource_type, Which::Condition(query.to_owned()), request),
                Verb::Delete => delete(resource_type, Which::Condition(query.to_owned()), request),
            }
        }
        ["$export", id] => match request.verb {
            Verb::Get | Verb::Head => Ok(Interaction::Export { id: (*id).to_owned(), of: OfExport::State }),
            Verb::Delete => Ok(Interaction::Export { id: (*id).to_owned(), of: OfExport::End }),
            _ => not_allowed(),
        },
        ["$export", id, file] => match request.verb {
            Verb::Get | Verb::Head => {
                Ok(Interaction::Export { id: (*id).to_owned(), of: OfExport::File((*file).to_owned()) })
            }
            _ => not_allowed(),
        },
        ["$reindex", id] => match request.verb {
            Verb::Get | Verb::Head => Ok(Interaction::Reindex { id: (*id).to_owned(), of: OfReindex::State }),
            Verb::Delete => Ok(Interaction::Reindex { id: (*id).to_owned(), of: OfReindex::End }),
            _ => not_allowed(),
        },
        [name, "_history"] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Get | Verb::Head => {
                    Ok(Interaction::HistoryType { resource_type, parameters: parameters(None)? })
                }
                _ => not_allowed(),
            }
        }
        [name, "_search"] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Post => search(Area::Type(resource_type), parameters(request.form.as_deref())?),
                _ => not_allowed(),
            }
        }
        [name, operation] if operation.starts_with('$') => {
            let resource_type = ResourceType::parse(name)?;
            let parameters = parameters(None)?;
            Call::read(request.verb, &operation[1..], Some(resource_type), None, &parameters, request.body)
                .map(|call| Interaction::Operation(call.at(&request.address)))
        }
        [name, id] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Get | Verb::Head => Ok(Interaction::Read {
                    resource_type,
                    id: known_id(id)?.to_string(),
                    parameters: parameters(None)?,
                }),
                Verb::Put => update(resource_type, Which::Id(Id::parse(id)?), request),
                Verb::Patch => patch(resource_type, Which::Id(known_id(id)?), request),
                Verb::Delete => delete(resource_type, Which::Id(known_id(id)?), request),
                Verb::Post => not_allowed(),
            }
        }
        [name, id, "_history"] => {
            let resource_type = ResourceType::parse(name)?;
            match request.verb {
                Verb::Get | Verb::Head => Ok(Interaction::HistoryInstance {
                    resource_type,
                    id: known_id(id)?.to_string(),
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
                    id: known_id(id)?.to_string(),
                    version_id: (*version_id).to_owned(),
                }),
                _ => not_allowed(),
            }
        }
        [name, id, operation] if operation.starts_with('$') => {
            let resource_type = ResourceType::parse(name)?;
            let id = Some(known_id(id)?.to_string());
            let parameters = parameters(None)?;
            Call::read(request.verb, &operation[1..], Some(resource_type), id, &parameters, request.body)
                .map(|call| Interaction::Operation(call.at(&request.address)))
        }
        [owner, id, member] if reads => search(compartment(path, owner, id, member)?, parameters(None)?),
        [owner, id, member, "_search"] if request.verb == Verb::Post => {
            search(compartment(path, owner, id, member)?, parameters(request.form.as_deref())?)
        }
        _ => Err(Error::not_found(&format!("The address '{path}'"))),
    }
}

fn search(area: Area, parameters: Vec<(String, String)>) -> Result<Interaction, Error> {
    Ok(Interaction::Search { area, parameters })
}

/// `Patient/1/Task` or `Patient/1/*`, <https://hl7.org/fhir/R4/http.html#vsearch>.
fn compartment(path: &str, owner: &str, id: &str, member: &str) -> Result<Area, Error> {
    let owner = ResourceType::parse(owner)?;
    let members = ::search::compartment::members(owner);
    let member = match member {
        "*" if !members.is_empty() => None,
        name => match ResourceType::find(name).filter(|member| members.contains(member)) {
            Some(member) => Some(member),
            None => return Err(Error::not_found(&format!("The address '{path}'"))),
        },
    };
    Ok(Area::Compartment { owner, id: known_id(id)?.to_string(), member })
}

/// The verbs that an address takes, for the `Allow` header.
#[must_use]
pub fn allowed(path: &str) -> &'static [&'static str] {
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [""] => &["GET", "HEAD", "POST"],
        ["_search"] => &["POST"],
        ["metadata" | "_history"] | [_, "_history"] | [_, _, "_history", ..] => &["GET", "HEAD"],
        [_, "_search"] => &["POST"],
        ["$export" | "$reindex", _] => &["GET", "HEAD", "DELETE"],
        ["$export", _, _] => &["GET", "HEAD"],
        [above @ .., operation] if operation.starts_with('$') => {
            let resource_type = above.first().and_then(|name| ResourceType::find(name));
            let known = Operation::find(&operation[1..], resource_type, above.len() > 1);
            // That there is no such operation is better said in a sentence about it.
            known.map_or(&["GET", "HEAD", "POST"], Operation::verbs)
        }
        [_] => &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        [_, _] => &["GET", "HEAD", "PUT", "PATCH", "DELETE"],
        [_, _, member] if *member == "*" || ResourceType::find(member).is_some() => &["GET", "HEAD"],
        [_, _, _, "_search"] => &["POST"],
        _ => &[],
    }
}

fn resource(body: Option<Value>) -> Result<Resource, Error> {
    let body = body.ok_or_else(|| Error::bad_request("The request has no body. Send the resource in it."))?;
    Resource::new(body)
}

/// The condition of a create. R4 has it in a header; clients of other servers write it into the address, and a condition that
/// is not heard makes duplicates.
fn if_none_exist(query: &str, header: Option<String>) -> Result<Option<String>, Error> {
    match (query, header) {
        ("", header) => Ok(header),
        (query, None) => Ok(Some(query.to_owned())),
        (_, Some(_)) => Err(Error::bad_request(
            "A create has one condition: in If-None-Exist, or in the query of its address.",
        )),
    }
}

fn update(resource_type: ResourceType, which: Which, request: Request) -> Result<Interaction, Error> {
    let resource = resource(request.body)?;
    expect_type(&resource, resource_type)?;
    Ok(Interaction::Write(Write::Update { which, resource, if_match: if_match(request.conditions)? }))
}

fn patch(resource_type: ResourceType, which: Which, request: Request) -> Result<Interaction, Error> {
    let patch = match (request.json_patch, request.merge_patch, request.body) {
        (Some(json_patch), ..) => Patch::of_json(&json_patch)?,
        (_, Some(merge_patch), _) => Patch::of_merge(merge_patch)?,
        (.., Some(body)) => Patch::of_resource(&body)?,
        (None, None, None) => {
            return Err(Error::bad_request("The request has no body. Send the patch in it."));
        }
    };
    Ok(Interaction::Write(Write::Patch {
        resource_type,
        which,
        patch,
        if_match: if_match_existing(request.conditions)?,
    }))
}

fn delete(resource_type: ResourceType, which: Which, request: Request) -> Result<Interaction, Error> {
    Ok(Interaction::Write(Write::Delete {
        resource_type,
        which,
        if_match: if_match_existing(request.conditions)?,
    }))
}

/// The resource must be of the type that the address is for.
pub(crate) fn expect_type(resource: &Resource, resource_type: ResourceType) -> Result<(), Error> {
    if resource.resource_type() == resource_type {
        return Ok(());
    }
    let found = resource.resource_type();
    let sentence = format!("The address is for {resource_type}, but the body is of the type {found}.");
    Err(Error::with_issue(
        Cause::BadRequest,
        fhir::Issue::error(fhir::IssueType::Invalid, sentence).at(format!("{found}.resourceType")),
    ))
}

/// An id that no resource can have is an address that nothing has.
fn known_id(id: &str) -> Result<Id, Error> {
    Id::parse(id).map_err(|_| Error::not_found("A resource with this id"))
}

/// `mode` says what of the capabilities is meant; other parameters are those of every interaction.
fn capabilities(parameters: &[(String, String)]) -> Result<Interaction, Error> {
    let mode = parameters.iter().find(|(name, _)| name == "mode").map(|(_, mode)| mode.as_str());
    match mode {
        None | Some("full" | "normative") => Ok(Interaction::Capabilities { of_terminology: false }),
        Some("terminology") => Ok(Interaction::Capabilities { of_terminology: true }),
        Some(_) => Err(Error::bad_request("The mode of metadata is one of full, normative, terminology.")),
    }
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
            merge_patch: None,
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
            (Verb::Put, "", 405),
            (Verb::Get, "Organization/1/Task", 404),
            (Verb::Get, "Patient/1/Organization", 404),
            (Verb::Get, "Patient/1/task", 404),
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
}
