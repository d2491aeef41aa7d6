//! The statement of one page of a search: places first, contents last, <https://hl7.org/fhir/R4/search.html#sort>.
//!
//! A search is divided into parts whose matches are in order by themselves, so that a page reads a handful of index entries.

use fhir::ResourceType;
use search::Query;
use search::query::Criterion;

use super::criterion::column;
use super::order::Order;
use super::plan::Plan;
use super::sought::{Sought, is_one_of};
use super::{cursor, meets};
use crate::access::Parameters;
use crate::{Access, Stored};

/// Up to so many resources that refer to what is searched for are looked up one by one. Where there are more, the next one in order is
/// never far, and resources are looked at in their order.
const FEW: usize = 3000;

/// How many branches a statement has at most.
const MOST_BRANCHES: usize = 10;

/// The columns that decide who may see a row.
const LABEL: &str = "r.resource_type, r.patient, r.parties, r.confidentiality";

/// The whole statement.
///
/// What matches is put in order first, and who may see it is asked of one match after the other, until the page is full: OFFSET
/// keeps the two apart. Where an index has the order nothing is read beyond that; where everything that matches has to be gathered
/// and sorted, the access of a page is looked up, and not that of all. A subquery's rows are filtered in their order. Where several
/// branches are merged each is read in the order of its index, as far as the page needs it.
pub(super) fn page_sql(
    access: &Access,
    query: &Query,
    sought: &[Sought],
    order: &Order,
    after: Option<&[cursor::Value]>,
    parameters: &mut Parameters,
) -> String {
    let limit = query.count + 1;
    let links = Links::of(query, order, parameters);
    let branches = branches(query, sought, order, after, links.as_ref());
    let has_index = order.is_by_seq() || order.is_by_date();
    let is_one = branches.len() == 1;
    let place = |branch: &Branch, parameters: &mut Parameters| {
        let mut filter = meets(access, &branch.types, &branch.sought, parameters);
        if let Part::Linked { few } = branch.part
            && let Some(links) = &links
        {
            filter.push_str(&format!(" AND {}", links.condition(few)));
        }
        if let Some(after) = after {
            let beyond = match branch.part {
                Part::All | Part::Linked { .. } => order.after(after, parameters),
                Part::Dated => {
                    format!("{} AND {}", order.from(after, parameters), order.after(after, parameters))
                }
                Part::Undated => order.missing(),
            };
            filter.push_str(&format!(" AND {beyond}"));
        }
        let visible = access.condition_of("r", &branch.types, parameters);
        let (columns, by) = (order.columns(), order.by_position());
        if !(has_index && (is_one || matches!(branch.part, Part::Linked { .. }))) {
            return format!(
                "SELECT r.seq, {columns} FROM resource r WHERE {filter} AND {visible} ORDER BY {by} LIMIT {limit}"
            );
        }
        format!(
            "SELECT r.seq, {} FROM (SELECT r.seq, {columns}, {LABEL} FROM resource r WHERE {filter} ORDER BY {by} OFFSET 0) AS r \
             WHERE {visible} LIMIT {limit}",
            order.own_names()
        )
    };
    let places = match branches.as_slice() {
        [only] => place(only, parameters),
        branches => {
            let parts: Vec<_> = branches.iter().map(|b| format!("({})", place(b, parameters))).collect();
            format!("{} ORDER BY {} LIMIT {limit}", parts.join(" UNION ALL "), order.by_position())
        }
    };
    format!(
        "{}SELECT {}, {} FROM ({places}) AS p JOIN version v ON v.seq = p.seq ORDER BY {}",
        links.map(|links| links.table()).unwrap_or_default(),
        Stored::COLUMNS,
        order.names(),
        order.by_name()
    )
}

/// The resources that refer to what is searched for, by a reference that has no column of its own. How many they are cannot be
/// estimated (who is common by one parameter may be rare by another), and so they are counted, as far as it matters.
struct Links {
    /// Which of the criteria it is.
    criterion: usize,
    /// What the target of a link is, and the number of the search parameter.
    target: String,
    parameter: i32,
}

impl Links {
    /// Of a search in the order of last updates that nothing else narrows for certain.
    fn of(query: &Query, order: &Order, parameters: &mut Parameters) -> Option<Self> {
        if !order.is_by_seq() || query.types.len() != 1 || Plan::of_page(query) == Plan::Once {
            return None;
        }
        query.criteria.iter().enumerate().find_map(|(criterion, of)| match of {
            Criterion::Reference { parameter, local, other, negated: false }
                if column(parameter).is_none() && !local.is_empty() && other.is_empty() =>
            {
                let target = is_one_of(local, parameters);
                Some(Self { criterion, target, parameter: parameter.number })
            }
            _ => None,
        })
    }

    fn table(&self) -> String {
        let Self { target, parameter, .. } = self;
        format!(
            "WITH few AS MATERIALIZED (SELECT source FROM reference_index \
             WHERE target {target} AND parameter = {parameter} LIMIT {}) ",
            FEW + 1
        )
    }

    /// The condition on a row of `resource r` for the part of the search that is carried out when they are few, or when they are not.
    fn condition(&self, few: bool) -> String {
        let Self { target, parameter, .. } = self;
        if few {
            return format!(
                "(SELECT count(*) FROM few) <= {FEW} AND r.key = ANY(ARRAY(SELECT source FROM few))"
            );
        }
        format!(
            "(SELECT count(*) FROM few) > {FEW} AND EXISTS (SELECT FROM reference_index link \
             WHERE link.target {target} AND link.parameter = {parameter} AND link.source = r.key OFFSET 0)"
        )
    }
}

/// A part of a search whose matches are in order by themselves.
struct Branch {
    types: Vec<ResourceType>,
    sought: Vec<Sought>,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    All,
    /// Of what lies after a cursor: what has a date, where that is what is sorted by.
    Dated,
    /// Of what lies after a cursor: what has no date, and comes last.
    Undated,
    /// By the links of the search, whether they are few or many: one of the two finds nothing, at no cost.
    Linked {
        few: bool,
    },
}

/// The parts of a search. In the order of last updates, one ordered branch for each status, team and person, or for each type
/// where nothing else narrows the search, reads a handful of index entries, where a single scan would read and sort all of them. In the order of
/// dates, what lies after a cursor is two ranges of the index.
fn branches(
    query: &Query,
    sought: &[Sought],
    order: &Order,
    after: Option<&[cursor::Value]>,
    links: Option<&Links>,
) -> Vec<Branch> {
    let branch = |types: &[ResourceType], sought: &[Sought]| Branch {
        types: types.to_vec(),
        sought: sought.to_vec(),
        part: Part::All,
    };
    let whole = || vec![branch(&query.types, sought)];
    if !order.is_by_seq() {
        let is_dated =
            after.and_then(|after| after.first()).is_some_and(|first| *first != cursor::Value::Missing);
        if is_dated && order.is_by_date() {
            let of = |part| Branch { part, ..branch(&query.types, sought) };
            return vec![of(Part::Dated), of(Part::Undated)];
        }
        return whole();
    }
    if let Some(links) = links {
        let mut others = sought.to_vec();
        others.remove(links.criterion);
        let of = |few| Branch { part: Part::Linked { few }, ..branch(&query.types, &others) };
        return vec![of(true), of(false)];
    }
    if query.types.len() > 1 {
        let is_narrow = |criterion: &Criterion| !matches!(criterion, Criterion::LastUpdated { .. });
        if query.criteria.iter().any(is_narrow) {
            return whole();
        }
        return query.types.iter().map(|of| branch(&[*of], sought)).collect();
    }
    let mut parts = vec![sought.to_vec()];
    for (at, of) in sought.iter().enumerate() {
        let alternatives = of.alternatives();
        if alternatives.len() < 2 || parts.len() * alternatives.len() > MOST_BRANCHES {
            continue;
        }
        let with = |part: &Vec<Sought>| {
            let mut all = vec![part.clone(); alternatives.len()];
            all.iter_mut().zip(&alternatives).for_each(|(part, only)| part[at] = only.clone());
            all
        };
        parts = parts.iter().flat_map(with).collect();
    }
    parts.into_iter().map(|part| branch(&query.types, &part)).collect()
}
