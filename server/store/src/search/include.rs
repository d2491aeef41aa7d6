//! `_include` and `_revinclude`, <https://hl7.org/fhir/R4/search.html#revinclude>. What a caller may not see is left out.

use std::collections::HashSet;

use fhir::{Key, ResourceType};
use search::query::{Direction, Include};
use search::{Parameter, Query};

use super::criterion::only_column;
use super::link::{sources, targets};
use crate::access::Parameters;
use crate::{Access, Result, Store, Stored};

/// How many resources a page includes at most; the rest can be found by searching for it.
const MOST_INCLUDED: usize = 1000;

/// How often `:iterate` goes on.
const MOST_ROUNDS: usize = 5;

impl Store {
    /// What the matches of a page include, each resource once and no match again.
    pub(super) async fn included(
        &self,
        access: &Access,
        query: &Query,
        matches: &[Stored],
    ) -> Result<Vec<Stored>> {
        let mut known: HashSet<Key> = matches.iter().map(key).collect();
        let mut included: Vec<Stored> = Vec::new();
        let mut round: Vec<Stored> = matches.to_vec();
        for number in 0..MOST_ROUNDS {
            let mut found = Vec::new();
            for include in query.includes.iter().filter(|include| number == 0 || include.iterate) {
                found.extend(match include.direction {
                    Direction::Forward => self.referred(access, include, &round).await?,
                    Direction::Reverse => self.referring(access, include, &round).await?,
                });
            }
            found.retain(|stored| known.insert(key(stored)));
            found.truncate(MOST_INCLUDED - included.len());
            if found.is_empty() {
                break;
            }
            included.extend(found.iter().cloned());
            round = found;
        }
        Ok(included)
    }

    /// The resources that these refer to.
    async fn referred(&self, access: &Access, include: &Include, from: &[Stored]) -> Result<Vec<Stored>> {
        let sources: Vec<_> =
            from.iter().filter(|stored| include.sources.contains(&stored.resource_type)).collect();
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let mut parameters = Parameters::default();
        let n = parameters.push(sources.iter().map(|stored| key(stored).uuid()).collect::<Vec<_>>());
        let links = reference_parameters(include).map(|of| targets(of, &format!("= ANY(${n})")));
        self.linked(access, include.target.as_slice(), is_among(links), parameters).await
    }

    /// The resources that refer to these.
    async fn referring(&self, access: &Access, include: &Include, to: &[Stored]) -> Result<Vec<Stored>> {
        if to.is_empty() {
            return Ok(Vec::new());
        }
        let mut parameters = Parameters::default();
        let n = parameters.push(to.iter().map(|stored| key(stored).uuid()).collect::<Vec<_>>());
        let all: Vec<_> = reference_parameters(include).collect();
        if let [parameter] = all.as_slice()
            && let Some(column) = only_column(parameter)
        {
            let number = parameter.resource_type.number();
            let refers = format!("r.{column} = ANY(${n}) AND r.resource_type = {number}");
            return self.linked(access, &include.sources, Some(refers), parameters).await;
        }
        let links = all.iter().map(|of| sources(of, &format!("= ANY(${n})")));
        self.linked(access, &include.sources, is_among(links), parameters).await
    }

    /// The resources of these types, or of any when there is none, that meet a condition on `resource r`.
    async fn linked(
        &self,
        access: &Access,
        types: &[ResourceType],
        meets: Option<String>,
        mut parameters: Parameters,
    ) -> Result<Vec<Stored>> {
        let Some(meets) = meets else { return Ok(Vec::new()) };
        let visible = access.condition_of("r", types, &mut parameters);
        let types: Vec<_> = types.iter().map(|of| of.number().to_string()).collect();
        let of_type = match types.as_slice() {
            [] => String::new(),
            types => format!(" AND r.resource_type IN ({})", types.join(", ")),
        };
        let sql = format!(
            "SELECT {} FROM resource r JOIN version v ON v.seq = r.seq \
             WHERE {meets} AND NOT r.deleted{of_type} AND {visible} LIMIT {MOST_INCLUDED}",
            Stored::COLUMNS
        );
        self.many(&sql, &parameters).await
    }
}

/// The condition that a row of `resource r` is one of those whose keys these statements find; `None` without any.
fn is_among(links: impl Iterator<Item = String>) -> Option<String> {
    let links: Vec<_> = links.collect();
    (!links.is_empty()).then(|| format!("r.key IN ({})", links.join(" UNION ALL ")))
}

fn key(stored: &Stored) -> Key {
    Key::of_resource(stored.resource_type, &stored.id)
}

fn reference_parameters(include: &Include) -> impl Iterator<Item = &'static Parameter> {
    let all = include.sources.iter().flat_map(|source| search::registry().parameters(*source));
    all.filter(move |parameter| {
        parameter.kind == search::Kind::Reference
            && parameter.indexed
            && include.parameter.is_none_or(|wanted| wanted == *parameter)
    })
}
