//! What patches do to resources; and HL7's suites, <https://github.com/FHIR/fhir-test-cases>. They are not part of this
//! repository: point `HOMEFIRST_PATCH_SUITE` at a folder with `fhir-patch-tests.xml` and `json-patch-tests.json`.
//! All cases of both pass, without exception.

use std::{env, fs, path::PathBuf};

use roxmltree::{Document, Node};
use serde_json::json;

use super::*;

fn suite() -> Option<PathBuf> {
    let folder = env::var("HOMEFIRST_PATCH_SUITE").ok().map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: HOMEFIRST_PATCH_SUITE is not set, so the official patch suites were not run");
    }
    folder
}

#[test]
fn the_official_suite_of_fhirpath_patch() {
    let Some(folder) = suite() else { return };
    let text = fs::read_to_string(folder.join("fhir-patch-tests.xml")).unwrap();
    let document = Document::parse(&text).unwrap();
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("case")).collect();
    let mut failed = Vec::new();
    for case in &cases {
        let resource = |name: &str| -> Option<Value> {
            let holder = case.children().find(|node: &Node| node.has_tag_name(name))?;
            let element = holder.children().find(Node::is_element)?;
            let mut resource = fhir::xml::from_xml(text[element.range()].as_bytes()).unwrap();
            // The same narrative: in a text, XML may write a quotation mark in two ways, and the suite does.
            if let Some(Value::String(div)) = resource.pointer_mut("/text/div") {
                *div = div.replace("&quot;", "\"");
            }
            Some(resource)
        };
        let input = Resource::new(resource("input").unwrap()).unwrap();
        let patched = Patch::of_resource(&resource("diff").unwrap()).and_then(|patch| patch.apply(&input));
        let expected = resource("output");
        let found = patched.ok().map(|(resource, _)| resource.into_value());
        if found != expected {
            failed.push(format!("{}: {found:?}", case.attribute("name").unwrap_or_default()));
        }
    }
    eprintln!(
        "official FHIRPath Patch suite: {} of {} cases passed",
        cases.len() - failed.len(),
        cases.len()
    );
    assert!(failed.is_empty() && !cases.is_empty(), "{failed:#?}");
}

#[test]
fn the_official_suite_of_json_patch() {
    let Some(folder) = suite() else { return };
    let text = fs::read_to_string(folder.join("json-patch-tests.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut failed = Vec::new();
    for case in &cases {
        let mut document = case["doc"].clone();
        let done = JsonPatch::read(&case["patch"]).and_then(|patch| patch.apply(&mut document));
        let found = done.is_ok().then_some(&document);
        if found != case.get("expected") {
            failed.push(format!("{}: {found:?}", case["comment"]));
        }
    }
    eprintln!("official JSON Patch suite: {} of {} cases passed", cases.len() - failed.len(), cases.len());
    assert!(failed.is_empty() && !cases.is_empty(), "{failed:#?}");
}

fn patient() -> Resource {
    Resource::new(json!({
        "resourceType": "Patient", "id": "p", "meta": {"versionId": "1"},
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Edith</div>"},
        "name": [{"family": "Ackroyd", "given": ["Edith", "May"], "_given": [null, {"id": "g"}]}],
        "birthDate": "1941-03-09", "deceasedBoolean": false, "gender": "female"
    }))
    .unwrap()
}

fn operation(parts: &[(&str, Value)]) -> Value {
    let part = |(name, value): &(&str, Value)| {
        let mut part = json!({"name": name});
        part.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        part
    };
    json!({"name": "operation", "part": parts.iter().map(part).collect::<Vec<_>>()})
}

fn fhirpath(operations: Vec<Value>) -> Result<(Resource, Vec<Issue>), Error> {
    let parameters = json!({"resourceType": "Parameters", "parameter": operations});
    Patch::of_resource(&parameters)?.apply(&patient())
}

fn text(value: &str) -> Value {
    json!({"valueString": value})
}

fn of_kind(kind: &str, path: &str, more: &[(&str, Value)]) -> Value {
    let mut parts = vec![("type", json!({"valueCode": kind})), ("path", text(path))];
    parts.extend_from_slice(more);
    operation(&parts)
}

#[test]
fn elements_of_every_kind_are_changed_in_place() {
    let number = |at: u32| json!({"valueInteger": at});
    let (patched, notes) = fhirpath(vec![
        of_kind("replace", "Patient.deceased", &[("value", json!({"valueDateTime": "2026-01-01"}))]),
        of_kind(
            "add",
            "Patient.birthDate",
            &[
                ("name", text("extension")),
                (
                    "value",
                    json!({
                        "valueExtension": {"url": "http://x", "valueString": "y"}
                    }),
                ),
            ],
        ),
        of_kind("delete", "Patient.name[0].given[0]", &[]),
        of_kind("insert", "Patient.name[0].given", &[("index", number(1)), ("value", text("Ann"))]),
        of_kind(
            "insert",
            "Patient.telecom",
            &[("index", number(0)), ("value", json!({"valueContactPoint": {"value": "1"}}))],
        ),
        of_kind("add", "Patient", &[("name", text("multipleBirth")), ("value", json!({"valueInteger": 2}))]),
        of_kind("delete", "Patient.contact", &[]),
    ])
    .unwrap();
    assert_eq!(
        patched.into_value(),
        json!({
            "resourceType": "Patient", "id": "p", "meta": {"versionId": "1"},
            "name": [{"family": "Ackroyd", "given": ["May", "Ann"], "_given": [{"id": "g"}, null]}],
            "birthDate": "1941-03-09", "deceasedDateTime": "2026-01-01", "gender": "female",
            "_birthDate": {"extension": [{"url": "http://x", "valueString": "y"}]},
            "telecom": [{"value": "1"}], "multipleBirthInteger": 2
        })
    );
    assert_eq!(notes.len(), 1, "the narrative was removed, and that is told");
}

#[test]
fn what_cannot_be_done_is_refused() {
    let number = |at: u32| json!({"valueInteger": at});
    for (operation, status) in [
        (operation(&[("type", json!({"valueCode": "delete"}))]), 400),
        (of_kind("merge", "Patient.gender", &[]), 400),
        (of_kind("delete", "Patient.", &[]), 400),
        (of_kind("move", "Patient.name", &[("source", number(0))]), 400),
        (of_kind("insert", "Patient.name", &[("index", text("1")), ("value", text("x"))]), 400),
        (of_kind("delete", "Patient.name.given", &[]), 422),
        (of_kind("delete", "Patient", &[]), 422),
        (of_kind("delete", "1 + 1", &[]), 422),
        (of_kind("delete", "Patient.nonsense", &[]), 422),
        (of_kind("replace", "Patient.contact", &[("value", text("x"))]), 422),
        (of_kind("replace", "Patient.id", &[("value", json!({"valueId": "other"}))]), 422),
        (of_kind("delete", "Patient.id", &[]), 422),
        (
            of_kind("add", "Patient", &[("name", text("gender")), ("value", json!({"valueCode": "male"}))]),
            422,
        ),
        (of_kind("add", "Patient", &[("name", text("nonsense")), ("value", text("x"))]), 422),
        (of_kind("insert", "Patient.name.given", &[("index", number(3)), ("value", text("x"))]), 422),
        (of_kind("insert", "Patient.gender", &[("index", number(0)), ("value", text("x"))]), 422),
        (of_kind("move", "Patient.name.given[0]", &[("source", number(0)), ("destination", number(1))]), 422),
        (of_kind("move", "Patient.name.given", &[("source", number(0)), ("destination", number(2))]), 422),
    ] {
        let refused = fhirpath(vec![operation.clone()]).map(|(resource, _)| resource.into_value());
        assert_eq!(refused.map_err(|error| error.cause().status()), Err(status), "{operation}");
    }
}

#[test]
fn a_json_patch_may_come_in_a_binary() {
    let patch = r#"[{"op":"remove","path":"/name/0"},{"op":"replace","path":"/text/div","value":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}]"#;
    let binary = |content_type: &str| json!({"resourceType": "Binary", "contentType": content_type, "data": BASE64_STANDARD.encode(patch)});
    let (patched, notes) = Patch::of_resource(&binary(JSON_PATCH)).unwrap().apply(&patient()).unwrap();
    assert!(patched.get("name").is_none(), "an array without items is not there");
    assert!(patched.get("text").is_some() && notes.is_empty());
    let refused = Patch::of_resource(&binary("application/xml-patch+xml")).unwrap_err();
    assert_eq!(refused.cause().status(), 415);
}

#[test]
fn a_narrative_that_says_more_is_not_left_behind() {
    let mut patient = patient();
    patient.members_mut()["text"]["status"] = "additional".into();
    let patch = json!([{"op": "replace", "path": "/gender", "value": "male"}]);
    let refused = Patch::of_json(&patch).unwrap().apply(&patient).unwrap_err();
    assert_eq!(refused.cause(), Cause::Unprocessable);
}
