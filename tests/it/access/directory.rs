//! The directory is read by everybody. What it says of an organisation decides who is told what, so each organisation's entries
//! are changed by itself alone, and by whoever put them there.

use serde_json::{Value, json};
use tests::{Caller, TestServer, builders, place};

const CODES: &str = "https://homefirst.example/fhir/Id/organization-code";

fn with_code(organization: &Value, code: &str) -> Value {
    let mut with = organization.clone();
    with["identifier"].as_array_mut().unwrap().push(json!({"system": CODES, "value": code}));
    with
}

async fn is_refused(caller: &Caller, resource: &Value) {
    let refused = caller.put_back(resource).await.expect(403);
    assert!(refused.names_rule("IC-AUTH-01"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_becomes_another_organisation() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let own = hub.get(place::HUB).await.expect(200).json;
    is_refused(&team, &with_code(&own, "LEEDS-SKILS")).await;
    let add =
        json!([{"op": "add", "path": "/identifier/-", "value": {"system": CODES, "value": "LEEDS-SKILS"}}]);
    let patch = team.request("PATCH", place::HUB).header("content-type", "application/json-patch+json");
    patch.body(add.to_string()).send().await.expect(403);
    let entry =
        json!({"request": {"method": "PUT", "url": place::HUB}, "resource": with_code(&own, "LEEDS-SKILS")});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    team.post("", &bundle).await.expect(403);
    // Nor the one behind its service or its people.
    for (address, owner) in
        [(place::HUB_SERVICE, "providedBy"), ("PractitionerRole/hub-coordinator", "organization")]
    {
        let mut entry = team.get(address).await.expect(200).json;
        entry[owner] = json!({"reference": "Organization/leeds-skils"});
        is_refused(&team, &entry).await;
    }
    team.delete("PractitionerRole/hub-coordinator").await.expect(403);
    hub.put_back(&with_code(&own, "LEEDS-HUB-2")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_puts_an_entry_there_keeps_it_up() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let code = json!([{"system": CODES, "value": "GP-1"}]);
    let surgery = json!({"resourceType": "Organization", "name": "Surgery", "identifier": code});
    let mut surgery = hub.post("Organization", &surgery).await.expect(201).json;
    surgery["name"] = "The Surgery".into();
    is_refused(&team, &surgery).await;
    let surgery = hub.put_back(&surgery).await.expect(200).json;
    // But it does not become that organisation.
    is_refused(&hub, &with_code(&surgery, "LEEDS-HUB")).await;
    let person = json!({"resourceType": "Practitioner", "name": [{"family": "Ackroyd"}]});
    let mut person = hub.post("Practitioner", &person).await.expect(201).json;
    person["active"] = true.into();
    is_refused(&team, &person).await;
    let address = format!("Practitioner/{}", person["id"].as_str().unwrap());
    team.delete(&address).await.expect(403);
    hub.put_back(&person).await.expect(200);
    // Deleted, it is still not anybody's.
    hub.delete(&address).await.expect(204);
    team.put(&address, &person).await.expect(403);
    hub.put(&address, &person).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_takes_the_code_of_an_organisation_takes_nothing_from_it() {
    let server = TestServer::start().await;
    let (hub, team) = (server.caller("hub"), server.caller("reablement"));
    let own = hub.get(place::COUNCIL).await.expect(200).json;
    let same = json!({"resourceType": "Organization", "name": "x", "identifier": own["identifier"]});
    for _ in 0..12 {
        team.post("Organization", &same).await.expect(201);
    }
    let mut referral = builders::referral(&builders::new_patient(&hub).await);
    referral["performer"] = json!([{"reference": place::COUNCIL_SERVICE}]);
    let referral = hub.post("ServiceRequest", &referral).await.expect(201).reference();
    server.caller("council").get(&referral).await.expect(200);
}
