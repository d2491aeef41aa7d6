//! What each address is. Below the base everything is FHIR's; the addresses of an interaction are read by `interaction`.

use auth::{JWKS_PATH, TOKEN_PATH};
use fhir::{Cause, Error, ResourceType};

use crate::address::below_base;

/// What an address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/livez`: the process answers.
    Live,
    /// `/readyz`: it can do its work.
    Ready,
    /// How to log in, <https://hl7.org/fhir/smart-app-launch/conformance.html>.
    SmartConfiguration,
    /// The public keys of the built-in issuer.
    Jwks,
    /// Where registered clients get their tokens.
    Token,
    /// An interaction: its path below the base, decoded, without the query.
    Fhir(String),
}

/// What this path is, on a server whose base address has this path.
///
/// # Errors
/// 404 when nothing is there, 400 when the path is malformed.
pub(crate) fn find(path: &str, base_path: &str) -> Result<Route, Error> {
    match path {
        "/livez" => return Ok(Route::Live),
        "/readyz" => return Ok(Route::Ready),
        _ => {}
    }
    let below = path.strip_prefix(base_path).filter(|below| below.is_empty() || below.starts_with('/'));
    let below = below.ok_or_else(|| {
        Error::new(Cause::NotFound, format!("Nothing is at this address. FHIR begins at {base_path}/."))
    })?;
    match below {
        "/.well-known/smart-configuration" => Ok(Route::SmartConfiguration),
        JWKS_PATH => Ok(Route::Jwks),
        TOKEN_PATH => Ok(Route::Token),
        _ => below_base(below).map(Route::Fhir),
    }
}

/// The address with what is particular about it left out, for logs: `Task/[id]/_history/[version]`.
pub(crate) fn pattern(address: &str) -> String {
    let segments = address.split('/').enumerate().map(|(at, segment)| match (at, segment) {
        (0, "" | "metadata" | "_history" | "_search") => segment,
        (0, name) if ResourceType::find(name).is_some() => name,
        (1.., "_history" | "_search") => segment,
        (_, name) if name.starts_with('$') && name.len() <= 40 && name[1..].bytes().all(is_word) => name,
        (1, _) => "[id]",
        (3, _) => "[version]",
        _ => "[?]",
    });
    segments.collect::<Vec<_>>().join("/")
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found() {
        for (path, expect) in [
            ("/livez", Ok(Route::Live)),
            ("/readyz", Ok(Route::Ready)),
            ("/fhir", Ok(Route::Fhir(String::new()))),
            ("/fhir/", Ok(Route::Fhir(String::new()))),
            ("/fhir/Task/1", Ok(Route::Fhir("Task/1".into()))),
            ("/fhir/.well-known/smart-configuration", Ok(Route::SmartConfiguration)),
            ("/fhir/.well-known/jwks.json", Ok(Route::Jwks)),
            ("/fhir/auth/token", Ok(Route::Token)),
            ("/fhirs", Err(404)),
            ("/", Err(404)),
            ("/Task", Err(404)),
            ("/fhir/../livez", Err(404)),
            ("/fhir//Task", Err(404)),
        ] {
            let found = find(path, "/fhir").map_err(|error| error.cause().status());
            assert_eq!(found, expect, "{path}");
        }
        assert_eq!(find("/Task", "").unwrap(), Route::Fhir("Task".into()));
    }

    #[test]
    fn patterns_hold_nothing_of_the_client() {
        for (address, expect) in [
            ("", ""),
            ("metadata", "metadata"),
            ("Task", "Task"),
            ("Task/_search", "Task/_search"),
            ("Patient/9990000018", "Patient/[id]"),
            ("Patient/1/_history/2", "Patient/[id]/_history/[version]"),
            ("Patient/1/$everything", "Patient/[id]/$everything"),
            ("Jane", "[?]"),
            ("Task/1/Jane/2/$Jane Doe", "Task/[id]/[?]/[version]/[?]"),
        ] {
            assert_eq!(pattern(address), expect);
        }
    }
}
