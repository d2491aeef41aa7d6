//! The document at `[base]/.well-known/smart-configuration`,
//! <https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known>.
//!
//! It says what is there, and no more: without a token endpoint it names none, and no capability that would need one.

use serde_json::{Value, json};

/// Where the public keys of the built-in issuer are, below the base address of the server.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The configuration of the server with this base address.
#[must_use]
pub fn smart_configuration(base: &str) -> Value {
    let base = base.trim_end_matches('/');
    json!({
        "jwks_uri": format!("{base}{JWKS_PATH}"),
        "grant_types_supported": [],
        "scopes_supported": ["system/*.cruds", "system/AuditEvent.rs", "user/*.cruds", "patient/*.cruds"],
        "capabilities": ["permission-v1", "permission-v2"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scopes;

    #[test]
    fn it_says_where_the_keys_are_and_lists_scopes_that_are_understood() {
        for base in ["http://here/fhir", "http://here/fhir/"] {
            let configuration = smart_configuration(base);
            assert_eq!(configuration["jwks_uri"], "http://here/fhir/.well-known/jwks.json");
            for scope in configuration["scopes_supported"].as_array().unwrap() {
                assert_eq!(Scopes::parse(scope.as_str().unwrap()).to_string(), scope.as_str().unwrap());
            }
            assert_eq!(configuration.get("token_endpoint"), None);
        }
    }
}
