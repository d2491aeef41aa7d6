//! The files of an export, read in parts, <http://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-output-file-request>.
//!
//! Each version is loaded under the access of whoever reads the file: what was lost since it was selected is left out.

use deadpool_postgres::GenericClient;
use fhir::{Instant, Key, ResourceType};
use uuid::Uuid;

use crate::access::Parameters;
use crate::content::{resource_type, system_time};
use crate::{Access, Result, Store, Stored, error::from_postgres};

/// One file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    pub resource_type: ResourceType,
    /// Whether it tells deletions.
    pub deleted: bool,
    /// Its number among those of its type, from 1.
    pub number: i32,
    /// How many resources were selected for it.
    pub count: i64,
    /// How many parts it has.
    pub parts: i64,
}

impl Store {
    /// The files of an export.
    pub async fn export_files(&self, job: Uuid) -> Result<Vec<File>> {
        let client = self.client().await?;
        let rows =
            client.query(include_str!("../../sql/export_files.sql"), &[&job]).await.map_err(from_postgres)?;
        rows.iter()
            .map(|row| {
                Ok(File {
                    resource_type: resource_type(row, 0)?,
                    deleted: row.get(1),
                    number: row.get(2),
                    count: row.get(3),
                    parts: row.get(4),
                })
            })
            .collect()
    }

    /// The part of a file after this one (0: the first): its number, and the numbers of its versions.
    pub async fn export_part(&self, job: Uuid, file: &File, after: i32) -> Result<Option<(i32, Vec<i64>)>> {
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../../sql/export_part.sql")).await.map_err(from_postgres)?;
        let of_type = file.resource_type.number();
        let row = client
            .query_opt(&statement, &[&job, &of_type, &file.deleted, &file.number, &after])
            .await
            .map_err(from_postgres)?;
        Ok(row.map(|row| (row.get(0), row.get(1))))
    }

    /// These versions, in their order. A deletion is seen by those who saw what was deleted.
    pub async fn export_versions(&self, access: &Access, file: &File, seqs: &[i64]) -> Result<Vec<Stored>> {
        let mut parameters = Parameters::default();
        let n = parameters.push(seqs.to_vec());
        let visible = access.condition_of_version(if file.deleted { "b" } else { "v" }, &mut parameters);
        let before = match file.deleted {
            true => " JOIN version b ON b.key = v.key AND b.version_id = v.version_id - 1",
            false => "",
        };
        let sql = format!(
            "SELECT {} FROM version v{before} WHERE v.seq = ANY(${n}) AND {visible} ORDER BY v.seq",
            Stored::COLUMNS
        );
        self.many(&sql, &parameters).await
    }

    /// The version of a resource that was current at a moment, a deletion included, if this access may see it.
    pub async fn read_as_of(&self, access: &Access, key: Key, moment: Instant) -> Result<Option<Stored>> {
        let mut parameters = Parameters::default();
        let n = parameters.push(key.uuid());
        let moment = parameters.push(system_time(moment));
        let visible = access.condition_of_version("v", &mut parameters);
        let sql = format!(
            "SELECT {} FROM (SELECT * FROM version WHERE key = ${n} AND last_updated < ${moment} \
             ORDER BY version_id DESC LIMIT 1) v WHERE {visible}",
            Stored::COLUMNS
        );
        Ok(self.many(&sql, &parameters).await?.pop())
    }
}
