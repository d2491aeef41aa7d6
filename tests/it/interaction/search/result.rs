//! The result of a search: its Bundle, order, inclusions and subsets.

use serde_json::Value;

use super::filled;

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_is_a_searchset() {
    let (server, epr) = filled().await;
    let answer = epr.get("Patient?family=zo,neill&_sort=family").await.expect(200);
    assert_eq!((&answer.json["type"], &answer.json["total"]), (&"searchset".into(), &2.into()));
    for entry in answer.entries() {
        let id = entry["resource"]["id"].as_str().unwrap();
        assert_eq!(entry["fullUrl"], format!("{}/Patient/{id}", server.base));
        assert_eq!(entry["search"]["mode"], "match");
    }
    let none = epr.get("Patient?family=nobody").await.expect(200);
    assert_eq!((&none.json["total"], none.json.get("entry")), (&0.into(), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_is_as_asked_and_total() {
    let (_server, epr) = filled().await;
    for (sort, expected) in [
        ("birthdate", "ann bob cat dan"),
        ("-birthdate", "bob cat ann dan"),
        ("_id", "ann bob cat dan"),
        ("-_id", "dan cat bob ann"),
        ("family", "cat ann bob dan"),
        ("-family", "bob ann cat dan"),
        ("given,_id", "ann bob cat dan"),
        ("given,-_id", "ann bob dan cat"),
    ] {
        let answer = epr.get(&format!("Patient?_id=ann,bob,cat,dan&_sort={sort}")).await.expect(200);
        let expected: Vec<&str> = expected.split(' ').collect();
        assert_eq!(answer.ids("match"), expected, "{sort}");
        assert!(answer.link("self").unwrap().contains("_sort="), "{sort}");
    }
    let newest =
        epr.put("Location/z", &serde_json::json!({"resourceType": "Location", "id": "z"})).await.expect(201);
    let first = epr.get("Location?_count=1").await.expect(200);
    assert_eq!(first.ids("match"), [newest.id()], "the newest comes first when nothing is asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_included() {
    let (_server, epr) = filled().await;
    for (query, matches, included) in [
        ("Observation?code=hr&_include=Observation:subject", "o1 o3", "ann bob"),
        ("Observation?code=hr&_include=Observation:patient", "o1 o3", "ann bob"),
        ("Observation?code=hr&_include=Observation:subject:Group", "o1 o3", ""),
        ("Observation?_id=o1&_include=Observation:subject&_include=Observation:performer", "o1", "ann west"),
        ("Observation?_id=o1&_include=Observation:*", "o1", "ann west"),
        ("Observation?_id=o3&_include=Observation:has-member", "o3", "o1"),
        ("Observation?_id=o1,o3&_include=Observation:has-member", "o1 o3", ""),
        ("Observation?_id=o3&_include=Observation:subject&_include=Patient:organization", "o3", "bob"),
        (
            "Observation?_id=o3&_include=Observation:subject&_include:iterate=Patient:organization",
            "o3",
            "bob south",
        ),
        (
            "Observation?_id=o3&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof",
            "o3",
            "bob north south",
        ),
        ("Organization?_id=west&_include:iterate=Organization:partof", "west", "north south"),
        ("Organization?_id=west&_include=Organization:partof", "west", "south"),
        ("Patient?_id=cat&_include=Patient:organization", "cat", ""),
        ("Patient?_id=cat&_include=Patient:general-practitioner", "cat", ""),
        ("Patient?_id=ann,bob&_revinclude=Observation:subject", "ann bob", "o1 o2 o3 o5"),
        (
            "Patient?_id=bob&_revinclude=Observation:subject&_revinclude:iterate=Observation:has-member",
            "bob",
            "o3",
        ),
        ("Organization?_id=north&_revinclude:iterate=Organization:partof", "north", "south west"),
    ] {
        let answer = epr.get(query).await.expect(200);
        let mut found = answer.ids("include");
        found.sort();
        let words =
            |text: &str| text.split(' ').filter(|id| !id.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(answer.matches(), words(matches), "{query}");
        assert_eq!(found, words(included), "{query}");
        let count = words(matches).len();
        assert!(answer.json["total"] == count, "{query}: inclusions do not count");
    }
    let gone = epr.get("Patient?_id=ann&_count=1&_revinclude=Observation:subject").await.expect(200);
    assert_eq!(gone.ids("include").len(), 3, "_count counts matches alone");
    epr.delete("Observation/o2").await.expect(204);
    let gone = epr.get("Patient?_id=ann&_revinclude=Observation:subject").await.expect(200);
    assert_eq!(gone.ids("include").len(), 2, "what was deleted is not included");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_resources() {
    let (_server, epr) = filled().await;
    let members = |resource: &Value| {
        let mut names: Vec<_> = resource.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    for (query, expected) in [
        ("_elements=gender", "gender id meta resourceType"),
        ("_elements=gender,birthDate", "birthDate gender id meta resourceType"),
        ("_elements=Patient.name", "id meta name resourceType"),
        ("_elements=unknown", "id meta resourceType"),
        ("_summary=text", "id meta resourceType"),
    ] {
        let answer = epr.get(&format!("Patient?_id=ann&{query}")).await.expect(200);
        let resource = &answer.entries()[0]["resource"];
        // Elements that change the meaning of others are always there.
        let found = members(resource).replace("active ", "").replace("deceasedBoolean ", "");
        assert_eq!(found, expected, "{query}");
        assert!(resource["meta"]["tag"].to_string().contains("SUBSETTED"), "{query}");
    }
    let summary = epr.get("Patient?_id=ann&_summary=true").await.expect(200);
    let resource = &summary.entries()[0]["resource"];
    assert!(resource["name"].is_array() && resource.get("communication").is_none(), "{resource}");
    let whole = epr.get("Patient?_id=ann&_summary=false").await.expect(200);
    assert!(whole.entries()[0]["resource"].get("communication").is_some());
    assert!(whole.entries()[0]["resource"]["meta"].get("tag").is_none());
    let included =
        epr.get("Observation?_id=o1&_elements=status&_include=Observation:subject").await.expect(200);
    let patient = &included.entries()[1]["resource"];
    assert!(patient.get("birthDate").is_some(), "what is included is whole");
}
