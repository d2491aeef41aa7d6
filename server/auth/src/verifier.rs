//! From an access token to its caller: <https://www.rfc-editor.org/rfc/rfc9068#section-4> and the advice of
//! <https://www.rfc-editor.org/rfc/rfc8725>.
//!
//! The issuer that a token names decides which keys are tried, the `kid` which key, the key which algorithm. Revocation
//! and introspection are not done: a token is good until it ends, so issuers make short ones.

use std::collections::HashMap;
use std::time::Duration;

use fhir::{Error, Instant, id::is_id};

use crate::caller::Caller;
use crate::keys::{Keys, NoKey};
use crate::scope::Scopes;
use crate::token::{Claims, MAX_TOKEN, OneOrMany, Token, printable, refused};
use crate::verified::{Entry, Verified, hash};

/// How long a token is good for that a program fetches: SMART advises at most five minutes.
pub const SHORT_LIFETIME: Duration = Duration::from_secs(300);
/// How long a token is good for that a person copies by hand in a demonstration.
pub const DEMO_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// How far the clocks of issuer and server may be apart, in seconds.
const LEEWAY: i64 = 30;
/// The end of the year 9999, in seconds; later instants are mistakes.
const END_OF_TIME: i64 = 253_402_300_799;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 4096;

/// What is agreed with one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its name, exactly as in the claim `iss`.
    pub issuer: String,
    /// This server's name, which must be in the claim `aud`.
    pub audience: String,
    /// The longest time between `iat` and `exp`; the built-in issuer makes tokens of this length.
    pub max_lifetime: Duration,
}

impl Settings {
    /// Settings with short-lived tokens.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), audience: audience.into(), max_lifetime: SHORT_LIFETIME }
    }

    /// The same with tokens that last this long.
    #[must_use]
    pub fn lasting(mut self, max_lifetime: Duration) -> Self {
        self.max_lifetime = max_lifetime;
        self
    }

    pub(crate) fn lifetime_in_seconds(&self) -> i64 {
        in_seconds(self.max_lifetime)
    }
}

/// A lifetime in seconds, as claims are.
pub(crate) fn in_seconds(lifetime: Duration) -> i64 {
    i64::try_from(lifetime.as_secs()).unwrap_or(END_OF_TIME).min(END_OF_TIME)
}

/// Decides whether a token is good, and whose it is. Cheap to ask twice about the same token.
#[derive(Debug)]
pub struct Verifier {
    issuers: HashMap<String, (Settings, Keys)>,
    verified: Verified,
}

impl Verifier {
    /// A verifier that trusts one issuer.
    #[must_use]
    pub fn new(settings: Settings, keys: Keys) -> Self {
        Self { issuers: HashMap::new(), verified: Verified::new(REMEMBERED) }.and(settings, keys)
    }

    /// The same, trusting one issuer more. Tokens are tried with the keys of the issuer that they name, no others.
    #[must_use]
    pub fn and(mut self, settings: Settings, keys: Keys) -> Self {
        self.issuers.insert(settings.issuer.clone(), (settings, keys));
        self
    }

    /// The caller of this token at this time; 401 with the reason when the token is not good.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Caller, Error> {
        let now = now.microseconds().div_euclid(1_000_000);
        if token.len() > MAX_TOKEN {
            return Err(refused("The token is longer than 8 KiB."));
        }
        let hash = hash(token);
        if let Some(caller) = self.verified.find(&hash, now) {
            return Ok(caller);
        }
        let entry = self.judge(token, now)?;
        let caller = entry.caller.clone();
        self.verified.add(hash, entry, now);
        Ok(caller)
    }

    fn judge(&self, token: &str, now: i64) -> Result<Entry, Error> {
        let token = Token::parse(token)?;
        let (settings, keys) =
            self.issuers.get(&token.issuer).ok_or_else(|| self.unknown_issuer(&token.issuer))?;
        let kid = token.header.kid.as_deref().ok_or_else(|| refused("The token's header has no 'kid'."))?;
        let key = keys.find(kid).map_err(|no_key| match no_key {
            NoKey::Unknown => refused("The token's 'kid' is not one of its issuer's keys."),
            NoKey::Ambiguous => refused("The token's issuer has several keys with the token's 'kid'."),
        })?;
        if token.header.alg != key.algorithm() {
            return Err(refused(format!(
                "The token's 'alg' is not {}, which its key is for.",
                key.algorithm()
            )));
        }
        if !key.verifies(token.message, token.signature) {
            return Err(refused("The token's signature is not good."));
        }
        let mut claims = token.claims()?;
        check_audience(claims.aud.take(), &settings.audience)?;
        let (from, until) = times(&claims, settings.lifetime_in_seconds(), now)?;
        Ok(Entry { caller: caller(claims)?, from, until })
    }

    fn unknown_issuer(&self, named: &str) -> Error {
        let mut trusted: Vec<&str> = self.issuers.keys().map(String::as_str).collect();
        trusted.sort_unstable();
        refused(format!(
            "The token's issuer ('iss') is {}; this server trusts {}.",
            printable(named),
            trusted.join(", ")
        ))
    }
}

fn check_audience(audience: Option<OneOrMany>, expected: &str) -> Result<(), Error> {
    let named = audience.map(OneOrMany::into_vec).unwrap_or_default();
    if named.iter().any(|one| one == expected) {
        return Ok(());
    }
    let named =
        if named.is_empty() { "missing".to_owned() } else { format!("'{}'", printable(&named.join(" "))) };
    Err(refused(format!(
        "The token is not for this server: its 'aud' is {named}, and should be '{expected}'."
    )))
}

/// The seconds between which the token is good, when now is between them.
fn times(claims: &Claims, max_lifetime: i64, now: i64) -> Result<(i64, i64), Error> {
    let exp = claims.exp.ok_or_else(|| refused("The token has no claim 'exp'."))?;
    if [Some(exp), claims.nbf, claims.iat]
        .into_iter()
        .flatten()
        .any(|time| !(0..=END_OF_TIME).contains(&time))
    {
        return Err(refused("A time among the token's claims is not one between 1970 and 9999, in seconds."));
    }
    let until = exp + LEEWAY;
    if now >= until {
        return Err(refused(format!("The token has expired, {} seconds ago.", now - exp)));
    }
    let from = claims.nbf.unwrap_or(0).max(claims.iat.unwrap_or(0)) - LEEWAY;
    if now < from {
        return Err(refused("The token is not good yet: its 'nbf' or 'iat' lies in the future."));
    }
    if exp - claims.iat.unwrap_or(now) > max_lifetime {
        return Err(refused(format!(
            "The token lasts longer than the {max_lifetime} seconds that are accepted."
        )));
    }
    Ok((from, until))
}

fn caller(claims: Claims) -> Result<Caller, Error> {
    let subject = claims
        .sub
        .filter(|subject| !subject.is_empty())
        .ok_or_else(|| refused("The token has no claim 'sub'."))?;
    let organizations = claims.org.map(OneOrMany::into_vec).unwrap_or_default();
    if organizations.iter().any(|code| code.trim().is_empty()) {
        return Err(refused("The token's claim 'org' has an empty code."));
    }
    if claims.patient.as_deref().is_some_and(|id| !is_id(id)) {
        return Err(refused("The token's claim 'patient' is not the id of a Patient."));
    }
    let scopes = Scopes::parse(claims.scope.as_deref().unwrap_or_default());
    Ok(Caller {
        client: claims
            .client_id
            .or(claims.azp)
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| subject.clone()),
        kind: Caller::kind_of(&scopes, claims.patient.as_deref()),
        subject,
        organizations,
        patient: claims.patient,
        scopes,
        purpose: claims.purpose,
    })
}

#[cfg(test)]
mod tests;
