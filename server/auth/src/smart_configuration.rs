//! The document at `[base]/.well-known/smart-configuration`,
//! <https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known>.
//!
//! It says what is there, and no more: without a token endpoint it names none, and no capability that would need one.

use serde_json::{Value, json};

use crate::token_endpoint::TOKEN_PATH;

/// With what clients may sign. It is for each key to say which of them it is for.
const SIGNING_ALGORITHMS: [&str; 8] =
    ["RS384", "ES384", "RS256", "RS512", "PS256", "PS384", "PS512", "ES256"];

/// Where the public keys of the built-in issuer are, below the base address of the server.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The configuration of the server with this base address, which has a token endpoint or has none.
#[must_use]
pub fn smart_configuration(base: &str, has_token_endpoint: bool) -> Value {
    let base = base.trim_end_matches('/');
    let mut configuration = json!({
        "jwks_uri": format!("{base}{JWKS_PATH}"),
        "grant_types_supported": [],
        "scopes_supported": ["system/*.cruds", "system/AuditEvent.rs", "user/*.cruds", "patient/*.cruds"],
        "capabilities": ["permission-v1", "permission-v2"],
    });
    if has_token_endpoint {
        configuration["token_endpoint"] = json!(format!("{base}{TOKEN_PATH}"));
        configuration["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
        configuration["token_endpoint_auth_signing_alg_values_supported"] = json!(SIGNING_ALGORITHMS);
        configuration["grant_types_supported"] = json!(["client_credentials"]);
        configuration["capabilities"] =
            json!(["client-confidential-asymmetric", "permission-v1", "permission-v2"]);
    }
    configuration
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scopes;

    #[test]
    fn it_says_where_the_keys_are_and_lists_scopes_that_are_understood() {
        for base in ["http://here/fhir", "http://here/fhir/"] {
            let configuration = smart_configuration(base, false);
            assert_eq!(configuration["jwks_uri"], "http://here/fhir/.well-known/jwks.json");
            for scope in configuration["scopes_supported"].as_array().unwrap() {
                assert_eq!(Scopes::parse(scope.as_str().unwrap()).to_string(), scope.as_str().unwrap());
            }
            assert_eq!(configuration.get("token_endpoint"), None);
            let configuration = smart_configuration(base, true);
            assert_eq!(configuration["token_endpoint"], "http://here/fhir/auth/token");
            assert_eq!(configuration["grant_types_supported"], json!(["client_credentials"]));
        }
    }
}
