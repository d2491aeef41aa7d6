//! One criterion as a condition in SQL. It decides on the index rows exactly as [`search::matches`] does in memory.

use std::collections::BTreeSet;

use search::query::{Circle, Criterion, DateValue, Prefix, QuantityValue, TextMode, Towards, Unit};
use search::value::near::RADIUS;
use search::value::string::fold;
use search::{Hot, Kind, Parameter};
use uuid::Uuid;

use super::link::{in_places, sources};
use super::sought::{in_column, is_one_of};
use crate::Access;
use crate::access::Parameters;
use fhir::Key;

/// In microseconds.
const DAY: i64 = 86_400_000_000;

/// How deep a hierarchy is followed.
const MOST_LEVELS: usize = 16;

/// The column of `resource` that answers for this parameter.
pub(super) fn column(parameter: &Parameter) -> Option<&'static str> {
    parameter.hot.map(hot_column)
}

/// The same where nothing of it is elsewhere.
pub(super) fn only_column(parameter: &Parameter) -> Option<&'static str> {
    column(parameter).filter(|_| !parameter.may_have_more())
}

fn hot_column(hot: Hot) -> &'static str {
    match hot {
        Hot::Status => "status",
        Hot::Owner => "owner",
        Hot::Patient => "patient",
        Hot::Focus => "focus",
        Hot::Date => "date_low",
    }
}

/// The condition that the row of `resource` under this alias meets the criterion. Where a column has no value it may be null, which
/// is no.
pub(crate) fn condition(
    criterion: &Criterion,
    alias: &str,
    access: &Access,
    parameters: &mut Parameters,
) -> String {
    match criterion {
        Criterion::Identity { keys } => format!("{alias}.key = ANY(${})", parameters.push(uuids(keys))),
        Criterion::Keys { keys, negated, .. } => {
            let n = parameters.push(uuids(keys));
            negate(*negated, format!("{alias}.keys && ${n}"))
        }
        Criterion::Identifier { keys, .. } => {
            let n = parameters.push(uuids(keys));
            format!("{alias}.key IN (SELECT source FROM identifier_index WHERE value = ANY(${n}))")
        }
        Criterion::Any(alternatives) => {
            any(alternatives.iter().map(|inner| condition(inner, alias, access, parameters)).collect())
        }
        Criterion::All(all) => {
            let all: Vec<_> = all.iter().map(|inner| condition(inner, alias, access, parameters)).collect();
            if all.is_empty() { "true".to_owned() } else { format!("({})", all.join(" AND ")) }
        }
        Criterion::Not(inner) => format!("({}) IS NOT TRUE", condition(inner, alias, access, parameters)),
        Criterion::OfType(resource_type, inner) => {
            let inner = condition(inner, alias, access, parameters);
            format!("({alias}.resource_type = {} AND {inner})", resource_type.number())
        }
        Criterion::Compartment { owner, parameters: of, itself } => {
            compartment(*owner, of, *itself, alias, parameters)
        }
        Criterion::Has { parameter, criterion } => {
            let source = format!("{alias}h");
            let inner = condition(criterion, &source, access, parameters);
            let visible = access.condition_of(&source, &[parameter.resource_type], parameters);
            let meets = format!(
                "{source}.resource_type = {} AND NOT {source}.deleted AND {inner} AND {visible}",
                parameter.resource_type.number()
            );
            let targets = in_places(
                parameter,
                |column| {
                    format!(
                        "SELECT {source}.{column} FROM resource {source} WHERE {source}.{column} IS NOT NULL AND {meets}"
                    )
                },
                || {
                    format!(
                        "SELECT link.target FROM resource {source} JOIN reference_index link \
                         ON link.source = {source}.key AND link.parameter = {} WHERE {meets}",
                        parameter.number
                    )
                },
            );
            format!("{alias}.key IN ({targets})")
        }
        Criterion::Hierarchy { parameter, local, by, towards } => {
            let members = hierarchy(local, by, *towards, alias, access, parameters);
            match only_column(parameter) {
                Some(column) => format!("({alias}.{column} IS NOT NULL AND {alias}.{column} IN ({members}))"),
                None => format!("{alias}.key IN ({})", sources(parameter, &format!("IN ({members})"))),
            }
        }
        Criterion::Near { parameter, circles } => {
            any(circles.iter().map(|circle| near(parameter, circle, alias, parameters)).collect())
        }
        Criterion::Status { codes, negated, .. } => {
            let is = match codes.as_slice() {
                [code] => format!("{alias}.status = ${}", parameters.push(code.clone())),
                codes => format!("{alias}.status = ANY(${})", parameters.push(codes.to_vec())),
            };
            if *negated { format!("({alias}.status IS NULL OR NOT {is})") } else { is }
        }
        Criterion::Reference { parameter, local, other, negated } => {
            let mut alternatives = Vec::new();
            if !local.is_empty() {
                alternatives.push(match only_column(parameter) {
                    Some(_) => in_column(parameter, local, alias, parameters),
                    None => {
                        let is = is_one_of(local, parameters);
                        format!("{alias}.key IN ({})", sources(parameter, &is))
                    }
                });
            }
            if !other.is_empty() {
                alternatives.push(format!("{alias}.keys && ${}", parameters.push(uuids(other))));
            }
            negate(*negated, any(alternatives))
        }
        Criterion::Text { parameter, mode, texts } => any(texts
            .iter()
            .map(|text| {
                let text = text_condition(*mode, text, parameters);
                format!(
                    "{alias}.key IN (SELECT source FROM string_index WHERE parameter = {} AND {text})",
                    parameter.number
                )
            })
            .collect()),
        Criterion::Date { parameter, values } => any(values
            .iter()
            .map(|value| match parameter.hot {
                Some(_) => {
                    let (low, high) = (format!("{alias}.date_low"), format!("{alias}.date_high"));
                    let stands = interval(value, &low, &high, parameters);
                    format!("({low} IS NOT NULL AND {stands}{})", begins(value, &low, &high, parameters))
                }
                None => format!(
                    "{alias}.key IN (SELECT source FROM date_index WHERE parameter = {} AND {})",
                    parameter.number,
                    interval(value, "low", "high", parameters)
                ),
            })
            .collect()),
        Criterion::Quantity { parameter, values } => any(values
            .iter()
            .map(|value| {
                format!(
                    "{alias}.key IN (SELECT source FROM quantity_index WHERE parameter = {} AND {})",
                    parameter.number,
                    quantity(value, parameters)
                )
            })
            .collect()),
        Criterion::Display { parameter, texts } => {
            let words = texts
                .iter()
                .map(|text| format!("position(${} IN ' ' || text) > 0", parameters.push(format!(" {text}"))));
            let words = any(words.collect());
            let number = parameter.text_number();
            format!(
                "{alias}.keys && ARRAY(SELECT key FROM vocabulary WHERE parameter = {number} AND {words})"
            )
        }
        Criterion::Composite { parameter, tuples } => any(tuples
            .iter()
            .map(|parts| {
                // An element has a key and keys, as a resource has.
                let element = format!("{alias}e");
                let mut meets = format!("{element}.parameter = {}", parameter.number);
                for part in parts {
                    meets.push_str(" AND ");
                    meets.push_str(&condition(part, &element, access, parameters));
                }
                format!(
                    "{alias}.key IN (SELECT {element}.source FROM composite_index {element} WHERE {meets})"
                )
            })
            .collect()),
        Criterion::LastUpdated { values } => any(values
            .iter()
            .map(|value| {
                let low = format!(
                    "(extract(epoch FROM date_trunc('milliseconds', {alias}.last_updated)) * 1000000)::bigint"
                );
                interval(value, &low, &format!("{low} + 1000"), parameters)
            })
            .collect()),
        Criterion::Missing { parameter, missing } => negate(*missing, present(parameter, alias, parameters)),
        Criterion::Chain { parameter, links } => {
            // All of them in one list, and not one OR the other: the matches can be looked up from a list alone.
            let targets = links.iter().map(|(resource_type, criterion)| {
                // Every level of a chain has an alias of its own.
                let target = format!("{alias}c");
                let inner = condition(criterion, &target, access, parameters);
                let visible = access.condition_of(&target, &[*resource_type], parameters);
                let meets = format!(
                    "{target}.resource_type = {} AND NOT {target}.deleted AND {inner} AND {visible}",
                    resource_type.number()
                );
                if only_column(parameter).is_some() {
                    return format!("SELECT {target}.key FROM resource {target} WHERE {meets}");
                }
                let (source, of) = (format!("{alias}s"), parameter.resource_type.number());
                in_places(
                    parameter,
                    |column| {
                        format!(
                            "SELECT {source}.key FROM resource {target} JOIN resource {source} ON {source}.{column} = {target}.key \
                             AND {source}.{column} IS NOT NULL AND {source}.resource_type = {of} WHERE {meets}"
                        )
                    },
                    || {
                        format!(
                            "SELECT link.source FROM resource {target} JOIN reference_index link \
                             ON link.target = {target}.key AND link.parameter = {} WHERE {meets}",
                            parameter.number
                        )
                    },
                )
            });
            let targets = targets.collect::<Vec<_>>().join(" UNION ALL ");
            match (only_column(parameter), targets.as_str()) {
                (_, "") => "false".to_owned(),
                (Some(column), targets) => {
                    format!("({alias}.{column} IS NOT NULL AND {alias}.{column} IN ({targets}))")
                }
                (None, targets) => format!("{alias}.key IN ({targets})"),
            }
        }
    }
}

/// These resources, and those that are below (or above) them. A reference counts when the resource that has it can be seen. The
/// depth bounds circles.
fn hierarchy(
    local: &[Key],
    by: &[&'static Parameter],
    towards: Towards,
    alias: &str,
    access: &Access,
    parameters: &mut Parameters,
) -> String {
    let n = parameters.push(uuids(local));
    let by = list(by.iter().map(|parameter| parameter.number).collect());
    let (from, to) = match towards {
        Towards::Below => ("target", "source"),
        Towards::Above => ("source", "target"),
    };
    let member = format!("{alias}m");
    let visible = access.condition(&member, parameters);
    format!(
        "WITH RECURSIVE tree(key, depth) AS (SELECT unnest(${n}::uuid[]), 0 UNION \
         SELECT link.{to}, tree.depth + 1 FROM tree JOIN reference_index link ON link.{from} = tree.key AND link.parameter IN ({by}) \
         JOIN resource {member} ON {member}.key = link.source \
         WHERE tree.depth < {MOST_LEVELS} AND NOT {member}.deleted AND {visible}) SELECT key FROM tree"
    )
}

/// As [`Circle::holds`] has it, among those between two latitudes.
fn near(parameter: &Parameter, circle: &Circle, alias: &str, parameters: &mut Parameters) -> String {
    let [latitude, longitude] = parameter.position_numbers();
    let (south, north) = circle.latitudes();
    let (from, to) = (parameters.push(south), parameters.push(north));
    let (y, x, metres) =
        (parameters.push(circle.latitude), parameters.push(circle.longitude), parameters.push(circle.metres));
    format!(
        "{alias}.key IN (SELECT y.source FROM quantity_index y JOIN quantity_index x ON x.source = y.source AND x.parameter = {longitude} \
         WHERE y.parameter = {latitude} AND y.low BETWEEN ${from}::float8::numeric AND ${to}::float8::numeric \
         AND 2 * {RADIUS} * asin(least(1, sqrt(power(sind((y.low::float8 - ${y}::float8) / 2), 2) \
         + cosd(${y}::float8) * cosd(y.low::float8) * power(sind((x.low::float8 - ${x}::float8) / 2), 2)))) <= ${metres}::float8)"
    )
}

/// The members are gathered first: an OR over the places where references are kept would have to look at every resource.
fn compartment(
    owner: Key,
    of: &[&'static Parameter],
    itself: bool,
    alias: &str,
    parameters: &mut Parameters,
) -> String {
    if of.is_empty() && !itself {
        return "false".to_owned();
    }
    let n = parameters.push(owner.uuid());
    let mut members = Vec::new();
    if itself {
        members.push(format!("SELECT ${n}"));
    }
    for hot in [Hot::Owner, Hot::Patient, Hot::Focus] {
        let of_column = of.iter().filter(|parameter| parameter.hot == Some(hot));
        let types: BTreeSet<i16> = of_column.map(|parameter| parameter.resource_type.number()).collect();
        if !types.is_empty() {
            let (column, types) = (hot_column(hot), list(types));
            members.push(format!(
                "SELECT key FROM resource WHERE {column} = ${n} AND resource_type IN ({types})"
            ));
        }
    }
    let others: BTreeSet<i32> =
        of.iter().filter(|of| only_column(of).is_none()).map(|parameter| parameter.number).collect();
    if !others.is_empty() {
        members.push(format!(
            "SELECT source FROM reference_index WHERE target = ${n} AND parameter IN ({})",
            list(others)
        ));
    }
    format!("{alias}.key IN ({})", members.join(" UNION ALL "))
}

fn list(numbers: BTreeSet<impl ToString>) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn uuids(keys: &[Key]) -> Vec<Uuid> {
    keys.iter().map(|key| key.uuid()).collect()
}

fn any(alternatives: Vec<String>) -> String {
    match alternatives.as_slice() {
        [] => "false".to_owned(),
        [only] => only.clone(),
        _ => format!("({})", alternatives.join(" OR ")),
    }
}

fn negate(negated: bool, condition: String) -> String {
    if negated { format!("NOT ({condition})") } else { condition }
}

fn present(parameter: &'static Parameter, alias: &str, parameters: &mut Parameters) -> String {
    let by_column = column(parameter).map(|column| format!("{alias}.{column} IS NOT NULL"));
    let elsewhere = match parameter.kind {
        Kind::Date => {
            format!("{alias}.key IN (SELECT source FROM date_index WHERE parameter = {})", parameter.number)
        }
        Kind::String => {
            format!("{alias}.key IN (SELECT source FROM string_index WHERE parameter = {})", parameter.number)
        }
        _ => format!("{alias}.keys && ${}", parameters.push(vec![parameter.presence().uuid()])),
    };
    any(by_column.into_iter().chain([elsewhere]).collect())
}

/// Ranges instead of LIKE: they use the index whatever the text is, and no character in it has a meaning of its own.
fn text_condition(mode: TextMode, text: &str, parameters: &mut Parameters) -> String {
    let beyond = |text: &str| format!("{text}\u{10ffff}");
    match mode {
        TextMode::StartsWith => {
            let (n, m) = (parameters.push(text.to_owned()), parameters.push(beyond(text)));
            format!("folded >= ${n} AND folded < ${m}")
        }
        TextMode::Contains => format!("position(${} IN folded) > 0", parameters.push(text.to_owned())),
        TextMode::Exact => {
            let (n, m) = (parameters.push(fold(text)), parameters.push(text.to_owned()));
            format!("folded = ${n} AND exact = ${m}")
        }
        TextMode::EndsWith => {
            let n = parameters.push(text.to_owned());
            format!("right(folded, char_length(${n}::text)) = ${n}")
        }
        TextMode::Whole(prefix) => {
            let order = match prefix {
                Prefix::Eq | Prefix::Ap => "=",
                Prefix::Ne => "<>",
                Prefix::Gt | Prefix::Sa => ">",
                Prefix::Lt | Prefix::Eb => "<",
                Prefix::Ge => ">=",
                Prefix::Le => "<=",
            };
            // Parts of a text have no `exact`.
            format!("folded {order} ${} AND exact <> ''", parameters.push(text.to_owned()))
        }
        TextMode::Below => {
            let below = format!("{}/", text.trim_end_matches('/'));
            let (n, m, o) = (
                parameters.push(text.to_owned()),
                parameters.push(below.clone()),
                parameters.push(beyond(&below)),
            );
            format!("(folded = ${n} OR (folded >= ${m} AND folded < ${o}))")
        }
    }
}

/// How the half-open interval `[low, high)` of a resource stands to the one searched for.
fn interval(value: &DateValue, low: &str, high: &str, parameters: &mut Parameters) -> String {
    let from = |parameters: &mut Parameters| parameters.push(value.low);
    let to = |parameters: &mut Parameters| parameters.push(value.high);
    match value.prefix {
        Prefix::Eq => format!("({low} >= ${} AND {high} <= ${})", from(parameters), to(parameters)),
        Prefix::Ne => format!("({low} < ${} OR {high} > ${})", from(parameters), to(parameters)),
        Prefix::Lt => format!("{low} < ${}", from(parameters)),
        Prefix::Gt => format!("{high} > ${}", to(parameters)),
        Prefix::Ge => format!("{high} > ${}", from(parameters)),
        Prefix::Le => format!("{low} < ${}", to(parameters)),
        Prefix::Sa => format!("{low} >= ${}", to(parameters)),
        Prefix::Eb => format!("{high} <= ${}", from(parameters)),
        Prefix::Ap => format!("({low} < ${} AND {high} > ${})", to(parameters), from(parameters)),
    }
}

/// What follows from an end after a time, said of the beginning, which the index in the order of beginnings answers together with
/// another limit: what lasts no longer than a day began at most a day before. What lasts longer is in `resource_date_long`.
fn begins(value: &DateValue, low: &str, high: &str, parameters: &mut Parameters) -> String {
    let after = match value.prefix {
        Prefix::Ge | Prefix::Ap => value.low,
        Prefix::Gt => value.high,
        Prefix::Eq | Prefix::Ne | Prefix::Lt | Prefix::Le | Prefix::Sa | Prefix::Eb => return String::new(),
    };
    let n = parameters.push(after.saturating_sub(DAY));
    format!(" AND ({low} > ${n} OR {low} < {high} - {DAY})")
}

/// How a row of `quantity_index` stands to the numbers searched for.
fn quantity(value: &QuantityValue, parameters: &mut Parameters) -> String {
    let (unit, low, high) = match value.unit {
        Unit::Any => (String::new(), "low", "high"),
        Unit::Written(unit) => {
            let n = parameters.push(unit.uuid());
            (format!("(code = ${n} OR unit = ${n}) AND "), "low", "high")
        }
        Unit::Measure(measure) => {
            (format!("measure = ${} AND ", parameters.push(measure.uuid())), "measure_low", "measure_high")
        }
    };
    let number =
        |number: String, parameters: &mut Parameters| format!("${}::text::numeric", parameters.push(number));
    let mut from = || number(value.low.to_string(), parameters);
    let stands = match value.prefix {
        Prefix::Lt => format!("{low} < {}", from()),
        Prefix::Gt => format!("{high} > {}", from()),
        Prefix::Ge => format!("{high} >= {}", from()),
        Prefix::Le => format!("{low} <= {}", from()),
        Prefix::Sa => format!("{low} > {}", from()),
        Prefix::Eb => format!("{high} < {}", from()),
        Prefix::Eq | Prefix::Ne | Prefix::Ap => {
            let from = from();
            let to = number(value.high.to_string(), parameters);
            match value.prefix {
                Prefix::Eq => format!("({low} >= {from} AND {low} < {to} AND {high} < {to})"),
                Prefix::Ne => format!("({low} < {from} OR {high} >= {to})"),
                _ => format!("({low} <= {to} AND {high} >= {from})"),
            }
        }
    };
    format!("{unit}{stands}")
}
