//! What the tests send: people, discharge plans, referrals and the moves of a Task, as their systems would write them.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Map, Value, json};

use crate::client::{Answer, Caller};
use crate::place;

/// Where the definitions of intermediate care have their names.
pub const CANONICAL: &str = "https://homefirst.example/fhir";
pub const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
pub const SPELL: &str = "https://leedsth.example/spell";
pub const REFERRAL: &str = "https://leedshub.example/referral";
const GUIDE: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";

static NUMBERS: AtomicU32 = AtomicU32::new(100);

/// An NHS number of the range that is kept for tests, with its check digit; another one each time.
#[must_use]
pub fn nhs_number() -> String {
    loop {
        let nine = format!("999{:06}", NUMBERS.fetch_add(1, Ordering::Relaxed));
        let sum: u32 =
            nine.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        match 11 - sum % 11 {
            11 => return format!("{nine}0"),
            10 => {}
            check => return format!("{nine}{check}"),
        }
    }
}

/// A number that no other call gets.
#[must_use]
pub fn number() -> u32 {
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

/// The time so many hours before now, in UTC.
#[must_use]
pub fn hours_ago(hours: i64) -> String {
    let now = fhir::Instant::now().microseconds();
    fhir::Instant::from_microseconds(now - hours * 3_600_000_000).to_string()
}

/// A person with a new NHS number.
#[must_use]
pub fn patient() -> Value {
    json!({
        "resourceType": "Patient",
        "identifier": [{"system": NHS_NUMBER, "value": nhs_number()}],
        "name": [{"family": "Ackroyd", "given": ["Edith"]}],
        "gender": "female",
        "birthDate": "1941-03-09",
        "address": [{"line": ["12 Beeston Road"], "city": "Leeds", "postalCode": "LS11 8AB"}]
    })
}

/// The discharge plan of this person, who does not meet the criteria to reside since then.
#[must_use]
pub fn discharge_plan(patient: &str, asserted: &str) -> Value {
    json!({
        "resourceType": "ServiceRequest",
        "extension": [{
            "url": format!("{CANONICAL}/StructureDefinition/ic-discharge"),
            "extension": [
                {
                    "url": "criteriaToReside",
                    "extension": [
                        {"url": "meets", "valueBoolean": false},
                        {"url": "asserted", "valueDateTime": asserted}
                    ]
                },
                {"url": "recommendedPathway", "valueCode": "P1"}
            ]
        }],
        "identifier": [{"system": SPELL, "value": format!("S-{}", number())}],
        "status": "active",
        "intent": "order",
        "category": category("discharge"),
        "priority": "urgent",
        "code": service_line("care-transfer-hub"),
        "subject": {"reference": patient},
        "authoredOn": hours_ago(25),
        "requester": {"reference": place::HOSPITAL},
        "performer": [{"reference": place::HUB_SERVICE}]
    })
}

/// A referral of this person by the hub to the reablement team, to begin at home.
#[must_use]
pub fn referral(patient: &str) -> Value {
    let mut referral = step_down(patient, "ServiceRequest/none");
    referral["category"] = category("step-up");
    referral.as_object_mut().map(|members| members.shift_remove("basedOn"));
    referral
}

/// A referral of this person by the hub to the reablement team, after the hospital stay of this discharge plan.
#[must_use]
pub fn step_down(patient: &str, plan: &str) -> Value {
    json!({
        "resourceType": "ServiceRequest",
        "extension": [{
            "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest",
            "valueCodeableConcept": {
                "coding": [{"system": "http://snomed.info/sct", "code": "185360007", "display": "Referred by hospital doctor"}]
            }
        }],
        "identifier": [{"system": REFERRAL, "value": format!("R-{}", number())}],
        "basedOn": [{"reference": plan}],
        "status": "active",
        "intent": "order",
        "category": category("step-down"),
        "priority": "urgent",
        "code": service_line("reablement"),
        "subject": {"reference": patient},
        "authoredOn": hours_ago(24),
        "requester": {"reference": place::HUB},
        "performer": [{"reference": place::SKILS_SERVICE}],
        "reasonCode": [{
            "coding": [{"system": format!("{CANONICAL}/CodeSystem/ic-referral-reason"), "code": "reablement-after-hospital"}]
        }]
    })
}

fn category(code: &str) -> Value {
    json!([{"coding": [{"system": format!("{CANONICAL}/CodeSystem/ic-referral-category"), "code": code}]}])
}

fn service_line(code: &str) -> Value {
    json!({"coding": [{"system": format!("{CANONICAL}/CodeSystem/ic-service-line"), "code": code}]})
}

/// A transaction of these entries.
#[must_use]
pub fn transaction(entries: &[Value]) -> Value {
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

/// An entry that creates this resource, under this fullUrl.
#[must_use]
pub fn create_entry(full_url: &str, resource: &Value) -> Value {
    let resource_type = resource["resourceType"].as_str().expect("a resource");
    json!({"fullUrl": full_url, "resource": resource, "request": {"method": "POST", "url": resource_type}})
}

/// An entry that writes this resource at its own id.
#[must_use]
pub fn update_entry(resource: &Value) -> Value {
    let text = |name: &str| resource[name].as_str().expect("a resource with an id");
    let url = format!("{}/{}", text("resourceType"), text("id"));
    json!({"resource": resource, "request": {"method": "PUT", "url": url}})
}

/// A subscription to a topic of intermediate care, with `id-only` content.
#[must_use]
pub fn subscription(topic: &str, endpoint: &str, filters: &[&str]) -> Value {
    let filters: Vec<Value> = filters
        .iter()
        .map(|filter| json!({"url": format!("{GUIDE}/backport-filter-criteria"), "valueString": filter}))
        .collect();
    let mut subscription = json!({
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "A test",
        "criteria": format!("{CANONICAL}/SubscriptionTopic/{topic}"),
        "_criteria": {"extension": filters},
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": format!("{GUIDE}/backport-payload-content"), "valueCode": "id-only"}]}
        }
    });
    if filters.is_empty() {
        subscription.as_object_mut().map(|members| members.shift_remove("_criteria"));
    }
    subscription
}

/// The same subscription with this much content.
#[must_use]
pub fn with_content(mut subscription: Value, content: &str) -> Value {
    subscription["channel"]["_payload"]["extension"][0]["valueCode"] = content.into();
    subscription
}

/// The same subscription with one of the channel's extensions of the guide.
#[must_use]
pub fn with_channel(mut subscription: Value, name: &str, value: &str, number: u32) -> Value {
    let mut extension = Map::new();
    extension.insert("url".to_owned(), format!("{GUIDE}/{name}").into());
    extension.insert(value.to_owned(), number.into());
    match subscription["channel"]["extension"].as_array_mut() {
        Some(all) => all.push(Value::Object(extension)),
        None => subscription["channel"]["extension"] = json!([extension]),
    }
    subscription
}

/// A person, known to this caller's organisation.
pub async fn new_patient(caller: &Caller) -> String {
    caller.post("Patient", &patient()).await.expect(201).reference()
}

/// A person with a referral by the hub to the reablement team: the referral, and the Task that the server made for it.
pub async fn referred(hub: &Caller) -> (Value, Value) {
    let patient = new_patient(hub).await;
    let referral = hub.post("ServiceRequest", &referral(&patient)).await.expect(201);
    let task = task_of(hub, &referral.reference()).await;
    (referral.json, task)
}

/// The referral, called off because it is no longer needed.
#[must_use]
pub fn revoked(mut referral: Value) -> Value {
    referral["status"] = "revoked".into();
    let reason = json!({
        "url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
        "valueCodeableConcept": {
            "coding": [{"system": format!("{CANONICAL}/CodeSystem/ic-status-reason"), "code": "no-longer-needed"}]
        }
    });
    referral["extension"].as_array_mut().expect("extensions").push(reason);
    referral
}

/// The one fulfilment Task of a referral.
pub async fn task_of(caller: &Caller, referral: &str) -> Value {
    let found = caller.search("Task", &[("focus", referral)]).await.expect(200);
    assert_eq!(found.entries().len(), 1, "{}", found.text());
    found.entries()[0]["resource"].clone()
}

/// Moves a Task to this status, from the version that was read.
pub async fn move_task(caller: &Caller, task: &Value, status: &str) -> Answer {
    let mut task = task.clone();
    task["status"] = status.into();
    caller.put_back(&task).await
}

/// Adds a point in time to the output of a Task.
#[must_use]
pub fn with_output(mut task: Value, code: &str, at: &str) -> Value {
    let output = json!({
        "type": {"coding": [{"system": format!("{CANONICAL}/CodeSystem/ic-task-output"), "code": code}]},
        "valueDateTime": at
    });
    match task["output"].as_array_mut() {
        Some(all) => all.push(output),
        None => task["output"] = json!([output]),
    }
    task
}
