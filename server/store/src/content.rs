//! The stored form of a resource: zstd of its text without `resourceType`, `id`, `meta.versionId` and `meta.lastUpdated`,
//! which the database's own columns say, and which are put back when it is read. Nothing is parsed on the way out.

use std::cell::RefCell;

use bytes::Bytes;
use fhir::{Error, Instant, Key, Resource, ResourceType, VersionId};
use zstd::bulk::{Compressor, Decompressor};

use crate::{Operation, Result};

/// One version of a resource as it was stored.
#[derive(Clone, Debug)]
pub struct Stored {
    pub resource_type: ResourceType,
    pub id: String,
    pub version_id: VersionId,
    pub last_updated: Instant,
    pub operation: Operation,
    /// Its JSON text with `id` and `meta`; `None` for a deletion.
    pub text: Option<Bytes>,
    /// The order of changes in the whole database.
    pub seq: i64,
}

impl Stored {
    /// The identity of the resource.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::of_resource(self.resource_type, &self.id)
    }

    /// Its parsed form; `None` for a deletion.
    pub fn resource(&self) -> Result<Option<Resource>> {
        let Some(text) = &self.text else { return Ok(None) };
        let value = fhir::json::parse(text).map_err(Error::exception)?;
        Resource::new(value).map(Some)
    }

    pub(crate) const COLUMNS: &'static str =
        "v.resource_type, v.id, v.version_id, v.last_updated, v.operation, v.dictionary, v.content, v.seq";

    /// From the columns of [`Self::COLUMNS`], in that order, beginning with column `at`.
    pub(crate) fn from_row(row: &tokio_postgres::Row, at: usize) -> Result<Self> {
        let resource_type = resource_type(row, at)?;
        let id: String = row.get(at + 1);
        let version_id = VersionId::new(row.get(at + 2));
        let last_updated = instant(row.get(at + 3));
        let operation = Operation::from_code(row.get(at + 4))?;
        let content: Option<&[u8]> = row.get(at + 6);
        let text =
            content.map(|bytes| decode(bytes, resource_type, &id, version_id, last_updated)).transpose()?;
        Ok(Self { resource_type, id, version_id, last_updated, operation, text, seq: row.get(at + 7) })
    }
}

pub(crate) fn instant(time: std::time::SystemTime) -> Instant {
    let micros = match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
    };
    Instant::from_microseconds(micros)
}

/// The resource type whose number a column holds.
pub(crate) fn resource_type(row: &tokio_postgres::Row, at: usize) -> Result<ResourceType> {
    let number: i16 = row.get(at);
    ResourceType::from_number(number)
        .ok_or_else(|| Error::exception(format!("unknown resource type number {number}")))
}

/// The same point in the type that the database takes; what is before 1970 is clamped.
pub(crate) fn system_time(instant: Instant) -> std::time::SystemTime {
    let micros = u64::try_from(instant.microseconds()).unwrap_or(0);
    std::time::UNIX_EPOCH + std::time::Duration::from_micros(micros)
}

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The largest content that is read back; larger bodies are refused long before they are stored.
const LARGEST: usize = 64 << 20;

/// The content of a version that is to be written, made once for the database and for the answer.
#[derive(Clone, Debug)]
pub struct Content {
    /// The rest of its `meta`, a newline, and the rest of its members without the outer braces.
    plain: Bytes,
    pub(crate) compressed: Vec<u8>,
}

impl Content {
    /// The content of this resource.
    ///
    /// # Errors
    /// When it cannot be compressed, which is a fault of ours.
    pub fn of(resource: &Resource) -> Result<Self> {
        let plain = plain(resource)?;
        let compressed = COMPRESSOR.with_borrow_mut(|slot| {
            let compressor = match slot {
                Some(compressor) => compressor,
                None => slot.insert(Compressor::new(3).map_err(Error::exception)?),
            };
            compressor.compress(&plain).map_err(Error::exception)
        })?;
        Ok(Self { plain: plain.into(), compressed })
    }

    /// Its JSON text as this version: what every read of it will answer, byte for byte.
    #[must_use]
    pub fn text(
        &self,
        resource_type: ResourceType,
        id: &str,
        version_id: VersionId,
        last_updated: Instant,
    ) -> Bytes {
        text(&self.plain, resource_type, id, version_id, last_updated)
    }
}

fn plain(resource: &Resource) -> Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(1024);
    if let Some(meta) = resource.get("meta").and_then(fhir::Value::as_object) {
        let kept: fhir::Map<_, _> = meta
            .iter()
            .filter(|(name, _)| *name != "versionId" && *name != "lastUpdated")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        write_members(&mut plain, kept.iter())?;
    }
    plain.push(b'\n');
    write_members(
        &mut plain,
        resource.members().iter().filter(|(n, _)| !matches!(n.as_str(), "resourceType" | "id" | "meta")),
    )?;
    Ok(plain)
}

/// Each member with a comma before it: `,"status":"active"`.
fn write_members<'a>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (&'a String, &'a fhir::Value)>,
) -> Result<()> {
    for (name, value) in members {
        out.push(b',');
        serde_json::to_writer(&mut *out, name).map_err(Error::exception)?;
        out.push(b':');
        serde_json::to_writer(&mut *out, value).map_err(Error::exception)?;
    }
    Ok(())
}

fn decode(
    stored: &[u8],
    resource_type: ResourceType,
    id: &str,
    version_id: VersionId,
    last_updated: Instant,
) -> Result<Bytes> {
    let plain = DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => slot.insert(Decompressor::new().map_err(Error::exception)?),
        };
        let size = zstd::zstd_safe::get_frame_content_size(stored).ok().flatten().unwrap_or(0);
        let capacity = usize::try_from(size).unwrap_or(LARGEST).min(LARGEST);
        decompressor.decompress(stored, capacity).map_err(Error::exception)
    })?;
    Ok(text(&plain, resource_type, id, version_id, last_updated))
}

/// Puts back what the database's own columns say.
fn text(
    plain: &[u8],
    resource_type: ResourceType,
    id: &str,
    version_id: VersionId,
    last_updated: Instant,
) -> Bytes {
    let line = plain.iter().position(|b| *b == b'\n').unwrap_or(plain.len());
    let (meta, rest) = plain.split_at(line);
    let head = format!(
        r#"{{"resourceType":"{resource_type}","id":"{id}","meta":{{"versionId":"{version_id}","lastUpdated":"{last_updated}""#
    );
    let mut text = Vec::with_capacity(head.len() + plain.len() + 2);
    text.extend_from_slice(head.as_bytes());
    text.extend_from_slice(meta);
    text.push(b'}');
    text.extend_from_slice(rest.get(1..).unwrap_or_default());
    text.push(b'}');
    text.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_stored_is_what_is_read_with_our_version() {
        let given = json!({"resourceType": "Task", "id": "old", "status": "draft", "meta": {"tag": [{"code": "a\nb"}], "versionId": "7"},
            "x": {"value": 1, "text": "line\nbreak"}});
        let content = Content::of(&Resource::new(given).unwrap()).unwrap();
        let (version_id, last_updated) = (VersionId::new(2), Instant::from_microseconds(0));
        let text = decode(&content.compressed, ResourceType::TASK, "new", version_id, last_updated).unwrap();
        assert_eq!(text, content.text(ResourceType::TASK, "new", version_id, last_updated));
        assert_eq!(
            std::str::from_utf8(&text).unwrap(),
            r#"{"resourceType":"Task","id":"new","meta":{"versionId":"2","lastUpdated":"1970-01-01T00:00:00.000Z","tag":[{"code":"a\nb"}]},"status":"draft","x":{"value":1,"text":"line\nbreak"}}"#
        );
    }

    #[test]
    fn a_resource_without_anything_else_survives() {
        let stored =
            Content::of(&Resource::new(json!({"resourceType": "Basic"})).unwrap()).unwrap().compressed;
        let basic = ResourceType::find("Basic").unwrap();
        let text = decode(&stored, basic, "a", VersionId::FIRST, Instant::from_microseconds(0)).unwrap();
        assert!(serde_json::from_slice::<fhir::Value>(&text).is_ok());
    }
}
