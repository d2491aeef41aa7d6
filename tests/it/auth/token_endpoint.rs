//! The server's own token endpoint, <https://hl7.org/fhir/smart-app-launch/backend-services.html>.

use std::fs;
use std::path::PathBuf;

use auth::{Issuer, Settings};
use homefirst::config::Client;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tests::{Answer, TestServer};

/// The keys of a client, in a folder of their own.
struct Signer {
    folder: PathBuf,
    jwks: Value,
}

impl Signer {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("homefirst-client-{}", uuid::Uuid::now_v7()));
        // The built-in issuer knows how to make a key pair.
        let jwks = Issuer::open(&folder, Settings::new("client", "client")).unwrap().jwks();
        fs::write(folder.join("jwks.json"), jwks.to_string()).unwrap();
        Self { folder, jwks }
    }

    fn client(&self) -> Client {
        Client {
            client_id: "leeds-epr".to_owned(),
            jwks: self.folder.join("jwks.json"),
            scope: "system/Patient.cruds system/Task.rs".to_owned(),
            organizations: vec!["RR8".to_owned()],
        }
    }

    fn assertion(&self, audience: &str, jti: &str) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = self.jwks["keys"][0]["kid"].as_str().map(str::to_owned);
        let exp = fhir::Instant::now().microseconds() / 1_000_000 + 240;
        let claims = json!({"iss": "leeds-epr", "sub": "leeds-epr", "aud": audience, "exp": exp, "jti": jti});
        let key = EncodingKey::from_ec_pem(&fs::read(self.folder.join("signing-key.pem")).unwrap()).unwrap();
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

async fn ask(server: &TestServer, assertion: &str, scope: &str) -> Answer {
    ask_at(server, "auth/token", assertion, scope).await
}

async fn ask_at(server: &TestServer, address: &str, assertion: &str, scope: &str) -> Answer {
    let form = format!(
        "grant_type=client_credentials&scope={scope}&client_assertion={assertion}\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    );
    let request = server.with_token(None).request("POST", address);
    request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_client_finds_it_and_gets_a_token() {
    let signer = Signer::new();
    let server = TestServer::with(|config| config.auth.clients.push(signer.client())).await;
    let stranger = server.with_token(None);
    let smart = stranger.get(".well-known/smart-configuration").await.expect(200).json;
    let address = format!("{}/auth/token", server.base);
    assert_eq!(smart["token_endpoint"], address.as_str());
    assert_eq!(smart["token_endpoint_auth_methods_supported"], json!(["private_key_jwt"]));
    assert!(smart["capabilities"].as_array().unwrap().contains(&json!("client-confidential-asymmetric")));
    let statement = stranger.get("metadata").await.expect(200).json;
    let told = statement.pointer("/rest/0/security/extension/0/extension/0/valueUri").unwrap();
    assert_eq!(told, address.as_str());

    let granted = ask(&server, &signer.assertion(&address, "1"), "system%2FPatient.rs+system%2F%2A.s").await;
    let granted = granted.expect(200);
    assert_eq!(granted.header("cache-control"), "private, no-store");
    assert_eq!(granted.json["expires_in"], 300);
    assert_eq!(granted.json["scope"], "system/Patient.rs system/Task.s");
    let caller = server.with_token(granted.json["access_token"].as_str().map(str::to_owned));
    caller.get("Patient/patient-1").await.expect(200);
    caller.get("Task?status=requested").await.expect(200);
    caller.get("Observation").await.expect(403);
    caller.post("Patient", &tests::builders::patient()).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_as_oauth_tells_it() {
    let signer = Signer::new();
    let server = TestServer::with(|config| config.auth.clients.push(signer.client())).await;
    let address = format!("{}/auth/token", server.base);
    let once = signer.assertion(&address, "1");
    ask(&server, &once, "system/Task.rs").await.expect(200);
    let elsewhere = signer.assertion(&server.base, "2");
    let foreign = Signer::new().assertion(&address, "3");
    for (assertion, scope, error, sentence) in [
        (once.as_str(), "system/Task.rs", "invalid_client", "used before"),
        (elsewhere.as_str(), "system/Task.rs", "invalid_client", address.as_str()),
        (foreign.as_str(), "system/Task.rs", "invalid_client", "'kid'"),
        ("", "system/Task.rs", "invalid_request", "'client_assertion'"),
        (signer.assertion(&address, "4").as_str(), "system/Goal.rs", "invalid_scope", "system/Task.rs"),
    ] {
        let refused = ask(&server, assertion, scope).await.expect(400);
        assert_eq!(refused.json["error"], error);
        let told = refused.json["error_description"].as_str().unwrap();
        assert!(told.contains(sentence), "{told}");
    }
    let stranger = server.with_token(None);
    let got = stranger.get("auth/token").await.expect(405);
    assert_eq!(got.header("allow"), "POST");
    let json = stranger.request("POST", "auth/token").json(&json!({"grant_type": "client_credentials"}));
    assert_eq!(json.send().await.expect(400).json["error"], "invalid_request");
    let large = stranger.request("POST", "auth/token").body("a".repeat(100_000));
    let large = large.header("content-type", "application/x-www-form-urlencoded").send().await;
    assert_eq!(large.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_good_once_in_whichever_process() {
    let signer = Signer::new();
    let server = TestServer::with(|config| config.auth.clients.push(signer.client())).await;
    let mut config = tests::database::config(&server.database.url());
    config.auth.clients.push(signer.client());
    config.server.base = server.base.clone();
    let other = homefirst::start(&config).await.unwrap();
    let elsewhere = format!("http://{}/fhir/auth/token", other.address);
    let address = format!("{}/auth/token", server.base);
    let database = server.database.connect().await;
    let ended = "INSERT INTO used_assertion SELECT gen_random_uuid(), now() - interval '1 hour' FROM generate_series(1, 12)";
    database.batch_execute(ended).await.unwrap();
    let once = signer.assertion(&address, "1");
    ask_at(&server, &elsewhere, &once, "system/Task.rs").await.expect(200);
    // Those that have ended are forgotten, a few at a time.
    assert_eq!(server.count("SELECT count(*) FROM used_assertion").await, 3);
    let again = ask(&server, &once, "system/Task.rs").await.expect(400);
    assert!(again.json["error_description"].as_str().unwrap().contains("used before"));
    ask_at(&server, &elsewhere, &once, "system/Task.rs").await.expect(400);
    ask(&server, &signer.assertion(&address, "2"), "system/Task.rs").await.expect(200);
    // Of many at once, one is granted.
    let once = signer.assertion(&address, "3");
    let asked = (0..10).map(|at| match at % 2 {
        0 => ask_at(&server, &address, &once, "system/Task.rs"),
        _ => ask_at(&server, &elsewhere, &once, "system/Task.rs"),
    });
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 400].contains(&answer.status)));
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_clients_there_is_none() {
    let server = TestServer::start().await;
    ask(&server, "a.b.c", "system/Task.rs").await.expect(404);
    let smart = server.with_token(None).get(".well-known/smart-configuration").await.expect(200).json;
    assert_eq!((smart.get("token_endpoint"), &smart["grant_types_supported"]), (None, &json!([])));
}
