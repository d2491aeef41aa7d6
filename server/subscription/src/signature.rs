//! Proof that a notification comes from this server: Standard Webhooks, <https://www.standardwebhooks.com>.
//!
//! Every subscription has its own secret. A client learns it by having it renewed; the one before is used beside it for a day.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fhir::{Error, Key};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::Store;

/// A new secret.
pub(crate) fn secret() -> Vec<u8> {
    rand::random::<[u8; 32]>().to_vec()
}

/// Gives the subscription a new signing secret and returns it, in the form `whsec_…` in which libraries take it. It cannot be
/// read again. `None` when there is no such subscription, or its creation has not been sequenced yet.
///
/// # Errors
/// When the database cannot be asked.
pub async fn renew_secret(store: &Store, subscription: Key) -> Result<Option<String>, Error> {
    let secret = secret();
    let known = store.set_subscription_secret(subscription, &secret).await?;
    Ok(known.then(|| format!("whsec_{}", STANDARD.encode(&secret))))
}

/// The value of `webhook-signature`: one signature for each secret that is valid.
pub(crate) fn sign<'s>(
    secrets: impl Iterator<Item = &'s [u8]>,
    id: &str,
    seconds: i64,
    body: &[u8],
) -> String {
    let signatures: Vec<_> = secrets
        .filter_map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            mac.update(format!("{id}.{seconds}.").as_bytes());
            mac.update(body);
            Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // The example of the specification.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign([secret.as_slice()].into_iter(), id, 1_614_265_330, body), expected);
        let two = sign([secret.as_slice(), b"other"].into_iter(), id, 1_614_265_330, body);
        assert!(two.starts_with(expected) && two.split(' ').count() == 2);
        assert_ne!(super::secret(), super::secret());
    }
}
