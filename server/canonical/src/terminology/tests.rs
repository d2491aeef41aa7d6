use serde_json::{Value, json};

use super::*;

const ANIMALS: &str = "urn:animals";
const CATS: &str = "urn:vs:cats";

fn terminology(value_set: &Value) -> Terminology {
    let mut terminology = Terminology::default();
    for system in [
        json!({"url": ANIMALS, "content": "complete", "concept": [
            {"code": "cat", "concept": [{"code": "tabby"}, {"code": "manx", "concept": [{"code": "rumpy"}]}]},
            {"code": "dog"},
            {"code": "catdog", "property": [
                {"code": "subsumedBy", "valueCode": "cat"}, {"code": "subsumedBy", "valueCode": "dog"}]}]}),
        json!({"url": "urn:some", "content": "fragment", "concept": [{"code": "part"}]}),
    ] {
        terminology.add_code_system(serde_json::from_value(system).unwrap());
    }
    let cats = json!({"url": CATS, "compose": {"include": [
        {"system": ANIMALS, "filter": [{"property": "concept", "op": "is-a", "value": "cat"}]}]}});
    let circle = json!({"url": "urn:vs:circle", "compose": {"include": [{"valueSet": ["urn:vs:circle"]}]}});
    let mut subject = value_set.clone();
    subject["url"] = "urn:vs:subject".into();
    for value_set in [cats, circle, subject] {
        terminology.add_value_set(serde_json::from_value(value_set).unwrap());
    }
    terminology
}

fn filtered(op: &str, value: &str) -> Value {
    json!({"compose": {"include": [
        {"system": ANIMALS, "filter": [{"property": "concept", "op": op, "value": value}]}]}})
}

#[test]
fn expansions() {
    let cases = [
        (
            "whole system",
            json!({"compose": {"include": [{"system": ANIMALS}]}}),
            Some("cat catdog dog manx rumpy tabby"),
        ),
        ("is-a", filtered("is-a", "cat"), Some("cat catdog manx rumpy tabby")),
        ("is-a, second parent", filtered("is-a", "dog"), Some("catdog dog")),
        ("descendent-of", filtered("descendent-of", "manx"), Some("rumpy")),
        ("is-not-a", filtered("is-not-a", "cat"), Some("dog")),
        ("unknown filter", filtered("regex", "c.*"), None),
        (
            "listed concepts need no code system",
            json!({"compose": {"include": [{"system": "urn:elsewhere", "concept": [{"code": "a"}, {"code": "b"}]}]}}),
            Some("a b"),
        ),
        ("absent system", json!({"compose": {"include": [{"system": "urn:elsewhere"}]}}), None),
        ("incomplete system", json!({"compose": {"include": [{"system": "urn:some"}]}}), None),
        (
            "import, with a version",
            json!({"compose": {"include": [{"valueSet": [format!("{CATS}|1.0")]}]}}),
            Some("cat catdog manx rumpy tabby"),
        ),
        (
            "a system and an import are intersected",
            json!({"compose": {"include": [
                {"system": ANIMALS, "concept": [{"code": "dog"}, {"code": "manx"}], "valueSet": [CATS]}]}}),
            Some("manx"),
        ),
        (
            "exclude",
            json!({"compose": {"include": [{"system": ANIMALS}], "exclude": [{"valueSet": [CATS]}]}}),
            Some("dog"),
        ),
        ("circular import", json!({"compose": {"include": [{"valueSet": ["urn:vs:circle"]}]}}), None),
        (
            "ready expansion",
            json!({"expansion": {"contains": [
                {"system": ANIMALS, "code": "dog", "contains": [{"system": ANIMALS, "code": "pug"}]}]}}),
            Some("dog pug"),
        ),
        ("nothing said", json!({}), None),
    ];
    for (name, value_set, expected) in cases {
        let codes = terminology(&value_set)
            .expand("urn:vs:subject|4.0.1")
            .map(|codes| codes.values().flatten().map(String::as_str).collect::<Vec<_>>().join(" "));
        assert_eq!(codes.as_deref(), expected, "{name}");
    }
}

#[test]
fn an_import_may_be_expanded_already() {
    let mut terminology =
        terminology(&json!({"compose": {"include": [{"valueSet": ["http://hl7.org/fhir/ValueSet/x"]}]}}));
    assert_eq!(terminology.expand("urn:vs:subject"), None);
    let codes = Codes::from([("urn:x".to_owned(), ["one".to_owned()].into())]);
    terminology.add_expanded("http://hl7.org/fhir/ValueSet/x".to_owned(), codes.clone());
    assert_eq!(terminology.expand("urn:vs:subject"), Some(codes));
}
