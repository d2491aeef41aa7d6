//! The record of one person: the patient, what belongs to its compartment, and the organisations, people and places that this
//! refers to. One statement a page, each row under the access of its reader.
//!
//! The patient comes first, then the others in the order of their last updates; what is written meanwhile comes at the end.

use fhir::{Instant, Key, ResourceType};

use crate::access::Parameters;
use crate::content::system_time;
use crate::search::cursor::{self, Value};
use crate::{Access, Membership, Page, Result, Store, Stored};

/// Whose record, and what of it.
#[derive(Clone, Debug)]
pub struct Record {
    pub patient: Key,
    pub membership: Membership,
    /// The types that are wanted, and may be read.
    pub types: Vec<ResourceType>,
    /// Only what was updated at or after this time.
    pub since: Option<Instant>,
    /// Only care of this period: from, and before. What has no date of care comes whatever the period.
    pub care: (Option<Instant>, Option<Instant>),
}

impl Store {
    /// Up to `count` resources of the record, those after `cursor` when it is given. `asked` says what was asked for in the
    /// words of the request: a cursor belongs to one record.
    ///
    /// # Errors
    /// 400 for a cursor that was not made by this server for this record.
    pub async fn everything(
        &self,
        access: &Access,
        record: &Record,
        cursor: Option<&str>,
        asked: &[&str],
        count: u32,
    ) -> Result<Page> {
        let secret = self.cursor_secret().await?;
        let after = cursor.map(|text| cursor::open(text, &secret, asked, 1)).transpose()?;
        let after = after.and_then(|values| match values.first() {
            Some(Value::Number(seq)) => Some(*seq),
            _ => None,
        });
        let mut parameters = Parameters::default();
        let sql = sql(access, record, after, count + 1, &mut parameters);
        let mut entries = self.many(&sql, &parameters).await?;
        let more = entries.len() > count as usize;
        entries.truncate(count as usize);
        // The patient stands before all others, whatever its place among the updates.
        let is_patient = |last: &Stored| Key::of_resource(last.resource_type, &last.id) == record.patient;
        let place = |last: &Stored| Value::Number(if is_patient(last) { 0 } else { last.seq });
        let next = entries.last().filter(|_| more).map(|last| cursor::seal(&[place(last)], &secret, asked));
        Ok(Page { entries, next, until: None })
    }
}

fn sql(
    access: &Access,
    record: &Record,
    after: Option<i64>,
    limit: u32,
    parameters: &mut Parameters,
) -> String {
    let types: Vec<i16> = record.types.iter().map(|known| known.number()).collect();
    let patient = parameters.push(record.patient.uuid());
    let types = parameters.push(types);
    let mut care = String::new();
    if let Some(from) = record.care.0 {
        care.push_str(&format!(" AND r.date_high > ${}", parameters.push(from.microseconds())));
    }
    if let Some(before) = record.care.1 {
        care.push_str(&format!(" AND r.date_low < ${}", parameters.push(before.microseconds())));
    }
    let of_the_time = format!(" AND (r.key = ${patient} OR r.date_low IS NULL OR (true{care}))");
    let tables = record.membership.tables(access, &of_the_time, parameters);
    let belongs = record.membership.condition(parameters);
    let visible = access.condition("r", parameters);
    let mut wanted = String::new();
    if let Some(since) = record.since {
        let since = parameters.push(system_time(since));
        wanted.push_str(&format!(" AND r.last_updated >= ${since}"));
    }
    if let Some(after) = after {
        wanted.push_str(&format!(" AND r.key <> ${patient} AND r.seq > ${}", parameters.push(after)));
    }
    let columns = Stored::COLUMNS;
    format!(
        "WITH {tables} \
         SELECT {columns} FROM (\
           SELECT r.seq, r.key <> ${patient} AS others FROM resource r \
           WHERE NOT r.deleted AND {visible} AND r.resource_type = ANY(${types}) AND {belongs}{wanted} \
           ORDER BY others, r.seq LIMIT {limit}\
         ) AS page JOIN version v ON v.seq = page.seq ORDER BY page.others, page.seq"
    )
}
