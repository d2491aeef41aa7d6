//! Resources that were damaged at random, sent in every way in which a resource can be sent: whatever arrives is answered, never
//! with 5xx, and what is refused is told with its place. The damage is made from a seed, so that every run does the same.
//!
//! `HTTP_MUTATIONS=100000 cargo test -p tests --test it http_mutations` sends more than the few of every day.

use std::path::Path;
use std::time::Duration;
use std::{env, fs};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::client::{Answer, Caller};
use tests::{TestServer, builders};

#[path = "../../../server/validation/src/tests/damage.rs"]
mod damage;

use damage::{Numbers, damage};

/// How many without `HTTP_MUTATIONS`.
const FEW: u64 = 1000;
/// How many are under way at once.
const LANES: u64 = 4;
/// Nothing takes this long, whatever else the machine does.
const HANGS: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn http_mutations_are_answered() {
    let count: u64 = env::var("HTTP_MUTATIONS").map_or(FEW, |count| count.parse().unwrap());
    let mut server = TestServer::start().await;
    server.leave_unsent();
    let hub = server.caller("hub");
    let stored = stored(&hub).await;
    let originals = [examples(), stored.clone()].concat();
    let lanes = (0..LANES).map(|lane| {
        let (hub, originals, stored) = (hub.clone(), originals.clone(), stored.clone());
        tokio::spawn(async move {
            let (mut taken, mut refused, mut faults) = (0, 0, Vec::new());
            for seed in (lane..count).step_by(LANES as usize) {
                let answer = tokio::time::timeout(HANGS, send(&hub, &originals, &stored, seed)).await;
                let answer = answer.unwrap_or_else(|_| panic!("seed {seed} hangs"));
                faults.extend(check(&answer, seed));
                *(if answer.status < 300 { &mut taken } else { &mut refused }) += 1;
            }
            (taken, refused, faults)
        })
    });
    let (mut taken, mut refused, mut faults) = (0, 0, Vec::new());
    for lane in lanes.collect::<Vec<_>>() {
        let of_lane = lane.await.unwrap();
        taken += of_lane.0;
        refused += of_lane.1;
        faults.extend(of_lane.2);
    }
    println!("{taken} were taken, {refused} refused");
    assert!(faults.is_empty(), "{} faults: {}", faults.len(), faults.join("\n"));
    assert!(taken > 0 && refused > taken / 4, "{taken} {refused}");
}

/// Resources that are on the server, so that what is made of them can be stored.
async fn stored(hub: &Caller) -> Vec<Value> {
    let (referral, task) = builders::referred(hub).await;
    let patient = hub.get(task["for"]["reference"].as_str().unwrap()).await.expect(200).json;
    let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "pain"},
        "subject": task["for"], "effectiveDateTime": "2026-11-20T10:00:00Z", "valueInteger": 3,
        "note": [{"text": "after the walk"}]});
    let observation = hub.post("Observation", &observation).await.expect(201).json;
    vec![patient, observation, referral, task]
}

/// The examples of our profiles, valid and invalid.
fn examples() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles/examples");
    let folders = ["valid", "invalid"].map(|name| fs::read_dir(folder.join(name)).unwrap());
    let mut paths: Vec<_> = folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    let values = texts.filter_map(|text| serde_json::from_str::<Value>(&text).ok());
    values.filter(|value| value.get("resourceType").is_some()).collect()
}

/// One request: a damaged resource created, updated, validated, in a batch or a transaction, or a damaged patch.
async fn send(caller: &Caller, originals: &[Value], stored: &[Value], seed: u64) -> Answer {
    let mut numbers = Numbers(seed);
    let numbers = &mut numbers;
    let way = numbers.below(8);
    let resource = broken(originals, numbers);
    let target = &stored[numbers.below(stored.len())];
    let address = format!("{}/{}", text(target, "resourceType"), text(target, "id"));
    let read = matches!(way, 4 | 5 | 7).then(|| caller.get(&address));
    let current = match read {
        Some(read) => read.await.header("etag").to_owned(),
        None => String::new(),
    };
    let type_name = &named_type(&resource);
    let call = match way {
        0 => caller.request("POST", type_name).json(&resource),
        1 => caller.request("POST", &format!("{type_name}/$validate")).json(&resource),
        2 => {
            let body = parts_of_validate(resource, numbers);
            caller.request("POST", &format!("{type_name}/$validate")).json(&body)
        }
        3 => {
            let kind = if numbers.below(2) == 0 { "batch" } else { "transaction" };
            let mut bundle = json!({"resourceType": "Bundle", "type": kind, "entry": [
                entry("POST", type_name, resource),
                entry("PUT", &address, target.clone()),
                entry("PATCH", &address, patch_in_binary(target, numbers)),
            ]});
            if numbers.below(3) == 0 {
                damage(&mut bundle, originals, numbers);
            }
            caller.request("POST", "").json(&bundle)
        }
        4 => {
            let patch = json_patch(target, originals, numbers);
            let call = caller.request("PATCH", &address).header("if-match", &current);
            call.header("content-type", "application/json-patch+json").body(patch.to_string())
        }
        5 => {
            let call = caller.request("PATCH", &address).header("if-match", &current);
            call.json(&fhirpath_patch(target, originals, numbers))
        }
        6 => {
            let whole = resource.to_string();
            let cut: String = whole.chars().take(numbers.below(whole.chars().count())).collect();
            let call = caller.request("POST", type_name);
            call.header("content-type", "application/fhir+json").body(cut)
        }
        _ => {
            let mut update = target.clone();
            for _ in 0..=numbers.below(2) {
                damage(&mut update, originals, numbers);
            }
            caller.request("PUT", &address).header("if-match", &current).json(&update)
        }
    };
    call.header("prefer", "return=minimal").unrecorded().send().await
}

fn broken(originals: &[Value], numbers: &mut Numbers) -> Value {
    let mut value = originals[numbers.below(originals.len())].clone();
    for _ in 0..=numbers.below(3) {
        damage(&mut value, originals, numbers);
    }
    value
}

fn parts_of_validate(resource: Value, numbers: &mut Numbers) -> Value {
    let modes = ["create", "update", "delete", "profile", "x"];
    let profiles = ["http://hl7.org/fhir/StructureDefinition/Patient", "https://example.org/none", "x"];
    let mut parameters = vec![json!({"name": "resource", "resource": resource})];
    if numbers.below(2) == 0 {
        parameters.push(json!({"name": "mode", "valueCode": modes[numbers.below(modes.len())]}));
    }
    if numbers.below(3) == 0 {
        parameters.push(json!({"name": "profile", "valueUri": profiles[numbers.below(profiles.len())]}));
    }
    json!({"resourceType": "Parameters", "parameter": parameters})
}

fn entry(method: &str, url: &str, resource: Value) -> Value {
    json!({"resource": resource, "request": {"method": method, "url": url}})
}

fn patch_in_binary(target: &Value, numbers: &mut Numbers) -> Value {
    let patch = json_patch(target, std::slice::from_ref(target), numbers).to_string();
    json!({"resourceType": "Binary", "contentType": "application/json-patch+json", "data": STANDARD.encode(patch)})
}

fn json_patch(target: &Value, others: &[Value], numbers: &mut Numbers) -> Value {
    let names: Vec<&String> = target.as_object().unwrap().keys().collect();
    let name = names[numbers.below(names.len())];
    let ops = ["add", "remove", "replace", "test", "move", "copy"];
    let mut patch = json!([{"op": ops[numbers.below(ops.len())], "path": format!("/{name}"), "from": "/meta", "value": target[name]}]);
    damage(&mut patch, others, numbers);
    patch
}

fn fhirpath_patch(target: &Value, others: &[Value], numbers: &mut Numbers) -> Value {
    let names: Vec<&String> = target.as_object().unwrap().keys().collect();
    let path = format!("{}.{}", text(target, "resourceType"), names[numbers.below(names.len())]);
    let types = ["add", "insert", "delete", "replace", "move"];
    let mut patch = json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueCode": types[numbers.below(types.len())]},
        {"name": "path", "valueString": path},
        {"name": "name", "valueString": "note"},
        {"name": "index", "valueInteger": 0},
        {"name": "value", "valueString": "a"}]}]});
    damage(&mut patch, others, numbers);
    patch
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// The type that a damaged resource still names, in an address; the damage may have made anything of it.
fn named_type(resource: &Value) -> String {
    let name = resource["resourceType"].as_str().unwrap_or_default();
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic());
    if is_word { name } else { "Patient" }.to_owned()
}

/// The answer is no failure of the server's; a refusal is an OperationOutcome (the caller looks at that), and of content it
/// tells the place.
fn check(answer: &Answer, seed: u64) -> Option<String> {
    let about = |what: &str| {
        let text: String = answer.text().chars().take(600).collect();
        Some(format!("seed {seed}: {what}: {} {}: {text}", answer.name, answer.status))
    };
    if answer.status >= 500 {
        return about("a failure");
    }
    if matches!(answer.status, 400 | 422) && !names_a_place(&answer.json) {
        return about("no place");
    }
    answer.entries().iter().find_map(|entry| {
        let response = &entry["response"];
        let status = response["status"].as_str().unwrap_or_default();
        let is_of_content = status.starts_with("400") || status.starts_with("422");
        match () {
            () if status.starts_with('5') => about("a failure in an entry"),
            () if is_of_content && !names_a_place(&response["outcome"]) => about("no place in an entry"),
            () => None,
        }
    })
}

/// What is said of a body as a whole names no place in it.
const OF_THE_WHOLE: [&str; 2] = ["The request has no body.", "A JSON Patch is an array of operations."];

fn names_a_place(outcome: &Value) -> bool {
    let said = outcome["issue"][0]["diagnostics"].as_str().unwrap_or_default();
    if OF_THE_WHOLE.iter().any(|whole| said.starts_with(whole)) {
        return true;
    }
    let issues = outcome["issue"].as_array().into_iter().flatten();
    issues.filter(|issue| issue["severity"] != "information").any(|issue| {
        ["expression", "location"].iter().any(|name| issue[name][0].as_str().is_some_and(|at| !at.is_empty()))
    })
}
