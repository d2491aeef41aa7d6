//! The lines of an export's file, made while they are sent, <http://ndjson.org>. However large the file, a handful of resources is in
//! memory.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use ::search::Query;
use bytes::{Bytes, BytesMut};
use fhir::{Error, Issue, IssueType, outcome::operation_outcome};
use futures_util::stream::{Stream, try_unfold};
use serde_json::json;
use store::Stored;
use store::export::File;
use uuid::Uuid;

use super::asked::Asked;
use crate::reply::shown;
use crate::{Context, Handling, Server};

/// How many resources are fetched at a time.
const AT_A_TIME: usize = 64;

/// A file of an export that its reader may have.
#[derive(Clone, Debug)]
pub struct ExportFile(Content);

#[derive(Clone, Debug)]
enum Content {
    Notes(Bytes),
    Resources {
        job: Uuid,
        file: File,
        /// What is shown of them, where that is not everything.
        part: Option<Box<Query>>,
    },
}

/// Portions of whole lines.
pub type Lines = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

impl ExportFile {
    /// What was ignored of what was asked for.
    pub(super) fn notes(asked: &Asked) -> Self {
        let mut text = BytesMut::new();
        for note in &asked.notes {
            let issue = Issue::warning(IssueType::NotSupported, format!("Ignored: {note}"));
            text.extend_from_slice(operation_outcome(&[issue]).to_string().as_bytes());
            text.extend_from_slice(b"\n");
        }
        Self(Content::Notes(text.freeze()))
    }

    pub(super) fn of(server: &Server, job: Uuid, file: File, asked: &Asked) -> Result<Self, Error> {
        let of = file.resource_type;
        let names = asked.elements.iter().filter_map(|name| match name.split_once('.') {
            None => Some(name.as_str()),
            Some((named, element)) => (named == of.name()).then_some(element),
        });
        let names: Vec<&str> = names.collect();
        let mut part = None;
        if !names.is_empty() {
            let elements = [("_elements".to_owned(), names.join(","))];
            let query = ::search::parse(of, &elements, &server.search_options(Handling::Strict))?;
            part = Some(Box::new(query));
        }
        Ok(Self(Content::Resources { job, file, part }))
    }
}

/// The lines of a file for whoever reads it. They end with an error when the export is deleted meanwhile.
#[must_use]
pub fn lines(server: Arc<Server>, context: Context, file: &ExportFile) -> Lines {
    match file.0.clone() {
        Content::Notes(text) => Box::pin(futures_util::stream::once(async { Ok(text) })),
        Content::Resources { job, file, part } => {
            let reading =
                Reading { server, context, job, file, part, seqs: VecDeque::new(), parts: 0, after: 0 };
            Box::pin(try_unfold(reading, Reading::next))
        }
    }
}

/// How far a file was read.
struct Reading {
    server: Arc<Server>,
    context: Context,
    job: Uuid,
    file: File,
    part: Option<Box<Query>>,
    /// What is left of the part that is being read, how many parts that is the last of, and its number.
    seqs: VecDeque<i64>,
    parts: i64,
    after: i32,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        loop {
            if self.seqs.is_empty() {
                if self.parts == self.file.parts {
                    return Ok(None);
                }
                let part = self.server.store.export_part(self.job, &self.file, self.after).await?;
                let (number, seqs) = part.ok_or_else(|| Error::not_found("The rest of this file"))?;
                self.seqs = seqs.into();
                self.parts += 1;
                self.after = number;
            }
            let many = self.seqs.len().min(AT_A_TIME);
            let seqs: Vec<i64> = self.seqs.drain(..many).collect();
            let versions = self.server.store.export_versions(&self.context.access, &self.file, &seqs).await?;
            let mut text = BytesMut::new();
            for version in &versions {
                if let Some(line) = self.line(version)? {
                    text.extend_from_slice(&line);
                    text.extend_from_slice(b"\n");
                }
            }
            if !text.is_empty() {
                return Ok(Some((text.freeze(), self)));
            }
        }
    }

    fn line(&self, version: &Stored) -> Result<Option<Bytes>, Error> {
        if self.file.deleted {
            let url = format!("{}/{}", version.resource_type, version.id);
            let entry = json!({"request": {"method": "DELETE", "url": url}});
            let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
            return Ok(Some(bundle.to_string().into()));
        }
        let whole = shown(&self.context, version)?;
        let (Some(text), Some(part)) = (&whole, &self.part) else { return Ok(whole) };
        let resource = fhir::json::object(text)?;
        Ok(Some(::search::subset(&resource, part).to_string().into()))
    }
}
