//! How a search's statement is planned: once for all, or anew for its very values,
//! <https://www.postgresql.org/docs/current/sql-prepare.html>.
//!
//! A search that names one person, one request or one identifier finds few rows whatever the values are, one that names a team, or
//! its status, has an index in its order, and its one plan is right for all of them. What else is searched for may be true of nothing or of everything, and the caller may see all
//! of it or nothing: Postgres keeps the most common tokens and parties of resources, and only with the values can it choose
//! between going through everything in order and gathering a few.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fhir::Error;
use futures_util::future::join3;
use search::query::{Criterion, SortBy};
use search::{Hot, Query};
use tokio_postgres::Row;
use uuid::Uuid;

use super::criterion::uuids;
use super::order::Order;
use super::page::page_sql;
use super::sought::{Sought, Way};
use super::total_sql;
use crate::access::{Parameters, makes_circle};
use crate::{Access, Result, Store, error::from_postgres};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Once,
    Anew,
}

impl Plan {
    /// For matches in the order of last updates, or in none.
    pub(super) fn of(criteria: &[Criterion]) -> Self {
        let has = |column: Hot| criteria.iter().any(|criterion| is_in_column(criterion, column));
        let is_status = |criterion: &Criterion| matches!(criterion, Criterion::Status { negated: false, .. });
        let others = criteria.iter().filter(|criterion| !is_status(criterion)).count();
        let is_board = has(Hot::Owner) && others == 1 && criteria.len() <= 2;
        let is_one = |criterion: &Criterion| {
            matches!(criterion, Criterion::Identity { .. } | Criterion::Identifier { .. })
        };
        if is_board || has(Hot::Patient) || has(Hot::Focus) || criteria.iter().any(is_one) {
            return Self::Once;
        }
        Self::Anew
    }

    /// For a page, in its order.
    pub(super) fn of_page(query: &Query) -> Self {
        if is_by_update(query) { Self::of(&query.criteria) } else { Self::Anew }
    }
}

/// A caller who is a party to more than so much meets what it may read on every page; one who is a party to less may look for long, and the
/// patients of its circle of care are few enough to be gathered beforehand.
const FAR: f64 = 1000.0;

/// A token that more than so many have is common.
const COMMON: f64 = 5000.0;

/// How long it is remembered how much callers are a party to, and how common tokens are. It decides how a search is gone about, never
/// what it finds.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How many callers and tokens are remembered.
const MOST_REMEMBERED: usize = 10_000;

/// Of callers' organisations, whether they are a party to much, and of tokens, whether much has them, and when that was found out. Their
/// keys are of different things, and so never the same.
#[derive(Default)]
pub(crate) struct Reaches(Mutex<HashMap<Vec<Uuid>, (bool, Instant)>>);

impl Reaches {
    fn get(&self, own: &[Uuid]) -> Option<bool> {
        let known = self.0.lock().ok()?;
        known.get(own).filter(|(_, since)| since.elapsed() < REMEMBERED).map(|(far, _)| *far)
    }

    fn add(&self, own: &[Uuid], far: bool) {
        if let Ok(mut known) = self.0.lock() {
            if known.len() >= MOST_REMEMBERED {
                known.clear();
            }
            known.insert(own.to_vec(), (far, Instant::now()));
        }
    }
}

/// Whether its matches are in the order of last updates.
fn is_by_update(query: &Query) -> bool {
    query.sort.first().is_none_or(|sort| sort.by == SortBy::LastUpdated)
}

/// Whether it asks for resources of ours, in the column that answers for them.
fn is_in_column(criterion: &Criterion, column: Hot) -> bool {
    match criterion {
        Criterion::Reference { parameter, local, other, negated: false } => {
            parameter.hot == Some(column) && !local.is_empty() && other.is_empty()
        }
        _ => false,
    }
}

impl Store {
    /// The access of a page's statement that is planned so, in the form that suits the caller.
    pub(super) async fn suited(&self, access: &Access, plan: Plan) -> Result<Access> {
        match access.parties() {
            Some(own) if plan == Plan::Anew && !self.reaches_far(own).await? => Ok(access.at_once()),
            _ => Ok(access.clone()),
        }
    }

    /// The criteria of a query, each with the way that suits its page. Of what a team has, which is read in order, the next one that has a
    /// common token is not far: the token is looked for in each row, and not in its index, where all that have it would be gathered.
    pub(super) async fn sought(&self, query: &Query) -> Result<Vec<Sought>> {
        let mut sought = Sought::all(&query.criteria);
        let has_owner = query.criteria.iter().any(|criterion| is_in_column(criterion, Hot::Owner));
        if !has_owner || Plan::of_page(query) == Plan::Once || !is_by_update(query) {
            return Ok(sought);
        }
        for sought in &mut sought {
            if let Criterion::Keys { keys, negated: false, .. } = &sought.criterion
                && self.is_common(&uuids(keys)).await?
            {
                sought.way = Way::Row;
            }
        }
        Ok(sought)
    }

    /// Whether many resources have one of these tokens.
    async fn is_common(&self, tokens: &[Uuid]) -> Result<bool> {
        self.is_far("EXPLAIN SELECT FROM resource WHERE keys && $1", tokens, COMMON).await
    }

    /// Whether these organisations are a party to much.
    async fn reaches_far(&self, own: &[Uuid]) -> Result<bool> {
        let sql =
            format!("EXPLAIN SELECT FROM resource circle WHERE {} AND circle.parties && $1", makes_circle());
        self.is_far(&sql, own, FAR).await
    }

    /// Whether more than so much is found by these keys, as Postgres estimates it by its statistics.
    async fn is_far(&self, sql: &str, own: &[Uuid], limit: f64) -> Result<bool> {
        if let Some(far) = self.reaches.get(own) {
            return Ok(far);
        }
        let mut parameters = Parameters::default();
        parameters.push(own.to_vec());
        let rows = self.rows(sql, &parameters).await?;
        let line: &str = rows.first().map_or("", |row| row.get(0));
        let estimate = line.split("rows=").nth(1).and_then(|rest| rest.split(' ').next());
        let far = estimate.and_then(|number| number.parse::<f64>().ok()).is_some_and(|rows| rows > limit);
        self.reaches.add(own, far);
        Ok(far)
    }

    /// The rows of a search's statement.
    pub(crate) async fn planned(&self, plan: Plan, sql: &str, parameters: &Parameters) -> Result<Vec<Row>> {
        if plan == Plan::Once {
            return self.rows(sql, parameters).await;
        }
        let client = self.reader().await?;
        let statement = client.prepare_cached(sql).await.map_err(from_postgres)?;
        let parameters = parameters.as_slice();
        // One round trip: each is sent when it is first polled, and all are polled in this order, so that a request that is given up
        // leaves the connection as it was. After a statement that failed in a transaction, its ROLLBACK undoes the first one.
        let (set, rows, _) = join3(
            client.batch_execute("SET plan_cache_mode = force_custom_plan"),
            client.query(&statement, &parameters),
            client.batch_execute("SET plan_cache_mode = force_generic_plan"),
        )
        .await;
        let rows = rows.map_err(from_postgres)?;
        set.map_err(from_postgres)?;
        Ok(rows)
    }

    /// How Postgres goes about a page of a search, or about its total where it asks for nothing else: the plan that it makes for this
    /// caller and these values, a line a step.
    ///
    /// # Errors
    /// As those of [`Store::search`].
    pub async fn explain(&self, access: &Access, query: &Query) -> Result<Vec<String>> {
        let mut parameters = Parameters::default();
        let (plan, sql) = if query.count == 0 {
            (Plan::Anew, total_sql(&access.at_once(), query, &mut parameters))
        } else {
            let plan = Plan::of_page(query);
            let access = self.suited(access, plan).await?;
            let sought = self.sought(query).await?;
            let order = Order::of(query, &access, &mut parameters);
            let after = self.beyond(query, &order).await?;
            (plan, page_sql(&access, query, &sought, &order, after.as_deref(), &mut parameters))
        };
        let client = self.client().await?;
        let rows = match plan {
            // With values at hand, EXPLAIN plans for them, whatever is set.
            Plan::Anew => client.query(&format!("EXPLAIN (COSTS OFF) {sql}"), &parameters.as_slice()).await,
            Plan::Once => {
                let values = vec!["NULL"; parameters.as_slice().len()].join(", ");
                let prepared = format!("DEALLOCATE ALL; PREPARE explained AS {sql}");
                client.batch_execute(&prepared).await.map_err(from_postgres)?;
                client.query(&format!("EXPLAIN (COSTS OFF) EXECUTE explained ({values})"), &[]).await
            }
        };
        // Its prepared statements are gone.
        drop(deadpool_postgres::Object::take(client));
        Ok(rows.map_err(from_postgres)?.iter().map(|row| row.get(0)).collect())
    }

    /// The number that a statement counts.
    pub(crate) async fn counted(&self, plan: Plan, sql: &str, parameters: &Parameters) -> Result<i64> {
        let rows = self.planned(plan, sql, parameters).await?;
        rows.first().map(|row| row.get(0)).ok_or_else(|| Error::exception("a count has no row"))
    }
}
