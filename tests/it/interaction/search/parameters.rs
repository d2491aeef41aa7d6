//! Search parameters of each type, with modifiers, chains and `_has`: which resources they find.

use super::{filled, matches};

#[tokio::test(flavor = "multi_thread")]
async fn each_parameter_finds_what_it_says() {
    let (_server, epr) = filled().await;
    for (resource_type, query, expected) in [
        // tokens
        ("Patient", "identifier=1", "ann bob"),
        ("Patient", "identifier=urn:a|1", "ann"),
        ("Patient", "identifier=urn:a|", "ann"),
        ("Patient", "identifier=|3", "bob"),
        ("Patient", "identifier=|1", ""),
        ("Patient", "identifier=urn:b|X\\|2", "ann"),
        ("Patient", "identifier=urn:a|2", ""),
        ("Patient", "identifier=urn:a|X\\|2", ""),
        ("Patient", "identifier=urn:A|1", ""),
        ("Patient", "identifier=urn:a|1,urn:b|1", "ann bob"),
        ("Patient", "identifier=urn:a|1&identifier=urn:b|X\\|2", "ann"),
        ("Patient", "identifier=urn:a|1&identifier=urn:b|1", ""),
        ("Patient", "gender=female", "ann patient-1"),
        ("Patient", "gender=female,male", "ann bob patient-1"),
        (
            "Patient",
            "gender=http://hl7.org/fhir/administrative-gender|female&birthdate=lt1945&family=o",
            "ann",
        ),
        ("Patient", "gender:not=female&_id=ann,bob,cat,dan", "bob cat dan"),
        ("Patient", "gender:not=female,male&_id=ann,bob,cat,dan", "cat dan"),
        ("Patient", "gender=Female", ""),
        ("Patient", "active=true&_id=ann,bob,cat,dan", "ann"),
        ("Patient", "active=false", "bob"),
        ("Patient", "language=fr&language=nl", "ann"),
        ("Patient", "language=fr", "ann bob"),
        ("Patient", "deceased=true", "bob cat"),
        ("Observation", "code:text=heart", "o1"),
        ("Observation", "code:text=RATE", "o1"),
        ("Observation", "code:text=o4,rate", "o1 o4"),
        ("Observation", "code:text=eart", ""),
        ("Observation", "code:text=%", ""),
        ("Observation", "code=hr", "o1 o3"),
        ("Observation", "code=urn:l|hr", "o1"),
        ("Observation", "code=urn:l|364075005", ""),
        ("Observation", "status=final", "o1 o3 o5"),
        ("Observation", "status:not=final", "o2 o4"),
        ("Observation", "status=final,amended", "o1 o2 o3 o5"),
        // strings
        ("Patient", "family=o'neill", "ann"),
        ("Patient", "family=O’NEILL SMITH", "ann"),
        ("Patient", "family=oneill-s", "ann"),
        ("Patient", "family=smith", "ann"),
        ("Patient", "name=smith", "ann"),
        ("Patient", "family=mith", ""),
        ("Patient", "family:exact=O'Neill-Smith", "ann"),
        ("Patient", "family:exact=Smith", ""),
        ("Patient", "name=100%_", "cat"),
        ("Patient", "family=neill", "cat"),
        ("Patient", "family=NEILL&_id=cat", "cat"),
        ("Patient", "family:exact=neill", "cat"),
        ("Patient", "family:exact=Neill", ""),
        ("Patient", "family:contains=EIL", "ann cat"),
        ("Patient", "name=zoe", "bob"),
        ("Patient", "name=ZOË", "bob"),
        ("Patient", "given=jose", "ann"),
        ("Patient", "given:exact=José", "ann"),
        ("Patient", "name:contains=100%_", "cat"),
        ("Patient", "name:contains=100__", ""),
        ("Patient", "name=%", ""),
        ("Patient", "name=_", ""),
        ("Patient", "address=leeds", "dan patient-1"),
        ("Patient", "address-postalcode=ls1", "dan patient-1"),
        ("Patient", "phone=0113 496 0001", "ann"),
        // references
        ("Observation", "subject=Patient/ann", "o1 o2 o5"),
        ("Observation", "subject=ann", "o1 o2 o5"),
        ("Observation", "subject:Patient=ann", "o1 o2 o5"),
        ("Observation", "patient=ann", "o1 o2 o5"),
        ("Observation", "patient=Patient/ann,Patient/bob", "o1 o2 o3 o5"),
        ("Observation", "patient=nobody", ""),
        ("Observation", "subject:identifier=urn:a|1", "o4"),
        ("Patient", "organization=Organization/north", "ann patient-1-not"),
        ("Patient", "organization=https://elsewhere.example/Organization/north", "cat"),
        ("Patient", "general-practitioner:identifier=urn:gp|7", "cat"),
        // missing
        ("Patient", "gender:missing=true", "cat"),
        ("Patient", "gender:missing=false&_id=ann,bob,cat,dan", "ann bob dan"),
        ("Patient", "birthdate:missing=true", "dan"),
        ("Patient", "organization:missing=true&_id=ann,bob,cat,dan", "dan"),
        ("Patient", "family:missing=true&_id=ann,bob,cat,dan", "dan"),
        ("Patient", "identifier:missing=true&_id=ann,bob,cat,dan", "cat dan"),
        ("Observation", "status:missing=true", ""),
        // of every type
        ("Patient", "_id=ann,dan,nobody", "ann dan"),
        ("Patient", "_id=ANN", ""),
        ("Patient", "_lastUpdated=lt2020", ""),
        ("Patient", "_lastUpdated=ge2020&_id=ann", "ann"),
        ("Patient", "name=", "ann bob cat dan patient-1"),
        // chains
        ("Observation", "patient.family=zo", "o3"),
        ("Observation", "subject:Patient.gender=female", "o1 o2 o5"),
        ("Observation", "patient.organization.name=north", "o1 o2 o5"),
        ("Observation", "patient.organization.partof.name=north", "o3"),
        ("Observation", "patient.birthdate=lt1945", "o1 o2 o5"),
        ("Observation", "patient.name:exact=Bob", "o3"),
        ("Observation", "patient.identifier=urn:a|1&patient.gender=male", ""),
        ("Observation", "performer:Organization.partof.partof=Organization/north", "o1"),
        // reverse chains
        ("Patient", "_has:Observation:patient:code=hr", "ann bob"),
        ("Patient", "_has:Observation:patient:code=urn:l|hr", "ann"),
        ("Patient", "_has:Observation:patient:code=hr&_has:Observation:patient:code=bp", "ann"),
        ("Organization", "_has:Patient:organization:gender=male", "south"),
        ("Organization", "_has:Patient:organization:_has:Observation:patient:status=amended", "north"),
        ("Patient", "_has:Observation:patient:status=entered-in-error", ""),
    ] {
        let parameters: Vec<(&str, &str)> =
            query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        let expected: Vec<&str> =
            expected.split(' ').filter(|id| !id.is_empty() && !id.ends_with("-not")).collect();
        assert_eq!(matches(&epr, resource_type, &parameters).await, expected, "{resource_type}?{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused() {
    let (_server, epr) = filled().await;
    let deep = "organization.partof.partof.partof.name=x";
    for query in [
        "unknown=x",
        "Gender=male",
        "gender:unknown=male",
        "gender:exact=male",
        "family:not=x",
        "birthdate:contains=1",
        "birthdate=yesterday",
        "birthdate=xx2020",
        "birthdate=2020-13",
        "birthdate=2020-01-01T10",
        "active=true|x",
        "active:missing=maybe",
        "family=a\\b",
        "organization.unknown=x",
        "organization:Patient.name=x",
        "organization.name:unknown=x",
        "gender.code=x",
        "_has:Observation:patient=x",
        "_has:Observation:unknown:code=x",
        "_has:Organization:partof:name=x",
        "_has:Foo:patient:code=x",
        "_include=Patient:unknown",
        "_include=Patient:gender",
        "_revinclude=Observation:unknown",
        "_sort=unknown",
        "_elements=a.b.c",
        "_summary=text&_include=Patient:organization",
        "_text=x",
        "_content=x",
        "_id:not=x",
        deep,
    ] {
        for prefer in ["handling=strict", "handling=lenient"] {
            let call =
                epr.request("GET", &format!("Patient?{}", query.replace('|', "%7C").replace('\\', "%5C")));
            let answer = call.header("prefer", prefer).send().await;
            let is_only_unknown = [
                "unknown=x",
                "Gender=male",
                "_text=x",
                "_content=x",
                "_sort=unknown",
                "_include=Patient:unknown",
                "_include=Patient:gender",
                "_revinclude=Observation:unknown",
            ]
            .contains(&query);
            if prefer == "handling=strict" || !is_only_unknown {
                assert_eq!(answer.status, 400, "{query}, {prefer}: {}", answer.text());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lenient_handling_says_what_it_ignores() {
    let (_server, epr) = filled().await;
    let call = epr.request("GET", "Patient?family=zo&nonsense=1").header("prefer", "handling=lenient");
    let answer = call.send().await.expect(200);
    assert_eq!(answer.matches(), ["bob"]);
    let link = answer.link("self").unwrap();
    assert!(link.contains("family=zo") && !link.contains("nonsense"), "{link}");
    let outcome = answer.entries().iter().find(|entry| entry["search"]["mode"] == "outcome").unwrap();
    assert_eq!(outcome["resource"]["issue"][0]["severity"], "warning");
    assert!(outcome.to_string().contains("nonsense"));
    assert_eq!(answer.json["total"], 1, "the outcome does not count");
    epr.get("Patient?family=zo&nonsense=1").await.expect(400);
}
