//! The built-in issuer's signing key: a P-256 key pair in a PEM file (PKCS #8) that its owner alone can read.
//!
//! It is made once and then read; several processes may start at once in the same folder. It is not rotated: remove the
//! file, and the next start makes another, which ends every token of the old one.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};
use fhir::Error;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};

/// The name of the file in its folder.
const FILE: &str = "signing-key.pem";

/// A private key, and the public half of it with the thumbprint (RFC 7638) as its `kid`.
#[derive(Debug)]
pub(crate) struct SigningKey {
    pub(crate) key: EncodingKey,
    pub(crate) kid: String,
    pub(crate) public: Jwk,
}

impl SigningKey {
    /// The key in this folder; folder and key are made when they are not there. Fails when the file is not a P-256 key,
    /// or when others than its owner may read it.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let file = folder.join(FILE);
        let failed = |reason: String| Error::exception(format!("signing key {}: {reason}", file.display()));
        if !file.exists() {
            create(folder, &file).map_err(|error| failed(error.to_string()))?;
        }
        let mode = fs::metadata(&file).map_err(|error| failed(error.to_string()))?.mode();
        if mode & 0o077 != 0 {
            return Err(failed(format!(
                "others than its owner may read it (mode {:o}); chmod 600 it",
                mode & 0o777
            )));
        }
        let pem = fs::read(&file).map_err(|error| failed(error.to_string()))?;
        Self::of_pem(&pem).map_err(|error| failed(format!("it is not a P-256 key in PKCS #8 ({error})")))
    }

    fn of_pem(pem: &[u8]) -> Result<Self, jsonwebtoken::errors::Error> {
        let key = EncodingKey::from_ec_pem(pem)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { key, kid, public })
    }
}

/// Makes the key file. It appears whole or not at all; when another process is first, its key stays.
fn create(folder: &Path, file: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = folder.join(format!("{FILE}.{:016x}", rand::random::<u64>()));
    let written = write(&draft).and_then(|()| match fs::hard_link(&draft, file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = fs::remove_file(&draft);
    written.and(removed)
}

fn write(file: &Path) -> std::io::Result<()> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| std::io::Error::other("no key could be made"))?;
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in STANDARD.encode(document.as_ref()).as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()
}
