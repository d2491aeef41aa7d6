//! How a search's statement is planned: once for all, or anew for its very values,
//! <https://www.postgresql.org/docs/current/sql-prepare.html>.
//!
//! A search that names one person, one request, one identifier or one team's status finds few rows whatever the values are, and its one
//! plan is right for all of them. What else is searched for may be true of nothing or of everything, and the caller may see all
//! of it or nothing: Postgres keeps the most common tokens and parties of resources, and only with the values can it choose
//! between going through everything in order and gathering a few.

use fhir::Error;
use futures_util::future::join3;
use search::Hot;
use search::query::Criterion;
use tokio_postgres::Row;

use crate::access::Parameters;
use crate::{Result, Store, error::from_postgres};

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
        let is_status =
            |criterion: &Criterion| matches!(criterion, Criterion::Status { negated: false, .. });
        let is_board = has(Hot::Owner) && criteria.iter().any(is_status) && criteria.len() == 2;
        let is_one = |criterion: &Criterion| {
            matches!(criterion, Criterion::Identity { .. } | Criterion::Identifier { .. })
        };
        if is_board || has(Hot::Patient) || has(Hot::Focus) || criteria.iter().any(is_one) {
            return Self::Once;
        }
        Self::Anew
    }
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

    /// The number that a statement counts.
    pub(crate) async fn counted(&self, plan: Plan, sql: &str, parameters: &Parameters) -> Result<i64> {
        let rows = self.planned(plan, sql, parameters).await?;
        rows.first().map(|row| row.get(0)).ok_or_else(|| Error::exception("a count has no row"))
    }
}
