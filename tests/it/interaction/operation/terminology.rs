//! What a terminology service answers: expansion, validation, lookup, subsumption and translation of codes.

use serde_json::{Value, json};
use tests::TestServer;

const HL7: &str = "http://hl7.org/fhir/ValueSet";
const OWN: &str = "https://homefirst.example/fhir";

fn codes(expanded: &Value) -> Vec<&str> {
    let contains = expanded["expansion"]["contains"].as_array();
    contains.into_iter().flatten().map(|entry| entry["code"].as_str().unwrap()).collect()
}

/// The value of an out-parameter.
fn out<'a>(parameters: &'a Value, name: &str) -> &'a Value {
    let part = parameters["parameter"].as_array().unwrap().iter().find(|part| part["name"] == name);
    let value = part.and_then(|part| part.as_object()?.iter().find(|(name, _)| name.starts_with("value")));
    value.map_or(&Value::Null, |(_, value)| value)
}

fn parameters(parameters: Value) -> Value {
    json!({"resourceType": "Parameters", "parameter": parameters})
}

#[tokio::test(flavor = "multi_thread")]
async fn value_sets_are_expanded() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let gender = hub.get(&format!("ValueSet/$expand?url={HL7}/administrative-gender")).await.expect(200).json;
    assert_eq!(codes(&gender), ["male", "female", "other", "unknown"]);
    assert_eq!(gender["expansion"]["total"], 4);
    assert_eq!(gender["expansion"]["contains"][0]["display"], "Male");
    assert_eq!(gender["url"], format!("{HL7}/administrative-gender"));

    let lines = format!("ValueSet/$expand?url={OWN}/ValueSet/ic-service-line");
    let whole = hub.get(&lines).await.expect(200).json;
    assert!(codes(&whole).contains(&"reablement"));
    let page = hub.get(&format!("{lines}&offset=1&count=2")).await.expect(200).json;
    assert_eq!(codes(&page), codes(&whole)[1..3]);
    assert_eq!(page["expansion"]["total"], whole["expansion"]["total"]);
    assert_eq!(page["expansion"]["offset"], 1);
    let filtered = hub.get(&format!("{lines}&filter=REABLE")).await.expect(200).json;
    assert_eq!(codes(&filtered), ["reablement"]);
    let system = "http://hl7.org/fhir/administrative-gender";
    let gender = format!("ValueSet/$expand?url={HL7}/administrative-gender");
    for name in ["system-version", "check-system-version", "force-system-version"] {
        let held = hub.get(&format!("{gender}&{name}={system}%7C4.0.1")).await.expect(200).json;
        assert_eq!(codes(&held).len(), 4);
        assert_eq!(
            held["expansion"]["parameter"][0],
            json!({"name": name, "valueUri": format!("{system}|4.0.1")})
        );
        hub.get(&format!("{gender}&{name}={system}%7C5.0.0")).await.expect(404);
        hub.get(&format!("{gender}&{name}={system}")).await.expect(400);
    }
    let without = hub.get(&format!("{gender}&exclude-system={system}")).await.expect(200).json;
    assert_eq!(without["expansion"]["total"], 0);
    let by_id = hub.get("ValueSet/ic-service-line/$expand").await.expect(200).json;
    assert_eq!(codes(&by_id), codes(&whole));

    // One that is sent is expanded as it is, with names in other languages.
    let sent = json!({"resourceType": "ValueSet", "status": "draft", "compose": {
        "include": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0001"}],
        "exclude": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0001", "concept": [{"code": "A"}]}]}});
    let body = parameters(json!([{"name": "valueSet", "resource": sent},
        {"name": "displayLanguage", "valueCode": "de"}, {"name": "includeDesignations", "valueBoolean": true}]));
    let expanded = hub.post("ValueSet/$expand", &body).await.expect(200).json;
    assert_eq!(codes(&expanded), ["F", "M", "N", "O", "U"]);
    assert_eq!(expanded["expansion"]["contains"][0]["display"], "weiblich");
    assert_eq!(expanded["expansion"]["contains"][0]["designation"][1]["value"], "Vrouw");
    assert_eq!(expanded["url"], Value::Null);
    hub.post("ValueSet/$expand", &sent).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_held_is_said() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    for (address, status) in [
        ("ValueSet/$expand".to_owned(), 400),
        ("ValueSet/$expand?url=https://elsewhere.example/vs".to_owned(), 404),
        (format!("ValueSet/$expand?url={HL7}/administrative-gender&valueSetVersion=99"), 404),
        (format!("ValueSet/$expand?url={HL7}/administrative-gender&count=-1"), 400),
        (format!("ValueSet/$expand?url={HL7}/administrative-gender&wrong=1"), 400),
        (format!("ValueSet/$expand?url={HL7}/condition-code"), 422),
        (
            format!("ValueSet/$validate-code?url={HL7}/condition-code&system=http://snomed.info/sct&code=1"),
            422,
        ),
        ("ValueSet/none/$expand".to_owned(), 404),
        ("CodeSystem/$lookup?system=http://snomed.info/sct&code=22298006".to_owned(), 404),
        ("CodeSystem/$lookup?code=male".to_owned(), 400),
        ("CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=x".to_owned(), 404),
        ("CodeSystem/$validate-code?url=http://loinc.org&code=1".to_owned(), 404),
        ("CodeSystem/$subsumes?system=http://snomed.info/sct&codeA=1&codeB=2".to_owned(), 404),
        ("CodeSystem/$subsumes?system=http://hl7.org/fhir/administrative-gender&codeA=male".to_owned(), 400),
        ("ConceptMap/$translate?url=https://elsewhere.example/map&system=urn:x&code=1".to_owned(), 404),
        ("ConceptMap/$translate?code=1".to_owned(), 400),
    ] {
        hub.get(&address).await.expect(status);
    }
    let wrong = json!({"resourceType": "Patient"});
    hub.post("ValueSet/$expand", &parameters(json!([{"name": "valueSet", "resource": wrong}])))
        .await
        .expect(400);
    let wrong = json!({"resourceType": "ValueSet", "status": "draft", "compose": {"include": "x"}});
    hub.post("ValueSet/$expand", &parameters(json!([{"name": "valueSet", "resource": wrong}])))
        .await
        .expect(400);
    server.narrowed("hub", "system/Task.rs").get("ValueSet/ic-pathway/$expand").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_validated() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let gender = "http://hl7.org/fhir/administrative-gender";
    for (address, result, display) in [
        (
            format!("ValueSet/$validate-code?url={HL7}/administrative-gender&system={gender}&code=male"),
            true,
            "Male",
        ),
        (format!("ValueSet/$validate-code?url={HL7}/administrative-gender&code=female"), true, "Female"),
        (
            format!("ValueSet/$validate-code?url={HL7}/administrative-gender&system={gender}&code=man"),
            false,
            "",
        ),
        (
            format!("ValueSet/$validate-code?url={HL7}/administrative-gender&system=urn:x&code=male"),
            false,
            "",
        ),
        (
            format!(
                "ValueSet/$validate-code?url={HL7}/administrative-gender&system={gender}&code=male&display=MALE"
            ),
            true,
            "Male",
        ),
        (
            format!(
                "ValueSet/$validate-code?url={HL7}/administrative-gender&system={gender}&code=male&display=Man"
            ),
            false,
            "Male",
        ),
        ("ValueSet/ic-pathway/$validate-code?code=P1".to_owned(), true, "*"),
        (format!("CodeSystem/$validate-code?url={gender}&code=other"), true, "Other"),
        (format!("CodeSystem/$validate-code?url={gender}&code=Other"), false, ""),
        ("CodeSystem/ic-pathway/$validate-code?code=P9".to_owned(), false, ""),
    ] {
        let answer = hub.get(&address).await.expect(200).json;
        assert_eq!(*out(&answer, "result"), result, "{address}: {answer}");
        assert_eq!(out(&answer, "message").is_string(), !result, "{address}: {answer}");
        if display != "*" {
            assert_eq!(out(&answer, "display").as_str().unwrap_or_default(), display, "{address}");
        }
    }
    let concept = json!({"coding": [{"system": "urn:x", "code": "m"}, {"system": gender, "code": "male"}]});
    let body = parameters(json!([{"name": "url", "valueUri": format!("{HL7}/administrative-gender")},
        {"name": "codeableConcept", "valueCodeableConcept": concept}]));
    assert_eq!(*out(&hub.post("ValueSet/$validate-code", &body).await.expect(200).json, "result"), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_looked_up_and_compared() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let act = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    let answer = hub.get(&format!("CodeSystem/$lookup?system={act}&code=IMP")).await.expect(200).json;
    assert_eq!(*out(&answer, "display"), "inpatient encounter");
    assert_eq!(*out(&answer, "name"), "v3 Code System ActCode");
    let properties = |answer: &Value| -> Vec<(Value, Value)> {
        let parts = answer["parameter"].as_array().unwrap().iter().filter(|part| part["name"] == "property");
        parts
            .map(|part| (part["part"][0]["valueCode"].clone(), part["part"][1]["valueCode"].clone()))
            .collect()
    };
    assert!(properties(&answer).contains(&(json!("parent"), json!("_ActEncounterCode"))), "{answer}");
    let only =
        hub.get(&format!("CodeSystem/$lookup?system={act}&code=IMP&property=child")).await.expect(200).json;
    assert_eq!(properties(&only), [(json!("child"), json!("ACUTE")), (json!("child"), json!("NONAC"))]);
    let line = format!("{OWN}/CodeSystem/ic-service-line");
    let body = parameters(json!([{"name": "coding", "valueCoding": {"system": line, "code": "reablement"}}]));
    let answer = hub.post("CodeSystem/$lookup", &body).await.expect(200).json;
    assert!(properties(&answer).contains(&(json!("csdsTeamType"), json!("52"))), "{answer}");

    for (a, b, outcome) in [
        ("IMP", "IMP", "equivalent"),
        ("IMP", "ACUTE", "subsumes"),
        ("ACUTE", "_ActEncounterCode", "subsumed-by"),
        ("ACUTE", "AMB", "not-subsumed"),
    ] {
        let answer =
            hub.get(&format!("CodeSystem/$subsumes?system={act}&codeA={a}&codeB={b}")).await.expect(200).json;
        assert_eq!(*out(&answer, "outcome"), outcome, "{a} {b}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_terminology_counts_too() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let url = |name: &str| format!("https://elsewhere.example/{name}");
    let system = json!({"resourceType": "CodeSystem", "id": "colours", "url": url("colours"), "status": "active",
        "content": "complete", "concept": [{"code": "red", "display": "Red", "concept": [{"code": "pink"}]}]});
    let value_set = json!({"resourceType": "ValueSet", "id": "colours", "url": url("vs"), "status": "active",
        "compose": {"include": [{"system": url("colours"), "filter": [
            {"property": "concept", "op": "is-a", "value": "red"}]}]}});
    let map = json!({"resourceType": "ConceptMap", "id": "colours", "url": url("map"), "status": "active",
        "group": [{"source": url("colours"), "target": "urn:warm", "element": [
            {"code": "red", "target": [{"code": "warm", "display": "Warm", "equivalence": "wider"}]}]}]});
    hub.put("ValueSet/colours", &value_set).await.expect(201);
    hub.get("ValueSet/colours/$expand").await.expect(422);
    hub.put("CodeSystem/colours", &system).await.expect(201);
    hub.put("ConceptMap/colours", &map).await.expect(201);
    for address in ["ValueSet/colours/$expand".to_owned(), format!("ValueSet/$expand?url={}", url("vs"))] {
        assert_eq!(codes(&hub.get(&address).await.expect(200).json), ["red", "pink"], "{address}");
    }
    let answer = hub.get("CodeSystem/colours/$subsumes?codeA=red&codeB=pink").await.expect(200).json;
    assert_eq!(*out(&answer, "outcome"), "subsumes");
    for query in [
        format!("ConceptMap/$translate?url={}&system={}&code=red", url("map"), url("colours")),
        format!("ConceptMap/colours/$translate?system={}&code=red", url("colours")),
        format!("ConceptMap/$translate?system={}&code=red&targetsystem=urn:warm", url("colours")),
        "ConceptMap/$translate?system=urn:warm&code=warm&reverse=true".to_owned(),
    ] {
        let answer = hub.get(&query).await.expect(200).json;
        assert_eq!(*out(&answer, "result"), true, "{query}: {answer}");
        let concept = &answer["parameter"][1]["part"][1]["valueCoding"]["code"];
        let expected = if query.contains("reverse") { "red" } else { "warm" };
        assert_eq!(concept, expected, "{query}: {answer}");
    }
    let none = format!("ConceptMap/$translate?system={}&code=pink", url("colours"));
    assert_eq!(*out(&hub.get(&none).await.expect(200).json, "result"), false);
    let held = "ConceptMap/$translate?system=http://hl7.org/fhir/account-status&code=on-hold&targetsystem=http://hl7.org/fhir/resource-status";
    let answer = hub.get(held).await.expect(200).json;
    assert_eq!(answer["parameter"][1]["part"][1]["valueCoding"]["code"], "suspended");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_stored_versions_one_is_meant() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let url = "https://elsewhere.example/ValueSet/wards";
    for (version, code) in [("2", "b"), ("1", "a")] {
        let value_set = json!({"resourceType": "ValueSet", "status": "active", "url": url, "version": version,
            "compose": {"include": [{"system": "urn:wards", "concept": [{"code": code}]}]}});
        hub.post("ValueSet", &value_set).await.expect(201);
    }
    for (asked, expected) in [
        (format!("url={url}"), "a"),
        (format!("url={url}|2"), "b"),
        (format!("url={url}&valueSetVersion=2"), "b"),
        (format!("url={url}&valueSetVersion=1"), "a"),
    ] {
        let expanded = hub.get(&format!("ValueSet/$expand?{asked}")).await.expect(200).json;
        assert_eq!(codes(&expanded), [expected], "{asked}");
    }
    hub.get(&format!("ValueSet/$expand?url={url}|3")).await.expect(404);
    let asked = format!("ValueSet/$validate-code?url={url}&valueSetVersion=2&system=urn:wards&code=b");
    assert_eq!(out(&hub.get(&asked).await.expect(200).json, "result"), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_set_takes_the_versions_that_it_names() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (system, wards) = ("https://elsewhere.example/wards", "https://elsewhere.example/ValueSet/wards");
    for (version, code) in [("1", "a"), ("2", "b")] {
        let resource = json!({"resourceType": "CodeSystem", "status": "active", "url": system, "version": version,
            "content": "complete", "concept": [{"code": code, "display": version}, {"code": "both"}]});
        hub.post("CodeSystem", &resource).await.expect(201);
        let resource = json!({"resourceType": "ValueSet", "status": "active", "url": wards, "version": version,
            "compose": {"include": [{"system": system, "version": version}]}});
        hub.post("ValueSet", &resource).await.expect(201);
    }
    let sent = |include: Value, exclude: Option<Value>| {
        let mut compose = json!({"include": [include]});
        if let Some(exclude) = exclude {
            compose["exclude"] = json!([exclude]);
        }
        json!({"resourceType": "ValueSet", "status": "draft", "compose": compose})
    };
    let whole = |version: &str| json!({"system": system, "version": version});
    let import = |version: &str| json!({"valueSet": [format!("{wards}|{version}")]});
    for (value_set, expected) in [
        (sent(json!({"system": system}), None), vec!["b", "both"]),
        (sent(whole("1"), None), vec!["a", "both"]),
        (sent(whole("2"), Some(whole("1"))), vec!["b"]),
        (sent(import("1"), None), vec!["a", "both"]),
        (sent(import("2"), Some(import("1"))), vec!["b"]),
    ] {
        let expanded = hub.post("ValueSet/$expand", &value_set).await.expect(200).json;
        assert_eq!(codes(&expanded), expected, "{value_set}");
        for code in ["a", "b", "both"] {
            let asked = parameters(json!([{"name": "valueSet", "resource": value_set},
                {"name": "coding", "valueCoding": {"system": system, "code": code}}]));
            let answer = hub.post("ValueSet/$validate-code", &asked).await.expect(200).json;
            assert_eq!(*out(&answer, "result"), expected.contains(&code), "{value_set} {code}");
        }
    }
    let used = hub.post("ValueSet/$expand", &sent(whole("1"), None)).await.expect(200).json;
    let version = json!({"name": "version", "valueUri": format!("{system}|1")});
    assert!(used["expansion"]["parameter"].as_array().unwrap().contains(&version), "{used}");
    assert_eq!(used["expansion"]["contains"][0]["display"], "1");

    let gender = json!({"valueSet": ["http://hl7.org/fhir/ValueSet/administrative-gender|5.0.0"]});
    for (value_set, held) in [
        (sent(whole("3"), None), "Held of it: 2, 1."),
        (sent(whole("1"), Some(whole("3"))), "Held of it: 2, 1."),
        (sent(import("3"), None), "Held of it: 2, 1."),
        (sent(gender, None), "Held of it: 4.0.1."),
    ] {
        let refused = hub.post("ValueSet/$expand", &value_set).await.expect(422);
        assert!(refused.text().contains(held), "{}", refused.text());
        let asked = parameters(json!([{"name": "valueSet", "resource": value_set},
            {"name": "coding", "valueCoding": {"system": system, "code": "a"}}]));
        let answer = hub.post("ValueSet/$validate-code", &asked).await;
        assert_eq!(answer.status, 422, "{}", answer.text());
    }
    // A search by it sees the same.
    hub.get(&format!("Observation?code:in={wards}|3")).await.expect(400);
    hub.get(&format!("Observation?code:in={wards}|1")).await.expect(200);
    // A code system in a version, and a Coding of another one than was looked at.
    let lookup = |version: &str| format!("CodeSystem/$lookup?system={system}&code=both&version={version}");
    hub.get(&lookup("1")).await.expect(200);
    let refused = hub.get(&lookup("3")).await.expect(404);
    assert!(refused.text().contains("Held of it: 2, 1."), "{}", refused.text());
    for (version, result) in [("1", true), ("2", false)] {
        let asked = parameters(json!([{"name": "url", "valueUri": format!("{wards}|1")},
            {"name": "coding", "valueCoding": {"system": system, "version": version, "code": "both"}}]));
        let answer = hub.post("ValueSet/$validate-code", &asked).await.expect(200).json;
        assert_eq!(*out(&answer, "result"), result, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn value_sets_select_codes_by_filters() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let system = "http://hl7.org/fhir/administrative-gender";
    for (property, op, value, expected) in [
        ("code", "regex", ".*male", Some(vec!["male", "female"])),
        ("display", "regex", "[MO].*", Some(vec!["male", "other"])),
        ("concept", "generalizes", "male", Some(vec!["male"])),
        ("concept", "is-not-a", "male", Some(vec!["female", "other", "unknown"])),
        ("concept", "in", "male,other", Some(vec!["male", "other"])),
        ("code", "regex", "(male", None),
        ("concept", "resembles", "male", None),
    ] {
        let sent = json!({"resourceType": "ValueSet", "status": "draft", "compose": {"include": [
            {"system": system, "filter": [{"property": property, "op": op, "value": value}]}]}});
        let answer = hub.post("ValueSet/$expand", &sent).await;
        match expected {
            Some(expected) => assert_eq!(codes(&answer.expect(200).json), expected, "{property} {op}"),
            None => drop(answer.expect(422)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_told_in_the_capabilities() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let told = hub.get("metadata?mode=terminology").await.expect(200).json;
    assert_eq!(told["resourceType"], "TerminologyCapabilities");
    let systems: Vec<_> =
        told["codeSystem"].as_array().unwrap().iter().map(|system| system["uri"].as_str().unwrap()).collect();
    assert!(systems.contains(&"http://hl7.org/fhir/administrative-gender"));
    assert!(systems.contains(&format!("{OWN}/CodeSystem/ic-service-line").as_str()));
    for parameter in told["expansion"]["parameter"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        let asked = format!("ValueSet/$expand?{name}=&url={HL7}/administrative-gender");
        let refused = hub.get(&asked).await;
        assert!(!refused.text().contains("is not a parameter"), "{name}");
    }
    let checked = hub.post("TerminologyCapabilities/$validate", &told).await.expect(200);
    assert!(checked.issues().iter().all(|issue| issue["severity"] == "information"), "{}", checked.text());
    assert_eq!(hub.get("metadata?mode=full").await.expect(200).json["resourceType"], "CapabilityStatement");
    hub.get("metadata?mode=everything").await.expect(400);
}
