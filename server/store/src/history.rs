//! The versions of one resource, newest first. Each version is seen under its own label.

use fhir::Key;

use crate::access::Parameters;
use crate::{Access, Result, Store, Stored};

/// A page of something that goes on.
#[derive(Clone, Debug)]
pub struct Page {
    pub entries: Vec<Stored>,
    /// Whether there is more after it.
    pub more: bool,
}

impl Store {
    /// Up to `count` versions of a resource, those before `before` (a version) when it is given.
    pub async fn history(&self, access: &Access, key: Key, before: Option<i32>, count: u32) -> Result<Page> {
        let mut parameters = Parameters::default();
        let k = parameters.push(key.uuid());
        let b = parameters.push(before.unwrap_or(i32::MAX));
        let l = parameters.push(i64::from(count) + 1);
        let visible = access.condition("v", &mut parameters);
        let sql = format!(
            "SELECT {} FROM version v WHERE v.key = ${k} AND v.version_id < ${b} AND {visible} \
             ORDER BY v.version_id DESC LIMIT ${l}",
            Stored::COLUMNS
        );
        let mut entries = self.many(&sql, &parameters).await?;
        let more = entries.len() > count as usize;
        entries.truncate(count as usize);
        Ok(Page { entries, more })
    }

    /// How many versions of a resource this access may see.
    pub async fn history_total(&self, access: &Access, key: Key) -> Result<i64> {
        let mut parameters = Parameters::default();
        let k = parameters.push(key.uuid());
        let visible = access.condition("v", &mut parameters);
        let sql = format!("SELECT count(*) FROM version v WHERE v.key = ${k} AND {visible}");
        self.count(&sql, &parameters).await
    }
}
