//! The built-in token endpoint: SMART Backend Services, a client that shows who it is with a JWT that it signs,
//! <https://hl7.org/fhir/smart-app-launch/backend-services.html>,
//! <https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html>.
//!
//! Clients are registered in the configuration, with their public keys. Nobody logs in as a person here, and refresh tokens are not
//! made. That an assertion is used once is for whoever carries out the grant: see [`Assertion`].

use std::collections::HashMap;

use fhir::{Error, Instant, Key};
use serde_json::{Value, json};

use crate::issuer::{Issuer, Subject};
use crate::keys::Keys;
use crate::scope::Scopes;
use crate::token::{OneOrMany, Token, printable};
use crate::verifier::SHORT_LIFETIME;

/// Where the endpoint is, below the base address of the server.
pub const TOKEN_PATH: &str = "/auth/token";

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far ahead an assertion may end, and how far the clocks may be apart, in seconds.
const LONGEST: i64 = 300;
const LEEWAY: i64 = 30;

/// A client that may ask for tokens.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name, as in `iss` and `sub` of its assertions.
    pub id: String,
    /// The keys that it signs with.
    pub keys: Keys,
    /// What it may do at most.
    pub scopes: Scopes,
    /// The organisations that it acts for: ODS codes, or local codes where there is none.
    pub organizations: Vec<String>,
}

/// The assertion of a request: good once, until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Of the client and its `jti`.
    pub key: Key,
    pub until: Instant,
}

/// The answer to a good request, which counts when its assertion was not used before.
#[derive(Clone, Debug)]
pub struct Grant {
    pub assertion: Assertion,
    /// The access token, and what it is good for.
    pub body: Value,
}

/// Why no token is made, <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub error: &'static str,
    pub description: String,
}

impl Refusal {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }

    fn client(description: impl Into<String>) -> Self {
        Self::new("invalid_client", description)
    }

    /// The refusal of an assertion that was used before.
    #[must_use]
    pub fn used() -> Self {
        Self::client("The client_assertion was used before. Make one with another 'jti' for each request.")
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({"error": self.error, "error_description": self.description})
    }
}

/// Makes access tokens for registered clients.
#[derive(Debug)]
pub struct TokenEndpoint {
    issuer: Issuer,
    address: String,
    clients: HashMap<String, Client>,
}

impl TokenEndpoint {
    /// The endpoint of the server with this base address.
    #[must_use]
    pub fn new(base: &str, issuer: Issuer, clients: Vec<Client>) -> Self {
        Self {
            issuer,
            address: format!("{}{TOKEN_PATH}", base.trim_end_matches('/')),
            clients: clients.into_iter().map(|client| (client.id.clone(), client)).collect(),
        }
    }

    /// The answer to a request with these parameters.
    ///
    /// # Errors
    /// With what to send instead.
    pub fn grant(&self, parameters: &[(String, String)], now: Instant) -> Result<Grant, Refusal> {
        let one = |name: &str| {
            let mut values =
                parameters.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
            match (values.next(), values.next()) {
                (Some(value), None) if !value.is_empty() => Ok(value),
                (Some(_), Some(_)) => {
                    Err(Refusal::new("invalid_request", format!("'{name}' may stand there once.")))
                }
                _ => Err(Refusal::new("invalid_request", format!("'{name}' is missing."))),
            }
        };
        if one("grant_type")? != "client_credentials" {
            return Err(Refusal::new(
                "unsupported_grant_type",
                "The 'grant_type' here is client_credentials.",
            ));
        }
        if one("client_assertion_type")? != ASSERTION_TYPE {
            return Err(Refusal::new(
                "invalid_request",
                format!("The 'client_assertion_type' here is {ASSERTION_TYPE}."),
            ));
        }
        let wanted = Scopes::parse(one("scope")?);
        let (client, assertion) =
            self.client(one("client_assertion")?, now.microseconds().div_euclid(1_000_000))?;
        let granted = wanted.within(&client.scopes).to_string();
        if granted.is_empty() {
            let sentence =
                format!("Nothing of that is registered for this client, which may have: {}.", client.scopes);
            return Err(Refusal::new("invalid_scope", sentence));
        }
        let subject = Subject {
            sub: &client.id,
            client_id: &client.id,
            scope: &granted,
            organizations: client.organizations.iter().map(String::as_str).collect(),
            patient: None,
            lifetime: SHORT_LIFETIME,
        };
        let body = json!({
            "access_token": self.issuer.sign(&subject, now),
            "token_type": "bearer",
            "expires_in": SHORT_LIFETIME.as_secs(),
            "scope": granted,
        });
        Ok(Grant { assertion, body })
    }

    /// The client that signed this assertion.
    fn client(&self, assertion: &str, now: i64) -> Result<(&Client, Assertion), Refusal> {
        let told = |error: Error| {
            let sentence = error.issues().first().map_or("", |issue| issue.diagnostics.as_str());
            Refusal::client(sentence.replace("The token", "The client_assertion"))
        };
        let token = Token::parse(assertion).map_err(told)?;
        let unknown = || {
            Refusal::client(format!(
                "The client in 'iss', {}, is not registered here.",
                printable(&token.issuer)
            ))
        };
        let client = self.clients.get(&token.issuer).ok_or_else(unknown)?;
        let no_key = || {
            Refusal::client(
                "The client_assertion's 'kid' is not the one of exactly one key that is registered for this client.",
            )
        };
        let key =
            token.header.kid.as_deref().and_then(|kid| client.keys.find(kid).ok()).ok_or_else(no_key)?;
        if token.header.alg != key.algorithm() {
            return Err(Refusal::client(format!(
                "The key of this 'kid' is for the 'alg' {}.",
                key.algorithm()
            )));
        }
        if !key.verifies(token.message, token.signature) {
            return Err(Refusal::client("The client_assertion's signature is not good."));
        }
        let claims = token.claims().map_err(told)?;
        if claims.sub.as_deref() != Some(client.id.as_str()) {
            return Err(Refusal::client("The client_assertion's 'sub' is not the client_id in its 'iss'."));
        }
        let audience = claims.aud.map(OneOrMany::into_vec).unwrap_or_default();
        if !audience.contains(&self.address) {
            return Err(Refusal::client(format!(
                "The client_assertion's 'aud' is '{}', and should be '{}'.",
                printable(&audience.join(" ")),
                self.address
            )));
        }
        let times = [claims.exp, claims.nbf, claims.iat];
        let [Some(exp), nbf, iat] = times else {
            return Err(Refusal::client("The client_assertion has no 'exp'."));
        };
        if exp <= now.saturating_sub(LEEWAY) || exp > now.saturating_add(LONGEST + LEEWAY) {
            return Err(Refusal::client(format!(
                "The client_assertion's 'exp' is {exp}. It lies ahead, at most {LONGEST} seconds; the time here is {now}."
            )));
        }
        if [nbf, iat].into_iter().flatten().any(|from| from > now.saturating_add(LEEWAY)) {
            return Err(Refusal::client(format!(
                "The client_assertion is not good yet; the time here is {now}."
            )));
        }
        let jti = claims.jti.filter(|jti| !jti.is_empty());
        let jti = jti.ok_or_else(|| Refusal::client("The client_assertion has no 'jti'."))?;
        let key = Key::of_parts("assertion", &[&client.id, &jti]);
        let until = Instant::from_microseconds((exp + LEEWAY) * 1_000_000);
        Ok((client, Assertion { key, until }))
    }
}

#[cfg(test)]
mod tests;
