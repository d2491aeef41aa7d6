//! `_sort` as SQL: the sort columns, and the condition of lying after a cursor. Missing values come last.

use search::query::{Sort, SortBy};
use search::{Hot, Kind, Parameter, Query};
use tokio_postgres::Row;

use super::cursor::Value;
use super::link::in_places;
use crate::Access;
use crate::access::Parameters;

/// The order of a search's matches. It is total: the identity of a resource breaks ties.
pub(super) struct Order(Vec<Column>);

struct Column {
    expression: String,
    descending: bool,
    kind: ColumnKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    Integer,
    Text,
    /// A number of any length; it leaves and enters the database as text.
    Decimal,
}

impl Order {
    pub(super) fn of(query: &Query, access: &Access, parameters: &mut Parameters) -> Self {
        let newest_first = [Sort { by: SortBy::LastUpdated, descending: true }];
        let sorts = if query.sort.is_empty() { &newest_first[..] } else { &query.sort };
        let mut columns = Vec::new();
        for sort in sorts {
            columns.push(Column::of(sort, access, parameters));
            if sort.by == SortBy::LastUpdated {
                return Self(columns);
            }
        }
        columns.push(Column { expression: "r.seq".to_owned(), descending: true, kind: ColumnKind::Integer });
        Self(columns)
    }

    pub(super) fn is_by_seq(&self) -> bool {
        self.0.len() == 1
    }

    /// Whether it begins with a date that has a column of its own, whose index is in this order.
    pub(super) fn is_by_date(&self) -> bool {
        self.0.first().is_some_and(|first| matches!(first.expression.as_str(), "r.date_low" | "r.date_high"))
    }

    /// Having the first of these sort values, which is none that is missing, or lying after it: a range of an index.
    pub(super) fn from(&self, values: &[Value], parameters: &mut Parameters) -> String {
        let first = self.0.first().zip(values.first());
        let bound = first.and_then(|(column, value)| {
            let not_before = if column.descending { "<=" } else { ">=" };
            Some(format!("{} {not_before} ${}", column.expression, value.push(parameters)?))
        });
        bound.unwrap_or_else(|| "true".to_owned())
    }

    /// Having no first sort value: lying after all that have one.
    pub(super) fn missing(&self) -> String {
        self.0.first().map_or_else(|| "false".to_owned(), |first| format!("{} IS NULL", first.expression))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// `expression AS s0, …`
    pub(super) fn columns(&self) -> String {
        self.join(|at, column| format!("{} AS s{at}", column.expression))
    }

    /// `r.s0, r.s1, …`
    pub(super) fn own_names(&self) -> String {
        self.join(|at, _| format!("r.s{at}"))
    }

    /// `p.s0, p.s1, …`
    pub(super) fn names(&self) -> String {
        self.join(|at, column| match column.kind {
            ColumnKind::Decimal => format!("p.s{at}::text"),
            ColumnKind::Integer | ColumnKind::Text => format!("p.s{at}"),
        })
    }

    /// The ORDER BY of the outer statement.
    pub(super) fn by_name(&self) -> String {
        self.join(|at, column| format!("p.s{at} {}", column.direction()))
    }

    /// The ORDER BY of the statement whose second column is the first sort column.
    pub(super) fn by_position(&self) -> String {
        self.join(|at, column| format!("{} {}", at + 2, column.direction()))
    }

    fn join(&self, part: impl Fn(usize, &Column) -> String) -> String {
        self.0.iter().enumerate().map(|(at, column)| part(at, column)).collect::<Vec<_>>().join(", ")
    }

    /// The sort values of a row, whose first sort column has this number.
    pub(super) fn values(&self, row: &Row, first: usize) -> Vec<Value> {
        let value = |(at, column): (usize, &Column)| match column.kind {
            ColumnKind::Integer => {
                row.get::<_, Option<i64>>(first + at).map_or(Value::Missing, Value::Number)
            }
            ColumnKind::Text | ColumnKind::Decimal => {
                row.get::<_, Option<String>>(first + at).map_or(Value::Missing, Value::Text)
            }
        };
        self.0.iter().enumerate().map(value).collect()
    }

    /// Lying after these sort values: equal in the first ones, and beyond in the next.
    pub(super) fn after(&self, values: &[Value], parameters: &mut Parameters) -> String {
        let mut alternatives = Vec::new();
        let mut equal: Vec<String> = Vec::new();
        for (column, value) in self.0.iter().zip(values) {
            let expression = &column.expression;
            let Some(n) = value.push(parameters) else {
                equal.push(format!("{expression} IS NULL"));
                continue;
            };
            let n = match column.kind {
                ColumnKind::Decimal => format!("${n}::text::numeric"),
                ColumnKind::Integer | ColumnKind::Text => format!("${n}"),
            };
            let beyond = if column.descending { "<" } else { ">" };
            let missing =
                if column.never_missing() { String::new() } else { format!(" OR {expression} IS NULL") };
            let mut parts = equal.clone();
            parts.push(format!("({expression} {beyond} {n}{missing})"));
            alternatives.push(parts.join(" AND "));
            equal.push(format!("{expression} = {n}"));
        }
        match alternatives.as_slice() {
            [] => "false".to_owned(),
            [only] => only.clone(),
            _ => format!("({})", alternatives.join(" OR ")),
        }
    }
}

/// `Type/id` of what a reference points to, where that is a resource of this server that can be seen.
fn address(parameter: &Parameter, extreme: &str, access: &Access, parameters: &mut Parameters) -> String {
    let names = parameter.targets.iter().map(|of| format!("WHEN {} THEN '{of}/'", of.number()));
    let names: Vec<_> = names.collect();
    let visible = access.condition("x", parameters);
    let targets = in_places(
        parameter,
        |column| format!("SELECT r.{column}"),
        || {
            let number = parameter.number;
            format!(
                "SELECT link.target FROM reference_index link WHERE link.source = r.key AND link.parameter = {number}"
            )
        },
    );
    format!(
        "(SELECT {extreme}(CASE x.resource_type {} END || sorted.id) FROM ({targets}) AS link (target) JOIN resource x ON x.key = link.target \
         JOIN version sorted ON sorted.seq = x.seq WHERE NOT x.deleted AND {visible})",
        names.join(" ")
    )
}

/// Being one of the numbers that stand for the values of this parameter.
fn among(parameter: &Parameter) -> String {
    match parameter.numbers().as_slice() {
        [only] => format!("= {only}"),
        numbers => {
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            format!("IN ({})", numbers.join(", "))
        }
    }
}

impl Column {
    fn of(sort: &Sort, access: &Access, parameters: &mut Parameters) -> Self {
        let (extreme, bound) = if sort.descending { ("max", "high") } else { ("min", "low") };
        let (expression, kind) = match sort.by {
            SortBy::LastUpdated => ("r.seq".to_owned(), ColumnKind::Integer),
            SortBy::Id => (
                "(SELECT sorted.id FROM version sorted WHERE sorted.seq = r.seq)".to_owned(),
                ColumnKind::Text,
            ),
            SortBy::Parameter(parameter) => {
                let (column, table, kind) = match (parameter.hot, parameter.kind) {
                    (Some(Hot::Status), _) => {
                        return Self::plain("r.status".to_owned(), sort, ColumnKind::Text);
                    }
                    (Some(Hot::Date), _) => {
                        return Self::plain(format!("r.date_{bound}"), sort, ColumnKind::Integer);
                    }
                    (_, Kind::Reference) => {
                        let expression = address(parameter, extreme, access, parameters);
                        return Self::plain(expression, sort, ColumnKind::Text);
                    }
                    (_, Kind::Token) if parameter.is_of_identifiers() => {
                        ("x.text".to_owned(), "identifier_index", ColumnKind::Text)
                    }
                    (_, Kind::Token) => {
                        let expression = format!(
                            "(SELECT {extreme}(x.text) FROM vocabulary x WHERE x.key = ANY(r.keys) AND x.parameter {})",
                            among(parameter)
                        );
                        return Self::plain(expression, sort, ColumnKind::Text);
                    }
                    (_, Kind::Date) => (bound.to_owned(), "date_index", ColumnKind::Integer),
                    (_, Kind::Number | Kind::Quantity) => (
                        format!("coalesce(x.measure_{bound}, x.{bound})"),
                        "quantity_index",
                        ColumnKind::Decimal,
                    ),
                    // Whole texts, not parts of them.
                    _ => (
                        "CASE WHEN x.exact <> '' THEN x.folded END".to_owned(),
                        "string_index",
                        ColumnKind::Text,
                    ),
                };
                let expression = format!(
                    "(SELECT {extreme}({column}) FROM {table} x WHERE x.source = r.key AND x.parameter {})",
                    among(parameter)
                );
                (expression, kind)
            }
        };
        Self::plain(expression, sort, kind)
    }

    fn plain(expression: String, sort: &Sort, kind: ColumnKind) -> Self {
        Self { expression, descending: sort.descending, kind }
    }

    fn never_missing(&self) -> bool {
        self.expression == "r.seq"
    }

    fn direction(&self) -> &'static str {
        match (self.descending, self.never_missing()) {
            (true, true) => "DESC",
            (true, false) => "DESC NULLS LAST",
            (false, _) => "ASC",
        }
    }
}
