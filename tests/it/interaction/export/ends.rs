//! How an export ends: whole, deleted by its owner, too old; and that it survives whoever was at it.

use serde_json::json;
use tests::database::Database;
use tests::process::ServerProcess;
use tests::{Caller, TestServer};

use super::{Export, Holding, kick_off};
use crate::fault::SERVER;

async fn run(server: &TestServer, sql: &str) -> u64 {
    server.database.connect().await.execute(sql, &[]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_deleted_on_request() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let export = Export::begin(&hub, "$export?_type=Organization").await;
    let manifest = export.manifest().await;
    let file = manifest["output"][0]["url"].as_str().unwrap();
    hub.get(file).await.expect(200);
    hub.delete(&export.address).await.expect(202);
    hub.get(file).await.expect(404);
    hub.get(&export.address).await.expect(404);
    hub.delete(&export.address).await.expect(404);

    // One that is under way stops, and leaves nothing.
    let hold = Holding::begin(&server).await;
    let export = Export::begin(&hub, "$export").await;
    while hub.get(&export.address).await.header("x-progress").starts_with("accepted") {}
    hub.delete(&export.address).await.expect(202);
    hold.end().await;
    Export::begin(&hub, "$export?_type=Organization").await.manifest().await;
    hub.get(&export.address).await.expect(404);
    assert_eq!(server.count("SELECT count(*) FROM export_job").await, 1);
    assert_eq!(server.count("SELECT count(DISTINCT job) FROM export_part").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_expires() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let export = Export::begin(&hub, "$export?_type=Organization").await;
    let manifest = export.manifest().await;
    run(&server, "UPDATE export_job SET expires_at = now()").await;
    hub.get(&export.address).await.expect(404);
    hub.get(manifest["output"][0]["url"].as_str().unwrap()).await.expect(404);
    hub.delete(&export.address).await.expect(404);
    assert_eq!(server.running().store.expire_exports().await.unwrap(), 1);
    assert_eq!(server.count("SELECT count(*) FROM export_part").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_has_a_few_at_a_time() {
    let server = TestServer::with(|config| config.exports.per_client = 2).await;
    let hub = server.caller("hub");
    let hold = Holding::begin(&server).await;
    let exports = [Export::begin(&hub, "$export").await, Export::begin(&hub, "Patient/$export").await];
    let answers = futures_util::future::join_all((0..8).map(|_| kick_off(&hub, "$export"))).await;
    for answer in answers {
        assert!(!answer.expect(429).header("retry-after").is_empty());
    }
    kick_off(&server.caller("epr"), "$export").await.expect(202);
    hub.delete(&exports[0].address).await.expect(202);
    let next = Export::begin(&hub, "$export?_type=Organization").await;
    hold.end().await;
    for export in [&exports[1], &next] {
        export.manifest().await;
    }
    kick_off(&hub, "$export").await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_it_writes_nothing() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let hold = Holding::begin(&server).await;
    let export = Export::begin(&hub, "$export?_type=Organization").await;
    while hub.get(&export.address).await.header("x-progress").starts_with("accepted") {}
    // Another process takes it, and dies with a part of it written.
    run(&server, "UPDATE export_job SET lease = gen_random_uuid(), due_at = now() + interval '1 hour'").await;
    run(&server, "INSERT INTO export_part SELECT id, 1, 1, false, 1, '{1}' FROM export_job").await;
    hold.end().await;
    // This process learns that it has lost it, at the latest when it wants to write.
    Export::begin(&hub, "$export?_type=Location").await.manifest().await;
    hub.get(&export.address).await.expect(202);
    assert_eq!(server.count("SELECT count(*) FROM export_part WHERE seqs = '{1}'").await, 1);
    // Its lease ends, and it is begun anew.
    run(&server, "UPDATE export_job SET due_at = now() WHERE due_at IS NOT NULL").await;
    assert_eq!(export.addresses().await.len(), 6);
    assert_eq!(server.count("SELECT count(*) FROM export_part WHERE seqs = '{1}'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_never_comes_to_its_end_is_given_up() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let hold = Holding::begin(&server).await;
    let export = Export::begin(&hub, "$export").await;
    run(&server, "UPDATE export_job SET lease = gen_random_uuid(), attempt = 5, due_at = now()").await;
    hold.end().await;
    loop {
        let answer = hub.get(&export.address).await;
        if answer.status != 202 {
            answer.expect(422);
            break;
        }
    }
    hub.delete(&export.address).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_the_process_that_was_at_it() {
    let database = Database::copy().await;
    let base = "http://127.0.0.1/fhir";
    let below = |address: &str| address.strip_prefix(&format!("{base}/")).unwrap().to_owned();
    let mut first = ServerProcess::start(SERVER, &database.url(), Some(base)).await.unwrap();
    let there = Caller::at(&first.address());
    let organization = json!({"resourceType": "Organization", "id": "o", "name": "x"});
    there.put("Organization/o", &organization).await.expect(201);
    let hold = Holding::of(database.connect().await).await;
    let export = Export::begin(&there, "$export?_type=Organization").await;
    let address = below(&export.address);
    while there.get(&address).await.header("x-progress").starts_with("accepted") {}
    let second = ServerProcess::start(SERVER, &database.url(), Some(base)).await.unwrap();
    let here = Caller::at(&second.address());
    here.get(&address).await.expect(202);
    first.kill().unwrap();
    hold.end().await;
    // As if its lease had ended.
    let ended = "UPDATE export_job SET due_at = now() WHERE due_at IS NOT NULL";
    database.connect().await.batch_execute(ended).await.unwrap();
    let manifest = Export { caller: here.clone(), address: address.clone() }.manifest().await;
    assert_eq!(manifest["output"][0]["count"], 7);
    let file = below(manifest["output"][0]["url"].as_str().unwrap());
    let lines = here.get(&file).await.expect(200).text();
    assert!(lines.lines().count() == 7 && lines.contains("\"id\":\"o\""));
    // The one that is started again serves it as well.
    first.start_again().await.unwrap();
    assert_eq!(there.get(&file).await.expect(200).text(), lines);
    drop((first, second));
    database.remove().await;
}
