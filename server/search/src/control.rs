//! The parameters that shape the result: `_sort`, `_count`, `_total`, `_summary`, `_elements`, `_include`, `_revinclude`
//! and the cursor of a page, <https://hl7.org/fhir/R4/search.html#return>.

use fhir::ResourceType;

use crate::{
    include,
    parse::Options,
    query::{Query, Summary, Total},
    refusal::{Refusal, shown},
    sort,
};

/// How many inclusions a search may ask for.
pub const MAX_INCLUDES: usize = 10;

/// The parameter that carries the place after which a page begins.
pub const CURSOR: &str = "_cursor";

/// How another server would count. It selects nothing, so that clients that send it lose nothing when it is not heard.
const TOTAL_METHOD: &str = "_totalMethod";

const NAMES: [&str; 9] =
    ["_sort", "_count", "_total", TOTAL_METHOD, "_summary", "_elements", "_include", "_revinclude", CURSOR];

/// Whether a parameter with this name, which may have a modifier, shapes the result.
pub(crate) fn is_control(name: &str) -> bool {
    NAMES.contains(&name.split(':').next().unwrap_or_default())
}

/// Puts the parameter into the query, and notes it as used in its effective form.
pub(crate) fn apply(query: &mut Query, name: &str, value: &str, options: &Options) -> Result<(), Refusal> {
    if matches!(name, "_count" | "_total" | "_summary" | CURSOR)
        && query.used.iter().any(|(used, _)| used == name)
    {
        return Err(Refusal::invalid(format!("The parameter '{name}' may be given once.")));
    }
    let mut effective = value.to_owned();
    match name {
        "_sort" => query.sort.extend(sort::parse(&query.types, value)?),
        "_count" => {
            query.count = count(value)?.min(options.max_count);
            effective = query.count.to_string();
        }
        "_total" => query.total = total(value)?,
        TOTAL_METHOD => return Ok(()),
        "_summary" => query.summary = summary(value)?,
        "_elements" => query.elements.extend(elements(&query.types, value)?),
        "_include" | "_include:iterate" | "_revinclude" | "_revinclude:iterate" => {
            include(query, name, value)?
        }
        CURSOR if query.cursor.is_some() => {
            return Err(Refusal::invalid("The parameter '_cursor' may be given once."));
        }
        CURSOR => {
            query.cursor = Some(effective);
            return Ok(());
        }
        _ => {
            let (name, modifier) = name.split_once(':').unwrap_or((name, ""));
            return Err(Refusal::not_supported(format!(
                "The modifier ':{}' is not supported for '{name}'.",
                shown(modifier)
            )));
        }
    }
    query.used.push((name.to_owned(), effective));
    Ok(())
}

/// What only the parameters together can say.
pub(crate) fn finish(query: &mut Query) -> Result<(), Refusal> {
    if query.summary == Summary::Count {
        query.count = 0;
    }
    if query.summary == Summary::Text && !query.includes.is_empty() {
        return Err(Refusal::invalid("'_summary=text' cannot be combined with '_include' or '_revinclude'."));
    }
    Ok(())
}

fn include(query: &mut Query, name: &str, value: &str) -> Result<(), Refusal> {
    if query.includes.len() == MAX_INCLUDES {
        return Err(Refusal::too_costly(format!("A search has at most {MAX_INCLUDES} inclusions.")));
    }
    query.includes.push(include::parse(&query.types, name, value)?);
    Ok(())
}

fn count(value: &str) -> Result<u32, Refusal> {
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::invalid(format!("'_count' is a number from 0, not '{}'.", shown(value))));
    }
    // What is too large for the type is above the cap anyway.
    Ok(value.parse().unwrap_or(u32::MAX))
}

fn total(value: &str) -> Result<Total, Refusal> {
    match value {
        "none" => Ok(Total::None),
        "estimate" => Ok(Total::Estimate),
        "accurate" => Ok(Total::Accurate),
        _ => {
            Err(Refusal::invalid(format!("'_total' is none, estimate or accurate, not '{}'.", shown(value))))
        }
    }
}

fn summary(value: &str) -> Result<Summary, Refusal> {
    match value {
        "false" => Ok(Summary::False),
        "true" => Ok(Summary::True),
        "text" => Ok(Summary::Text),
        "data" => Ok(Summary::Data),
        "count" => Ok(Summary::Count),
        _ => Err(Refusal::invalid(format!(
            "'_summary' is true, false, text, data or count, not '{}'.",
            shown(value)
        ))),
    }
}

fn elements(types: &[ResourceType], value: &str) -> Result<Vec<String>, Refusal> {
    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let element = match name.split_once('.') {
                Some((type_name, element)) if types.iter().any(|named| named.name() == type_name) => element,
                _ => name,
            };
            if element.bytes().all(|b| b.is_ascii_alphanumeric()) {
                Ok(element.to_owned())
            } else {
                Err(Refusal::invalid(format!(
                    "'_elements' names elements of the resource, not '{}'.",
                    shown(name)
                )))
            }
        })
        .collect()
}
