//! `:in` and `:not-in` with value sets that are stored here, as `$expand` knows them.

use serde_json::json;

use super::{filled, matches};

#[tokio::test(flavor = "multi_thread")]
async fn stored_value_sets_are_searched_by() {
    let (server, epr) = filled().await;
    let rates = json!({
        "resourceType": "ValueSet", "id": "rates", "url": "http://a.example/ValueSet/rates", "status": "active",
        "compose": {"include": [{"valueSet": ["http://a.example/ValueSet/heart"]}, {"system": "urn:tree"}]}
    });
    let heart = json!({
        "resourceType": "ValueSet", "id": "heart", "url": "http://a.example/ValueSet/heart", "status": "active",
        "compose": {"include": [{"system": "urn:l", "concept": [{"code": "hr"}]}]}
    });
    let tree = json!({
        "resourceType": "CodeSystem", "id": "tree", "url": "urn:tree", "status": "active", "content": "complete",
        "concept": [{"code": "bp"}, {"code": "hr"}]
    });
    let needs_snomed = json!({
        "resourceType": "ValueSet", "id": "snomed", "url": "http://a.example/ValueSet/snomed", "status": "active",
        "compose": {"include": [{"system": "http://snomed.info/sct"}]}
    });
    for resource in [&rates, &heart, &tree, &needs_snomed] {
        let address =
            format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        epr.put(&address, resource).await.expect(201);
    }
    for (name, value, expected) in [
        ("code:in", "http://a.example/ValueSet/heart", "o1"),
        ("code:in", "ValueSet/heart", "o1"),
        ("code:in", "http://a.example/ValueSet/rates", "o1"),
        ("code:not-in", "http://a.example/ValueSet/heart", "o2 o3 o4 o5"),
        ("code:in", "http://a.example/ValueSet/heart,http://hl7.org/fhir/ValueSet/task-code", "o1"),
        ("_filter", "code in http://a.example/ValueSet/rates and status eq final", "o1"),
        ("_filter", "code ni ValueSet/heart and subject re Patient/ann", "o2 o5"),
    ] {
        let found = matches(&epr, "Observation", &[(name, value)]).await;
        assert_eq!(found, expected.split(' ').collect::<Vec<_>>(), "{name}={value}");
    }
    let absolute = format!("{}/ValueSet/heart", server.base);
    assert_eq!(matches(&epr, "Observation", &[("code:in", absolute.as_str())]).await, ["o1"]);
    assert_eq!(
        matches(&epr, "Patient", &[("_has:Observation:patient:code:in", "ValueSet/heart")]).await,
        ["ann"]
    );
    let create = epr.request("POST", "Observation").header("if-none-exist", "code:in=ValueSet/heart");
    let o1 = create
        .json(&json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}))
        .send()
        .await;
    assert_eq!(o1.expect(200).json["id"], "o1");

    for (value, reason) in [
        ("ValueSet/nothing", "The value set ValueSet/nothing is not held"),
        ("http://a.example/ValueSet/snomed", "http://snomed.info/sct is not held"),
    ] {
        let refused = epr.search("Observation", &[("code:in", value)]).await.expect(400);
        assert!(refused.text().contains(reason), "{}", refused.text());
        assert_eq!(refused.code(), "not-found");
    }
    let many: Vec<_> = (0..11).map(|number| format!("ValueSet/v{number}")).collect();
    let refused = epr.search("Observation", &[("code:in", many.join(",").as_str())]).await.expect(400);
    assert_eq!(refused.code(), "too-costly");
    // Who may not read value sets does not search by stored ones either.
    let narrowed = server.narrowed("epr", "system/Observation.rs");
    narrowed.search("Observation", &[("code:in", "ValueSet/heart")]).await.expect(400);
    let own = [("status:in", "http://hl7.org/fhir/ValueSet/observation-status"), ("_id", "o1")];
    assert_eq!(narrowed.search("Observation", &own).await.expect(200).matches(), ["o1"]);
}
