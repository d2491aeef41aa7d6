//! Cursors: opaque to the client, signed so that only ours are taken back.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fhir::{Cause, Error};

use crate::Result;
use crate::access::Parameters;

/// A sort value of the last match of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Missing,
    Number(i64),
    Text(String),
}

impl Value {
    /// Adds the value to the parameters of a statement and returns its number; a missing one has none.
    pub(crate) fn push(&self, parameters: &mut Parameters) -> Option<usize> {
        match self {
            Self::Missing => None,
            Self::Number(number) => Some(parameters.push(*number)),
            Self::Text(text) => Some(parameters.push(text.clone())),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Missing => serde_json::Value::Null,
            Self::Number(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }

    fn from_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::Null => Some(Self::Missing),
            serde_json::Value::Number(number) => number.as_i64().map(Self::Number),
            serde_json::Value::String(text) => Some(Self::Text(text.clone())),
            _ => None,
        }
    }
}

const SIGNATURE: usize = 16;

/// The cursor with these values, for what was asked for in these words.
pub(crate) fn seal(values: &[Value], secret: &[u8], asked: &[&str]) -> String {
    let body = serde_json::Value::from_iter(values.iter().map(Value::to_json)).to_string();
    let mut bytes = signature(body.as_bytes(), secret, asked).to_vec();
    bytes.extend_from_slice(body.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The values of a cursor, which must be so many.
pub(crate) fn open(text: &str, secret: &[u8], asked: &[&str], len: usize) -> Result<Vec<Value>> {
    let values = || {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, body) = bytes.split_at_checked(SIGNATURE)?;
        if signature(body, secret, asked) != signed {
            return None;
        }
        let serde_json::Value::Array(values) = serde_json::from_slice(body).ok()? else { return None };
        let values: Option<Vec<_>> = values.iter().map(Value::from_json).collect();
        values.filter(|values| values.len() == len)
    };
    values().ok_or_else(|| {
        Error::new(
            Cause::BadRequest,
            "This page link was not made by this server for this search. Start from the first page.",
        )
    })
}

/// The signature is for one search or history: in another, the place after which a page begins would be another place.
fn signature(body: &[u8], secret: &[u8], asked: &[&str]) -> [u8; SIGNATURE] {
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(secret) {
        *to = *from;
    }
    let mut hasher = blake3::Hasher::new_keyed(&key);
    for text in asked {
        // With its length, so that no two lists read the same.
        hasher.update(&text.len().to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(body);
    let mut signature = [0; SIGNATURE];
    signature.copy_from_slice(&hasher.finalize().as_bytes()[..SIGNATURE]);
    signature
}
