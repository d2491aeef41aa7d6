//! One version of one resource: the current one, or one by its version id.

use fhir::{Key, VersionId};
use tokio_postgres::Row;

use crate::access::Parameters;
use crate::{Access, Result, Store, Stored, error::from_postgres};

impl Store {
    /// The current version, a deletion included; `None` when there is none, or none that this access may see.
    pub async fn read(&self, access: &Access, key: Key) -> Result<Option<Stored>> {
        let mut parameters = Parameters::default();
        let n = parameters.push(key.uuid());
        let visible = access.condition("r", &mut parameters);
        let sql = format!(
            "SELECT {} FROM resource r JOIN version v ON v.seq = r.seq WHERE r.key = ${n} AND {visible}",
            Stored::COLUMNS
        );
        self.one(&sql, &parameters).await
    }

    /// The version with this id, a deletion included; `None` when there is none, or none that this access may see.
    pub async fn vread(&self, access: &Access, key: Key, version: VersionId) -> Result<Option<Stored>> {
        let mut parameters = Parameters::default();
        let n = parameters.push(key.uuid());
        let m = parameters.push(version.number());
        let visible = access.condition_of_version("v", &mut parameters);
        let sql = format!(
            "SELECT {} FROM version v WHERE v.key = ${n} AND v.version_id = ${m} AND {visible}",
            Stored::COLUMNS
        );
        self.one(&sql, &parameters).await
    }

    /// The current versions of these resources that are not deleted and that this access may see, in no order.
    pub async fn read_all(&self, access: &Access, keys: &[Key]) -> Result<Vec<Stored>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut parameters = Parameters::default();
        let n = parameters.push(keys.iter().map(|key| key.uuid()).collect::<Vec<_>>());
        let visible = access.condition("r", &mut parameters);
        let sql = format!(
            "SELECT {} FROM resource r JOIN version v ON v.seq = r.seq \
             WHERE r.key = ANY(${n}) AND NOT r.deleted AND {visible}",
            Stored::COLUMNS
        );
        self.many(&sql, &parameters).await
    }

    async fn one(&self, sql: &str, parameters: &Parameters) -> Result<Option<Stored>> {
        Ok(self.many(sql, parameters).await?.pop())
    }

    pub(crate) async fn many(&self, sql: &str, parameters: &Parameters) -> Result<Vec<Stored>> {
        self.rows(sql, parameters).await?.iter().map(|row| Stored::from_row(row, 0)).collect()
    }

    /// The rows of a statement that was put together from parts.
    pub(crate) async fn rows(&self, sql: &str, parameters: &Parameters) -> Result<Vec<Row>> {
        let client = self.reader().await?;
        let statement = client.prepare_cached(sql).await.map_err(from_postgres)?;
        client.query(&statement, &parameters.as_slice()).await.map_err(from_postgres)
    }
}
