//! Tokens of any shape, well signed, for the tests: what an attacker with patience, or a careless issuer, would send.

use std::path::PathBuf;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

/// A key pair for one algorithm.
pub(crate) struct Pair {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: EncodingKey,
}

impl Pair {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let random = SystemRandom::new();
        let elliptic = |curve| EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap().as_ref().to_vec();
        let key = match algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_der(&elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING)),
            Algorithm::ES384 => EncodingKey::from_ec_der(&elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING)),
            _ => {
                let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
                let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der>::as_der(&pair).unwrap();
                EncodingKey::from_rsa_pem(pem(der.as_ref()).as_bytes()).unwrap()
            }
        };
        Self { algorithm, key }
    }

    /// The public half as a JWK with this `kid` and `alg`.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(kid);
        jwk
    }

    /// A token of these two texts, signed for the pair's algorithm whatever the header says.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        self.sign_parts(&encode(header), &encode(claims))
    }

    /// A token of these two parts as they are.
    pub(crate) fn sign_parts(&self, header: &str, claims: &str) -> String {
        let message = format!("{header}.{claims}");
        let signature = crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

pub(crate) fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

pub(crate) fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// An empty folder, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(std::env::temp_dir().join(format!("homefirst-auth-{:032x}", rand::random::<u128>())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
