//! What became of an export, <http://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-status-request>: how far it is, its manifest when
//! it is whole, its end on request.

use fhir::{Cause, Error, ResourceType};
use serde_json::{Value, json};
use store::export::{File, State, Status};
use uuid::Uuid;

use super::asked::Asked;
use super::lines::ExportFile;
use super::{NAME, owner};
use crate::reply::Export;
use crate::request::OfExport;
use crate::{Context, Reply, Server, Success};

impl Server {
    /// What is asked of an export that was begun.
    pub(crate) async fn of_export(&self, context: &Context, id: &str, of: &OfExport) -> Result<Reply, Error> {
        let unknown = || Error::not_found("This export");
        let job = Uuid::try_parse(id).map_err(|_| unknown())?;
        if *of == OfExport::End {
            return match self.store.forget_export(job, owner(context)).await? {
                true => Ok(Reply::of_export(Success::Accepted, None, Export::Ended)),
                false => Err(unknown()),
            };
        }
        let state = self.store.export_state(job, owner(context)).await?.ok_or_else(unknown)?;
        let asked: Asked = serde_json::from_str(&state.asked).map_err(Error::exception)?;
        match (of, state.status) {
            (OfExport::File(name), Status::Complete) => self.file(context, job, &asked, name).await,
            (OfExport::File(_), _) => Err(Error::not_found("This file")),
            (_, Status::Complete) => self.manifest(job, &asked, &state).await,
            (_, Status::Failed) => Err(match state.error.as_deref().unwrap_or_default() {
                "" => Error::new(Cause::Exception, "The export failed."),
                why => Error::new(Cause::Unprocessable, why),
            }),
            (_, Status::Accepted | Status::InProgress) => {
                let progress = match (state.status, state.found) {
                    (Status::Accepted, _) => "accepted, waiting for its turn".to_owned(),
                    (_, found) => format!("in progress, {found} resources found"),
                };
                Ok(Reply::of_export(Success::Accepted, None, Export::under_way(progress, state.age)))
            }
        }
    }

    async fn manifest(&self, job: Uuid, asked: &Asked, state: &State) -> Result<Reply, Error> {
        let files = self.store.export_files(job).await?;
        let url = |name: String| format!("{}/{NAME}/{job}/{name}", self.settings.base);
        let items = |deleted: bool| -> Vec<Value> {
            let files = files.iter().filter(|file| file.deleted == deleted);
            let item = |file: &File| {
                let of = if deleted { "Bundle" } else { file.resource_type.name() };
                json!({"type": of, "url": url(name(file)), "count": file.count})
            };
            files.map(item).collect()
        };
        let mut errors = Vec::new();
        if !asked.notes.is_empty() {
            let url = url(format!("{NOTES}.ndjson"));
            errors.push(json!({"type": "OperationOutcome", "url": url, "count": asked.notes.len()}));
        }
        let manifest = json!({
            "transactionTime": state.transaction_time.map(|time| time.to_string()),
            "request": asked.request,
            "requiresAccessToken": self.settings.asks_for_tokens,
            "output": items(false),
            "deleted": items(true),
            "error": errors,
        });
        let expires = state.expires;
        Ok(Reply::of_export(Success::Ok, Some(manifest.to_string().into()), Export::Whole { expires }))
    }

    async fn file(&self, context: &Context, job: Uuid, asked: &Asked, name: &str) -> Result<Reply, Error> {
        let file = match name.strip_suffix(".ndjson") {
            Some(NOTES) if !asked.notes.is_empty() => ExportFile::notes(asked),
            _ => {
                let files = self.store.export_files(job).await?;
                let file = files.into_iter().find(|file| self::name(file) == name);
                let file = file.ok_or_else(|| Error::not_found("This file"))?;
                context.caller.require(file.resource_type, auth::Right::Read)?;
                ExportFile::of(self, job, file, asked)?
            }
        };
        Ok(Reply::of_export(Success::Ok, None, Export::File(file)))
    }
}

/// The name of the file of notes, before its extension.
const NOTES: &str = "OperationOutcome-1";

/// The name of a file in its address: `Task-1.ndjson`.
fn name(file: &File) -> String {
    let File { resource_type, number, deleted, .. } = file;
    let prefix = if *deleted { "deleted-" } else { "" };
    format!("{prefix}{}-{number}.ndjson", ResourceType::name(*resource_type))
}
