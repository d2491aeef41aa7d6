use jsonwebtoken::Algorithm;

use super::*;
use crate::caller::CallerKind;
use crate::forge::{Folder, Pair};
use crate::verifier::{Settings, Verifier};

const NOW: i64 = 1_800_000_000;
const ADDRESS: &str = "http://here/fhir/auth/token";

fn at(seconds: i64) -> Instant {
    Instant::from_microseconds(seconds * 1_000_000)
}

struct World {
    endpoint: TokenEndpoint,
    verifier: Verifier,
    pair: Pair,
    _folder: Folder,
}

fn world(algorithm: Algorithm) -> World {
    let folder = Folder::new();
    let issuer = Issuer::open(&folder.0, Settings::new("http://here/fhir", "http://here/fhir")).unwrap();
    let verifier = issuer.verifier();
    let pair = Pair::new(algorithm);
    let client = Client {
        id: "epr".to_owned(),
        keys: Keys::parse(&json!({"keys": [pair.jwk("k")]}).to_string()).unwrap(),
        scopes: Scopes::parse("system/Task.rs system/Patient.cruds"),
        organizations: vec!["RR8".to_owned()],
    };
    World {
        endpoint: TokenEndpoint::new("http://here/fhir/", issuer, vec![client]),
        verifier,
        pair,
        _folder: folder,
    }
}

fn claims() -> Value {
    json!({"iss": "epr", "sub": "epr", "aud": ADDRESS, "exp": NOW + 300, "jti": "1"})
}

fn form(assertion: &str, scope: &str) -> Vec<(String, String)> {
    [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
        ("scope", scope),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

impl World {
    fn assertion(&self, claims: &Value) -> String {
        let header = json!({"alg": format!("{:?}", self.pair.algorithm), "kid": "k", "typ": "JWT"});
        self.pair.sign(&header.to_string(), &claims.to_string())
    }

    fn ask(&self, claims: &Value, scope: &str) -> Result<Value, Refusal> {
        self.endpoint.grant(&form(&self.assertion(claims), scope), at(NOW)).map(|grant| grant.body)
    }
}

#[test]
fn a_client_gets_a_short_token_for_what_it_is_registered_for() {
    for algorithm in [Algorithm::RS384, Algorithm::ES384, Algorithm::RS512] {
        let world = world(algorithm);
        let granted = world.ask(&claims(), "system/*.rs openid").unwrap();
        assert_eq!((&granted["token_type"], &granted["expires_in"]), (&json!("bearer"), &json!(300)));
        assert_eq!(granted["scope"], "system/Task.rs system/Patient.rs");
        let token = granted["access_token"].as_str().unwrap();
        let caller = world.verifier.verify(token, at(NOW)).unwrap();
        assert_eq!((caller.client.as_str(), caller.kind), ("epr", CallerKind::System));
        assert_eq!((caller.organizations, caller.patient), (vec!["RR8".to_owned()], None));
        assert_eq!(caller.scopes.to_string(), "system/Task.rs system/Patient.rs");
        assert!(world.verifier.verify(token, at(NOW + 331)).is_err());
    }
}

#[test]
fn an_assertion_is_good_once_and_for_this_client_here_and_now() {
    let world = world(Algorithm::ES384);
    for (member, value, error) in [
        ("iss", json!("other"), "not registered"),
        ("iss", Value::Null, "'iss'"),
        ("sub", json!("other"), "'sub'"),
        ("aud", json!("http://here/fhir"), ADDRESS),
        ("aud", Value::Null, "'aud'"),
        ("exp", json!(NOW - 31), "'exp'"),
        ("exp", json!(NOW + 3600), "'exp'"),
        ("exp", json!(i64::MAX), "'exp'"),
        ("exp", json!(i64::MIN), "'exp'"),
        ("exp", Value::Null, "'exp'"),
        ("nbf", json!(NOW + 60), "not good yet"),
        ("iat", json!(NOW + 60), "not good yet"),
        ("jti", json!(""), "'jti'"),
        ("jti", Value::Null, "'jti'"),
        ("jti", json!(7), "cannot be used"),
    ] {
        let mut claims = claims();
        claims[member] = value;
        let refusal = world.ask(&claims, "system/Task.rs").unwrap_err();
        assert_eq!(refusal.error, "invalid_client");
        assert!(refusal.description.contains(error), "{member}: {}", refusal.description);
    }
    let used = |claims: &Value| {
        let form = form(&world.assertion(claims), "system/Task.rs");
        world.endpoint.grant(&form, at(NOW)).unwrap().assertion
    };
    assert_eq!(used(&claims()), used(&claims()));
    assert_eq!(used(&claims()).until, at(NOW + 300 + LEEWAY));
    let mut another = claims();
    another["jti"] = json!("2");
    another["aud"] = json!(["http://elsewhere", ADDRESS]);
    assert!(world.ask(&another, "system/Task.rs").is_ok());
    assert_ne!(used(&another).key, used(&claims()).key);
}

#[test]
fn other_keys_and_forms_are_refused() {
    let world = world(Algorithm::ES384);
    let other = Pair::new(Algorithm::ES384);
    let sign = |pair: &Pair, header: Value| pair.sign(&header.to_string(), &claims().to_string());
    for (assertion, error) in [
        (sign(&other, json!({"alg": "ES384", "kid": "k", "typ": "JWT"})), "signature"),
        (sign(&world.pair, json!({"alg": "ES384", "kid": "other", "typ": "JWT"})), "'kid'"),
        (sign(&world.pair, json!({"alg": "ES384", "typ": "JWT"})), "'kid'"),
        (sign(&world.pair, json!({"alg": "RS384", "kid": "k", "typ": "JWT"})), "'alg' ES384"),
        (sign(&world.pair, json!({"alg": "none", "kid": "k", "typ": "JWT"})), "'alg' ES384"),
        (sign(&world.pair, json!({"alg": "ES384", "kid": "k", "typ": "JWT", "jku": "http://x"})), "'jku'"),
        ("secret".to_owned(), "signed JWT"),
    ] {
        let refusal = world.endpoint.grant(&form(&assertion, "system/Task.rs"), at(NOW)).unwrap_err();
        assert!(refusal.error == "invalid_client" && refusal.description.contains(error), "{refusal:?}");
    }
    for (change, error) in [
        (("scope", "system/Observation.rs"), "invalid_scope"),
        (("scope", "user/Task.rs openid"), "invalid_scope"),
        (("scope", ""), "invalid_request"),
        (("grant_type", "password"), "unsupported_grant_type"),
        (("client_assertion_type", "x"), "invalid_request"),
    ] {
        let mut claims = claims();
        claims["jti"] = json!(format!("{change:?}"));
        let mut form = form(&world.assertion(&claims), "system/Task.rs");
        for (_, value) in form.iter_mut().filter(|(name, _)| name == change.0) {
            *value = change.1.to_owned();
        }
        assert_eq!(world.endpoint.grant(&form, at(NOW)).unwrap_err().error, error, "{change:?}");
    }
    let mut twice = form(&world.assertion(&claims()), "system/Task.rs");
    twice.push(("scope".to_owned(), "system/Patient.rs".to_owned()));
    assert_eq!(world.endpoint.grant(&twice, at(NOW)).unwrap_err().error, "invalid_request");
}
