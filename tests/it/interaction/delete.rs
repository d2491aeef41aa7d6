//! delete, <https://hl7.org/fhir/R4/http.html#delete>.

use serde_json::json;
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_gone_but_not_forgotten() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let created = epr.post("Patient", &builders::patient()).await.expect(201);
    let address = created.reference();
    epr.delete(&address).await.expect(204);
    epr.delete(&address).await.expect(204);
    epr.delete("Patient/never-there").await.expect(204);
    epr.get(&address).await.expect(410);
    let number = created.json["identifier"][0]["value"].as_str().unwrap();
    assert!(epr.get(&format!("Patient?identifier={number}")).await.expect(200).entries().is_empty());
    let history = epr.get(&format!("{address}/_history")).await.expect(200);
    assert_eq!(history.json["total"], 2, "the second deletion wrote nothing");
    // Brought back to life, its versions go on.
    let back = epr.put(&address, &created.json).await.expect(201);
    assert_eq!(back.header("etag"), "W/\"3\"");
    epr.get(&address).await.expect(200);
    let history = epr.get(&format!("{address}/_history")).await.expect(200);
    let methods: Vec<_> =
        history.entries().iter().map(|e| e["request"]["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["POST", "DELETE", "POST"]);
    assert_eq!(epr.get(&format!("Patient?identifier={number}")).await.expect(200).entries().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_referred_to_stays() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let observation = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": patient}
    });
    let observation = epr.post("Observation", &observation).await.expect(201).reference();
    let refused = epr.delete(&patient).await.expect(409);
    assert!(refused.text().contains(&observation), "{}", refused.text());
    epr.get(&patient).await.expect(200);
    epr.delete(&observation).await.expect(204);
    epr.delete(&patient).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn workflow_types_are_not_deleted() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (referral, task) = builders::referred(&hub).await;
    for resource in [referral, task] {
        let address =
            format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        let refused = hub.delete(&address).await.expect(405);
        assert!(refused.text().contains("entered-in-error"), "{}", refused.text());
        hub.get(&address).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_parties_bring_it_back() {
    let server = TestServer::start().await;
    let (epr, hub) = (server.caller("epr"), server.caller("hub"));
    let created = epr.post("Patient", &builders::patient()).await.expect(201);
    let address = created.reference();
    epr.delete(&address).await.expect(204);
    hub.get(&address).await.expect(404);
    hub.put(&address, &created.json).await.expect(404);
    epr.get(&address).await.expect(410);
    epr.put(&address, &created.json).await.expect(201);
    hub.get(&address).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_general_server_deletes_whatever_there_is() {
    let server = TestServer::with(|config| config.profiles.required = vec!["Task".to_owned()]).await;
    let hub = server.caller("hub");
    let plan = json!({
        "resourceType": "CarePlan", "id": "mine", "status": "active", "intent": "plan",
        "subject": {"reference": builders::new_patient(&hub).await}
    });
    hub.put("CarePlan/mine", &plan).await.expect(201);
    let mut other = plan.clone();
    other["title"] = "Without If-Match".into();
    hub.put("CarePlan/mine", &other).await.expect(200);
    hub.delete("CarePlan/mine").await.expect(204);
    hub.delete("Task/mine").await.expect(405);
    let statement = hub.get("metadata").await.expect(200).json;
    let declares = |name: &str| {
        let resources = statement["rest"][0]["resource"].as_array().unwrap();
        let of_type = resources.iter().find(|resource| resource["type"] == name).unwrap();
        let deletes = of_type["interaction"].as_array().unwrap().iter().any(|one| one["code"] == "delete");
        (deletes, of_type["updateCreate"].as_bool().unwrap())
    };
    assert_eq!([declares("CarePlan"), declares("Task")], [(true, true), (false, false)]);
}
