//! `_sort`, <https://hl7.org/fhir/R4/search.html#sort>.
//!
//! The last word that makes the order total is the store's.

use fhir::ResourceType;

use crate::{
    criterion::find,
    query::{Sort, SortBy},
    refusal::{Refusal, shown},
};

/// How many keys an order may have.
const MAX_KEYS: usize = 5;

/// The order that a value such as `-_lastUpdated,status` asks for.
pub(crate) fn parse(types: &[ResourceType], value: &str) -> Result<Vec<Sort>, Refusal> {
    let names: Vec<_> = value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > MAX_KEYS {
        return Err(Refusal::too_costly(format!("'_sort' names at most {MAX_KEYS} parameters.")));
    }
    names.into_iter().map(|name| key(types, name)).collect()
}

fn key(types: &[ResourceType], name: &str) -> Result<Sort, Refusal> {
    let (name, descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
    let by = match name {
        "_lastUpdated" => SortBy::LastUpdated,
        "_id" => SortBy::Id,
        "_score" => {
            return Err(Refusal::Unknown(
                "No match is more relevant than another here: '_score' is not supported.".to_owned(),
            ));
        }
        name => {
            let [resource_type] = types else {
                return Err(Refusal::Unknown(
                    "A search of several types can be sorted by '_lastUpdated' and '_id' alone.".to_owned(),
                ));
            };
            let parameter = find(*resource_type, name)?;
            if !parameter.is_sortable() {
                return Err(Refusal::Unknown(format!(
                    "'{}' of type {} cannot be sorted by: its values have no order.",
                    shown(name),
                    parameter.kind.code()
                )));
            }
            SortBy::Parameter(parameter)
        }
    };
    Ok(Sort { by, descending })
}
