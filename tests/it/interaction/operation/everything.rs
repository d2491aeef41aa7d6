//! `$everything` of a person, <https://hl7.org/fhir/R4/patient-operation-everything.html>.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Answer, TestServer, builders, place};

fn addresses(answer: &Answer) -> Vec<String> {
    let address = |entry: &Value| {
        let text = |name: &str| entry["resource"][name].as_str().unwrap().to_owned();
        format!("{}/{}", text("resourceType"), text("id"))
    };
    answer.entries().iter().map(address).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_whole_and_of_one_person() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (referral, task) = builders::referred(&hub).await;
    let (other, _) = builders::referred(&hub).await;
    let patient = referral["subject"]["reference"].as_str().unwrap().to_owned();
    let observation = |day: &str| {
        json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": patient},
            "effectiveDateTime": day, "performer": [{"reference": place::HUB}]})
    };
    let early = hub.post("Observation", &observation("2020-01-01")).await.expect(201).reference();
    let late = hub.post("Observation", &observation("2024-06-01")).await.expect(201).reference();
    let of = |resource: &Value| {
        format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
    };

    let whole = hub.get(&format!("{patient}/$everything")).await.expect(200);
    let all = addresses(&whole);
    assert_eq!(all[0], patient);
    for member in
        [&of(&referral), &of(&task), &early, &late, &place::HUB.to_owned(), &place::SKILS_SERVICE.to_owned()]
    {
        assert!(all.contains(member), "{member} is not in {all:?}");
    }
    assert!(!all.contains(&of(&other)));
    assert_eq!(all.iter().filter(|address| address.starts_with("Patient/")).count(), 1);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(whole.json["entry"][0]["search"]["mode"], "match");

    // Page by page it is the same.
    let mut pages = Vec::new();
    let mut next = Some(format!("{patient}/$everything?_count=2"));
    while let Some(address) = next {
        let page = hub.get(&address).await.expect(200);
        assert!(page.entries().len() <= 2);
        pages.extend(addresses(&page));
        next = page.json["link"]
            .as_array()
            .unwrap()
            .iter()
            .find(|link| link["relation"] == "next")
            .map(|link| link["url"].as_str().unwrap().to_owned());
    }
    assert_eq!(pages, all);

    let only = hub.get(&format!("{patient}/$everything?_type=Task,Observation")).await.expect(200);
    assert_eq!(addresses(&only), [of(&task), early.clone(), late.clone()]);
    let recent =
        hub.get(&format!("{patient}/$everything?start=2024-01-01&end=2024-12-31&_type=Observation")).await;
    assert_eq!(addresses(&recent.expect(200)), [late]);
    let none = hub.get(&format!("{patient}/$everything?_since=2100-01-01")).await.expect(200);
    assert!(none.entries().is_empty());
    for wrong in ["_type=Nonsense", "_count=x", "start=yesterday", "_cursor=x", "wrong=1"] {
        hub.get(&format!("{patient}/$everything?{wrong}")).await.expect(400);
    }
    hub.get("Patient/none/$everything").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_shows_what_its_reader_may_see() {
    let server = TestServer::start().await;
    let (hub, council) = (server.caller("hub"), server.caller("council"));
    let (referral, _) = builders::referred(&hub).await;
    let patient = referral["subject"]["reference"].as_str().unwrap().to_owned();
    council.get(&format!("{patient}/$everything")).await.expect(404);
    let reablement = server.caller("reablement");
    let secret = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]},
        "subject": {"reference": patient}, "performer": [{"reference": place::HUB}]});
    let secret = hub.post("Observation", &secret).await.expect(201).reference();
    let seen = addresses(&reablement.get(&format!("{patient}/$everything")).await.expect(200));
    assert!(seen.iter().any(|address| address.starts_with("Task/")) && !seen.contains(&secret), "{seen:?}");
    assert!(addresses(&hub.get(&format!("{patient}/$everything")).await.expect(200)).contains(&secret));

    let narrow = server.narrowed("hub", "system/Patient.r system/Task.r");
    let seen = addresses(&narrow.get(&format!("{patient}/$everything")).await.expect(200));
    assert!(
        seen.iter().all(|address| address.starts_with("Task/") || address.starts_with("Patient/")),
        "{seen:?}"
    );
    narrow.get(&format!("{patient}/$everything?_type=Observation")).await.expect(403);
}
