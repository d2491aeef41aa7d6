//! The versions of one resource, of types, or of everything, newest first. Each version is seen under its own label.
//!
//! Pages go on by keyset, from the time and the number of the last version: what is written meanwhile is newer, so every
//! version that was there when the walk began is seen once.

use fhir::{Instant, Key, ResourceType};

use crate::access::Parameters;
use crate::content::system_time;
use crate::search::cursor::{self, Value};
use crate::search::plan::Plan;
use crate::{Access, Result, Store, Stored};

/// A page of a history.
#[derive(Clone, Debug)]
pub struct Page {
    pub entries: Vec<Stored>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
    /// Of a history: [`Span::until`], as it was given for the first page.
    pub until: Option<Instant>,
}

/// Whose versions are asked for.
#[derive(Clone, Debug)]
pub enum Versions {
    OfResource(Key),
    OfTypes(Vec<ResourceType>),
}

/// Which of them.
#[derive(Clone, Debug, Default)]
pub struct Span {
    /// Only those made before this time, which is a settled one (see [`Store::settled`]). What follows a cursor is older anyway.
    pub until: Option<Instant>,
    /// Only those made at or after this time.
    pub since: Option<Instant>,
    /// Only those that were current at some time in this period, which ends before its second instant.
    pub at: Option<(Instant, Instant)>,
}

impl Store {
    /// Up to `count` versions, those after `cursor` when it is given. `asked` says what was asked for in the words of the request:
    /// a cursor belongs to one history.
    ///
    /// # Errors
    /// 400 for a cursor that was not made by this server for this history.
    pub async fn history(
        &self,
        access: &Access,
        versions: &Versions,
        span: &Span,
        cursor: Option<&str>,
        asked: &[&str],
        count: u32,
    ) -> Result<Page> {
        let secret = self.cursor_secret().await?;
        let after = cursor.map(|text| cursor::open(text, &secret, asked, 3)).transpose()?;
        let mut parameters = Parameters::default();
        let sql = sql(access, versions, span, after.as_deref(), count + 1, &mut parameters);
        let mut entries = self.many(&sql, &parameters).await?;
        let more = entries.len() > count as usize;
        entries.truncate(count as usize);
        let until = match after.as_deref() {
            Some([_, _, Value::Number(until)]) => Some(Instant::from_microseconds(*until)),
            Some(_) => None,
            None => span.until,
        };
        let place = |last: &Stored| {
            let until = until.map_or(Value::Missing, |until| Value::Number(until.microseconds()));
            [Value::Number(last.last_updated.microseconds()), Value::Number(last.seq), until]
        };
        let next = entries.last().filter(|_| more).map(|last| cursor::seal(&place(last), &secret, asked));
        Ok(Page { entries, next, until })
    }

    /// How many versions of a resource this access may see.
    pub async fn history_total(&self, access: &Access, key: Key) -> Result<i64> {
        let mut parameters = Parameters::default();
        let k = parameters.push(key.uuid());
        let visible = access.condition_of_version("v", &mut parameters);
        let sql = format!("SELECT count(*) FROM version v WHERE v.key = ${k} AND {visible}");
        self.counted(Plan::Once, &sql, &parameters).await
    }
}

fn sql(
    access: &Access,
    versions: &Versions,
    span: &Span,
    after: Option<&[Value]>,
    limit: u32,
    parameters: &mut Parameters,
) -> String {
    const ORDER: &str = "v.last_updated DESC, v.seq DESC";
    let mut filter = String::new();
    if let Some(since) = span.since {
        filter.push_str(&format!(" AND v.last_updated >= ${}", parameters.push(system_time(since))));
    }
    if let Some((low, high)) = span.at {
        let (low, high) = (parameters.push(system_time(low)), parameters.push(system_time(high)));
        filter.push_str(&format!(
            " AND v.last_updated < ${high} AND NOT EXISTS (SELECT FROM version n \
             WHERE n.key = v.key AND n.version_id = v.version_id + 1 AND n.last_updated <= ${low})"
        ));
    }
    if let Some([Value::Number(last_updated), Value::Number(seq), _]) = after {
        let at = parameters.push(system_time(Instant::from_microseconds(*last_updated)));
        let seq = parameters.push(*seq);
        filter.push_str(&format!(" AND (v.last_updated, v.seq) < (${at}, ${seq})"));
    }
    if let Some(until) = span.until.filter(|_| after.is_none()) {
        filter.push_str(&format!(" AND v.last_updated < ${}", parameters.push(system_time(until))));
    }
    filter.push_str(" AND ");
    filter.push_str(&access.condition_of_version("v", parameters));
    let columns = Stored::COLUMNS;
    match versions {
        Versions::OfResource(key) => {
            let key = parameters.push(key.uuid());
            format!(
                "SELECT {columns} FROM version v WHERE v.key = ${key}{filter} ORDER BY {ORDER} LIMIT {limit}"
            )
        }
        // Each type is one range of the index, and gives one page at most.
        Versions::OfTypes(types) => {
            let types: Vec<i16> = types.iter().map(|resource_type| resource_type.number()).collect();
            let types = parameters.push(types);
            format!(
                "SELECT {columns} FROM (SELECT p.seq FROM unnest(${types}::smallint[]) AS t (number) CROSS JOIN LATERAL (\
                 SELECT v.last_updated, v.seq FROM version v WHERE v.resource_type = t.number{filter} \
                 ORDER BY {ORDER} LIMIT {limit}) p ORDER BY p.last_updated DESC, p.seq DESC LIMIT {limit}) AS page \
                 JOIN version v ON v.seq = page.seq ORDER BY {ORDER}"
            )
        }
    }
}
