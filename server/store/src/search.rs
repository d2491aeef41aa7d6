//! Searches: a [`Query`] becomes SQL with nothing but numbered parameters, <https://hl7.org/fhir/R4/search.html>.
//!
//! The place of every match is found first, on the narrow rows; contents are fetched for one page only. Pages go on by keyset:
//! a cursor holds the sort values of the last match, so that a page deep down costs what the first one costs, and a match that
//! nobody touches is neither repeated nor lost while others are written.

pub(crate) mod criterion;
pub(crate) mod cursor;
mod include;
mod link;
mod order;
mod page;
pub(crate) mod plan;
mod sought;

use deadpool_postgres::GenericClient;
use fhir::{Key, ResourceType};
use search::Query;
use search::query::{Criterion, Summary, Total};

use crate::access::Parameters;
use crate::change::Absent;
use crate::{Access, Result, Store, Stored, error::from_postgres};
use order::Order;
use page::page_sql;
use plan::Plan;
use sought::Sought;

/// One page of a search.
#[derive(Clone, Debug)]
pub struct Found {
    pub matches: Vec<Stored>,
    pub included: Vec<Stored>,
    pub total: Option<i64>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

impl Store {
    /// One page of what a caller may see of a search's matches, with what they include.
    ///
    /// # Errors
    /// 400 for a cursor that was not made by this server for this sort order.
    pub async fn search(&self, access: &Access, query: &Query) -> Result<Found> {
        let only_total = query.count == 0 || query.summary == Summary::Count;
        let mut found = Found { matches: Vec::new(), included: Vec::new(), total: None, next: None };
        if !only_total {
            self.page(access, query, &mut found).await?;
            found.included = self.included(access, query, &found.matches).await?;
        }
        let complete = query.cursor.is_none() && found.next.is_none();
        found.total = match query.total {
            _ if only_total => Some(self.total(access, query).await?),
            Total::None => None,
            _ if complete => Some(i64::try_from(found.matches.len()).unwrap_or(i64::MAX)),
            Total::Unspecified => None,
            Total::Estimate | Total::Accurate => Some(self.total(access, query).await?),
        };
        Ok(found)
    }

    /// The matches of a condition, at most `limit`: enough to tell none, one and several apart.
    pub async fn matching(
        &self,
        access: &Access,
        resource_type: ResourceType,
        criteria: &[Criterion],
        limit: u32,
    ) -> Result<Vec<Stored>> {
        let plan = Plan::of(criteria);
        let access = self.suited(access, plan).await?;
        let mut parameters = Parameters::default();
        let filter = filter(&access, &[resource_type], criteria, &mut parameters);
        let sql = format!(
            "SELECT {} FROM resource r JOIN version v ON v.seq = r.seq WHERE {filter} LIMIT {limit}",
            Stored::COLUMNS
        );
        let rows = self.planned(plan, &sql, &parameters).await?;
        rows.iter().map(|row| Stored::from_row(row, 0)).collect()
    }

    async fn total(&self, access: &Access, query: &Query) -> Result<i64> {
        let mut parameters = Parameters::default();
        let sql = total_sql(&access.at_once(), query, &mut parameters);
        self.counted(Plan::Anew, &sql, &parameters).await
    }

    async fn page(&self, access: &Access, query: &Query, found: &mut Found) -> Result<()> {
        let plan = Plan::of_page(query);
        let access = self.suited(access, plan).await?;
        let sought = self.sought(query).await?;
        let mut parameters = Parameters::default();
        let order = Order::of(query, &access, &mut parameters);
        let after = self.beyond(query, &order).await?;
        let sql = page_sql(&access, query, &sought, &order, after.as_deref(), &mut parameters);
        let rows = self.planned(plan, &sql, &parameters).await?;
        let count = query.count as usize;
        if rows.len() > count
            && let Some(last) = rows.get(count.saturating_sub(1))
        {
            let secret = self.cursor_secret().await?;
            found.next = Some(cursor::seal(&order.values(last, 8), &secret, &asked(query)));
        }
        found.matches = rows.iter().take(count).map(|row| Stored::from_row(row, 0)).collect::<Result<_>>()?;
        Ok(())
    }

    /// The sort values of the last match of the page before, which the query's cursor holds.
    async fn beyond(&self, query: &Query, order: &Order) -> Result<Option<Vec<cursor::Value>>> {
        let Some(text) = &query.cursor else { return Ok(None) };
        let secret = self.cursor_secret().await?;
        cursor::open(text, &secret, &asked(query), order.len()).map(Some)
    }

    pub(crate) async fn cursor_secret(&self) -> Result<Vec<u8>> {
        if let Some(secret) = self.cursor_secret.get() {
            return Ok(secret.clone());
        }
        let secret = self.secret("cursor").await?;
        Ok(self.cursor_secret.get_or_init(|| secret).clone())
    }
}

impl Absent {
    /// Whether something else than these resources matches by now.
    pub(crate) async fn is_outrun(&self, client: &impl GenericClient, except: &[Key]) -> Result<bool> {
        let mut parameters = Parameters::default();
        let mut filter = filter(&self.access, &[self.resource_type], &self.criteria, &mut parameters);
        if !except.is_empty() {
            let except: Vec<_> = except.iter().map(|key| key.uuid()).collect();
            filter.push_str(&format!(" AND r.key <> ALL(${})", parameters.push(except)));
        }
        let sql = format!("SELECT FROM resource r WHERE {filter} LIMIT 1");
        let statement = client.prepare_cached(&sql).await.map_err(from_postgres)?;
        let rows = client.query(&statement, &parameters.as_slice()).await.map_err(from_postgres)?;
        Ok(!rows.is_empty())
    }
}

/// What was asked for in the words of the request: a cursor belongs to one search, whatever the length of its pages.
fn asked(query: &Query) -> Vec<&str> {
    let asked = query.used.iter().filter(|(name, _)| name != "_count");
    let asked = asked.flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    [query.path.as_str()].into_iter().chain(asked).collect()
}

fn total_sql(access: &Access, query: &Query, parameters: &mut Parameters) -> String {
    let filter = filter(access, &query.types, &query.criteria, parameters);
    format!("SELECT count(*) FROM resource r WHERE {filter}")
}

/// The condition that a resource meets the criteria and may be seen.
fn filter(
    access: &Access,
    types: &[ResourceType],
    criteria: &[Criterion],
    parameters: &mut Parameters,
) -> String {
    let meets = meets(access, types, &Sought::all(criteria), parameters);
    let visible = access.condition_of("r", types, parameters);
    format!("{meets} AND {visible}")
}

/// The condition that a resource meets the criteria, whoever asks. (What they look at beside it is what may be seen.)
fn meets(access: &Access, types: &[ResourceType], sought: &[Sought], parameters: &mut Parameters) -> String {
    let numbers: Vec<_> = types.iter().map(|resource_type| resource_type.number().to_string()).collect();
    let mut filter = match numbers.as_slice() {
        [] => "false".to_owned(),
        [only] => format!("r.resource_type = {only} AND NOT r.deleted"),
        numbers => format!("r.resource_type IN ({}) AND NOT r.deleted", numbers.join(", ")),
    };
    for sought in sought {
        filter.push_str(" AND ");
        filter.push_str(&sought.condition("r", access, parameters));
    }
    filter
}
