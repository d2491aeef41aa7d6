//! Uri parameters, <https://hl7.org/fhir/R4/search.html#uri>.
//!
//! Uris are compared as they are, case included. A canonical with a version is found with and without it.

use fhir::Key;
use serde_json::Value;

use crate::{
    criterion::Condition,
    index::{IndexRows, StringRow},
    parameter::Parameter,
    query::{Criterion, TextMode},
    refusal::Refusal,
    value::string::cut,
};

/// Adds the rows of one element.
pub(crate) fn add(parameter: &Parameter, value: &Value, rows: &mut IndexRows) {
    let Some(uri) = value.as_str() else { return };
    rows.keys.push(key(parameter, uri));
    if let Some((unversioned, _)) = uri.split_once('|') {
        rows.keys.push(key(parameter, unversioned));
    }
    rows.strings.push(StringRow { parameter: parameter.number, folded: cut(uri), exact: cut(uri) });
}

fn key(parameter: &Parameter, uri: &str) -> Key {
    parameter.key("u", &[uri])
}

/// The criterion of a query: the same uri, `:below` or `:above`.
pub(crate) fn criterion(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    let parameter = condition.parameter;
    let uris = condition.values()?;
    match condition.modifier {
        None => {
            let keys = uris.iter().map(|uri| key(parameter, uri)).collect();
            Ok(Criterion::Keys { parameter, keys, negated: false })
        }
        Some(modifier @ ("below" | "above")) if uris.iter().any(|uri| uri.starts_with("urn:")) => {
            Err(Refusal::invalid(format!(
                "The modifier ':{modifier}' cannot be used with a urn: a urn has no path."
            )))
        }
        Some("above") => {
            let keys = uris.iter().flat_map(|uri| above(uri)).map(|uri| key(parameter, &uri)).collect();
            Ok(Criterion::Keys { parameter, keys, negated: false })
        }
        Some("below") => {
            // A slash at the end says no more than `below` does.
            let texts = uris.iter().map(|uri| cut(uri.strip_suffix('/').unwrap_or(uri))).collect();
            Ok(Criterion::Text { parameter, mode: TextMode::Below, texts })
        }
        Some(other) => Err(condition.no_modifier(other, &["missing", "above", "below"])),
    }
}

/// A uri and those on the way to it, with and without a slash at the end: what `:above` finds.
fn above(uri: &str) -> Vec<String> {
    let uri = uri.trim_end_matches('/');
    let start = uri.find("://").map_or(0, |at| at + 3);
    let steps = uri[start..].match_indices('/').map(|(at, _)| start + at);
    // No uri that anybody uses has more steps; a longer one is found by itself and its first ones.
    [uri.len()]
        .into_iter()
        .chain(steps)
        .take(64)
        .flat_map(|end| [uri[..end].to_owned(), format!("{}/", &uri[..end])])
        .collect()
}
