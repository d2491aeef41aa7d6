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

/// The criterion of a query: the same uri, or `:below`.
pub(crate) fn criterion(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    let parameter = condition.parameter;
    let uris = condition.values()?;
    match condition.modifier {
        None => {
            let keys = uris.iter().map(|uri| key(parameter, uri)).collect();
            Ok(Criterion::Keys { parameter, keys, negated: false })
        }
        Some("below") => {
            if uris.iter().any(|uri| uri.starts_with("urn:")) {
                return Err(Refusal::invalid(
                    "The modifier ':below' cannot be used with a urn: a urn has no path.",
                ));
            }
            // A slash at the end says no more than `below` does.
            let texts = uris.iter().map(|uri| cut(uri.strip_suffix('/').unwrap_or(uri))).collect();
            Ok(Criterion::Text { parameter, mode: TextMode::Below, texts })
        }
        Some(other) => Err(condition.no_modifier(other, &["missing", "below"])),
    }
}
