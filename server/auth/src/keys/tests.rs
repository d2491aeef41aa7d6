use serde_json::{Value, json};

use super::*;
use crate::forge::Pair;

fn parse(keys: &[Value]) -> Keys {
    Keys::parse(&json!({ "keys": keys }).to_string()).unwrap()
}

fn with(jwk: &Value, member: &str, value: Value) -> Value {
    let mut changed = jwk.clone();
    changed[member] = value;
    changed
}

fn without(jwk: &Value, member: &str) -> Value {
    let mut changed = jwk.clone();
    changed.as_object_mut().unwrap().shift_remove(member);
    changed
}

#[test]
fn a_key_is_for_the_one_algorithm_that_it_names_or_implies() {
    let [rsa, p256, p384] =
        [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384].map(|a| Pair::new(a).jwk("k"));
    for (jwk, algorithm) in [
        (rsa.clone(), "RS256"),
        (without(&rsa, "alg"), "RS256"),
        (with(&rsa, "alg", json!("RS512")), "RS512"),
        (with(&rsa, "alg", json!("PS384")), "PS384"),
        (with(&rsa, "use", json!("sig")), "RS256"),
        (with(&rsa, "key_ops", json!(["verify"])), "RS256"),
        (p256.clone(), "ES256"),
        (without(&p256, "alg"), "ES256"),
        (without(&p384, "alg"), "ES384"),
    ] {
        let keys = parse(std::slice::from_ref(&jwk));
        assert_eq!(
            keys.find("k").map(Key::algorithm),
            Ok(algorithm.to_owned()),
            "{jwk} {:?}",
            keys.refused()
        );
    }
}

#[test]
fn a16_a_key_that_is_weak_or_not_what_it_says_is_refused() {
    let [rsa, p256, p384] =
        [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384].map(|a| Pair::new(a).jwk("k"));
    let numbers = |bytes: &[u8]| json!(URL_SAFE_NO_PAD.encode(bytes));
    let weak = [&[0x80], [0x5b; 127].as_slice()].concat();
    let padded = [&[0], weak.as_slice(), weak.as_slice()].concat();
    let y_of_another = Pair::new(Algorithm::ES256).jwk("k")["y"].clone();
    for jwk in [
        with(&rsa, "n", numbers(&weak)),
        with(&rsa, "n", numbers(&padded)),
        with(&rsa, "n", numbers(&[0xff; 1025])),
        with(&rsa, "n", json!("!")),
        without(&rsa, "n"),
        with(&rsa, "e", numbers(&[1])),
        with(&rsa, "e", numbers(&[1, 0, 0])),
        with(&rsa, "e", numbers(&[])),
        with(&rsa, "e", numbers(&[1, 0, 0, 0, 1])),
        with(&rsa, "alg", json!("HS256")),
        with(&rsa, "alg", json!("none")),
        with(&rsa, "alg", json!("ES256")),
        with(&rsa, "alg", json!(5)),
        with(&rsa, "use", json!("enc")),
        with(&rsa, "key_ops", json!(["sign"])),
        with(&rsa, "d", numbers(&[1])),
        with(&rsa, "kty", json!("oct")),
        with(&rsa, "kid", json!("")),
        without(&rsa, "kid"),
        with(&p256, "alg", json!("ES384")),
        with(&p256, "crv", json!("P-384")),
        with(&p256, "crv", json!("secp256k1")),
        with(&p256, "y", y_of_another),
        with(&p256, "x", numbers(&[0; 32])),
        with(&p256, "x", p384["x"].clone()),
        with(&p384, "alg", json!("ES256")),
        json!({"kty": "oct", "kid": "k", "alg": "HS256", "k": "c2VjcmV0"}),
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "alg": "EdDSA", "x": "A".repeat(43)}),
        json!("k"),
        json!(null),
    ] {
        let keys = parse(std::slice::from_ref(&jwk));
        assert_eq!(keys.find("k").map(Key::algorithm), Err(NoKey::Unknown), "{jwk}");
        assert_eq!(keys.refused().len(), 1, "{jwk}");
        let both = parse(&[jwk, rsa.clone()]);
        assert_eq!(both.find("k").map(Key::algorithm), Ok("RS256".to_owned()), "one bad key spoils no other");
    }
}

#[test]
fn a05_two_keys_of_the_same_kid_are_both_left_out() {
    let jwk = |kid: &str| Pair::new(Algorithm::ES256).jwk(kid);
    let keys = parse(&[jwk("k"), jwk("other"), jwk("k"), jwk("k")]);
    assert_eq!(keys.find("k").map(Key::algorithm), Err(NoKey::Ambiguous));
    assert_eq!(keys.find("other").map(Key::algorithm), Ok("ES256".to_owned()));
}

#[test]
fn what_is_no_key_set_or_too_large_is_refused_whole() {
    let many = json!({ "keys": vec![json!({}); 101] }).to_string();
    let long = format!("{}{{\"keys\":[]}}", " ".repeat(256 * 1024));
    for text in ["", "{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, &many, &long] {
        assert!(Keys::parse(text).is_err(), "{}", &text[..text.len().min(40)]);
    }
    assert!(Keys::parse(r#"{"keys":[]}"#).is_ok());
}
