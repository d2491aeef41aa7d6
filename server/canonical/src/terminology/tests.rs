use serde_json::{Value, json};

use super::*;

const ANIMALS: &str = "urn:animals";
const CATS: &str = "urn:vs:cats";

fn terminology(value_set: &Value) -> Terminology {
    let mut terminology = Terminology::default();
    for system in [
        json!({"url": ANIMALS, "content": "complete", "concept": [
            {"code": "cat", "display": "Cat", "designation": [{"language": "fr-FR", "value": "Chat"}], "concept": [{"code": "tabby"}, {"code": "manx", "concept": [{"code": "rumpy"}]}]},
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
        ("generalizes", filtered("generalizes", "manx"), Some("cat manx")),
        ("regex", filtered("regex", "c.*"), Some("cat catdog")),
        ("a regex that is none", filtered("regex", "c("), None),
        ("a regex that is too large", filtered("regex", "((c{1000}){1000}){1000}"), None),
        ("unknown filter", filtered("resembles", "cat"), None),
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
            .codes("urn:vs:subject|4.0.1")
            .ok()
            .map(|codes| codes.values().flatten().map(String::as_str).collect::<Vec<_>>().join(" "));
        assert_eq!(codes.as_deref(), expected, "{name}");
    }
}

/// Two versions of a code system, 2 being the one that is meant without a version, and a value set in the version 1.
fn versions(compose: &Value) -> Terminology {
    let mut terminology = Terminology::default();
    let colours = |version: &str, code: &str| {
        json!({"resourceType": "CodeSystem", "url": "urn:colours", "version": version,
        "content": "complete", "valueSet": "urn:vs:colours", "concept": [{"code": code, "display": version}, {"code": "red"}]})
    };
    terminology.add(&colours("2", "blue")).unwrap();
    terminology.add_as("urn:colours|1", &colours("1", "grey")).unwrap();
    let warm = json!({"resourceType": "ValueSet", "url": "urn:vs:warm", "version": "1", "compose": {"include": [
        {"system": "urn:colours", "concept": [{"code": "red"}]}]}});
    terminology.add(&warm).unwrap();
    let subject = json!({"resourceType": "ValueSet", "url": "urn:vs:subject", "compose": compose});
    terminology.add(&subject).unwrap();
    terminology
}

#[test]
fn the_version_that_is_named_counts() {
    let include = |one: Value| json!({"include": [one]});
    let exclude =
        |one: Value| json!({"include": [{"system": "urn:colours", "version": "1"}], "exclude": [one]});
    let cases = [
        (include(json!({"system": "urn:colours"})), Ok("blue red")),
        (include(json!({"system": "urn:colours", "version": "1"})), Ok("grey red")),
        (include(json!({"system": "urn:colours", "version": "2"})), Ok("blue red")),
        (include(json!({"system": "urn:colours", "version": "3"})), Err("urn:colours|3")),
        // Codes that are named one by one are there in any version.
        (include(json!({"system": "urn:colours", "version": "3", "concept": [{"code": "x"}]})), Ok("x")),
        (include(json!({"valueSet": ["urn:vs:warm|1"]})), Ok("red")),
        (include(json!({"valueSet": ["urn:vs:warm|2"]})), Err("urn:vs:warm|2")),
        (include(json!({"valueSet": ["urn:vs:colours|1"]})), Ok("grey red")),
        (include(json!({"valueSet": ["urn:vs:colours|3"]})), Err("urn:vs:colours|3")),
        (exclude(json!({"valueSet": ["urn:vs:warm|1"]})), Ok("grey")),
        (exclude(json!({"system": "urn:colours", "version": "2"})), Ok("grey")),
        (exclude(json!({"system": "urn:colours", "version": "3"})), Err("urn:colours|3")),
    ];
    for (compose, expected) in cases {
        let terminology = versions(&compose);
        let codes = terminology.codes("urn:vs:subject");
        let codes = codes.as_ref().map(|codes| codes.values().flatten().cloned().collect::<Vec<_>>());
        let member = |code| {
            terminology.member("urn:vs:subject", Some("urn:colours"), code).map(|found| found.is_some())
        };
        match expected {
            Ok(expected) => {
                assert_eq!(codes.unwrap().join(" "), expected, "{compose}");
                for code in ["blue", "grey", "red"] {
                    assert_eq!(member(code), Ok(expected.contains(code)), "{compose} {code}");
                }
            }
            Err(canonical) => {
                let unknown = codes.unwrap_err();
                let is_named = |unknown: &Unknown| matches!(unknown, Unknown::CodeSystem(named) | Unknown::ValueSet(named) if named == canonical);
                assert!(is_named(unknown), "{compose}: {unknown}");
                assert!(is_named(&member("grey").unwrap_err()), "{compose}");
            }
        }
    }
    let grey = json!({"include": [{"system": "urn:colours", "version": "1", "concept": [{"code": "grey"}]}]});
    let terminology = versions(&grey);
    let [coded] = terminology.expand("urn:vs:subject").unwrap()[..] else { panic!("one code") };
    assert_eq!((coded.version, coded.display(None)), (Some("1"), Some("1")));
    assert!(terminology.value_set("urn:vs:warm|2").is_none());
    let said = Unknown::CodeSystem("urn:colours|3".to_owned()).to_string();
    assert_eq!(said, "The code system urn:colours in the version '3' is not held here");
}

#[test]
fn an_import_may_be_expanded_already() {
    let mut terminology =
        terminology(&json!({"compose": {"include": [{"valueSet": ["http://hl7.org/fhir/ValueSet/x"]}]}}));
    let unknown = Unknown::ValueSet("http://hl7.org/fhir/ValueSet/x".to_owned());
    assert_eq!(terminology.codes("urn:vs:subject"), Err(unknown));
    let codes = Codes::from([("urn:x".to_owned(), ["one".to_owned()].into())]);
    terminology.add_expanded("http://hl7.org/fhir/ValueSet/x".to_owned(), codes.clone());
    assert_eq!(terminology.codes("urn:vs:subject"), Ok(codes.clone()));
    assert_eq!(terminology.codes("http://hl7.org/fhir/ValueSet/x|4.0.1"), Ok(codes));
    let other = "http://hl7.org/fhir/ValueSet/x|5.0.0";
    assert_eq!(terminology.codes(other), Err(Unknown::ValueSet(other.to_owned())));
}

#[test]
fn an_expansion_has_the_order_and_the_names_of_its_source() {
    let value_set = json!({"compose": {"include": [
        {"system": ANIMALS, "concept": [{"code": "dog", "display": "Woof"}, {"code": "cat"}, {"code": "dog"}]}]}});
    let terminology = terminology(&value_set);
    let names: Vec<_> = terminology
        .expand("urn:vs:subject")
        .unwrap()
        .iter()
        .map(|coded| (coded.code, coded.display(None), coded.display(Some("fr"))))
        .collect();
    assert_eq!(names, [("dog", Some("Woof"), Some("Woof")), ("cat", Some("Cat"), Some("Chat"))]);
}

#[test]
fn a_value_set_that_imports_too_much_has_no_expansion() {
    let mut terminology = terminology(&json!({"compose": {"include": []}}));
    for level in 1..16 {
        let below = format!("urn:vs:level-{}", level - 1);
        let include = json!([{"valueSet": [below]}, {"valueSet": [below]}, {"valueSet": [below]}, {"valueSet": [below]}]);
        let value_set = json!({"url": format!("urn:vs:level-{level}"), "compose": {"include": include}});
        terminology.add_value_set(serde_json::from_value(value_set).unwrap());
    }
    let whole = json!({"url": "urn:vs:level-0", "compose": {"include": [{"system": ANIMALS}]}});
    terminology.add_value_set(serde_json::from_value(whole).unwrap());
    assert!(terminology.expand("urn:vs:level-3").is_ok());
    for url in ["urn:vs:level-15", "urn:vs:circle"] {
        assert!(matches!(terminology.expand(url), Err(Unknown::TooCostly(_))), "{url}");
        assert!(matches!(terminology.member(url, None, "mouse"), Err(Unknown::TooCostly(_))), "{url}");
    }
}

#[test]
fn a_code_may_be_a_member_of_what_cannot_be_expanded() {
    let value_set = json!({"compose": {
        "include": [{"system": "urn:elsewhere"}, {"system": ANIMALS}, {"system": "urn:some"}],
        "exclude": [{"system": ANIMALS, "concept": [{"code": "dog"}]}]}});
    let terminology = terminology(&value_set);
    let member = |system: Option<&str>, code: &str| {
        terminology.member("urn:vs:subject", system, code).map(|coded| coded.map(|c| c.system.to_owned()))
    };
    assert_eq!(member(Some(ANIMALS), "manx"), Ok(Some(ANIMALS.to_owned())));
    assert_eq!(member(None, "part"), Ok(Some("urn:some".to_owned())));
    assert_eq!(member(Some(ANIMALS), "dog"), Ok(None));
    assert_eq!(member(Some(ANIMALS), "mouse"), Ok(None));
    assert_eq!(member(Some("urn:elsewhere"), "x"), Err(Unknown::CodeSystem("urn:elsewhere".to_owned())));
    let only_part = Unknown::Content { system: "urn:some".to_owned(), content: "fragment".to_owned() };
    assert_eq!(member(Some("urn:some"), "x"), Err(only_part));
    assert_eq!(member(Some("urn:other"), "x"), Ok(None));
}

#[test]
fn codes_subsume_those_below_them() {
    let terminology = terminology(&json!({}));
    let animals = terminology.code_system(ANIMALS).unwrap();
    assert!(animals.is_below("rumpy", "cat") && animals.is_below("catdog", "dog"));
    assert!(!animals.is_below("cat", "rumpy") && !animals.is_below("cat", "cat"));
    assert_eq!(animals.children("cat"), ["tabby", "manx", "catdog"]);
    assert!(animals.concept("cat").unwrap().is_called("chat"));
}

#[test]
fn maps_translate_in_both_directions() {
    let mut terminology = terminology(&json!({}));
    let map = json!({"resourceType": "ConceptMap", "url": "urn:map", "group": [{"source": ANIMALS, "target": "urn:pets",
        "unmapped": {"mode": "fixed", "code": "other"},
        "element": [{"code": "cat", "target": [{"code": "pet", "equivalence": "wider"}]},
                    {"code": "dog", "target": [{"code": "pet", "equivalence": "wider", "comment": "mostly"}]}]}]});
    terminology.add(&map).unwrap();
    let map = terminology.concept_map("urn:map|1").unwrap();
    let codes = |code: &str, reverse: bool| -> Vec<(String, Option<String>)> {
        let system = if reverse { "urn:pets" } else { ANIMALS };
        map.translate(system, code, None, reverse).into_iter().map(|t| (t.equivalence, t.code)).collect()
    };
    assert_eq!(codes("cat", false), [("wider".to_owned(), Some("pet".to_owned()))]);
    assert_eq!(codes("mouse", false), [("inexact".to_owned(), Some("other".to_owned()))]);
    let back =
        [("narrower".to_owned(), Some("cat".to_owned())), ("narrower".to_owned(), Some("dog".to_owned()))];
    assert_eq!(codes("pet", true), back);
    assert!(map.is_between(ANIMALS, Some("urn:pets"), false) && !map.is_between("urn:pets", None, false));
}

#[test]
fn what_is_embedded_can_be_read() {
    let terminology = super::terminology();
    assert!(terminology.code_systems.values().all(|held| held.get().is_some()));
    assert!(terminology.value_sets.values().all(|held| held.get().is_some()));
    assert_eq!(terminology.concept_maps().len(), terminology.concept_maps.len());
    let gender = terminology.expand("http://hl7.org/fhir/ValueSet/administrative-gender").unwrap();
    assert_eq!(gender.iter().map(|c| c.code).collect::<Vec<_>>(), ["male", "female", "other", "unknown"]);
    assert_eq!(gender[0].display(None), Some("Male"));
    // A code system of v3 that says what is below a code by a property.
    let role = terminology.code_system("http://terminology.hl7.org/CodeSystem/v3-RoleCode").unwrap();
    assert!(role.is_below("MTH", "PRN") && role.is_below("MTH", "FAMMEMB"));
    // A code system of ours, by the value set of all its codes.
    let lines = terminology.expand("https://homefirst.example/fhir/ValueSet/ic-service-line").unwrap();
    assert!(lines.iter().any(|c| c.code == "reablement" && c.concept.is_some()));
    assert!(terminology.code_system("http://snomed.info/sct").is_none_or(|system| !system.is_complete()));
}
