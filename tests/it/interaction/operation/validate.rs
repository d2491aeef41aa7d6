//! `$validate` finds what the interaction would find, and stores nothing.

use serde_json::{Value, json};
use tests::{Answer, TestServer, builders};

fn parameters(parameters: &[Value]) -> Value {
    json!({"resourceType": "Parameters", "parameter": parameters})
}

fn findings(answer: &Answer) -> Vec<(String, String)> {
    let text = |issue: &Value, name: &str| issue[name].as_str().unwrap_or_default().to_owned();
    let mut findings: Vec<_> = answer
        .issues()
        .iter()
        .map(|issue| (issue["expression"].to_string(), text(issue, "diagnostics")))
        .collect();
    findings.sort();
    findings
}

fn severities(answer: &Answer) -> Vec<&str> {
    answer.issues().iter().map(|issue| issue["severity"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_what_a_create_finds() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let patient = builders::new_patient(&hub).await;
    let good = builders::referral(&patient);
    let with = |pointer: &str, value: Value| {
        let mut referral = good.clone();
        *referral.pointer_mut(pointer).unwrap() = value;
        referral
    };
    let faulty = [
        with("/status", json!("open")),
        with("/authoredOn", json!("yesterday")),
        with("/category/0/coding/0/code", json!("other")),
        with("/subject/reference", json!("Patient/nobody")),
        // A rule of the workflow.
        with("/status", json!("completed")),
    ];
    for resource in &faulty {
        let asked = hub.post("ServiceRequest/$validate", resource).await.expect(200);
        let refused = hub.post("ServiceRequest", resource).await;
        assert!(refused.status >= 400, "{}", refused.text());
        assert_eq!(findings(&asked), findings(&refused));
    }
    let before = hub.get(&format!("ServiceRequest?subject={patient}&_total=accurate")).await.expect(200);
    for body in [
        good.clone(),
        parameters(&[json!({"name": "resource", "resource": good})]),
        parameters(&[
            json!({"name": "mode", "valueCode": "create"}),
            json!({"name": "resource", "resource": good}),
        ]),
    ] {
        let answer = hub.post("ServiceRequest/$validate", &body).await.expect(200);
        assert_eq!(severities(&answer), ["information"], "{}", answer.text());
    }
    let after = hub.get(&format!("ServiceRequest?subject={patient}&_total=accurate")).await.expect(200);
    assert_eq!(before.json["total"], after.json["total"], "nothing is stored");
    hub.post("ServiceRequest", &good).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_modes() {
    let server = TestServer::start().await;
    let hub = server.caller("hub");
    let (referral, _) = builders::referred(&hub).await;
    let address = format!("ServiceRequest/{}", referral["id"].as_str().unwrap());
    let at = format!("{address}/$validate");
    let mode = |code: &str, resource: Option<&Value>| {
        let mut all = vec![json!({"name": "mode", "valueCode": code})];
        all.extend(resource.map(|resource| json!({"name": "resource", "resource": resource})));
        parameters(&all)
    };
    // What is stored, as it is.
    let answer = hub.get(&at).await.expect(200);
    assert!(!severities(&answer).contains(&"error"), "{}", answer.text());
    // No version has to be named.
    let answer = hub.post(&at, &mode("update", Some(&referral))).await.expect(200);
    assert!(!severities(&answer).contains(&"error"), "{}", answer.text());
    let mut back = referral.clone();
    back["status"] = "draft".into();
    let answer = hub.post(&at, &back).await.expect(200);
    assert_eq!(answer.issues()[0]["details"]["coding"][0]["code"], "IC-STATE-01", "{}", answer.text());
    let answer = hub.post(&at, &mode("delete", None)).await.expect(200);
    assert!(severities(&answer).contains(&"error"), "a referral is not deleted: {}", answer.text());
    let profile = format!("{}/StructureDefinition/HFDischargePlan", builders::CANONICAL);
    let answer = hub.get(&format!("{at}?mode=profile&profile={profile}")).await.expect(200);
    assert!(severities(&answer).contains(&"error"), "{}", answer.text());
    for query in ["mode=nonsense", "mode=profile", "profile=https://x.example/p", "mode=create&mode=update"] {
        hub.get(&format!("{at}?{query}")).await.expect(400);
    }
    hub.get("ServiceRequest/nobody/$validate").await.expect(404);
    hub.post("Patient/$validate", &referral).await.expect(400);
    hub.get(&address).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_nothing_that_the_caller_may_not_see() {
    let server = TestServer::start().await;
    let (referral, _) = builders::referred(&server.caller("hub")).await;
    let at = format!("ServiceRequest/{}/$validate", referral["id"].as_str().unwrap());
    let ward = server.caller("epr");
    ward.get(&at).await.expect(404);
    let answer = ward.post(&at, &referral).await.expect(200);
    assert!(severities(&answer).contains(&"error"), "{}", answer.text());
    assert!(answer.text().contains("not known here"), "{}", answer.text());
    server.with_token(None).get(&at).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_of_hl7_are_known() {
    let server = TestServer::start().await;
    let epr = server.caller("epr");
    let profile = "http://hl7.org/fhir/StructureDefinition/bodyweight";
    let weight = json!({"resourceType": "Observation", "status": "final", "code": {"text": "weight"}});
    let plain = epr.post("Observation/$validate", &weight).await.expect(200);
    assert!(severities(&plain).iter().all(|severity| *severity != "error"), "{}", plain.text());
    let body = parameters(&[
        json!({"name": "resource", "resource": weight}),
        json!({"name": "mode", "valueCode": "profile"}),
        json!({"name": "profile", "valueUri": profile}),
    ]);
    let held = epr.post("Observation/$validate", &body).await.expect(200);
    for place in ["Observation.category", "Observation.subject", "Observation.effective"] {
        assert!(held.expressions().contains(&place), "{place}: {}", held.text());
    }
    // What claims it is held to it.
    let mut claiming = weight.clone();
    claiming["meta"] = json!({"profile": [profile]});
    let refused = epr.post("Observation", &claiming).await.expect(422);
    assert!(refused.expressions().contains(&"Observation.category"), "{}", refused.text());
    // What nobody knows is said, and does not stand in the way.
    claiming["meta"] = json!({"profile": ["https://elsewhere.example/StructureDefinition/weight"]});
    let warned = epr.post("Observation/$validate", &claiming).await.expect(200);
    assert!(warned.expressions().contains(&"Observation.meta.profile[0]"), "{}", warned.text());
    assert!(severities(&warned).iter().all(|severity| *severity != "error"), "{}", warned.text());
}
