//! The floor of searches: the same records in plain tables of the same Postgres, each search as the statement that a hand would write for
//! it, with the index that it needs, <https://www.postgresql.org/docs/current/indexes.html>.
//!
//! It holds the text of each record and what is searched for, nothing else: no access, no history, no other search.

use anyhow::Result;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::contest::Operation;
use super::records::Group;
use super::searches::{Question, Search};

/// Made once, before anything is loaded.
pub const TABLES: &str = "
    CREATE TABLE bench_floor.person (id text PRIMARY KEY, identifier text, c text);
    CREATE UNIQUE INDEX ON bench_floor.person (identifier);
    CREATE TABLE bench_floor.referral (id text PRIMARY KEY, seq bigserial, patient text, performer text, identifier text, priority text,
        authored timestamptz, c text);
    CREATE INDEX ON bench_floor.referral (patient, seq);
    CREATE INDEX ON bench_floor.referral (performer, seq);
    CREATE UNIQUE INDEX ON bench_floor.referral (identifier);
    CREATE INDEX ON bench_floor.referral (priority, authored);
    CREATE TABLE bench_floor.work (seq bigserial PRIMARY KEY, owner text, status text, priority text, focus text, authored timestamptz, c text);
    CREATE INDEX ON bench_floor.work (owner, status, seq);
    CREATE INDEX ON bench_floor.work (owner, priority, seq);
    CREATE INDEX ON bench_floor.work (status, seq);
    CREATE INDEX ON bench_floor.work (status, authored);
    CREATE INDEX ON bench_floor.work (focus);";

/// The text of a record of the floor: as long as what the server keeps of one.
const TEXT: &str = "repeat(md5(random()::text), 30)";

/// Loads groups of records.
pub async fn load(client: &Client, groups: &[Group]) -> Result<()> {
    let people: Vec<&str> = groups.iter().map(|group| group.patient.as_str()).collect();
    let identifiers: Vec<&str> = groups.iter().map(|group| group.person.as_str()).collect();
    let insert = format!(
        "INSERT INTO bench_floor.person SELECT i, n, {TEXT} FROM unnest($1::text[], $2::text[]) AS x (i, n)"
    );
    client.execute(&insert, &[&people, &identifiers]).await?;
    let mut columns: [Vec<&str>; 5] = Default::default();
    for group in groups {
        for referral in &group.referrals {
            let row = [
                &referral.identifier,
                &group.patient,
                &referral.performer,
                referral.priority,
                &referral.authored,
            ];
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
    }
    let insert = format!(
        "INSERT INTO bench_floor.referral (id, patient, performer, identifier, priority, authored, c)
         SELECT i, p, t, i, y, a::timestamptz, {TEXT} FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS x (i, p, t, y, a)"
    );
    client.execute(&insert, &columns.each_ref().map(|column| column as &(dyn ToSql + Sync))).await?;
    let mut columns: [Vec<&str>; 5] = Default::default();
    for group in groups {
        for task in &group.tasks {
            let focus = &group.referrals[task.focus].identifier;
            let row = [&task.owner, task.status, task.priority, focus, &task.authored];
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
    }
    let insert = format!(
        "INSERT INTO bench_floor.work (owner, status, priority, focus, authored, c)
         SELECT o, s, y, f, a::timestamptz, {TEXT} FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS x (o, s, y, f, a)"
    );
    client.execute(&insert, &columns.each_ref().map(|column| column as &(dyn ToSql + Sync))).await?;
    Ok(())
}

/// One search of the floor, on a connection of its own.
pub struct Look {
    pub client: Client,
    pub statement: Statement,
    pub search: &'static Search,
    pub questions: std::rc::Rc<Vec<Question>>,
    pub turn: usize,
}

impl Look {
    /// How many rows the next question has; for a count, the count.
    pub async fn found(&mut self) -> Result<usize> {
        let question = &self.questions[self.turn % self.questions.len()];
        self.turn += 1;
        let values: Vec<&(dyn ToSql + Sync)> =
            question.values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.client.query(&self.statement, &values).await?;
        if self.search.is_count {
            let counted: i64 = rows.first().map_or(0, |row| row.get(0));
            return Ok(usize::try_from(counted)?);
        }
        let length: usize = rows.iter().map(|row| row.get::<_, &str>(0).len()).sum();
        std::hint::black_box(length);
        Ok(rows.len())
    }
}

impl Operation for Look {
    async fn once(&mut self) -> Result<()> {
        self.found().await.map(drop)
    }
}
