//! The form of an access token: a signed JWT in compact form, <https://www.rfc-editor.org/rfc/rfc7515#section-7.1>,
//! <https://www.rfc-editor.org/rfc/rfc9068#section-2>.
//!
//! It reads and judges the form alone; signature and claims are judged by the verifier. Encrypted tokens, opaque tokens
//! and header parameters that bring their own key are refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fhir::{Cause, Error};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// The longest token that is looked at, in bytes.
pub(crate) const MAX_TOKEN: usize = 8 * 1024;

/// A token taken apart. Nothing in it is trusted yet.
pub(crate) struct Token<'a> {
    pub(crate) header: Header,
    /// The issuer that it says it is from.
    pub(crate) issuer: String,
    /// What is signed.
    pub(crate) message: &'a str,
    pub(crate) signature: &'a str,
    payload: Vec<u8>,
}

#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    typ: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
    #[serde(default, deserialize_with = "is_there")]
    b64: bool,
    #[serde(default, deserialize_with = "is_there")]
    zip: bool,
    #[serde(default, deserialize_with = "is_there")]
    jku: bool,
    #[serde(default, deserialize_with = "is_there")]
    jwk: bool,
    #[serde(default, deserialize_with = "is_there")]
    x5u: bool,
    #[serde(default, deserialize_with = "is_there")]
    x5c: bool,
}

/// The claims that are read. An unknown one is ignored, a known one must have its type and stand there once.
#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: Option<String>,
    pub(crate) aud: Option<OneOrMany>,
    pub(crate) exp: Option<i64>,
    pub(crate) nbf: Option<i64>,
    pub(crate) iat: Option<i64>,
    pub(crate) jti: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) azp: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) org: Option<OneOrMany>,
    pub(crate) patient: Option<String>,
    pub(crate) purpose: Option<String>,
}

/// The one claim that is read before the signature, to know whose keys to try.
#[derive(Deserialize)]
struct IssuerClaim {
    iss: Option<String>,
}

/// A claim that is a string, or an array of strings.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// 401, with these words.
pub(crate) fn refused(text: impl Into<String>) -> Error {
    Error::new(Cause::Login, text)
}

impl<'a> Token<'a> {
    /// The token in this text; 401 when it has not the form of one.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Error> {
        if text.len() > MAX_TOKEN {
            return Err(refused("The token is longer than 8 KiB."));
        }
        let mut parts = text.splitn(4, '.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refused(
                "The token is not a signed JWT, which has three parts with '.' between them.",
            ));
        };
        let message = &text[..header.len() + 1 + payload.len()];
        let header = decode(header).and_then(|json| object(&json)).ok_or_else(|| {
            refused("The first part of the token is not the header of a JWT: a JSON object in base64url, unpadded.")
        })?;
        check_header(&header)?;
        let payload = decode(payload)
            .ok_or_else(|| refused("The second part of the token is not base64url without padding."))?;
        let issuer = object::<IssuerClaim>(&payload)
            .ok_or_else(|| {
                refused("The token's claims are no JSON object with a string 'iss' that stands there once.")
            })?
            .iss
            .ok_or_else(|| refused("The token has no claim 'iss'."))?;
        Ok(Self { header, issuer, message, signature, payload })
    }

    /// The claims; to be asked for only when the signature is good.
    pub(crate) fn claims(&self) -> Result<Claims, Error> {
        serde_json::from_slice(&self.payload).map_err(|error| {
            refused(format!("The token's claims cannot be used: {}.", printable(&error.to_string())))
        })
    }
}

fn check_header(header: &Header) -> Result<(), Error> {
    let forbidden = [
        (header.crit, "crit"),
        (header.b64, "b64"),
        (header.zip, "zip"),
        (header.jku, "jku"),
        (header.jwk, "jwk"),
        (header.x5u, "x5u"),
        (header.x5c, "x5c"),
    ];
    if let Some((_, name)) = forbidden.into_iter().find(|(is_there, _)| *is_there) {
        return Err(refused(format!("The token's header has '{name}', which is not accepted.")));
    }
    let typ = header.typ.as_deref().unwrap_or_default();
    if ["at+jwt", "application/at+jwt", "JWT"].iter().any(|accepted| typ.eq_ignore_ascii_case(accepted)) {
        return Ok(());
    }
    Err(refused("The token is not an access token: its header has not the 'typ' at+jwt or JWT."))
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// The value of a JSON object. An array is not taken for one, though serde would.
fn object<T: for<'de> Deserialize<'de>>(json: &[u8]) -> Option<T> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// For a member that must not be there, whatever its value, `null` included.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Foreign text as it may stand in a message or a log: at most 100 characters of printable ASCII, no quotation marks.
pub(crate) fn printable(text: &str) -> String {
    let plain = |c: char| if (c.is_ascii_graphic() || c == ' ') && c != '"' && c != '\\' { c } else { '?' };
    let mut short: String = text.chars().take(100).map(plain).collect();
    if text.chars().nth(100).is_some() {
        short.push_str("...");
    }
    short
}
