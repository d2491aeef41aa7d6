//! search, <https://hl7.org/fhir/R4/search.html>.

mod areas;
mod dates;
mod examples;
mod filter;
mod hierarchy;
mod hostile;
mod identifiers;
mod near;
mod parameters;
mod performers;
mod quantities;
mod result;
mod sorting;
mod value_sets;

use serde_json::{Value, json};
use tests::{Caller, TestServer, client::form};

/// A server with a few people, places and observations whose ids are chosen, and the caller who wrote them.
async fn filled() -> (TestServer, Caller) {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = |id: &str, members: Value| {
        let mut resource = json!({"resourceType": "Patient", "id": id});
        resource.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        resource
    };
    let observation = |id: &str, subject: Value, members: Value| {
        let mut resource = json!({
            "resourceType": "Observation", "id": id, "status": "final", "code": {"text": id}, "subject": subject
        });
        resource.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        resource
    };
    let resources = [
        json!({"resourceType": "Organization", "id": "north", "name": "North", "identifier": [{"system": "urn:o", "value": "n"}]}),
        json!({"resourceType": "Organization", "id": "south", "name": "South", "partOf": {"reference": "Organization/north"}}),
        json!({"resourceType": "Organization", "id": "west", "name": "West", "partOf": {"reference": "Organization/south"}}),
        patient(
            "ann",
            json!({
                "identifier": [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "X|2"}],
                "name": [{"family": "O'Neill-Smith", "given": ["Ann", "José"]}], "gender": "female", "birthDate": "1941-05-17",
                "active": true, "managingOrganization": {"reference": "Organization/north"},
                "telecom": [{"system": "phone", "value": "0113 496 0001"}],
                "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "fr"}]}}, {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "nl"}]}}]
            }),
        ),
        patient(
            "bob",
            json!({
                "identifier": [{"system": "urn:b", "value": "1"}, {"value": "3"}],
                "name": [{"family": "Zoë", "given": ["Bob"]}], "gender": "male", "birthDate": "1950",
                "active": false, "managingOrganization": {"reference": "Organization/south"}, "deceasedBoolean": true,
                "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "fr"}]}}]
            }),
        ),
        patient(
            "cat",
            json!({
                "name": [{"text": "Cat 100%_sure", "family": "neill"}], "birthDate": "1950-07",
                "managingOrganization": {"reference": "https://elsewhere.example/Organization/north"},
                "generalPractitioner": [{"identifier": {"system": "urn:gp", "value": "7"}}],
                "deceasedDateTime": "2026-03-04T05:06:07Z"
            }),
        ),
        patient("dan", json!({"gender": "unknown", "address": [{"city": "Leeds", "postalCode": "LS1 1UR"}]})),
        observation(
            "o1",
            json!({"reference": "Patient/ann"}),
            json!({
                "code": {"coding": [{"system": "urn:l", "code": "hr", "display": "Heart rate"}, {"system": "urn:s", "code": "364075005"}]},
                "effectiveDateTime": "2026-01-14T10:00:00Z", "performer": [{"reference": "Organization/west"}]
            }),
        ),
        observation(
            "o2",
            json!({"reference": "Patient/ann"}),
            json!({
                "code": {"coding": [{"system": "urn:l", "code": "bp"}]}, "status": "amended", "effectiveDateTime": "2026-01-15"
            }),
        ),
        observation(
            "o3",
            json!({"reference": "Patient/bob"}),
            json!({
                "code": {"coding": [{"system": "urn:s", "code": "hr"}]}, "hasMember": [{"reference": "Observation/o1"}]
            }),
        ),
        observation(
            "o4",
            json!({"identifier": {"system": "urn:a", "value": "1"}}),
            json!({"status": "entered-in-error"}),
        ),
        observation("o5", json!({"reference": format!("{}/Patient/ann", server.base)}), json!({})),
    ];
    let entries: Vec<_> = resources.iter().map(tests::builders::update_entry).collect();
    epr.post("", &tests::builders::transaction(&entries)).await.expect(200);
    (server, epr)
}

/// The matches of a search by GET, which must be those of the same search by POST.
async fn matches(caller: &Caller, resource_type: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let got = caller.search(resource_type, parameters).await;
    let posted = caller.post_search(resource_type, parameters).await;
    let name = format!("{resource_type}?{}", form(parameters));
    assert_eq!(got.status, 200, "{name}: {}", got.text());
    assert_eq!(posted.status, 200, "POST {name}: {}", posted.text());
    assert_eq!(got.link("self"), posted.link("self"), "{name}");
    assert_eq!(got.matches(), posted.matches(), "{name}");
    got.matches()
}
