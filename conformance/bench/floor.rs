//! The floor: the same payloads in plain tables of the same Postgres, with prepared statements and nothing above them,
//! <https://www.postgresql.org/docs/current/sql-prepare.html>.
//!
//! It has no index but what it needs, no history, no validation and no HTTP: no server that stores durably in this Postgres can be
//! faster by much. Everything is in the schema `bench_floor`, which is dropped at the end.

use std::rc::Rc;

use anyhow::{Context as _, Result};
use futures_util::future::{join_all, join3};
use tokio_postgres::{Client, Config, NoTls, Statement};
use uuid::Uuid;

use super::board::{Board, PAGE};
use super::contest::Operation;
use super::memory::Known;
use super::payload::Payload;
use super::record_floor::{self, Look};
use super::records::Group;
use super::searches::{Question, Search};

/// The server's Postgres, by a way of its own.
pub struct Floor {
    config: Config,
    control: Client,
}

impl Floor {
    /// Connects and makes the schema anew.
    pub async fn open(database: &str) -> Result<Self> {
        let config: Config =
            database.trim().parse().context("the database's connection string cannot be read")?;
        let control = connect(&config).await?;
        let floor = Self { config, control };
        floor.close().await?;
        floor
            .control
            .batch_execute(
                "CREATE SCHEMA bench_floor;
                 CREATE TABLE bench_floor.f (id uuid PRIMARY KEY, c text);
                 CREATE TABLE bench_floor.task (owner text, status text, seq bigint, c text);
                 CREATE INDEX ON bench_floor.task (owner, status, seq);",
            )
            .await
            .context("the schema bench_floor cannot be made")?;
        floor
            .control
            .batch_execute(record_floor::TABLES)
            .await
            .context("the schema bench_floor cannot be made")?;
        Ok(floor)
    }

    /// Drops the schema.
    pub async fn close(&self) -> Result<()> {
        self.control
            .batch_execute("SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench_floor CASCADE")
            .await
            .context("the schema bench_floor cannot be dropped")
    }

    /// What decides how fast it can be: its version, and how durable a commit is.
    pub async fn settings(&self) -> Result<String> {
        let names = ["server_version", "fsync", "synchronous_commit", "shared_buffers"];
        let mut settings = Vec::new();
        for name in names {
            let value: String = self.control.query_one("SELECT current_setting($1)", &[&name]).await?.get(0);
            settings.push(format!("{name} {value}"));
        }
        Ok(settings.join(", "))
    }

    /// That many connections that insert one row at a time.
    pub async fn inserts(&self, count: usize, payload: &Payload, made: &Known<Uuid>) -> Result<Vec<Insert>> {
        let mut inserts = Vec::with_capacity(count);
        for _ in 0..count {
            let client = connect(&self.config).await?;
            let statement = client.prepare("INSERT INTO bench_floor.f (id, c) VALUES ($1, $2)").await?;
            inserts.push(Insert {
                client,
                statement,
                payload: payload.clone(),
                made: made.clone(),
                text: String::new(),
            });
        }
        Ok(inserts)
    }

    /// That many connections that insert that many rows in one transaction.
    pub async fn transactions(
        &self,
        count: usize,
        rows: usize,
        payload: &Payload,
    ) -> Result<Vec<Transaction>> {
        let inserts = self.inserts(count, payload, &Known::default()).await?;
        Ok(inserts.into_iter().map(|insert| Transaction { insert, rows }).collect())
    }

    /// That many connections that select one row by its key.
    pub async fn reads(&self, count: usize, known: &Known<Uuid>) -> Result<Vec<Read>> {
        let mut reads = Vec::with_capacity(count);
        for _ in 0..count {
            let client = connect(&self.config).await?;
            let statement = client.prepare("SELECT c FROM bench_floor.f WHERE id = $1").await?;
            reads.push(Read { client, statement, known: known.clone() });
        }
        Ok(reads)
    }

    /// Inserts rows of the board's table: owner, status and text of each, in their order.
    pub async fn load_tasks(&self, from: i64, rows: &[(String, &str, String)]) -> Result<()> {
        let owners: Vec<&str> = rows.iter().map(|(owner, _, _)| owner.as_str()).collect();
        let statuses: Vec<&str> = rows.iter().map(|(_, status, _)| *status).collect();
        let texts: Vec<&str> = rows.iter().map(|(_, _, text)| text.as_str()).collect();
        let insert = "INSERT INTO bench_floor.task (owner, status, seq, c)
                      SELECT owner, status, $1 + place, c
                      FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS row (owner, status, c, place)";
        self.control.execute(insert, &[&from, &owners, &statuses, &texts]).await?;
        Ok(())
    }

    /// Lets the planner know what was loaded.
    pub async fn analyze(&self) -> Result<()> {
        Ok(self.control.batch_execute("ANALYZE bench_floor.task").await?)
    }

    /// Loads groups of records for searches.
    pub async fn load_groups(&self, groups: &[Group]) -> Result<()> {
        record_floor::load(&self.control, groups).await
    }

    /// Does for every table of the database, the server's and these, what autovacuum would have done a minute later.
    pub async fn settle(&self) -> Result<()> {
        self.control.batch_execute("SET client_min_messages = error").await?;
        // On its own: several statements in one message are one transaction, in which nothing is vacuumed.
        Ok(self.control.batch_execute("VACUUM ANALYZE").await?)
    }

    /// A connection that asks the questions of a search.
    pub async fn look(&self, search: &'static Search, questions: Rc<Vec<Question>>) -> Result<Look> {
        let client = connect(&self.config).await?;
        let statement = client.prepare(search.floor).await?;
        Ok(Look { client, statement, search, questions, turn: 0 })
    }

    /// That many connections that update one row each.
    pub async fn updates(&self, count: usize, payload: &Payload, known: &Known<Uuid>) -> Result<Vec<Update>> {
        let mut updates = Vec::with_capacity(count);
        for _ in 0..count {
            let client = connect(&self.config).await?;
            let statement = client.prepare("UPDATE bench_floor.f SET c = $2 WHERE id = $1").await?;
            updates.push(Update {
                client,
                statement,
                payload: payload.clone(),
                known: known.clone(),
                text: String::new(),
            });
        }
        Ok(updates)
    }

    /// That many connections that select a board's page.
    pub async fn boards(&self, count: usize, board: &Rc<Board>) -> Result<Vec<Page>> {
        let select = format!(
            "SELECT c FROM bench_floor.task WHERE owner = $1 AND status = $2 ORDER BY seq DESC LIMIT {PAGE}"
        );
        let mut pages = Vec::with_capacity(count);
        for number in 0..count {
            let client = connect(&self.config).await?;
            let statement = client.prepare(&select).await?;
            pages.push(Page { client, statement, board: Rc::clone(board), turn: number });
        }
        Ok(pages)
    }
}

/// One row inserted, in a transaction of its own.
pub struct Insert {
    client: Client,
    statement: Statement,
    payload: Payload,
    made: Known<Uuid>,
    text: String,
}

impl Operation for Insert {
    async fn once(&mut self) -> Result<()> {
        self.text.clear();
        self.payload.write(&mut self.text);
        let id = Uuid::now_v7();
        self.client.execute(&self.statement, &[&id, &self.text]).await?;
        self.made.add(id);
        Ok(())
    }
}

/// Several rows inserted in one transaction, their statements sent without waiting in between.
pub struct Transaction {
    insert: Insert,
    rows: usize,
}

impl Operation for Transaction {
    async fn once(&mut self) -> Result<()> {
        let Insert { client, statement, payload, .. } = &self.insert;
        let rows: Vec<(Uuid, String)> = (0..self.rows)
            .map(|_| {
                let mut text = String::new();
                payload.write(&mut text);
                (Uuid::now_v7(), text)
            })
            .collect();
        // Each is sent when it is first polled, and all are polled in this order: one round trip. COMMIT after a failed insert rolls
        // back.
        let inserts =
            join_all(rows.iter().map(async |(id, text)| client.execute(statement, &[id, text]).await));
        let (began, inserted, committed) =
            join3(client.batch_execute("BEGIN"), inserts, client.batch_execute("COMMIT")).await;
        began?;
        for inserted in inserted {
            inserted?;
        }
        Ok(committed?)
    }
}

/// One row updated by its primary key.
pub struct Update {
    client: Client,
    statement: Statement,
    payload: Payload,
    known: Known<Uuid>,
    text: String,
}

impl Operation for Update {
    async fn once(&mut self) -> Result<()> {
        self.text.clear();
        self.payload.write(&mut self.text);
        let id = self.known.pick().context("there is nothing to update")?;
        self.client.execute(&self.statement, &[&id, &self.text]).await?;
        Ok(())
    }
}

/// One row selected by its primary key.
pub struct Read {
    client: Client,
    statement: Statement,
    known: Known<Uuid>,
}

impl Operation for Read {
    async fn once(&mut self) -> Result<()> {
        let id = self.known.pick().context("there is nothing to read")?;
        let text: String = self.client.query_one(&self.statement, &[&id]).await?.get(0);
        std::hint::black_box(text);
        Ok(())
    }
}

/// One page of the board.
pub struct Page {
    client: Client,
    statement: Statement,
    board: Rc<Board>,
    turn: usize,
}

impl Operation for Page {
    async fn once(&mut self) -> Result<()> {
        let owner = self.board.owner(self.turn);
        self.turn += 1;
        let rows = self.client.query(&self.statement, &[&owner, &super::board::STATUS]).await?;
        let length: usize = rows.iter().map(|row| row.get::<_, &str>(0).len()).sum();
        std::hint::black_box(length);
        Ok(())
    }
}

async fn connect(config: &Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await.context("no connection to the database")?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("a connection to the database ended: {error}");
        }
    });
    Ok(client)
}
