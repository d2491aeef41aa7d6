//! patch, <https://hl7.org/fhir/R4/http.html#patch>: JSON Patch, FHIRPath Patch and JSON Merge Patch. What comes of it is validated and written
//! as an update is. XML Patch is not spoken here.

mod fhirpath;
mod json;
mod merge;
mod place;
mod result;

use auth::Right;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fhir::{Cause, Error, Issue, Key, Resource, ResourceType, Value};
use store::{Operation, Stored};

use self::fhirpath::FhirPathPatch;
use self::json::JsonPatch;
use self::merge::MergePatch;
use crate::Success;
use crate::request::{IfMatch, Which};
use crate::unit::{Planned, Unit};

/// The media type of a JSON Patch.
pub const JSON_PATCH: &str = "application/json-patch+json";

/// The media type of a JSON Merge Patch.
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// What is to be changed.
#[derive(Clone, Debug)]
pub struct Patch(Form);

#[derive(Clone, Debug)]
enum Form {
    Json(JsonPatch),
    FhirPath(FhirPathPatch),
    Merge(MergePatch),
}

impl Patch {
    /// The JSON Patch that this is.
    ///
    /// # Errors
    /// 400 for what is no list of operations.
    pub(crate) fn of_json(body: &Value) -> Result<Self, Error> {
        JsonPatch::read(body).map(Form::Json).map(Self)
    }

    /// The JSON Merge Patch that this is.
    ///
    /// # Errors
    /// 400 for what is no object.
    pub(crate) fn of_merge(body: Value) -> Result<Self, Error> {
        MergePatch::read(body).map(Form::Merge).map(Self)
    }

    /// The patch that this resource carries: Parameters of a FHIRPath Patch, or a Binary that holds a JSON Patch or a JSON Merge
    /// Patch, as it stands in an entry of a Bundle.
    ///
    /// # Errors
    /// 415 for any other resource, 400 for a patch that cannot be read.
    pub(crate) fn of_resource(body: &Value) -> Result<Self, Error> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        match text("resourceType") {
            Some("Parameters") => FhirPathPatch::read(body).map(Form::FhirPath).map(Self),
            Some("Binary") if matches!(text("contentType"), Some(JSON_PATCH | MERGE_PATCH)) => {
                let data = BASE64_STANDARD.decode(text("data").unwrap_or_default());
                let data = data.map_err(|_| Error::bad_request("The data of the Binary is not base64."))?;
                let patch = fhir::json::parse_patch(&data)?;
                if text("contentType") == Some(JSON_PATCH) {
                    Self::of_json(&patch)
                } else {
                    Self::of_merge(patch)
                }
            }
            _ => Err(Error::new(
                Cause::UnsupportedMediaType,
                format!(
                    "A patch is a JSON Patch ({JSON_PATCH}) or JSON Merge Patch ({MERGE_PATCH}), in a Bundle in a Binary of this contentType, or a FHIRPath Patch (a Parameters resource)."
                ),
            )),
        }
    }

    /// The resource that comes of it, with notes for the client.
    ///
    /// # Errors
    /// 400 for an operation that cannot be understood, 422 for one that cannot be carried out, or comes to no such resource.
    pub(crate) fn apply(&self, resource: &Resource) -> Result<(Resource, Vec<Issue>), Error> {
        let patched = match &self.0 {
            Form::Json(patch) => {
                let mut value = resource.value().clone();
                patch.apply(&mut value)?;
                value
            }
            Form::Merge(patch) => {
                let mut value = resource.value().clone();
                patch.apply(&mut value);
                value
            }
            Form::FhirPath(patch) => {
                let mut patched = resource.clone();
                patch.apply(&mut patched)?;
                patched.into_value()
            }
        };
        result::finish(resource, patched)
    }
}

impl Unit<'_> {
    /// Plans a patch of the current version.
    pub(crate) async fn patch(
        &mut self,
        resource_type: ResourceType,
        which: &Which,
        patch: &Patch,
        if_match: &IfMatch,
    ) -> Result<(Planned, Success), Error> {
        let (current, resource, notes) = self.patched(resource_type, which, patch, if_match).await?;
        let (planned, success) = self.follow(current, resource).await?;
        self.note(&planned, notes);
        Ok((planned, success))
    }

    /// The current version of a resource, and what a patch makes of it.
    ///
    /// # Errors
    /// 404 for what is not there, 410 for what is deleted, 412 for a stale `If-Match`.
    pub(crate) async fn patched(
        &self,
        resource_type: ResourceType,
        which: &Which,
        patch: &Patch,
        if_match: &IfMatch,
    ) -> Result<(Stored, Resource, Vec<Issue>), Error> {
        self.context.caller.require(resource_type, Right::Update)?;
        let current = match which {
            Which::Id(id) => {
                let key = Key::of_resource(resource_type, id.as_str());
                let current = self.server.store.read(&self.context.access, key).await?;
                current.ok_or_else(|| Error::not_found(&format!("{resource_type}/{id}")))?
            }
            Which::Condition(condition) => {
                let current = self.select_existing(resource_type, condition).await?;
                *current.ok_or_else(|| {
                    Error::not_found(&format!("A {resource_type} that matches '{condition}'"))
                })?
            }
        };
        let name = format!("{resource_type}/{}", current.id);
        if current.operation == Operation::Delete {
            return Err(Error::deleted(&name));
        }
        self.check_version(&name, &current, if_match, self.server.is_guarded(resource_type))?;
        let before = current.resource()?.ok_or_else(|| Error::exception("a version has no content"))?;
        let (resource, notes) = patch.apply(&before)?;
        Ok((current, resource, notes))
    }
}

#[cfg(test)]
mod tests;
