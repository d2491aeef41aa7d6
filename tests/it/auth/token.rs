//! Tokens: without a good one there is 401, and how to log in.

use tests::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn no_good_token_no_answer() {
    let server = TestServer::start().await;
    let good = server.caller("epr").token().unwrap().to_owned();
    let parts: Vec<&str> = good.split('.').collect();
    let hour = 3_600_000_000;
    let now = fhir::Instant::now().microseconds();
    let other = TestServer::start().await;
    drop(other);
    for (name, token) in [
        ("nonsense", "nonsense".to_owned()),
        ("unsigned", format!("{}.{}.", parts[0], parts[1])),
        (
            "another signature",
            format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
        ),
        ("alg none", format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1])),
        (
            "changed claims",
            format!(
                "{}.{}.{}",
                parts[0],
                server.caller("hub").token().unwrap().split('.').nth(1).unwrap(),
                parts[2]
            ),
        ),
        ("expired", server.token_at("epr", now - 48 * hour)),
        ("from the future", server.token_at("epr", now + 2 * hour)),
        ("too long", "a".repeat(9 * 1024)),
    ] {
        let caller = server.with_token(Some(token));
        for address in ["Patient", "Patient/patient-1", "Subscription/$status"] {
            let answer = caller.get(address).await.expect(401);
            assert_eq!(answer.code(), "login", "{name}");
            let challenge = answer.header("www-authenticate");
            assert!(
                challenge.starts_with("Bearer ") && challenge.contains("invalid_token"),
                "{name}: {challenge}"
            );
        }
    }
    let none = server.with_token(None);
    let answer = none.get("Patient").await.expect(401);
    assert!(answer.header("www-authenticate").starts_with("Bearer "));
    assert!(!answer.header("www-authenticate").contains("error"));
    let basic = none.request("GET", "Patient").header("authorization", "Basic YTpi").send().await;
    assert_eq!(basic.status, 401);
    none.get("Foo").await;
    none.get("metadata").await.expect(200);
    server.caller("epr").get("Patient").await.expect(200);
}
