//! From the parameters of a search to a [`Query`], <https://hl7.org/fhir/R4/search.html>.
//!
//! An unknown parameter is refused, or ignored when handling is lenient; a value, modifier or chain that cannot be
//! understood is refused always. Nothing here decides who may see what.

use std::collections::{BTreeMap, BTreeSet};

use fhir::{Error, Instant, ResourceType};
use jiff::tz::TimeZone;

use crate::{
    compartment, control, criterion, filter,
    pairs::decode_pairs,
    query::{Criterion, Query, Summary, Total},
    refusal::{Refusal, shown},
    value::{split, unescape},
};

/// How many parameters a search may have.
pub const MAX_PARAMETERS: usize = 30;

/// What a query depends on beside its own text.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's own base address, without a slash at its end.
    pub base: String,
    /// Whether unknown parameters are ignored.
    pub lenient: bool,
    /// `_count` when none is given.
    pub default_count: u32,
    /// The greatest `_count`.
    pub max_count: u32,
    /// Where times without a zone are at home.
    pub zone: TimeZone,
    /// The present, for `ap`.
    pub now: Instant,
    /// The codes of value sets that are named, beside those that are part of the server.
    pub value_sets: ValueSets,
}

impl Options {
    /// Strict handling, pages of 50 and of 1,000 at most, now.
    #[must_use]
    pub fn new(base: impl Into<String>, zone: TimeZone) -> Self {
        Self {
            base: base.into(),
            lenient: false,
            default_count: 50,
            max_count: 1000,
            zone,
            now: Instant::now(),
            value_sets: ValueSets::default(),
        }
    }
}

/// Value sets by the name that a search has for them: each with its codes, or the reason why it has none.
pub type ValueSets = BTreeMap<String, Result<BTreeMap<String, BTreeSet<String>>, String>>;

/// The value sets that a search names, with `:in` and `:not-in` or in a filter; each once.
#[must_use]
pub fn value_sets(pairs: &[(String, String)]) -> BTreeSet<String> {
    let named = pairs.iter().flat_map(|(name, value)| {
        if name == criterion::FILTER {
            return filter::value_sets(value);
        }
        match name.rsplit_once(':') {
            Some((_, "in" | "not-in")) => {
                split(value, ',').into_iter().filter_map(|v| unescape(v).ok()).collect()
            }
            _ => Vec::new(),
        }
    });
    named.filter(|name| !name.trim().is_empty()).collect()
}

/// The query of a search of one type. The pairs are decoded; `_format` and its like are not among them.
pub fn parse(
    resource_type: ResourceType,
    pairs: &[(String, String)],
    options: &Options,
) -> Result<Query, Error> {
    of_types(resource_type.name().to_owned(), vec![resource_type], Vec::new(), pairs, options)
}

/// The query of a search of the whole system, or of what `_type` selects of it.
pub fn parse_system(
    types: Vec<ResourceType>,
    pairs: &[(String, String)],
    options: &Options,
) -> Result<Query, Error> {
    of_types(String::new(), types, Vec::new(), pairs, options)
}

/// The query of a search in the compartment of this owner: of one type, or of all of `types` that have a place in it.
pub fn parse_compartment(
    (owner, id): (ResourceType, &str),
    member: Option<ResourceType>,
    types: Vec<ResourceType>,
    pairs: &[(String, String)],
    options: &Options,
) -> Result<Query, Error> {
    let path = format!("{owner}/{id}/{}", member.map_or("*", ResourceType::name));
    let mut query = of_types(path, types, Vec::new(), pairs, options)?;
    query.criteria.push(compartment::membership(owner, id, &query.types));
    Ok(query)
}

/// The types that `_type` names, where it is given.
pub fn types(pairs: &[(String, String)]) -> Result<Option<Vec<ResourceType>>, Error> {
    let mut given = pairs.iter().filter(|(name, value)| name == "_type" && !value.trim().is_empty());
    let Some((_, value)) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(Error::bad_request(
            "The parameter '_type' may be given once. Separate the types by commas.",
        ));
    }
    let named = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut types = named
        .map(|name| ResourceType::find(name).ok_or_else(|| criterion::unknown_type(name).into_error()))
        .collect::<Result<Vec<_>, _>>()?;
    types.sort_unstable();
    types.dedup();
    Ok(Some(types))
}

fn of_types(
    path: String,
    types: Vec<ResourceType>,
    criteria: Vec<Criterion>,
    pairs: &[(String, String)],
    options: &Options,
) -> Result<Query, Error> {
    few_enough(pairs)?;
    let mut query = Query {
        path,
        types,
        criteria,
        sort: Vec::new(),
        count: options.default_count.min(options.max_count),
        total: Total::Unspecified,
        includes: Vec::new(),
        summary: Summary::False,
        elements: Vec::new(),
        cursor: None,
        used: Vec::new(),
        ignored: Vec::new(),
    };
    for (name, value) in pairs.iter().filter(|(_, value)| !value.trim().is_empty()) {
        match put(&mut query, name, value, options) {
            Ok(()) => {}
            Err(Refusal::Unknown(reason)) if options.lenient => query.ignored.push((name.clone(), reason)),
            Err(refusal) => return Err(refusal.into_error()),
        }
    }
    control::finish(&mut query).map_err(Refusal::into_error)?;
    Ok(query)
}

fn put(query: &mut Query, name: &str, value: &str, options: &Options) -> Result<(), Refusal> {
    if control::is_control(name) {
        return control::apply(query, name, value, options);
    }
    if name == "_type" && !query.is_of_one_type() {
        // The types were read before everything else.
    } else {
        query.criteria.extend(across(&query.types, name, value, options)?);
    }
    query.used.push((name.to_owned(), value.to_owned()));
    Ok(())
}

/// The criterion of a parameter that all of these types have.
fn across(
    types: &[ResourceType],
    name: &str,
    value: &str,
    options: &Options,
) -> Result<Option<Criterion>, Refusal> {
    if let [only] = types {
        return criterion::parse(*only, name, value, options);
    }
    if name == criterion::FILTER {
        filter::check_cost(value, types.len())?;
    }
    let mut of_types = Vec::with_capacity(types.len());
    for resource_type in types {
        match criterion::parse(*resource_type, name, value, options)? {
            Some(criterion) => of_types.push((*resource_type, criterion)),
            None => return Ok(None),
        }
    }
    Ok(Some(united(of_types)))
}

/// The criteria of one parameter in several types as one: the keys of every type differ, so that all of them can be asked for
/// at once.
fn united(of_types: Vec<(ResourceType, Criterion)>) -> Criterion {
    let mut all = of_types.iter().map(|(_, criterion)| criterion.clone());
    let first = all.next();
    let united = first.and_then(|first| {
        all.try_fold(first, |united, next| match (united, next) {
            (
                Criterion::Keys { parameter, mut keys, negated },
                Criterion::Keys { keys: more, negated: other, .. },
            ) if negated == other => {
                keys.extend(more);
                Some(Criterion::Keys { parameter, keys, negated })
            }
            (Criterion::Identity { mut keys }, Criterion::Identity { keys: more }) => {
                keys.extend(more);
                Some(Criterion::Identity { keys })
            }
            (united @ Criterion::LastUpdated { .. }, Criterion::LastUpdated { .. }) => Some(united),
            // What refers to a match does so whatever type the match is of.
            (united @ Criterion::Has { .. }, Criterion::Has { .. }) => Some(united),
            _ => None,
        })
    });
    united.unwrap_or_else(|| {
        let of_type = |(resource_type, criterion)| Criterion::OfType(resource_type, Box::new(criterion));
        Criterion::Any(of_types.into_iter().map(of_type).collect())
    })
}

/// The criteria of a conditional interaction, `a=b&c=d` percent-encoded, joined by AND. What would select more than was
/// meant is refused: unknown parameters whatever the handling, parameters that shape a result, and having no criterion.
/// The type may stand before a `?`. `_format` and `_pretty`, which some clients add to every query, select nothing.
pub fn parse_criteria(
    resource_type: ResourceType,
    query: &str,
    options: &Options,
) -> Result<Vec<Criterion>, Error> {
    let query = match query.split_once('?') {
        Some(("", rest)) => rest,
        Some((name, rest)) if name == resource_type.name() => rest,
        _ => query,
    };
    let pairs = decode_pairs(query)?;
    few_enough(&pairs)?;
    let mut criteria = Vec::new();
    for (name, value) in pairs.iter().filter(|(name, _)| !matches!(name.as_str(), "_format" | "_pretty")) {
        if control::is_control(name) {
            return Err(Error::bad_request(format!("'{}' cannot be part of a condition.", shown(name))));
        }
        criteria.extend(criterion::parse(resource_type, name, value, options).map_err(Refusal::into_error)?);
    }
    if criteria.is_empty() {
        return Err(Error::bad_request(
            "The condition has no search parameter with a value, so it would select everything.",
        ));
    }
    Ok(criteria)
}

/// The criteria of a subscription's filter, joined by AND: `performer=Organization/1`, `Task.status:not=draft` or
/// `Task?owner=Organization/1&status=requested`, percent-encoded. A filter that names another type, or one that cannot be
/// decided on the resource alone (a chain or `_has`), is refused.
pub fn parse_filter(
    resource_type: ResourceType,
    filter: &str,
    options: &Options,
) -> Result<Vec<Criterion>, Error> {
    let (before, name) = match filter.find(['?', '=', '.', ':']) {
        Some(at) if matches!(filter.as_bytes()[at], b'?' | b'.') => (&filter[..at], &filter[at + 1..]),
        _ => ("", filter),
    };
    let name = match ResourceType::find(before) {
        Some(named) if named == resource_type => name,
        Some(named) => {
            return Err(Error::bad_request(format!(
                "The filter is about {named}, where {resource_type} is meant."
            )));
        }
        None => filter,
    };
    let criteria = parse_criteria(resource_type, name, options)?;
    if criteria.iter().any(needs_others) {
        return Err(Error::bad_request(
            "A filter looks at one resource alone: chained parameters, '_has' and hierarchies cannot be used in it.",
        ));
    }
    Ok(criteria)
}

fn needs_others(criterion: &Criterion) -> bool {
    match criterion {
        Criterion::Chain { .. } | Criterion::Has { .. } | Criterion::Hierarchy { .. } => true,
        Criterion::Any(criteria) | Criterion::All(criteria) => criteria.iter().any(needs_others),
        Criterion::Not(criterion) | Criterion::OfType(_, criterion) => needs_others(criterion),
        _ => false,
    }
}

fn few_enough(pairs: &[(String, String)]) -> Result<(), Error> {
    // The address of a further page has its place, and may have its moment, beside what was asked for.
    let further = if pairs.iter().any(|(name, _)| name == control::CURSOR) { 2 } else { 0 };
    if pairs.len() > MAX_PARAMETERS + further {
        return Err(Refusal::too_costly(format!(
            "The search has {} parameters; {MAX_PARAMETERS} are allowed.",
            pairs.len()
        ))
        .into_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
