//! update and update as create, <https://hl7.org/fhir/R4/http.html#update>.

use auth::Right;
use fhir::{Cause, Error, Id, Issue, IssueType, Key, Resource, ResourceType};
use store::{Access, Operation, Stored};

use crate::Success;
use crate::conditional::Aim;
use crate::request::{IfMatch, Which, is_unmodified};
use crate::unit::{Planned, Unit};

impl Unit<'_> {
    /// Plans an update, <https://hl7.org/fhir/R4/http.html#cond-update> when it is conditional.
    pub(crate) async fn update(
        &mut self,
        which: &Which,
        resource: Resource,
        if_match: &IfMatch,
    ) -> Result<(Planned, Success), Error> {
        let condition = match which {
            Which::Id(id) => return self.update_at(id.clone(), resource, if_match).await,
            Which::Condition(condition) => condition,
        };
        match self.aim(condition, &resource, if_match).await? {
            Aim::Create(id, absent) => {
                self.require_absent(absent);
                Ok((self.draft_create(id, resource).await?, Success::Created))
            }
            Aim::Follow(current) => self.follow(*current, resource).await,
        }
    }

    /// Plans an update of the resource with this id. Of a type that clients may give ids to, one that is not there yet is created.
    pub(crate) async fn update_at(
        &mut self,
        id: Id,
        resource: Resource,
        if_match: &IfMatch,
    ) -> Result<(Planned, Success), Error> {
        let resource_type = resource.resource_type();
        self.context.caller.require(resource_type, Right::Update)?;
        check_id(&id, &resource)?;
        let is_workflow = self.server.is_guarded(resource_type);
        let key = Key::of_resource(resource_type, id.as_str());
        let name = format!("{resource_type}/{id}");
        let current = match self.server.store.read(&self.context.access, key).await? {
            Some(current) => current,
            None if matches!(if_match, IfMatch::Any | IfMatch::Versions(_)) => {
                return Err(stale(&name, None));
            }
            None if is_workflow => return Err(server_gives_ids(&name, resource_type)),
            None => match self.found_again(key, &name).await? {
                Some(current) => current,
                None => {
                    self.context.caller.require(resource_type, Right::Create)?;
                    return Ok((self.draft_create(id, resource).await?, Success::Created));
                }
            },
        };
        self.check_version(&name, &current, if_match, is_workflow)?;
        self.follow(current, resource).await
    }

    /// A second look at what the caller did not find: `None` when nothing has this key, and a version when one was made meanwhile.
    ///
    /// # Errors
    /// 404 for what the caller may not see: it is not there for the caller, and must not be overwritten either.
    pub(crate) async fn found_again(&self, key: Key, name: &str) -> Result<Option<Stored>, Error> {
        let store = &self.server.store;
        if store.read(&Access::system(), key).await?.is_none() {
            return Ok(None);
        }
        let current = store.read(&self.context.access, key).await?;
        current.map(Some).ok_or_else(|| Error::not_found(name))
    }

    /// Plans new content for this version, which brings a deleted resource back to life.
    pub(crate) async fn follow(
        &mut self,
        current: Stored,
        resource: Resource,
    ) -> Result<(Planned, Success), Error> {
        let success = if current.operation == Operation::Delete { Success::Created } else { Success::Ok };
        refuse_part(&resource)?;
        let id = Id::parse(&current.id)?;
        Ok((self.draft_update(id, current, resource).await?, success))
    }

    /// Whether `If-Match` allows to follow this version.
    pub(crate) fn check_version(
        &self,
        name: &str,
        current: &Stored,
        if_match: &IfMatch,
        is_required: bool,
    ) -> Result<(), Error> {
        match if_match {
            IfMatch::Absent | IfMatch::UnmodifiedSince(_)
                if is_required && self.server.settings.require_if_match =>
            {
                let sentence = format!(
                    "{name} can only be changed with the version that you have seen. Read it, and send If-Match: W/\"{}\" or the version you read.",
                    current.version_id
                );
                Err(Error::with_issue(
                    Cause::BadRequest,
                    Issue::error(IssueType::Required, sentence).by_rule("IC-VER-01"),
                ))
            }
            IfMatch::Versions(versions) if !versions.contains(&current.version_id) => {
                Err(stale(name, Some(current)))
            }
            IfMatch::UnmodifiedSince(since) if !is_unmodified(current.last_updated, *since) => {
                Err(stale(name, Some(current)))
            }
            IfMatch::Nothing if current.operation != Operation::Delete => Err(there_already(name)),
            IfMatch::Absent
            | IfMatch::Any
            | IfMatch::Versions(_)
            | IfMatch::Nothing
            | IfMatch::UnmodifiedSince(_) => Ok(()),
        }
    }
}

/// The refusal of a write that must find nothing there.
pub(crate) fn there_already(name: &str) -> Error {
    let sentence = format!("{name} is there already, where nothing was to be.");
    Error::with_issue(
        Cause::VersionMismatch,
        Issue::error(IssueType::Conflict, sentence).by_rule("IC-VER-02"),
    )
}

/// The refusal of an id that the client gave.
pub(crate) fn server_gives_ids(name: &str, resource_type: ResourceType) -> Error {
    let sentence = format!(
        "{name} is not known here, and the server gives {resource_type} resources their ids. POST it to {resource_type}."
    );
    Error::new(Cause::MethodNotAllowed, sentence)
}

/// The refusal of a write whose `If-Match` names no current version.
pub(crate) fn stale(name: &str, current: Option<&Stored>) -> Error {
    let sentence = match current {
        Some(current) => format!(
            "{name} has changed: its current version is {}. Read it again, and repeat your change on that version.",
            current.version_id
        ),
        None => format!("{name} is not known here, so it has no version that If-Match could name."),
    };
    Error::with_issue(
        Cause::VersionMismatch,
        Issue::error(IssueType::Conflict, sentence).by_rule("IC-VER-02"),
    )
}

/// A resource that was read with `_summary` or `_elements` would lose what it was read without.
fn refuse_part(resource: &Resource) -> Result<(), Error> {
    let tags = resource.members().get("meta").and_then(|meta| meta["tag"].as_array());
    if !tags.is_some_and(|tags| tags.iter().any(|tag| tag["code"] == "SUBSETTED")) {
        return Ok(());
    }
    let sentence = "This is a part of the resource: what it was read without would be lost. Read it without _summary and _elements, and change that.";
    Err(Error::with_issue(
        Cause::Unprocessable,
        Issue::error(IssueType::BusinessRule, sentence).at(format!("{}.meta.tag", resource.resource_type())),
    ))
}

fn check_id(id: &Id, resource: &Resource) -> Result<(), Error> {
    let resource_type = resource.resource_type();
    let sentence = match resource.id() {
        Some(given) if given == id.as_str() => return Ok(()),
        Some(given) => format!("The address names {resource_type}/{id}, but the body has the id '{given}'."),
        None => format!("The body of an update carries its id: \"id\": \"{id}\"."),
    };
    Err(Error::with_issue(
        Cause::BadRequest,
        Issue::error(IssueType::Invalid, sentence).at(format!("{resource_type}.id")),
    ))
}
