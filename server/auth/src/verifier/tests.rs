//! The attacks on tokens, each as a line of a table; every token is really signed unless the attack is that it is not.

use base64::Engine;
use fhir::Cause;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::*;
use crate::caller::CallerKind;
use crate::forge::{Pair, encode};

const NOW: i64 = 1_800_000_000;
const HERE: &str = "https://here/fhir";

fn at(seconds: i64) -> Instant {
    Instant::from_microseconds(seconds * 1_000_000)
}

/// Two trusted issuers: a with keys `es` and `rs` (and `two`, twice), b with key `b`.
struct World {
    es: Pair,
    rs: Pair,
    two: Pair,
    b: Pair,
    verifier: Verifier,
}

impl World {
    fn new() -> Self {
        let [es, rs, two, b] =
            [Algorithm::ES256, Algorithm::RS256, Algorithm::ES256, Algorithm::ES384].map(Pair::new);
        let a_keys = [es.jwk("es"), rs.jwk("rs"), two.jwk("two"), Pair::new(Algorithm::ES256).jwk("two")];
        let keys = |keys: &[Value]| Keys::parse(&json!({ "keys": keys }).to_string()).unwrap();
        let verifier = Verifier::new(Settings::new("https://a", HERE), keys(&a_keys))
            .and(Settings::new("https://b", HERE), keys(&[b.jwk("b")]));
        Self { es, rs, two, b, verifier }
    }

    /// A token of issuer a with the good header and claims, changed by these (a `null` removes).
    fn token(&self, header: Value, claims: Value) -> String {
        self.es.sign(&changed(good_header(), header), &changed(good_claims(), claims))
    }

    /// A token of issuer a whose claims are this text.
    fn claiming(&self, claims: &str) -> String {
        self.es.sign(&good_header().to_string(), claims)
    }

    fn check(&self, id: &str, token: &str, expected: Result<(), &str>) {
        let outcome = self.verifier.verify(token, at(NOW));
        match (outcome, expected) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err(text)) => {
                assert_eq!(error.cause(), Cause::Login, "{id}");
                let said = &error.issues()[0].diagnostics;
                assert!(said.contains(text), "{id}: said '{said}', expected '{text}'");
                assert!(
                    said.len() < 400 && said.is_ascii() && !said.contains(['\n', '\r', '"']),
                    "{id}: {said}"
                );
            }
            (outcome, expected) => panic!("{id}: {outcome:?}, expected {expected:?} of {token}"),
        }
    }
}

fn good_header() -> Value {
    json!({"alg": "ES256", "typ": "at+jwt", "kid": "es"})
}

fn good_claims() -> Value {
    json!({
        "iss": "https://a", "sub": "s", "aud": HERE, "iat": NOW, "exp": NOW + 300,
        "client_id": "c", "scope": "system/Task.rs", "org": ["RR8"], "jti": "1"
    })
}

fn changed(mut value: Value, changes: Value) -> String {
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => members.shift_remove(name),
            _ => members.insert(name.clone(), change.clone()),
        };
    }
    value.to_string()
}

/// The good claims as text, with one claim replaced by this text.
fn raw(claim: &str, text: &str) -> String {
    let without = changed(good_claims(), json!({ claim: null }));
    format!("{{{text},{}", &without[1..])
}

#[test]
fn a_good_token_has_a_caller() {
    let world = World::new();
    let claims = json!({"org": "RR8", "purpose": "TREAT", "client_id": null, "azp": "z"});
    let caller = world.verifier.verify(&world.token(json!({}), claims), at(NOW)).unwrap();
    assert_eq!(
        caller,
        Caller {
            client: "z".into(),
            subject: "s".into(),
            organizations: vec!["RR8".into()],
            patient: None,
            scopes: Scopes::parse("system/Task.rs"),
            kind: CallerKind::System,
            purpose: Some("TREAT".into()),
        }
    );
    let bare = json!({"org": null, "client_id": null, "scope": null, "iat": null, "jti": null});
    let caller = world.verifier.verify(&world.token(json!({}), bare), at(NOW)).unwrap();
    assert_eq!((caller.client.as_str(), caller.organizations.len()), ("s", 0));
    for typ in ["JWT", "jwt", "application/at+jwt", "AT+JWT"] {
        world.check(typ, &world.token(json!({ "typ": typ }), json!({})), Ok(()));
    }
    let of_b = changed(good_claims(), json!({"iss": "https://b"}));
    world.check(
        "b",
        &world.b.sign(&changed(good_header(), json!({"alg": "ES384", "kid": "b"})), &of_b),
        Ok(()),
    );
}

#[test]
fn a01_to_a03_the_algorithm_is_the_keys_and_the_signature_must_be_good() {
    let world = World::new();
    let claims = good_claims().to_string();
    let parts = |header: Value| format!("{}.{}", encode(&changed(good_header(), header)), encode(&claims));
    for alg in ["none", "None", "", "ES384", "EdDSA", "HS256"] {
        let message = parts(json!({ "alg": alg }));
        world.check("A01", &format!("{message}."), Err("'alg' is not ES256"));
        let borrowed = world.token(json!({}), json!({}));
        let signature = borrowed.rsplit('.').next().unwrap();
        world.check("A01", &format!("{message}.{signature}"), Err("'alg' is not ES256"));
    }
    world.check("A01", &format!("{}.", parts(json!({}))), Err("signature"));
    for (kid, pair, alg) in [("es", &world.es, "ES256"), ("rs", &world.rs, "RS256")] {
        let jwk = pair.jwk(kid).to_string();
        for secret in [jwk.as_str(), "", "secret"] {
            let message = parts(json!({"alg": "HS256", "kid": kid}));
            let key = EncodingKey::from_secret(secret.as_bytes());
            let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
            world.check("A02", &format!("{message}.{signature}"), Err(&format!("'alg' is not {alg}")));
        }
    }
    for (algorithm, name) in [(Algorithm::RS512, "RS512"), (Algorithm::PS256, "PS256")] {
        let header = changed(good_header(), json!({"alg": name, "kid": "rs"}));
        let pair = Pair { algorithm, key: world.rs.key.clone() };
        world.check("A03", &pair.sign(&header, &claims), Err("'alg' is not RS256"));
        let lying = changed(good_header(), json!({"alg": "RS256", "kid": "rs"}));
        world.check("A03", &pair.sign(&lying, &claims), Err("signature"));
    }
    let good = world.rs.sign(&changed(good_header(), json!({"alg": "RS256", "kid": "rs"})), &claims);
    world.check("RS256", &good, Ok(()));
    world.check("foreign key", &world.two.sign(&good_header().to_string(), &claims), Err("signature"));
    let signature = good.rsplit('.').next().unwrap();
    let more = changed(good_claims(), json!({"scope": "system/*.cruds"}));
    let header = encode(&changed(good_header(), json!({"alg": "RS256", "kid": "rs"})));
    world.check("changed claims", &format!("{header}.{}.{signature}", encode(&more)), Err("signature"));
}

#[test]
fn a05_a06_a15_the_key_is_the_one_of_that_kid_of_that_issuer() {
    let world = World::new();
    let claims = good_claims().to_string();
    world.check(
        "A05",
        &world.two.sign(&changed(good_header(), json!({"kid": "two"})), &claims),
        Err("several keys"),
    );
    for kid in [
        "",
        "unknown",
        "../../etc/passwd",
        "' OR 1=1 --",
        "es\u{0}",
        "ES",
        "es ",
        "\r\nInjected: 1",
        &"k".repeat(5000),
    ] {
        world.check(
            "A06",
            &world.token(json!({ "kid": kid }), json!({})),
            Err("'kid' is not one of its issuer's keys"),
        );
    }
    world.check(
        "A06",
        &world.token(json!({ "kid": "k".repeat(10_000) }), json!({})),
        Err("longer than 8 KiB"),
    );
    world.check("A06", &world.token(json!({ "kid": null }), json!({})), Err("no 'kid'"));
    world.check("A06", &world.token(json!({ "kid": 5 }), json!({})), Err("not the header of a JWT"));
    let of_b = changed(good_header(), json!({"alg": "ES384", "kid": "b"}));
    world.check("A15", &world.b.sign(&of_b, &claims), Err("'kid' is not one of its issuer's keys"));
    world.check("A15", &world.token(json!({"kid": "b"}), json!({})), Err("'kid' is not one of"));
    world.check("A15", &world.token(json!({}), json!({"iss": "https://b"})), Err("'kid' is not one of"));
}

#[test]
fn a07_a08_a20_a_header_that_asks_for_more_is_refused() {
    let world = World::new();
    let attacker = Pair::new(Algorithm::ES256);
    for (id, name, value) in [
        ("A07", "jku", json!("https://attacker/jwks")),
        ("A07", "jwk", attacker.jwk("es")),
        ("A07", "x5u", json!("https://attacker/x5u")),
        ("A07", "x5c", json!(["MIIB"])),
        ("A08", "crit", json!(["exp"])),
        ("A08", "crit", json!([])),
        ("A08", "crit", json!("b64")),
        ("A08", "b64", json!(false)),
        ("zip", "zip", json!("DEF")),
    ] {
        let refusal = format!("header has '{name}'");
        world.check(id, &world.token(json!({ name: value }), json!({})), Err(&refusal));
        let header = changed(good_header(), json!({ name: value }));
        world.check(id, &attacker.sign(&header, &good_claims().to_string()), Err(&refusal));
        let null = format!("{{\"{name}\":null,{}", &good_header().to_string()[1..]);
        world.check(id, &world.es.sign(&null, &good_claims().to_string()), Err(&refusal));
    }
    for typ in [json!(null), json!(""), json!("client-authentication+jwt"), json!("id+jwt"), json!("JWE")] {
        world.check("A20", &world.token(json!({ "typ": typ }), json!({})), Err("not an access token"));
    }
    let assertion = json!({"iss": "demo-epr", "sub": "demo-epr", "aud": "https://here/auth/token"});
    world.check("A20", &world.token(json!({"typ": "JWT"}), assertion), Err("issuer ('iss') is demo-epr"));
}

#[test]
fn a09_to_a12_a_token_has_its_time() {
    let world = World::new();
    world.check("A09", &world.token(json!({}), json!({"exp": null})), Err("no claim 'exp'"));
    world.check("A09", &world.claiming(&raw("exp", r#""exp":null"#)), Err("no claim 'exp'"));
    for exp in [
        "\"1800000100\"",
        "1e18",
        "1.8e9",
        "1800000100.5",
        "true",
        "[1800000100]",
        "{}",
        "99999999999999999999",
        "-9223372036854775809",
        "NaN",
        "01800000100",
    ] {
        world.check("A09", &world.claiming(&raw("exp", &format!("\"exp\":{exp}"))), Err("claims"));
    }
    for exp in ["-1", "-9223372036854775808", "1000000000000000000", "9223372036854775807", "253402300800"] {
        world.check(
            "A09",
            &world.claiming(&raw("exp", &format!("\"exp\":{exp}"))),
            Err("between 1970 and 9999"),
        );
    }
    for (id, claims, expected) in [
        ("A10", json!({"exp": NOW + 301}), Err("longer than the 300 seconds")),
        ("A10", json!({"exp": NOW + 299, "iat": NOW - 2}), Err("longer than the 300 seconds")),
        ("A10", json!({"exp": NOW + 301, "iat": null}), Err("longer than the 300 seconds")),
        ("A10", json!({"exp": 253_402_300_799_i64, "iat": 0}), Err("longer than the 300 seconds")),
        ("A10", json!({"exp": NOW + 300, "iat": null}), Ok(())),
        ("A11", json!({"nbf": NOW + 31}), Err("lies in the future")),
        ("A11", json!({"iat": NOW + 31}), Err("lies in the future")),
        ("A11", json!({"nbf": 253_402_300_799_i64}), Err("lies in the future")),
        ("A11", json!({"nbf": -1}), Err("between 1970 and 9999")),
        ("A11", json!({"iat": i64::MIN}), Err("between 1970 and 9999")),
        ("A11", json!({"nbf": "soon"}), Err("claims cannot be used")),
        ("A11", json!({"nbf": NOW + 30, "iat": NOW + 30}), Ok(())),
        ("A12", json!({"exp": NOW - 31, "iat": NOW - 100}), Err("expired, 31 seconds ago")),
        ("A12", json!({"exp": NOW - 30, "iat": NOW - 100}), Err("expired")),
        ("A12", json!({"exp": NOW - 29, "iat": NOW - 100}), Ok(())),
        ("A12", json!({"exp": 0, "iat": 0}), Err("expired")),
    ] {
        world.check(id, &world.token(json!({}), claims), expected);
    }
}

#[test]
fn a13_a14_a18_claims_are_there_once_with_their_type() {
    let world = World::new();
    world.check("A13", &world.token(json!({}), json!({"iss": null})), Err("no claim 'iss'"));
    for iss in [json!(5), json!(["https://a"]), json!({"a": 1}), json!(true)] {
        world.check("A13", &world.token(json!({}), json!({ "iss": iss })), Err("string 'iss'"));
    }
    for iss in ["", "https://a/", "https://A", "https://evil\r\n\u{202e}\"<b>"] {
        let refusal = "this server trusts https://a, https://b";
        world.check("A13", &world.token(json!({}), json!({ "iss": iss })), Err(refusal));
    }
    world.check("A14", &world.token(json!({}), json!({"aud": null})), Err("'aud' is missing"));
    for aud in [json!("https://there/fhir"), json!("https://here/fhir/"), json!(["x", "y"]), json!("")] {
        world.check(
            "A14",
            &world.token(json!({}), json!({ "aud": aud })),
            Err("should be 'https://here/fhir'"),
        );
    }
    world.check("A14", &world.token(json!({}), json!({"aud": []})), Err("'aud' is missing"));
    for aud in [json!({HERE: HERE}), json!(5), json!([HERE, 5]), json!([[HERE]])] {
        world.check("A14", &world.token(json!({}), json!({ "aud": aud })), Err("claims cannot be used"));
    }
    world.check("A14", &world.token(json!({}), json!({"aud": ["x", HERE]})), Ok(()));
    for (claim, value) in [
        ("iss", "\"https://a\""),
        ("sub", "\"s\""),
        ("aud", "\"https://here/fhir\""),
        ("exp", "1800000100"),
        ("nbf", "0"),
        ("scope", "\"system/*.cruds\""),
        ("org", "\"RT5\""),
        ("patient", "\"p\""),
        ("client_id", "\"x\""),
    ] {
        let text = format!("\"{claim}\":{value},\"{claim}\":{value}");
        world.check("A18", &world.claiming(&raw(claim, &text)), Err("claims"));
        world.check("once", &world.claiming(&raw(claim, &format!("\"{claim}\":{value}"))), Ok(()));
    }
    let escaped = r#""scope":"system/Task.rs","\u0073cope":"system/*.cruds""#;
    world.check("A18", &world.claiming(&raw("scope", escaped)), Err("duplicate field"));
    for claims in [
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": 5}),
        json!({"scope": ["system/Task.rs"]}),
        json!({"org": 5}),
        json!({"org": [""]}),
        json!({"org": " "}),
        json!({"org": ["RR8", null]}),
        json!({"patient": ["p"]}),
        json!({"patient": ""}),
        json!({"patient": "Patient/p"}),
        json!({"patient": "../p"}),
    ] {
        world.check("typed", &world.token(json!({}), claims), Err("claim"));
    }
    for payload in ["", "null", "[]", "\"x\"", "{", "{}x", "\u{feff}{}", &"[".repeat(500)] {
        world.check("no object", &world.claiming(payload), Err("no JSON object"));
    }
}

#[test]
fn a17_a19_the_form_is_judged_before_anything_is_parsed() {
    let world = World::new();
    let good = world.token(json!({}), json!({}));
    world.check("good", &good, Ok(()));
    world.check("A17", &"a".repeat(8 * 1024 + 1), Err("longer than 8 KiB"));
    world.check("A17", &world.token(json!({}), json!({"x": "y".repeat(9000)})), Err("longer than 8 KiB"));
    for token in
        ["a.".repeat(1000).as_str(), "", "a", "a.b", &format!("{good}."), &format!(".{good}"), "a.b.c.d"]
    {
        world.check("A17", token, Err("three parts"));
    }
    world.check("A17", "..", Err("not the header of a JWT"));
    let (header, claims) = (encode(&good_header().to_string()), encode(&good_claims().to_string()));
    let standard = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    // Text of which the two alphabets differ.
    let header_standard = standard(&changed(good_header(), json!({"x": "???>>>~~~"})));
    let claims_standard = standard(&changed(good_claims(), json!({"x": "???>>>~~~"})));
    assert!(header_standard.contains(['+', '/']) && claims_standard.contains(['+', '/']));
    for (header, claims, refusal) in [
        (format!("{header}="), claims.clone(), "header of a JWT"),
        (format!("{header}\n"), claims.clone(), "header of a JWT"),
        (format!(" {header}"), claims.clone(), "header of a JWT"),
        (header_standard.trim_end_matches('=').to_owned(), claims.clone(), "header of a JWT"),
        (encode("[\"ES256\",\"es\",\"at+jwt\"]"), claims.clone(), "header of a JWT"),
        (encode(r#"{"alg":"ES256","alg":"none","kid":"es","typ":"JWT"}"#), claims.clone(), "header of a JWT"),
        (encode("{}"), claims.clone(), "header of a JWT"),
        (header.clone(), format!("{claims}=="), "not base64url"),
        (header.clone(), format!("{}\n{}", &claims[..10], &claims[10..]), "not base64url"),
        (header.clone(), claims_standard.trim_end_matches('=').to_owned(), "not base64url"),
    ] {
        world.check("A19", &world.es.sign_parts(&header, &claims), Err(refusal));
    }
    for ending in ["=", "==", "\n", " ", "+", "A"] {
        world.check("A19", &format!("{good}{ending}"), Err("signature"));
    }
}

#[test]
fn a35_a_patient_token_without_a_patient_reaches_nothing() {
    let world = World::new();
    let token = |patient: Value| world.token(json!({}), json!({"scope": "patient/*.rs", "patient": patient}));
    let task = fhir::ResourceType::TASK;
    let caller = world.verifier.verify(&token(json!(null)), at(NOW)).unwrap();
    assert_eq!(caller.require(task, crate::Right::Read).unwrap_err().cause(), Cause::Forbidden);
    let caller = world.verifier.verify(&token(json!("p")), at(NOW)).unwrap();
    assert!(caller.require(task, crate::Right::Read).is_ok());
}

#[test]
fn a_remembered_token_is_still_judged_by_the_clock_and_by_every_character() {
    let world = World::new();
    let token = world.token(json!({}), json!({"nbf": NOW - 10}));
    let verify = |token: &str, now: i64| world.verifier.verify(token, at(now)).map_err(|error| error.cause());
    let caller = verify(&token, NOW).unwrap();
    assert_eq!(verify(&token, NOW + 329), Ok(caller.clone()));
    assert_eq!(verify(&token, NOW + 330), Err(Cause::Login));
    assert_eq!(verify(&token, NOW - 31), Err(Cause::Login), "a clock that went back");
    assert_eq!(verify(&token, NOW), Ok(caller));
    assert_eq!(verify(&token[..token.len() - 1], NOW), Err(Cause::Login));
    let other = World::new();
    assert_eq!(other.verifier.verify(&token, at(NOW)).map_err(|error| error.cause()), Err(Cause::Login));
}
