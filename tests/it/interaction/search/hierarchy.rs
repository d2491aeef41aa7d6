//! `:above` and `:below` of references, in the hierarchies that a type's references to itself make.

use serde_json::json;
use tests::{TestServer, builders};

use super::{filled, matches};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_above_and_below() {
    // West is part of south, south of north.
    let (_server, epr) = filled().await;
    for (resource_type, name, value, expected) in [
        ("Organization", "partof:below", "Organization/north", "south west"),
        ("Organization", "partof:below", "south", "west"),
        ("Organization", "partof:below", "west", ""),
        ("Organization", "partof:above", "west", "south west"),
        ("Organization", "partof:above", "Organization/south", "south west"),
        ("Organization", "partof:above", "Organization/north", "south"),
        ("Patient", "organization:below", "north", "ann bob"),
        ("Patient", "organization:below", "Organization/south", "bob"),
        ("Patient", "organization:above", "Organization/west", "ann bob"),
        ("Patient", "organization:above", "north", "ann"),
        ("Patient", "organization:below", "west,south", "bob"),
        ("Observation", "patient.organization:below", "south", "o3"),
        ("Observation", "performer:below", "Organization/north", "o1"),
        ("Organization", "_has:Patient:organization:organization:below", "south", "south"),
    ] {
        let found = matches(&epr, resource_type, &[(name, value)]).await;
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(found, expected, "{resource_type}?{name}={value}");
    }
    for (resource_type, name, value) in [
        ("Observation", "subject:below", "Patient/ann"),
        ("Observation", "patient:below", "ann"),
        ("Patient", "organization:below", "https://elsewhere.example/Organization/north"),
    ] {
        epr.search(resource_type, &[(name, value)]).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_ends() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let place = |number: usize, above: usize| json!({"resourceType": "Location", "id": format!("l{number}"), "partOf": {"reference": format!("Location/l{above}")}});
    let places: Vec<_> = (0..40).map(|number| place(number, (number + 1) % 40)).collect();
    let entries: Vec<_> = places.iter().map(builders::update_entry).collect();
    epr.post("", &builders::transaction(&entries)).await.expect(200);
    for modifier in ["above", "below"] {
        let found = epr.search("Location", &[(&format!("partof:{modifier}"), "l7"), ("_count", "100")]).await;
        // As deep as is looked.
        assert_eq!(found.expect(200).matches().len(), 17, "{modifier}");
    }
}
