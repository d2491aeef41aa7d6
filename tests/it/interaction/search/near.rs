//! `near`: the database measures as the conditions do in memory.

use fhir::{Key, Resource, ResourceType, primitive::date::london};
use search::Options;
use serde_json::json;
use tests::{TestServer, builders};

#[tokio::test(flavor = "multi_thread")]
async fn places_are_found_by_their_distance() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let mut places = vec![json!({"resourceType": "Location", "id": "nowhere"})];
    for (number, (latitude, longitude)) in [
        (53.8, -1.55),
        (53.79, -1.75),
        (53.4, -1.47),
        (51.5, -0.12),
        (-33.87, 151.21),
        (0.0, 179.9),
        (0.0, -179.9),
        (90.0, 0.0),
    ]
    .into_iter()
    .enumerate()
    {
        places.push(json!({
            "resourceType": "Location", "id": format!("at{number}"), "position": {"latitude": latitude, "longitude": longitude}
        }));
    }
    let entries: Vec<_> = places.iter().map(builders::update_entry).collect();
    epr.post("", &builders::transaction(&entries)).await.expect(200);
    let options = Options::new(server.base.clone(), london().clone());
    let mut sizes = Vec::new();
    for value in [
        "53.8|-1.55|0|km",
        "53.8|-1.55",
        "53.8|-1.55|20|km",
        "53.8|-1.55|20|[mi_i]",
        "53.8|-1.55|60000|m",
        "53.8|-1.55|300",
        "53.8|-1.55|300|km,0|180|20|km",
        "0|-180|20|km",
        "89|90|200|km",
        "0|0|30000|km",
    ] {
        let query =
            search::parse(ResourceType::LOCATION, &[("near".into(), value.into())], &options).unwrap();
        let holds = |place: &&serde_json::Value| {
            let resource = Resource::new((*place).clone()).unwrap();
            let rows = search::index(&resource, &server.base, london());
            let key = Key::of_resource(ResourceType::LOCATION, resource.id().unwrap());
            query.criteria.iter().all(|criterion| search::matches(criterion, &rows, key, 0).unwrap())
        };
        let expected: Vec<&str> =
            places.iter().filter(holds).filter_map(|place| place["id"].as_str()).collect();
        let answer = epr.search("Location", &[("near", value), ("_sort", "_id")]).await.expect(200);
        let mut found = answer.matches();
        found.retain(|id| id.starts_with("at") || id == "nowhere");
        assert_eq!(found, expected, "{value}");
        sizes.push(found.len());
    }
    assert_eq!(sizes, [1, 1, 2, 2, 3, 4, 6, 2, 1, 8]);
    let none = [("near:missing", "true"), ("_id", "nowhere,at1")];
    assert_eq!(epr.search("Location", &none).await.expect(200).matches(), ["nowhere"]);
    for wrong in ["53.8", "north|west", "53.8|-1.55|5|kg", "95|0", "53.8|-1.55|-1|km"] {
        epr.search("Location", &[("near", wrong)]).await.expect(400);
    }
    let refused = epr.search("Location", &[("near", "x")]).await.expect(400);
    assert!(refused.text().contains("latitude|longitude|distance|unit"), "{}", refused.text());
}
