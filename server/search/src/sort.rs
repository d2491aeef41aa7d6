//! `_sort`, <https://hl7.org/fhir/R4/search.html#sort>.
//!
//! The last word that makes the order total is the store's.

use fhir::ResourceType;

use crate::{
    criterion::find,
    hot::Hot,
    parameter::Kind,
    query::{Sort, SortBy},
    refusal::{Refusal, shown},
};

/// How many keys an order may have.
const MAX_KEYS: usize = 5;

/// The order that a value such as `-_lastUpdated,status` asks for.
pub(crate) fn parse(resource_type: ResourceType, value: &str) -> Result<Vec<Sort>, Refusal> {
    let names: Vec<_> = value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > MAX_KEYS {
        return Err(Refusal::too_costly(format!("'_sort' names at most {MAX_KEYS} parameters.")));
    }
    names.into_iter().map(|name| key(resource_type, name)).collect()
}

fn key(resource_type: ResourceType, name: &str) -> Result<Sort, Refusal> {
    let (name, descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
    let by = match name {
        "_lastUpdated" => SortBy::LastUpdated,
        "_id" => SortBy::Id,
        name => {
            let parameter = find(resource_type, name)?;
            match (parameter.kind, parameter.hot) {
                (Kind::Date | Kind::String, _) | (_, Some(Hot::Status)) => SortBy::Parameter(parameter),
                (kind, _) => {
                    return Err(Refusal::Unknown(format!(
                        "'{}' of type {} cannot be sorted by. Dates, strings, '_lastUpdated' and '_id' can.",
                        shown(name),
                        kind.code()
                    )));
                }
            }
        }
    };
    Ok(Sort { by, descending })
}
