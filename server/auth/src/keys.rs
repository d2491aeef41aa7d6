//! The public keys of an issuer, read from its JWK set, <https://www.rfc-editor.org/rfc/rfc7517>.
//!
//! A key is for exactly one algorithm. Known are RS, PS (256, 384, 512; at least 2,048 bits), ES256 and ES384. Symmetric
//! keys, Ed25519 and key sets at an address are not: the set is handed in as text.

use std::collections::HashMap;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fhir::Error;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A key set larger than this is refused whole, in bytes.
const MAX_TEXT: usize = 256 * 1024;
const MAX_KEYS: usize = 100;
/// Bytes of the shortest and the longest modulus.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// The keys with which one issuer signs, by their `kid`.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    keys: HashMap<String, Candidate>,
    refused: Vec<String>,
}

/// What stands under a `kid`.
#[derive(Clone, Debug)]
enum Candidate {
    Key(Key),
    /// More than one key has this `kid`, so that none can be chosen.
    Ambiguous,
}

/// A public key with the one algorithm that it is for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Key {
    /// The name of its algorithm, as in `alg`.
    pub(crate) fn algorithm(&self) -> String {
        format!("{:?}", self.algorithm)
    }

    /// Whether this base64url text is its signature of the message.
    pub(crate) fn verifies(&self, message: &str, signature: &str) -> bool {
        crypto::verify(signature, message.as_bytes(), &self.key, self.algorithm).unwrap_or(false)
    }
}

/// Why no key could be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    Unknown,
    Ambiguous,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private part of a key pair.
    d: Option<IgnoredAny>,
}

impl Keys {
    /// The usable keys of this JWK set. A key that is not usable is left out and its reason kept; two keys of the same
    /// `kid` are both left out. 400 when it is no key set at all, is larger than 256 KiB or has more than 100 keys.
    pub fn parse(jwks: &str) -> Result<Self, Error> {
        if jwks.len() > MAX_TEXT {
            return Err(Error::bad_request("The key set is larger than 256 KiB."));
        }
        let set: JwkSet = serde_json::from_str(jwks).map_err(|_| {
            Error::bad_request("A key set is a JSON object with an array 'keys', as in RFC 7517.")
        })?;
        if set.keys.len() > MAX_KEYS {
            return Err(Error::bad_request("The key set has more than 100 keys."));
        }
        let mut keys = Self::default();
        for (index, value) in set.keys.into_iter().enumerate() {
            match Jwk::deserialize(value).map_err(|_| "its members are not those of a key").and_then(read) {
                Ok((kid, key)) => keys.add(kid, key),
                Err(reason) => keys.refused.push(format!("keys[{index}]: {reason}")),
            }
        }
        Ok(keys)
    }

    /// Why keys of the set were left out, a line each, for the log.
    #[must_use]
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// The one key of this `kid`.
    pub(crate) fn find(&self, kid: &str) -> Result<&Key, NoKey> {
        match self.keys.get(kid) {
            Some(Candidate::Key(key)) => Ok(key),
            Some(Candidate::Ambiguous) => Err(NoKey::Ambiguous),
            None => Err(NoKey::Unknown),
        }
    }

    fn add(&mut self, kid: String, key: Key) {
        if self.keys.contains_key(&kid) {
            self.refused.push("several keys have the same 'kid'; none of them is used".to_owned());
            self.keys.insert(kid, Candidate::Ambiguous);
        } else {
            self.keys.insert(kid, Candidate::Key(key));
        }
    }
}

/// The key that a JWK describes, or why it cannot be used.
fn read(jwk: Jwk) -> Result<(String, Key), &'static str> {
    if jwk.d.is_some() {
        return Err("it holds a private key");
    }
    if jwk.r#use.as_deref().is_some_and(|purpose| purpose != "sig") {
        return Err("it is not for signatures ('use')");
    }
    if jwk
        .key_ops
        .as_ref()
        .is_some_and(|operations| !operations.iter().any(|operation| operation == "verify"))
    {
        return Err("it is not for verifying ('key_ops')");
    }
    let kid = jwk.kid.clone().filter(|kid| !kid.is_empty()).ok_or("it has no 'kid'")?;
    let key = match jwk.kty.as_str() {
        "RSA" => rsa(&jwk)?,
        "EC" => elliptic_curve(&jwk)?,
        _ => return Err("keys of its type ('kty') are not supported"),
    };
    Ok((kid, key))
}

/// An RSA key. Without `alg` it is for RS256, which OpenID Connect demands of every issuer.
fn rsa(jwk: &Jwk) -> Result<Key, &'static str> {
    let algorithm = match jwk.alg.as_deref() {
        None | Some("RS256") => Algorithm::RS256,
        Some("RS384") => Algorithm::RS384,
        Some("RS512") => Algorithm::RS512,
        Some("PS256") => Algorithm::PS256,
        Some("PS384") => Algorithm::PS384,
        Some("PS512") => Algorithm::PS512,
        Some(_) => return Err("its 'alg' is not one of an RSA key"),
    };
    let modulus = decode(jwk.n.as_deref())?;
    let exponent = decode(jwk.e.as_deref())?;
    if !MODULUS.contains(&modulus.len()) || modulus.first().is_none_or(|first| *first < 0x80) {
        return Err("its modulus has not 2,048 to 8,192 bits");
    }
    if !(2..=4).contains(&exponent.len()) && exponent != [3]
        || exponent.last().is_none_or(|last| last % 2 == 0)
    {
        return Err("its exponent is not an odd number of at most 32 bits");
    }
    Ok(Key { algorithm, key: DecodingKey::from_rsa_raw_components(&modulus, &exponent) })
}

fn elliptic_curve(jwk: &Jwk) -> Result<Key, &'static str> {
    let (algorithm, name, size, verification) = match jwk.crv.as_deref() {
        Some("P-256") => (Algorithm::ES256, "ES256", 32, &ECDSA_P256_SHA256_FIXED),
        Some("P-384") => (Algorithm::ES384, "ES384", 48, &ECDSA_P384_SHA384_FIXED),
        _ => return Err("its curve is not P-256 or P-384"),
    };
    if jwk.alg.as_deref().is_some_and(|alg| alg != name) {
        return Err("its 'alg' is not the one of its curve");
    }
    let (x, y) = (decode(jwk.x.as_deref())?, decode(jwk.y.as_deref())?);
    if x.len() != size || y.len() != size {
        return Err("its coordinates have not the length of its curve");
    }
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    if ParsedPublicKey::new(verification, &point).is_err() {
        return Err("its point is not on its curve");
    }
    Ok(Key { algorithm, key: DecodingKey::from_ec_der(&point) })
}

fn decode(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let text = text.ok_or("a number of the key is missing")?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a number of the key is not base64url")
}

#[cfg(test)]
mod tests;
