//! `$reindex`: those who run the server have the index rebuilt; to others there is no such operation.

use serde_json::json;
use tests::{Answer, Caller, TestServer, builders};

async fn begin(caller: &Caller) -> Answer {
    caller.request("POST", "$reindex").header("prefer", "respond-async").send().await
}

/// The answer once it is over.
async fn over(caller: &Caller, address: &str) -> Answer {
    loop {
        let answer = caller.get(address).await;
        if answer.status != 202 {
            return answer;
        }
        assert!(answer.header("x-progress").contains(" resources rebuilt"));
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_rebuilt_beside_everything_else() {
    let server = TestServer::with(|config| config.auth.operators.push("demo-hub".to_owned())).await;
    let hub = server.caller("hub");
    let mut patient = builders::patient();
    patient["name"][0]["family"] = json!("Rebuilt");
    hub.post("Patient", &patient).await.expect(201);
    let found = async || hub.get("Patient?family=rebuilt").await.expect(200).matches().len();
    let client = server.database.connect().await;
    client.batch_execute("DELETE FROM string_index").await.unwrap();
    assert_eq!(found().await, 0);
    // Somebody holds everything, so that it cannot come to its end.
    client.batch_execute("BEGIN; SELECT FROM resource FOR UPDATE").await.unwrap();
    let begun = begin(&hub).await.expect(202);
    assert_eq!(begun.header("preference-applied"), "respond-async");
    let address = begun.header("content-location").to_owned();
    assert!(address.starts_with(&format!("{}/$reindex/", server.base)), "{address}");
    assert!(hub.get(&address).await.expect(202).header("x-progress").starts_with("0 of about "));
    // There is one at a time.
    assert_eq!(begin(&hub).await.expect(202).header("content-location"), address);
    client.batch_execute("ROLLBACK").await.unwrap();
    let whole = over(&hub, &address).await.expect(200);
    assert!(whole.text().contains("resources were rebuilt"), "{}", whole.text());
    assert_eq!(found().await, 1);
    assert_eq!(server.count("SELECT count(*) FROM audit WHERE operation = 'reindex'").await, 1);
    // The next one is another, and can be ended.
    client.batch_execute("BEGIN; SELECT FROM resource FOR UPDATE").await.unwrap();
    let next = begin(&hub).await.expect(202).header("content-location").to_owned();
    assert_ne!(next, address);
    hub.delete(&next).await.expect(202);
    hub.delete(&next).await.expect(404);
    hub.get(&next).await.expect(404);
    client.batch_execute("ROLLBACK").await.unwrap();
    hub.get(&address).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_those_who_run_the_server() {
    let server = TestServer::with(|config| config.auth.operators.push("demo-hub".to_owned())).await;
    let (hub, epr) = (server.caller("hub"), server.caller("epr"));
    let unknown = epr.request("POST", "$nonsense").send().await.expect(404);
    let refused = begin(&epr).await.expect(404);
    assert_eq!(refused.text().replace("$reindex", "$nonsense"), unknown.text());
    let address = begin(&hub).await.expect(202).header("content-location").to_owned();
    epr.get(&address).await.expect(404);
    epr.delete(&address).await.expect(404);
    server.with_token(None).get(&address).await.expect(401);
    over(&hub, &address).await.expect(200);
    hub.get("$reindex/1").await.expect(404);
    hub.get("$reindex").await.expect(405);
    hub.post("$reindex", &json!({"resourceType": "Parameters"})).await.expect(400);
    let entry = json!({"request": {"method": "POST", "url": "$reindex"}});
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [entry]});
    let answer = hub.post("", &bundle).await.expect(200);
    assert!(!answer.json["entry"][0]["response"]["status"].as_str().unwrap().starts_with('2'));
    let statement = hub.get("metadata").await.expect(200).json;
    let declared = statement["rest"][0]["operation"].as_array().unwrap();
    let of_reindex = declared.iter().find(|operation| operation["name"] == "reindex").unwrap();
    let published = hub.get("OperationDefinition/reindex").await.expect(200).json;
    assert_eq!(published["url"], of_reindex["definition"]);
    assert_eq!((&published["code"], &published["system"]), (&json!("reindex"), &json!(true)));
    // Where there is no operator, there is no such operation.
    let without = TestServer::start().await;
    let declared = without.caller("hub").get("metadata").await.expect(200).json;
    assert!(!declared["rest"][0]["operation"].to_string().contains("reindex"));
    begin(&without.caller("hub")).await.expect(404);
    // Where nobody has to log in, nobody is told apart.
    let open = TestServer::with(|config| config.auth.mode = homefirst::config::AuthMode::Off).await;
    let anybody = open.with_token(None);
    let address = begin(&anybody).await.expect(202).header("content-location").to_owned();
    over(&anybody, &address).await.expect(200);
}
