//! What an interaction answers, before it becomes HTTP or a Bundle entry.

use std::time::Duration;

use bytes::Bytes;
use fhir::{Error, Instant, Issue, ResourceType, VersionId, outcome::operation_outcome};
use store::{Stored, Written};

use crate::{Context, ExportFile};

/// How an interaction succeeded, <https://hl7.org/fhir/R4/http.html#summary>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    Ok,
    Created,
    /// It goes on after the answer, or will not.
    Accepted,
    NoContent,
    /// The client has it already.
    NotModified,
}

impl Success {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::Created => 201,
            Self::Accepted => 202,
            Self::NoContent => 204,
            Self::NotModified => 304,
        }
    }

    /// The HTTP status with its phrase, as it stands in `Bundle.entry.response.status`.
    #[must_use]
    pub fn status_line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::Created => "201 Created",
            Self::Accepted => "202 Accepted",
            Self::NoContent => "204 No Content",
            Self::NotModified => "304 Not Modified",
        }
    }
}

/// The identity of the version that a reply is about: for `Location`, `ETag` and `Last-Modified`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub resource_type: ResourceType,
    pub id: String,
    pub version_id: VersionId,
    pub last_updated: Instant,
}

impl Version {
    pub(crate) fn of(stored: &Stored) -> Self {
        Self {
            resource_type: stored.resource_type,
            id: stored.id.clone(),
            version_id: stored.version_id,
            last_updated: stored.last_updated,
        }
    }

    pub(crate) fn written(resource_type: ResourceType, id: &str, written: &Written) -> Self {
        Self {
            resource_type,
            id: id.to_owned(),
            version_id: written.version_id,
            last_updated: written.last_updated,
        }
    }

    /// `Type/id/_history/version`, relative to the base.
    #[must_use]
    pub fn location(&self) -> String {
        format!("{}/{}/_history/{}", self.resource_type, self.id, self.version_id)
    }

    /// The weak entity tag: `W/"3"`.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version_id)
    }
}

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub success: Success,
    /// The JSON text of the resource that is the answer, or that was written.
    pub body: Option<Bytes>,
    /// The version that was read or written; searches and operations have none.
    pub version: Option<Version>,
    /// Warnings and notes on a write, for `Prefer: return=OperationOutcome`.
    pub issues: Vec<Issue>,
    /// What became of an export, or of something else that is carried out later.
    pub export: Option<Export>,
}

/// The longest time after which a client may ask again, in seconds.
const PATIENCE: u64 = 60;

/// What became of an export, <http://hl7.org/fhir/uv/bulkdata/export.html>.
#[derive(Clone, Debug)]
pub enum Export {
    /// It is asked after at this address below the base.
    Begun {
        address: String,
    },
    /// How far it is, and after how many seconds it may be asked after again.
    UnderWay {
        progress: String,
        again_s: u64,
    },
    /// Its files can be read until then.
    Whole {
        expires: Instant,
    },
    Ended,
    File(ExportFile),
}

impl Export {
    /// Under way since that time: what takes long is asked after less often.
    pub(crate) fn under_way(progress: String, age: Duration) -> Self {
        Self::UnderWay { progress, again_s: (age.as_secs() / 4).clamp(1, PATIENCE) }
    }
}

impl Reply {
    /// An answer that is a resource without a version of its own: a Bundle, Parameters, a CapabilityStatement.
    #[must_use]
    pub fn resource(body: Bytes) -> Self {
        Self { success: Success::Ok, body: Some(body), version: None, issues: Vec::new(), export: None }
    }

    pub(crate) fn of_export(success: Success, body: Option<Bytes>, export: Export) -> Self {
        Self { success, body, version: None, issues: Vec::new(), export: Some(export) }
    }

    pub(crate) fn stored(context: &Context, stored: Stored) -> Result<Self, Error> {
        let version = Some(Version::of(&stored));
        Ok(Self {
            success: Success::Ok,
            body: shown(context, &stored)?,
            version,
            issues: Vec::new(),
            export: None,
        })
    }

    /// The OperationOutcome of a success: its warnings, or one sentence.
    #[must_use]
    pub fn outcome(&self) -> Bytes {
        let done = [Issue::new(fhir::Severity::Information, fhir::IssueType::Informational, "Done.")];
        let issues = if self.issues.is_empty() { &done[..] } else { &self.issues };
        operation_outcome(issues).to_string().into()
    }
}

/// The text of a version as it is shown to whoever reads it: without the secrets that a Subscription holds for its endpoint.
pub(crate) fn shown(context: &Context, stored: &Stored) -> Result<Option<Bytes>, Error> {
    if stored.resource_type != ResourceType::SUBSCRIPTION || context.is_server {
        return Ok(stored.text.clone());
    }
    Ok(stored.resource()?.map(|mut resource| {
        subscription::mask(&mut resource);
        resource.value().to_string().into()
    }))
}
