//! The built-in issuer: signs the access tokens of the demo personas, and of the clients of the token endpoint, in the form of
//! <https://www.rfc-editor.org/rfc/rfc9068#section-2>.
//!
//! Whoever can read its key file can make a token. Refresh tokens are not made.

use std::path::Path;
use std::time::Duration;

use fhir::{Error, Instant};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use crate::keys::Keys;
use crate::persona::Persona;
use crate::scope::Scopes;
use crate::signing_key::SigningKey;
use crate::verifier::{Settings, Verifier, in_seconds};

/// Signs access tokens with a key of its own.
#[derive(Debug)]
pub struct Issuer {
    settings: Settings,
    signing_key: SigningKey,
    keys: Keys,
}

/// Whom a token is for, and what it is good for.
pub(crate) struct Subject<'a> {
    pub(crate) sub: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) organizations: Vec<&'a str>,
    pub(crate) patient: Option<&'a str>,
    pub(crate) lifetime: Duration,
}

impl Issuer {
    /// The issuer whose key is in this folder; folder and key are made (for their owner alone) when they are not there.
    /// Fails when the key cannot be read or written, or when others than its owner can read it.
    pub fn open(folder: &Path, settings: Settings) -> Result<Self, Error> {
        let signing_key = SigningKey::open(folder)?;
        let keys = Keys::parse(&json!({ "keys": [signing_key.public] }).to_string())?;
        if let Err(no_key) = keys.find(&signing_key.kid) {
            return Err(Error::exception(format!("the signing key cannot be published: {no_key:?}")));
        }
        Ok(Self { settings, signing_key, keys })
    }

    /// A token for this persona with all its scopes, good from now for the settings' lifetime.
    #[must_use]
    pub fn issue(&self, persona: &Persona, now: Instant) -> String {
        self.sign_for(persona, persona.scope(), now)
    }

    /// A token for this persona with those of its scopes that are asked for; what it is not registered for is left out.
    #[must_use]
    pub fn issue_narrowed(&self, persona: &Persona, wanted: &Scopes, now: Instant) -> String {
        self.sign_for(persona, &wanted.within(&Scopes::parse(persona.scope())).to_string(), now)
    }

    /// The public key as a JWK set.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.signing_key.public] })
    }

    /// The public key, for a verifier.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A verifier that trusts this issuer.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier::new(self.settings.clone(), self.keys())
    }

    fn sign_for(&self, persona: &Persona, scope: &str, now: Instant) -> String {
        let client_id = persona.client();
        let subject = Subject {
            sub: persona.patient().unwrap_or(&client_id),
            client_id: &client_id,
            scope,
            organizations: persona.organizations().to_vec(),
            patient: persona.patient(),
            lifetime: self.settings.max_lifetime,
        };
        self.sign(&subject, now)
    }

    pub(crate) fn sign(&self, subject: &Subject<'_>, now: Instant) -> String {
        let now = now.microseconds().div_euclid(1_000_000);
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.signing_key.kid.clone());
        let mut claims = json!({
            "iss": self.settings.issuer,
            "sub": subject.sub,
            "aud": self.settings.audience,
            "iat": now,
            "exp": now.saturating_add(in_seconds(subject.lifetime)),
            "jti": format!("{:032x}", rand::random::<u128>()),
            "client_id": subject.client_id,
            "scope": subject.scope,
            "org": subject.organizations,
        });
        if let Some(patient) = subject.patient {
            claims["patient"] = patient.into();
        }
        jsonwebtoken::encode(&header, &claims, &self.signing_key.key)
            .expect("a key of which ES256's public half could be computed signs with ES256")
    }
}

#[cfg(test)]
mod tests;
