//! Content survives both formats: what is sent in JSON, read in XML and sent again is the same to the letter,
//! <https://hl7.org/fhir/R4/xml.html>.
//!
//! HL7's examples are not part of the repository: point `HOMEFIRST_EXAMPLES` at a folder of resources in JSON (the package
//! `hl7.fhir.r4.examples`, unpacked), and all of them are sent, the largest too, which takes ten minutes; exactly those are refused
//! that `refused_examples.txt` lists and argues. The committed ones, and one made of every type, are sent always.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use canonical::{Element, ScopeId, definitions};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use tests::{Caller, TestServer};

const JSON: &str = "application/fhir+json";
const XML: &str = "application/fhir+xml";

/// What is refused of HL7's examples: file, part of the answer, reason.
const REFUSED: &str = include_str!("refused_examples.txt");

/// More than the largest of HL7's examples has in bytes, in either format.
const LARGEST: usize = 64 << 20;

async fn server() -> TestServer {
    TestServer::with(|config| {
        config.http.max_resource_bytes = LARGEST;
        config.http.body_timeout_ms = 600_000;
        config.http.request_timeout_ms = 600_000;
        config.database.statement_timeout_ms = 600_000;
        config.profiles.required = Vec::new();
        config.references.check = false;
        config.workflow.require_if_match = false;
        config.auth.mode = homefirst::config::AuthMode::Off;
    })
    .await
}

/// The resource without what every copy of it has of its own.
fn content(value: &Value) -> Value {
    let mut value = value.clone();
    let Some(members) = value.as_object_mut() else { return value };
    members.shift_remove("id");
    if let Some(meta) = members.get_mut("meta").and_then(Value::as_object_mut) {
        meta.shift_remove("versionId");
        meta.shift_remove("lastUpdated");
    }
    if members.get("meta") == Some(&json!({})) {
        members.shift_remove("meta");
    }
    value
}

/// The types for which the server writes more than it was sent.
const DERIVED: [&str; 4] = ["ServiceRequest", "Task", "EpisodeOfCare", "CarePlan"];

/// Sends a resource in JSON, reads it in XML, and sends that back, which changes nothing: what is wrong, if anything is. What the
/// server refuses is told apart.
async fn travel(caller: &Caller, resource_type: &str, text: Vec<u8>) -> Result<(), Trouble> {
    let resource = fhir::json::parse(&text);
    let send = async |method: &str, address: &str, content_type: &str, body: Vec<u8>| {
        let call = caller.request(method, address).header("content-type", content_type);
        call.header("accept", JSON).body(body).send().await
    };
    let changed = |what: String| Err(Trouble::Changed(what));
    let first = send("POST", resource_type, JSON, text).await;
    match first.status {
        201 => {}
        500.. => return changed(format!("{}: {}", first.status, first.text())),
        _ => return Err(Trouble::Refused(first.text())),
    }
    let resource = resource.map_err(|error| Trouble::Changed(error.to_string()))?;
    let stored = fhir::json::parse(&first.body).map_err(|error| Trouble::Changed(error.to_string()))?;
    if content(&stored) != content(&resource) && !DERIVED.contains(&resource_type) {
        return changed(format!(
            "what is stored is not what was sent: {}",
            difference(&content(&resource), &content(&stored))
        ));
    }
    let address = format!("{resource_type}/{}", stored["id"].as_str().unwrap_or_default());
    let xml = caller.request("GET", &address).header("accept", XML).send().await;
    if xml.status != 200 {
        return changed(format!("it cannot be read in XML: {}", xml.text()));
    }
    let second = send("PUT", &address, XML, xml.body.clone()).await;
    if second.status != 200 {
        return changed(format!("its own XML is refused: {}", second.text()));
    }
    let read = fhir::xml::from_xml(&xml.body).map_err(|error| Trouble::Changed(error.to_string()))?;
    match read == stored && second.header("etag") == "W/\"1\"" {
        true => Ok(()),
        false => changed(format!("in XML it says something else: {}", difference(&stored, &read))),
    }
}

enum Trouble {
    Refused(String),
    Changed(String),
}

/// The first place where two values differ.
fn difference(one: &Value, other: &Value) -> String {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let null = Value::Null;
            let of = |members: &Map<String, Value>, name: &str| members.get(name).unwrap_or(&null).clone();
            let found = names.into_iter().find(|name| of(a, name) != of(b, name));
            found
                .map_or_else(String::new, |name| format!(".{name}{}", difference(&of(a, name), &of(b, name))))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(0);
            format!("[{at}]{}", difference(&a[at], &b[at]))
        }
        _ => format!(": {one} and {other}"),
    }
}

/// The resources in JSON of a folder: each file, the type and the text.
fn resources(folder: &Path) -> Vec<(PathBuf, String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let resource = |file: PathBuf| {
        let text = std::fs::read(&file).ok()?;
        // The package has files about itself as well.
        let value: Value = serde_json::from_slice(&text).ok()?;
        let resource_type = fhir::ResourceType::find(value["resourceType"].as_str()?)?;
        Some((file, resource_type.name().to_owned(), text))
    };
    files.into_iter().filter_map(resource).collect()
}

/// Of each example that is refused: a part of the answer.
fn refused_examples() -> BTreeMap<&'static str, &'static str> {
    let lines = REFUSED.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split(" | ").collect::<Vec<_>>().as_slice() {
            [file, answer, _why] => (*file, *answer),
            _ => panic!("{line}"),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_travel_through_both_formats() {
    let server = server().await;
    let caller = server.with_token(None);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles/examples/valid");
    let mut sent = resources(&own);
    assert!(sent.len() > 20);
    let others = std::env::var("HOMEFIRST_EXAMPLES").ok().map(PathBuf::from);
    match &others {
        Some(folder) => sent.extend(resources(folder)),
        None => eprintln!("SKIPPED: HOMEFIRST_EXAMPLES is not set, so HL7's examples were not sent"),
    }
    let results = stream::iter(sent)
        .map(async |(file, resource_type, text)| {
            let result = travel(&caller, &resource_type, text).await;
            (file, result)
        })
        .buffer_unordered(8)
        .collect::<Vec<_>>()
        .await;
    let mut listed = if others.is_some() { refused_examples() } else { BTreeMap::new() };
    let mut wrong = Vec::new();
    let mut refused = 0;
    for (file, result) in &results {
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let is_own = file.starts_with(&own);
        match result {
            Ok(()) => {}
            // What only a later move may make is made by none of them.
            Err(Trouble::Refused(why)) if is_own && why.contains("IC-STATE-01") => {}
            Err(Trouble::Refused(why)) => {
                refused += 1;
                let answer = listed.remove(name).filter(|answer| !is_own && why.contains(answer));
                if answer.is_none() {
                    wrong.push(format!("{} is refused: {why}", file.display()));
                }
            }
            Err(Trouble::Changed(why)) => wrong.push(format!("{}: {why}", file.display())),
        }
    }
    eprintln!("{} sent, {refused} refused", results.len());
    wrong.extend(listed.keys().map(|name| format!("{name} is listed as refused, and is not")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A value of a type with every element that there is, down to this depth; below it only what must be there.
fn full(scope: ScopeId, depth: usize, at: &str) -> Value {
    let mut members = Map::new();
    for element in definitions().children(scope) {
        let Some(element_type) = element.types.first() else { continue };
        let is_needed = element.min > 0;
        if !is_needed && (depth == 0 || matches!(element.name.as_str(), "contained" | "implicitRules")) {
            continue;
        }
        let many = element.max != Some(1);
        for code in types_of(element, &element_type.code, depth) {
            let name = match element.name.strip_suffix("[x]") {
                Some(stem) => format!("{stem}{}{}", code[..1].to_uppercase(), &code[1..]),
                None => element.name.clone(),
            };
            let Some(child) = definitions().child(scope, &name) else { continue };
            let place = format!("{at}.{name}");
            let one = value(child.type_name, child.scope, depth.saturating_sub(1), &place);
            if child.scope.is_none()
                && depth > 0
                && !matches!(name.as_str(), "id" | "div" | "url")
                && child.type_name != "Resource"
            {
                let beside =
                    json!({"id": "e1", "extension": [{"url": "https://x.example/e", "valueDecimal": 1}]});
                let beside = if many { json!([beside, null]) } else { beside };
                members.insert(format!("_{name}"), beside);
            }
            members.insert(
                name,
                if many && child.scope.is_none() {
                    json!([one, one])
                } else if many {
                    json!([one])
                } else {
                    one
                },
            );
        }
    }
    if members.is_empty() {
        members.insert("id".to_owned(), json!("e0"));
    }
    Value::Object(members)
}

/// The types that an element of a choice takes by turns, each in a value of its own; here the first, and in deep values no other.
fn types_of(element: &'static Element, first: &'static str, depth: usize) -> Vec<&'static str> {
    match depth > 1 && element.path == "Extension.value[x]" {
        true => element.types.iter().map(|one| one.code.as_str()).collect(),
        false => vec![first],
    }
}

fn value(type_name: &str, scope: Option<ScopeId>, depth: usize, at: &str) -> Value {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    match type_name {
        "boolean" => json!(false),
        "integer" => json!(-7),
        "positiveInt" | "unsignedInt" => json!(7),
        "decimal" => number("-0.1200"),
        "date" | "dateTime" => json!("2026-02"),
        "instant" => json!("2026-02-03T04:05:06.700+01:00"),
        "time" => json!("04:05:06"),
        "base64Binary" => json!("AAEC"),
        "uri" | "url" | "canonical" => json!("https://x.example/a?b=c&d=%3C%22"),
        "oid" => json!("urn:oid:1.2.3"),
        "uuid" => json!("urn:uuid:1c5e5e9e-0000-4000-8000-000000000001"),
        "code" | "id" => json!("x1"),
        "xhtml" => json!(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">\n <p>a &amp; b &lt; c</p>  <br/>\u{e9}\u{1f600}</div>"
        ),
        "string" | "markdown" => json!(" <a>&\"'\n\tb]]>\u{e9}\u{1f600} "),
        "Resource" => json!({"resourceType": "Basic", "id": "b", "code": {"text": at}}),
        _ => scope.map_or_else(|| json!("x"), |scope| full(scope, depth, at)),
    }
}

#[test]
fn every_element_of_every_type_travels_through_xml() {
    let mut wrong = Vec::new();
    for resource_type in fhir::ResourceType::all() {
        let name = resource_type.name();
        let scope = definitions().scope_of_type(name).unwrap();
        for depth in [1, 2] {
            let mut resource = full(scope, depth, name);
            resource.as_object_mut().unwrap().insert("resourceType".to_owned(), name.into());
            let resource = fhir::json::parse(resource.to_string().as_bytes())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let again = fhir::xml::to_xml(&resource).and_then(|xml| fhir::xml::from_xml(&xml));
            match again {
                Ok(again) if again == resource => {}
                Ok(again) => wrong.push(format!("{name}{}", difference(&resource, &again))),
                Err(error) => wrong.push(format!("{name}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
