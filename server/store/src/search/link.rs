//! Where references are kept: in a column of the row, in `reference_index`, or the first in the one and the others in the other (see
//! [`search::Hot`]).

use search::Parameter;

use super::criterion::column;

/// What is asked of each place where references of this parameter are, of its column and of the table, in one list.
pub(super) fn in_places(
    parameter: &Parameter,
    of_column: impl Fn(&'static str) -> String,
    of_table: impl Fn() -> String,
) -> String {
    let by_column = column(parameter).map(of_column);
    let is_in_table = by_column.is_none() || parameter.may_have_more();
    by_column.into_iter().chain(is_in_table.then(of_table)).collect::<Vec<_>>().join(" UNION ALL ")
}

/// The keys of what refers by this parameter to something of which this holds: `= $1` or `IN (…)`.
pub(super) fn sources(parameter: &Parameter, target: &str) -> String {
    let of_type = format!("resource_type = {}", parameter.resource_type.number());
    in_places(
        parameter,
        |column| {
            format!("SELECT key FROM resource WHERE {column} IS NOT NULL AND {column} {target} AND {of_type}")
        },
        || {
            format!(
                "SELECT source FROM reference_index WHERE parameter = {} AND target {target}",
                parameter.number
            )
        },
    )
}

/// The keys of what is referred to by this parameter from something of which this holds: `= $1` or `IN (…)`.
pub(super) fn targets(parameter: &Parameter, source: &str) -> String {
    let of_type = format!("resource_type = {}", parameter.resource_type.number());
    in_places(
        parameter,
        |column| format!("SELECT {column} FROM resource WHERE key {source} AND {of_type}"),
        || {
            format!(
                "SELECT target FROM reference_index WHERE source {source} AND parameter = {}",
                parameter.number
            )
        },
    )
}
