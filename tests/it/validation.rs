//! What a resource must be: by R4, by the profiles of intermediate care, and by those it claims.

mod mutations;

use serde_json::{Value, json};
use tests::{TestServer, builders, place};

#[tokio::test(flavor = "multi_thread")]
async fn what_r4_asks_of_every_resource() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let observation = |members: Value| {
        let mut resource = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}});
        resource.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        resource
    };
    let script = "<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>alert(1)</script></div>";
    let handler = "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p onclick=\"x()\">x</p></div>";
    for (name, resource, status, expression) in [
        ("nothing is wrong", observation(json!({})), 201, ""),
        (
            "a required element",
            json!({"resourceType": "Observation", "status": "final"}),
            422,
            "Observation.code",
        ),
        ("a required binding", observation(json!({"status": "finished"})), 422, "Observation.status"),
        ("two values", observation(json!({"valueString": "x", "valueBoolean": true})), 400, ""),
        (
            "a reference to another type",
            observation(json!({"subject": {"reference": place::HUB}})),
            422,
            "Observation.subject",
        ),
        (
            "a reference to a fragment that is not there",
            observation(json!({"subject": {"reference": "#p"}})),
            422,
            "",
        ),
        (
            "contained in contained",
            observation(
                json!({"contained": [{"resourceType": "Patient", "id": "p", "contained": [{"resourceType": "Patient", "id": "q"}]}], "subject": {"reference": "#p"}}),
            ),
            422,
            "",
        ),
        (
            "a script in the narrative",
            observation(json!({"text": {"status": "generated", "div": script}})),
            400,
            "",
        ),
        (
            "a handler in the narrative",
            observation(json!({"text": {"status": "generated", "div": handler}})),
            400,
            "",
        ),
        ("an extension without url", observation(json!({"extension": [{"valueString": "x"}]})), 422, ""),
        (
            "an extension with value and parts",
            observation(
                json!({"extension": [{"url": "https://x.example/e", "valueString": "x", "extension": [{"url": "a", "valueString": "y"}]}]}),
            ),
            422,
            "",
        ),
        (
            "an extension nobody knows",
            observation(json!({"extension": [{"url": "https://x.example/e", "valueString": "x"}]})),
            201,
            "",
        ),
        (
            "a profile nobody knows",
            observation(json!({"meta": {"profile": ["https://x.example/p"]}})),
            201,
            "",
        ),
        (
            "an id with an underscore",
            observation(json!({"contained": [{"resourceType": "Patient", "id": "p_1"}]})),
            400,
            "Observation.contained[0].id",
        ),
        (
            "a time without zone",
            observation(json!({"effectiveDateTime": "2026-01-01T10:00:00"})),
            400,
            "Observation.effective",
        ),
        (
            "a uri with a space",
            observation(json!({"implicitRules": "a b"})),
            400,
            "Observation.implicitRules",
        ),
    ] {
        let answer = epr.post("Observation", &resource).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        let is_placed = answer.expressions().iter().any(|found| found.starts_with(expression));
        assert!(expression.is_empty() || is_placed, "{name}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_types_have_profiles() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    for (name, pointer, value, expression) in [
        ("an unknown category", "/category/0/coding/0/code", json!("other"), "ServiceRequest.category"),
        ("an unknown service line", "/code/coding/0/code", json!("haircut"), "ServiceRequest.code"),
        ("an intent of whoever fulfils it", "/intent", json!("filler-order"), "ServiceRequest.intent"),
        (
            "two performers",
            "/performer",
            json!([{"reference": place::SKILS_SERVICE}, {"reference": place::UCR_SERVICE}]),
            "ServiceRequest.performer",
        ),
    ] {
        let mut referral = builders::referral(&patient);
        *referral.pointer_mut(pointer).unwrap() = value;
        let answer = hub.post("ServiceRequest", &referral).await;
        assert_eq!(answer.status, 422, "{name}: {}", answer.text());
        let is_placed = answer.expressions().iter().any(|found| found.starts_with(expression));
        assert!(is_placed, "{name}: {}", answer.text());
    }
    // A claim is held against what it claims.
    let mut plan = builders::referral(&patient);
    plan["meta"] =
        json!({"profile": [format!("{}/StructureDefinition/HFDischargePlan", builders::CANONICAL)]});
    hub.post("ServiceRequest", &plan).await.expect(422);
    let general = TestServer::with(|config| config.profiles.required = Vec::new()).await;
    let hub = general.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let bare = json!({
        "resourceType": "ServiceRequest", "status": "draft", "intent": "proposal", "subject": {"reference": patient}
    });
    hub.post("ServiceRequest", &bare).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_faults_are_ten_findings() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let mut referral = builders::referral(&patient);
    referral["status"] = "open".into();
    referral["category"][0]["coding"][0]["code"] = "other".into();
    referral["priority"] = "soon".into();
    referral["subject"]["reference"] = "Group/1".into();
    referral["performer"] = json!([{"reference": place::SKILS_SERVICE}, {"reference": place::UCR_SERVICE}]);
    referral["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] = "185360008".into();
    referral["quantityQuantity"] = json!({"value": 1, "code": "h"});
    for name in ["intent", "identifier", "requester"] {
        referral.as_object_mut().unwrap().shift_remove(name);
    }
    let expected = [
        ("ServiceRequest.category[0].coding[0].code", "code-invalid", "IC-TERM-01"),
        ("ServiceRequest.extension[0].value.coding[0].code", "code-invalid", "IC-TERM-02"),
        ("ServiceRequest.identifier", "required", ""),
        ("ServiceRequest.intent", "required", ""),
        ("ServiceRequest.performer", "structure", ""),
        ("ServiceRequest.priority", "code-invalid", "IC-TERM-01"),
        ("ServiceRequest.quantity", "invariant", "qty-3"),
        ("ServiceRequest.requester", "required", "IC-REF-01"),
        ("ServiceRequest.status", "code-invalid", "IC-TERM-01"),
        ("ServiceRequest.subject.reference", "structure", ""),
    ];
    let refused = hub.post("ServiceRequest", &referral).await.expect(422);
    let asked = hub.post("ServiceRequest/$validate", &referral).await.expect(200);
    for answer in [refused, asked] {
        let text =
            |issue: &Value, at: &str| issue.pointer(at).and_then(Value::as_str).unwrap_or("").to_owned();
        let mut found: Vec<_> = answer
            .issues()
            .iter()
            .map(|issue| {
                let rule = text(issue, "/details/coding/0/code") + &text(issue, "/details/text");
                assert_eq!(issue["severity"], "error");
                assert!(text(issue, "/diagnostics").len() > 20, "{issue}");
                (text(issue, "/expression/0"), text(issue, "/code"), rule)
            })
            .collect();
        found.sort();
        let found: Vec<_> =
            found.iter().map(|(at, code, rule)| (at.as_str(), code.as_str(), rule.as_str())).collect();
        assert_eq!(found, expected, "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_rule_tells_what_was_received_and_what_to_send() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let mut referral = builders::referral(&patient);
    referral["performer"] = json!([{"display": "The team"}]);
    referral["occurrencePeriod"] = json!({"start": "2026-11-25", "end": "2026-11-21"});
    referral["extension"].as_array_mut().unwrap().push(json!({
        "url": format!("{}/StructureDefinition/ic-entry-route", builders::CANONICAL), "valueCode": "step-down"
    }));
    let refused = hub.post("ServiceRequest", &referral).await.expect(422);
    for (key, received, fix) in [
        (
            "hf-named-1: ",
            "Received: no reference, no identifier.",
            "send reference, or identifier with system and value",
        ),
        ("per-1: ", "Received: start '2026-11-25', end '2026-11-21'.", "lower value than end"),
        ("hf-ref-2: ", "Received: 1 category, ic-entry-route 'step-down'.", "Send the same in both"),
    ] {
        let issues = refused.issues();
        let texts = issues.iter().filter_map(|issue| issue["diagnostics"].as_str());
        let text = texts.into_iter().find(|text| text.starts_with(key));
        let text = text.unwrap_or_else(|| panic!("{key}: {}", refused.text()));
        assert!(text.contains(received) && text.contains(fix), "{text}");
    }
    // A misspelt extension of ours, one that is missing, and one with a value of another type.
    let mut referral = builders::referral(&patient);
    referral["extension"] = json!([
        {"url": format!("{}/StructureDefinition/ic-clock-strat", builders::CANONICAL), "valueDateTime": "2026-11-21T10:00:00Z"},
        {"url": format!("{}/StructureDefinition/ic-place-of-care", builders::CANONICAL), "valueString": "home"}
    ]);
    let refused = hub.post("ServiceRequest", &referral).await.expect(422);
    for (at, told) in [
        ("ServiceRequest.extension[0].url", "There is no extension"),
        ("ServiceRequest.extension[1].value", "Send it as valueCode."),
        (
            "ServiceRequest.extension('https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest')",
            "ServiceRequest has no extension 'https://fhir.hl7.org.uk/",
        ),
    ] {
        let issues = refused.issues();
        let issue = issues.iter().find(|issue| issue["expression"][0] == at);
        let text =
            issue.unwrap_or_else(|| panic!("{at}: {}", refused.text()))["diagnostics"].as_str().unwrap();
        assert!(text.contains(told), "{text}");
    }
    // Who somebody is is not repeated.
    let mut person = hub.get(&patient).await.expect(200).json;
    person["contact"] = json!([{"gender": "female"}]);
    person["telecom"] = json!([{"value": "07700 900123"}]);
    let refused = hub.put_back(&person).await.expect(422);
    assert!(refused.text().contains("cpt-2") && !refused.text().contains("900123"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modifier_that_is_not_understood_is_refused_where_it_counts() {
    let modifier = json!([{"url": "https://elsewhere.example/not-meant", "valueBoolean": true}]);
    let general = json!({"resourceType": "Task", "status": "requested", "intent": "order", "modifierExtension": modifier});
    let server = TestServer::start().await;
    let refused = server.caller("hub").post("Task", &general).await.expect(422);
    assert_eq!(refused.expressions(), ["Task.modifierExtension[0]"]);
    assert!(refused.text().contains("not-meant") && refused.text().contains("Send it without"));
    let patient = json!({"resourceType": "Patient", "modifierExtension": modifier});
    server.caller("hub").post("Patient", &patient).await.expect(201);
    // A server that acts on nothing keeps everything.
    let open = TestServer::with(|config| config.profiles.required.clear()).await;
    open.caller("hub").post("Task", &general).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_come_with_a_success() {
    let server = TestServer::start().await;
    let call =
        server.caller("epr").request("POST", "Observation").header("prefer", "return=OperationOutcome");
    let claimed = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "meta": {"profile": ["https://x.example/p"]}
    });
    let answer = call.json(&claimed).send().await.expect(201);
    assert!(answer.issues().iter().all(|issue| issue["severity"] != "error"), "{}", answer.text());
    assert!(answer.text().contains("https://x.example/p"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn references_must_lead_somewhere() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let patient = builders::new_patient(&epr).await;
    let gone = builders::new_patient(&epr).await;
    epr.delete(&gone).await.expect(204);
    let own = format!("{}/{patient}", server.base);
    let own_nobody = format!("{}/Patient/nobody", server.base);
    for (subject, status) in [
        (json!({"reference": patient}), 201),
        (json!({"reference": own}), 201),
        (json!({"reference": "https://elsewhere.example/Patient/1"}), 201),
        (json!({"identifier": {"system": builders::NHS_NUMBER, "value": "9990000026"}}), 201),
        (json!({"display": "Edith"}), 201),
        (json!({"reference": "Patient/nobody"}), 422),
        (json!({"reference": own_nobody}), 422),
        (json!({"reference": gone}), 422),
        (json!({"reference": "Foo/1"}), 422),
        (json!({"reference": "Patient/a b"}), 422),
        (json!({"reference": format!("{}/Foo/1", server.base)}), 422),
        (json!({"reference": patient, "type": "Group"}), 422),
    ] {
        let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": subject});
        let answer = epr.post("Observation", &observation).await;
        assert_eq!(answer.status, status, "{subject}: {}", answer.text());
    }
    let open = TestServer::with(|config| config.references.check = false).await;
    let dangling = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/nobody"}
    });
    open.caller("epr").post("Observation", &dangling).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_within_is_held_to_what_it_claims() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let weight = json!({
        "resourceType": "Observation", "status": "final", "subject": {"reference": patient},
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/bodyweight"]},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "valueQuantity": {"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
    });
    let mut timed = weight.clone();
    timed["effectiveDateTime"] = json!("2026-11-21");
    let bundle = |weight: &Value| {
        json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "urn:uuid:3f1f0a6e-0c1b-4d5a-9a55-222222222222", "resource": weight}]})
    };
    hub.post("Bundle", &bundle(&timed)).await.expect(201);
    let refused = hub.post("Bundle", &bundle(&weight)).await.expect(422);
    assert_eq!(refused.expressions(), ["Bundle.entry[0].resource.effective"]);
    let mut contained = weight.clone();
    contained["id"] = json!("w");
    let report = json!({"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"},
        "subject": {"reference": patient}, "contained": [contained], "result": [{"reference": "#w"}]});
    let refused = hub.post("DiagnosticReport", &report).await.expect(422);
    assert_eq!(refused.expressions(), ["DiagnosticReport.contained[0].effective"]);
    let refused = hub.post("Bundle/$validate", &bundle(&weight)).await.expect(200);
    assert_eq!(refused.expressions(), ["Bundle.entry[0].resource.effective"]);
}
