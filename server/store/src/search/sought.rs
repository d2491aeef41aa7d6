//! A criterion of a page, and the way by which its matches are looked for. The way decides how long it takes, never what is found.

use std::collections::BTreeSet;

use search::query::Criterion;
use search::{Hot, Parameter};

use super::criterion::{column, condition, uuids};
use crate::Access;
use crate::access::Parameters;
use fhir::Key;

/// See the module.
#[derive(Clone)]
pub(super) struct Sought {
    pub(super) criterion: Criterion,
    pub(super) way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As Postgres thinks best.
    Any,
    /// In each row that is met in the order of the page, by no index of its own.
    Row,
    /// Of references that may be several: the first, which is in the column, whose index is in order.
    First,
    /// Of references that may be several: those that are not in the column, where none of those in the column is asked for.
    Further,
}

impl Sought {
    /// Each of these, as Postgres thinks best.
    pub(super) fn all(criteria: &[Criterion]) -> Vec<Self> {
        criteria.iter().map(|criterion| Self::by(Way::Any, criterion.clone())).collect()
    }

    fn by(way: Way, criterion: Criterion) -> Self {
        Self { criterion, way }
    }

    /// The condition that the row of `resource` under this alias meets it.
    pub(super) fn condition(&self, alias: &str, access: &Access, parameters: &mut Parameters) -> String {
        match (&self.criterion, self.way) {
            (Criterion::Reference { parameter, local, .. }, Way::First) => {
                in_column(parameter, local, alias, parameters)
            }
            (Criterion::Reference { parameter, local, .. }, Way::Further) => {
                let first = in_column(parameter, local, alias, parameters);
                let n = parameters.push(uuids(local));
                format!(
                    "({alias}.key IN (SELECT source FROM reference_index WHERE parameter = {} AND target = ANY(${n})) \
                     AND ({first}) IS NOT TRUE)",
                    parameter.number
                )
            }
            (criterion, Way::Row) => {
                // What is asked of the truth of a condition is asked of no index.
                format!("({}) IS TRUE", condition(criterion, alias, access, parameters))
            }
            (criterion, _) => condition(criterion, alias, access, parameters),
        }
    }

    /// One that is met by one of several statuses, teams or persons, each of which has an index in the order of last updates, as one for
    /// each; no resource meets two of them. None where it is one already.
    pub(super) fn alternatives(&self) -> Vec<Self> {
        if self.way != Way::Any {
            return Vec::new();
        }
        match &self.criterion {
            Criterion::Status { parameter, codes, negated: false } => {
                let codes: BTreeSet<_> = codes.iter().cloned().collect();
                let of = |code| Criterion::Status { parameter, codes: vec![code], negated: false };
                codes.into_iter().map(|code| Self::by(Way::Any, of(code))).collect()
            }
            Criterion::Reference { parameter, local, other, negated: false }
                if matches!(parameter.hot, Some(Hot::Owner | Hot::Patient)) && other.is_empty() =>
            {
                let keys: BTreeSet<_> = local.iter().copied().collect();
                let of = |local| Criterion::Reference { parameter, local, other: Vec::new(), negated: false };
                let way = if parameter.may_have_more() { Way::First } else { Way::Any };
                let further = parameter.may_have_more() && !keys.is_empty();
                let further = further.then(|| Self::by(Way::Further, of(local.clone())));
                keys.into_iter().map(|key| Self::by(way, of(vec![key]))).chain(further).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The condition that the column of this parameter has one of these.
pub(super) fn in_column(
    parameter: &Parameter,
    local: &[Key],
    alias: &str,
    parameters: &mut Parameters,
) -> String {
    let Some(column) = column(parameter) else { return "false".to_owned() };
    format!("({alias}.{column} IS NOT NULL AND {alias}.{column} {})", is_one_of(local, parameters))
}

/// Being one of these: what follows the name of a column.
pub(super) fn is_one_of(keys: &[Key], parameters: &mut Parameters) -> String {
    match keys {
        [key] => format!("= ${}", parameters.push(key.uuid())),
        keys => format!("= ANY(${})", parameters.push(uuids(keys))),
    }
}
