//! Searches of the whole system, of compartments and of lists, <https://hl7.org/fhir/R4/http.html#vsearch>.

use serde_json::json;
use tests::{Caller, TestServer, builders};

use super::filled;

/// `Type/id` of every match, sorted.
async fn found(caller: &Caller, address: &str) -> Vec<String> {
    let answer = caller.get(address).await.expect(200);
    let matches = answer.entries().iter().filter(|entry| entry["search"]["mode"] == "match");
    let mut names: Vec<String> = matches
        .map(|entry| {
            let resource = &entry["resource"];
            format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
        })
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_system() {
    let (_server, epr) = filled().await;
    for (address, expected) in [
        ("?_id=ann,o1,north,nobody", "Observation/o1 Organization/north Patient/ann"),
        ("?_id=ann,o1,north&_type=Patient,Observation", "Observation/o1 Patient/ann"),
        ("?_type=Patient&family=zo", "Patient/bob"),
        ("?_type=Patient,Practitioner&family=zo", "Patient/bob"),
        ("?_type=Patient,Practitioner&identifier=urn:b|1", "Patient/bob"),
        ("?_type=Patient,Observation&_id=ann,o1&_lastUpdated=lt2020", ""),
        ("?_type=Patient,Observation&_id=ann,o1&_tag:missing=true", "Observation/o1 Patient/ann"),
        ("?_type=Patient&_has:Observation:patient:code=bp", "Patient/ann"),
    ] {
        let address = address.replace('|', "%7C");
        assert_eq!(found(&epr, &address).await.join(" "), expected, "{address}");
    }
    let posted = epr.request("POST", "_search").header("content-type", "application/x-www-form-urlencoded");
    let posted = posted.body("_type=Patient&family=zo").send().await.expect(200);
    assert_eq!(posted.matches(), ["bob"]);
    assert!(
        posted.link("self").unwrap().ends_with("/fhir?_type=Patient&family=zo"),
        "{:?}",
        posted.link("self")
    );

    for (address, status) in [
        ("?_type=Patient,Observation&family=zo", 400),
        ("?family=zo", 400),
        ("?_type=Nothing", 400),
        ("?_type=Patient&_type=Task", 400),
        ("?_type=Patient,Task&_sort=birthdate", 400),
        ("?_type=AuditEvent", 403),
        ("Patient?_type=Patient", 400),
        ("?_query=x", 400),
        ("?_contained=true", 400),
    ] {
        epr.get(address).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_whole_system() {
    let (_server, epr) = filled().await;
    let mut next = Some("?_type=Patient,Observation,Organization&_count=4".to_owned());
    let mut seen = Vec::new();
    while let Some(address) = next {
        let page = epr.get(&address).await.expect(200);
        seen.extend(page.entries().iter().map(|entry| entry["fullUrl"].as_str().unwrap().to_owned()));
        next = page.link("next").map(str::to_owned);
    }
    let total = epr.get("?_type=Patient,Observation,Organization&_summary=count").await.expect(200);
    assert_eq!(total.json["total"], seen.len());
    seen.sort();
    seen.dedup();
    assert_eq!(total.json["total"], seen.len(), "something was repeated");
    // Nothing that the token does not allow is among all types.
    let all = epr.get("?_count=1000").await.expect(200);
    assert!(all.entries().len() >= seen.len());
    assert!(all.entries().iter().all(|entry| entry["resource"]["resourceType"] != "AuditEvent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn compartments() {
    let (_server, epr) = filled().await;
    for (address, expected) in [
        ("Patient/ann/Observation", "Observation/o1 Observation/o2 Observation/o5"),
        ("Patient/ann/Observation?code=bp", "Observation/o2"),
        ("Patient/ann/Patient", "Patient/ann"),
        ("Patient/ann/*", "Observation/o1 Observation/o2 Observation/o5 Patient/ann"),
        ("Patient/ann/*?_type=Observation&_tag:missing=true", "Observation/o1 Observation/o2 Observation/o5"),
        ("Patient/nobody/Observation", ""),
        ("Patient/nobody/*", ""),
        ("Encounter/e/Observation", ""),
    ] {
        assert_eq!(found(&epr, address).await.join(" "), expected, "{address}");
    }
    let posted = epr.request("POST", "Patient/ann/Observation/_search");
    let posted =
        posted.header("content-type", "application/x-www-form-urlencoded").body("code=bp").send().await;
    assert_eq!(posted.expect(200).matches(), ["o2"]);
    for (address, status) in [
        ("Patient/ann/Organization", 404),
        ("Organization/north/Patient", 404),
        ("Patient/ann/Nothing", 404),
        ("Patient/ann/Observation?nothing=1", 400),
        ("Patient/ann/*?_type=Organization", 200),
    ] {
        epr.get(address).await.expect(status);
    }
    // The next page is of the same compartment.
    let page = epr.get("Patient/ann/Observation?_count=2").await.expect(200);
    let next = page.link("next").unwrap().to_owned();
    assert!(next.contains("/Patient/ann/Observation?"), "{next}");
    assert_eq!(epr.get(&next).await.expect(200).matches().len(), 1);
    epr.get(&next.replace("/ann/", "/bob/")).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists() {
    let (_server, epr) = filled().await;
    let list = json!({
        "resourceType": "List", "id": "favourites", "status": "current", "mode": "working",
        "entry": [{"item": {"reference": "Patient/ann"}}, {"item": {"reference": "Observation/o3"}}]
    });
    epr.put("List/favourites", &list).await.expect(201);
    for (address, expected) in [
        ("Patient?_list=favourites", "Patient/ann"),
        ("Observation?_list=favourites&status=final", "Observation/o3"),
        ("Observation?_list=favourites&status=amended", ""),
        ("?_list=favourites&_type=Patient,Observation", "Observation/o3 Patient/ann"),
        ("Patient?_list=nothing", ""),
    ] {
        assert_eq!(found(&epr, address).await.join(" "), expected, "{address}");
    }
    epr.get("Patient?_list=$current-allergies").await.expect(400);
    epr.delete("List/favourites").await.expect(204);
    assert!(found(&epr, "Patient?_list=favourites").await.is_empty());
}

/// What one organisation may not see is not found by any of these ways, and does not count.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaks() {
    let server = TestServer::start().await;
    let (epr, council) = (server.caller("epr"), server.caller("council"));
    let patient = epr.post("Patient", &builders::patient()).await.expect(201).json;
    let id = patient["id"].as_str().unwrap();
    let observation = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "secret words"},
        "subject": {"reference": format!("Patient/{id}")}, "valueQuantity": {"value": 7}
    });
    epr.post("Observation", &observation).await.expect(201);
    let list = json!({
        "resourceType": "List", "id": "mine", "status": "current", "mode": "working", "subject": {"reference": format!("Patient/{id}")},
        "entry": [{"item": {"reference": format!("Patient/{id}")}}, {"item": {"reference": "Organization/x"}}]
    });
    let list = list.to_string().replace(r#",{"item":{"reference":"Organization/x"}}"#, "");
    epr.put("List/mine", &serde_json::from_str(&list).unwrap()).await.expect(201);
    for address in [
        format!("?_id={id}"),
        format!("?_type=Patient,Observation&_id={id}"),
        format!("Patient/{id}/*"),
        format!("Patient/{id}/Observation"),
        "Observation?code:text=secret".to_owned(),
        "Observation?value-quantity=7".to_owned(),
        "Observation?combo-code-value-quantity:missing=false".to_owned(),
        "Patient?_list=mine".to_owned(),
        format!("Patient?_has:Observation:patient:value-quantity=7&_id={id}"),
    ] {
        assert!(council.get(&address).await.expect(200).entries().is_empty(), "{address}");
        let separator = if address.contains('?') { '&' } else { '?' };
        let total = council.get(&format!("{address}{separator}_summary=count")).await.expect(200);
        assert_eq!(total.json["total"], 0, "{address}");
    }
    assert_eq!(found(&epr, &format!("Patient/{id}/*")).await.len(), 3);
    assert_eq!(found(&epr, "Patient?_list=mine").await.len(), 1);
}
