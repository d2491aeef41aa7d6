//! `$validate`: what would become of a resource if it were sent, <https://hl7.org/fhir/R4/resource-operation-validate.html>.
//!
//! The write is planned exactly as the interaction would plan it, and then not carried out: the findings are the same.
//! Without a mode, a resource at a type is held to what a create would ask, one at an instance to what an update would ask,
//! as far as the caller may do these; a stored one is only looked at.

use auth::Right;
use canonical::{Profile, definitions};
use fhir::outcome::operation_outcome;
use fhir::{Cause, Error, Id, Issue, IssueType, Key, Resource, ResourceType, Severity};

use super::Call;
use crate::reply::shown;
use crate::request::{IfMatch, Which, Write, expect_type};
use crate::unit::{Work, named_by_rule};
use crate::{Context, Reply, Server};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// What the resource is to be held to, <https://hl7.org/fhir/R4/valueset-resource-validation-mode.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Create,
    Update,
    Delete,
    Profile,
}

impl Server {
    pub(super) async fn validate(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        let Some(resource_type) = call.resource_type else { return Err(call.unknown()) };
        let mode = call.parameters.text("mode").map(Mode::read).transpose()?;
        let nominated = call.parameters.text("profile").map(|url| profile(url, resource_type)).transpose()?;
        let given = match call.parameters.value("resource") {
            Some(value) => {
                let resource = Resource::new(value.clone())?;
                expect_type(&resource, resource_type)?;
                Some(resource)
            }
            None => None,
        };
        if mode == Some(Mode::Profile) && call.parameters.text("profile").is_none() {
            return Err(refuse("mode", "The mode 'profile' needs the parameter 'profile'."));
        }
        let resource = match (&given, &call.id) {
            _ if mode == Some(Mode::Delete) => None,
            (Some(resource), _) => Some(resource.clone()),
            (None, Some(id)) => Some(self.stored(context, resource_type, id).await?),
            (None, None) => {
                let sentence = "There is nothing to validate. Send the resource as the body, or as the parameter 'resource'.";
                return Err(refuse("resource", sentence));
            }
        };
        let mut issues = Vec::new();
        if let Some(resource) = &resource {
            let mut profiles = validation::profiles_for(resource, &self.validation);
            profiles.extend(nominated.flatten().filter(|n| !profiles.iter().any(|p| std::ptr::eq(*p, *n))));
            let findings =
                named_by_rule(validation::validate_against(resource, &profiles, &self.validation), resource);
            issues.extend(findings.into_iter().map(|finding| finding.issue));
        }
        // As for the write itself, invariants do not stop the rules of the workflow from being asked.
        if !issues.iter().any(|issue| issue.is_error() && issue.code != IssueType::Invariant)
            && let Some(write) = self.write_of(context, call, resource_type, mode, given).await?
        {
            let found = match self.rehearse(context, &Work::Write(write)).await {
                Ok(found) => found,
                Err(error) if error.cause().status() >= 500 => return Err(error),
                Err(error) => error.into_issues(),
            };
            for issue in found {
                if !issues.contains(&issue) {
                    issues.push(issue);
                }
            }
        }
        if !issues.iter().any(Issue::is_error) {
            let sentence = "Nothing stands in the way. Nothing was stored.";
            issues.push(Issue::new(Severity::Information, IssueType::Informational, sentence));
        }
        Ok(Reply::resource(operation_outcome(&issues).to_string().into()))
    }

    /// The write that the mode stands for; none when only the content is looked at.
    async fn write_of(
        &self,
        context: &Context,
        call: &Call,
        resource_type: ResourceType,
        mode: Option<Mode>,
        given: Option<Resource>,
    ) -> Result<Option<Write>, Error> {
        let may = |right| context.caller.has(resource_type, right);
        let mode = match (mode, &given, &call.id) {
            (Some(mode), ..) => mode,
            (None, Some(_), None) if may(Right::Create) => Mode::Create,
            (None, Some(_), Some(_)) if may(Right::Update) => Mode::Update,
            (None, ..) => return Ok(None),
        };
        let id = || {
            let named = call.id.as_deref().or_else(|| given.as_ref().and_then(Resource::id));
            let sentence = format!("Which {resource_type} is meant? Name its id in the address.");
            let at_id = |issue: Issue| issue.at(format!("{resource_type}.id"));
            named.ok_or_else(|| refuse("mode", sentence)).and_then(|id| {
                Id::parse(id).map_err(|error| {
                    let issues = error.into_issues().into_iter().map(at_id).collect();
                    Error::with_issues(Cause::BadRequest, issues)
                })
            })
        };
        Ok(match (mode, &given) {
            (Mode::Profile, _) | (Mode::Create | Mode::Update, None) => None,
            (Mode::Create, Some(resource)) => {
                Some(Write::Create { resource: resource.clone(), if_none_exist: None })
            }
            (Mode::Update, Some(resource)) => {
                let (id, resource) = (id()?, resource.clone());
                let if_match = self.current(context, resource_type, &id).await?;
                Some(Write::Update { which: Which::Id(id), resource, if_match })
            }
            (Mode::Delete, _) => {
                let id = id()?;
                let if_match = self.current(context, resource_type, &id).await?;
                Some(Write::Delete { resource_type, which: Which::Id(id), if_match })
            }
        })
    }

    /// The version that the caller would have seen, so that nobody has to name one to validate.
    async fn current(
        &self,
        context: &Context,
        resource_type: ResourceType,
        id: &Id,
    ) -> Result<IfMatch, Error> {
        let key = Key::of_resource(resource_type, id.as_str());
        let stored = self.store.read(&context.access, key).await?;
        Ok(stored.map_or(IfMatch::Absent, |stored| IfMatch::Versions(vec![stored.version_id])))
    }

    async fn stored(
        &self,
        context: &Context,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Resource, Error> {
        context.caller.require(resource_type, Right::Read)?;
        let key = Key::of_resource(resource_type, id);
        let stored = self.store.read(&context.access, key).await?;
        let stored = crate::read::present(stored, resource_type, id)?;
        let text = shown(context, &stored)?.unwrap_or_default();
        Resource::new(serde_json::from_slice(&text).map_err(Error::exception)?)
    }
}

impl Mode {
    fn read(code: &str) -> Result<Self, Error> {
        match code {
            "create" => Ok(Self::Create),
            "update" => Ok(Self::Update),
            "delete" => Ok(Self::Delete),
            "profile" => Ok(Self::Profile),
            _ => {
                let sentence = "The parameter 'mode' of $validate is one of create, update, delete, profile.";
                Err(refuse("mode", sentence))
            }
        }
    }
}

/// What is wrong with the parameter of this name.
fn refuse(parameter: &str, sentence: impl Into<String>) -> Error {
    Error::with_issue(Cause::BadRequest, Issue::error(IssueType::Invalid, sentence).at(place(parameter)))
}

fn place(parameter: &str) -> String {
    format!("Parameters.parameter.where(name = '{parameter}')")
}

/// The profile with this url; `None` for the base definition, which counts always.
fn profile(url: &str, resource_type: ResourceType) -> Result<Option<&'static Profile>, Error> {
    let name = resource_type.name();
    if url.strip_prefix(CORE) == Some(name) {
        return Ok(None);
    }
    match definitions().profile(url) {
        Some(profile) if profile.type_name == name => Ok(Some(profile)),
        Some(profile) => {
            let sentence =
                format!("The profile '{url}' is for {}, and the address is for {name}.", profile.type_name);
            Err(refuse("profile", sentence))
        }
        None => {
            let short: String = url.chars().take(100).collect();
            let known: Vec<_> = definitions()
                .profiles()
                .iter()
                .filter(|profile| profile.type_name == name)
                .map(|profile| profile.url.as_str())
                .collect();
            let known =
                if known.is_empty() { String::new() } else { format!(" Known are: {}.", known.join(", ")) };
            Err(Error::with_issue(
                Cause::BadRequest,
                Issue::error(
                    IssueType::NotSupported,
                    format!(
                        "The profile '{short}' is not known here, so that nothing can be held to it.{known}"
                    ),
                )
                .at(place("profile")),
            ))
        }
    }
}
