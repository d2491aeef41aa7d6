//! The preferences of a client, <https://hl7.org/fhir/R4/http.html#ops>, <https://www.rfc-editor.org/rfc/rfc7240>.
//!
//! Known are `return`, `handling` and `respond-async`; others are ignored. Only exports are answered asynchronously.

use interaction::{Handling, Preferences, Return};

use crate::media_type::split;

/// The preferences in these values of the header, and those of them that are followed, for `Preference-Applied`. Of the
/// same preference the first counts.
pub(crate) fn parse(values: &[&str]) -> (Preferences, Vec<&'static str>) {
    let (mut returns, mut handling, mut respond_async) = (None, None, None);
    for preference in values.iter().flat_map(|value| split(value, ',')) {
        let preference = split(preference, ';')[0];
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        let value = value.trim().trim_matches('"');
        match (name.trim().to_ascii_lowercase().as_str(), value) {
            ("return", "minimal") => returns = returns.or(Some((Return::Minimal, "return=minimal"))),
            ("return", "representation") => {
                returns = returns.or(Some((Return::Representation, "return=representation")));
            }
            ("return", "OperationOutcome") => {
                returns = returns.or(Some((Return::OperationOutcome, "return=OperationOutcome")));
            }
            ("handling", "lenient") => handling = handling.or(Some((Handling::Lenient, "handling=lenient"))),
            ("handling", "strict") => handling = handling.or(Some((Handling::Strict, "handling=strict"))),
            ("respond-async", "") => respond_async = Some("respond-async"),
            _ => {}
        }
    }
    let preferences = Preferences {
        returns: returns.map_or(Return::default(), |(returns, _)| returns),
        handling: handling.map_or(Handling::default(), |(handling, _)| handling),
        respond_async: respond_async.is_some(),
    };
    let applied = [returns.map(|(_, name)| name), handling.map(|(_, name)| name), respond_async];
    (preferences, applied.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_merged() {
        use Handling::{Lenient, Strict};
        use Return::{Minimal, OperationOutcome, Representation};
        for (values, returns, handling, applied) in [
            (&[][..], Representation, Strict, &[][..]),
            (&["return=minimal"], Minimal, Strict, &["return=minimal"]),
            (
                &["return=minimal, handling=lenient"],
                Minimal,
                Lenient,
                &["return=minimal", "handling=lenient"],
            ),
            (
                &["handling=strict", "Return=\"OperationOutcome\"; x=y"],
                OperationOutcome,
                Strict,
                &["return=OperationOutcome", "handling=strict"],
            ),
            (
                &["respond-async", "wait=10, return=representation"],
                Representation,
                Strict,
                &["return=representation", "respond-async"],
            ),
            (&["return=minimal, return=representation"], Minimal, Strict, &["return=minimal"]),
            (&["handling=strict, handling=lenient"], Representation, Strict, &["handling=strict"]),
            (&["return=everything", ",,=,"], Representation, Strict, &[]),
        ] {
            let respond_async = applied.contains(&"respond-async");
            let expect = (Preferences { returns, handling, respond_async }, applied.to_vec());
            assert_eq!(parse(values), expect, "{values:?}");
        }
    }
}
