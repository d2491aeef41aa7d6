//! What holds for the committed files, without npm.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;

fn json_files(folder: &str) -> Vec<(String, Value)> {
    let files = read(&Path::new(PROFILES).join(folder)).unwrap();
    assert!(!files.is_empty(), "{folder} holds no JSON file");
    files.into_iter().map(|(name, text)| (name, serde_json::from_str(&text).unwrap())).collect()
}

fn type_of(url: &Value) -> &str {
    canonical::element_definition::type_name(url.as_str().unwrap())
}

fn is_search_parameter(type_name: &str, code: &str) -> bool {
    let common = ["Resource", "DomainResource"];
    canonical::definitions().search_parameters().iter().any(|parameter| {
        parameter.code == code
            && parameter.bases.iter().any(|base| base == type_name || common.contains(&base.as_str()))
    })
}

#[test]
fn the_embedded_file_is_what_the_committed_resources_make() {
    let made = embedded(&read(Path::new(GENERATED)).unwrap(), &read(Path::new(TOPICS)).unwrap()).unwrap();
    assert!(made == fs::read_to_string(OUTPUT).unwrap(), "run `cargo xtask profiles`");
    assert!(made.len() < 1_500_000, "{} bytes", made.len());
    let made = published(&read(Path::new(GENERATED)).unwrap(), &read(Path::new(TOPICS)).unwrap()).unwrap();
    let committed = zstd::decode_all(fs::File::open(PUBLISHED).unwrap()).unwrap();
    assert!(made.as_bytes() == committed, "run `cargo xtask profiles`");
}

#[test]
fn what_is_published_is_valid_and_names_itself() {
    let published = canonical::published();
    assert_eq!(published.len(), canonical::definitions().artifacts().len());
    for resource in published {
        let [resource_type, id] =
            ["resourceType", "id"].map(|name| resource[name].as_str().unwrap().to_owned());
        assert!(canonical::definitions().is_published(&resource_type, &id), "{resource_type}/{id}");
        assert_eq!(errors_of(resource), [], "{resource_type}/{id}");
    }
}

#[test]
fn a_resource_is_leaned_but_keeps_what_its_definition_says() {
    let url = "https://homefirst.example/fhir/StructureDefinition/X";
    let resource = json!({
        "resourceType": "StructureDefinition", "url": url, "text": {"div": "x"}, "mapping": [{"identity": "rim"}],
        "snapshot": {"element": [
            {"id": "Task.code", "path": "Task.code", "short": "a", "definition": "HL7's", "comment": "ours", "min": 1,
             "max": "1", "base": {"path": "Task.code"}, "mapping": [], "patternCode": "x",
             "binding": {"strength": "required", "valueSet": "v", "description": "d"},
             "constraint": [{"key": "ele-1", "source": "http://hl7.org/fhir/StructureDefinition/Element"}, {"key": "prr-1"},
                            {"key": "IC-X-01", "source": url}, {"key": "IC-Y-01", "source": "https://homefirst.example/fhir/StructureDefinition/Parent"}]},
            {"id": "Task.note", "path": "Task.note", "min": 0, "max": "0", "type": [{"code": "Annotation"}],
             "constraint": [{"key": "ele-1"}]},
        ]},
        "differential": {"element": [{"id": "Task.code", "path": "Task.code", "comment": "ours"}]},
    });
    let expect = json!({
        "resourceType": "StructureDefinition", "url": url,
        "snapshot": {"element": [
            {"id": "Task.code", "path": "Task.code", "short": "a", "comment": "ours", "min": 1, "max": "1",
             "patternCode": "x", "binding": {"strength": "required", "valueSet": "v"},
             "constraint": [{"key": "IC-X-01", "source": url}, {"key": "IC-Y-01",
                "source": "https://homefirst.example/fhir/StructureDefinition/Parent"}]},
            {"id": "Task.note", "path": "Task.note", "min": 0, "max": "0"},
        ]},
    });
    assert_eq!(lean::lean(resource), expect);
}

#[test]
fn a_topic_filters_and_includes_by_search_parameters_only() {
    for (name, topic) in json_files("topics") {
        assert_eq!(name, format!("{}.json", topic["id"].as_str().unwrap()));
        assert_eq!(
            topic["url"],
            format!("{}/SubscriptionTopic/{}", fhir::CANONICAL_BASE, topic["id"].as_str().unwrap())
        );
        let triggered: BTreeSet<_> = topic["resourceTrigger"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trigger| type_of(&trigger["resource"]))
            .collect();
        for filter in topic["canFilterBy"].as_array().unwrap() {
            let (of, code) = (type_of(&filter["resource"]), filter["filterParameter"].as_str().unwrap());
            assert!(triggered.contains(of) && is_search_parameter(of, code), "{name}: {of}.{code}");
        }
        for shape in topic["notificationShape"].as_array().unwrap() {
            let lists = ["include", "revInclude"].into_iter().filter_map(|key| shape.get(key)?.as_array());
            for include in lists.flatten() {
                let (of, code) = include.as_str().unwrap().split_once(':').unwrap();
                assert!(is_search_parameter(of, code), "{name}: {include}");
            }
        }
    }
}

#[test]
fn every_value_set_of_a_required_binding_is_known_in_full() {
    for profile in canonical::definitions().profiles() {
        for element in &profile.elements {
            let Some(binding) =
                element.binding.as_ref().filter(|b| b.strength == canonical::Strength::Required)
            else {
                continue;
            };
            let known = canonical::definitions().value_set(&binding.value_set);
            assert!(known.is_some(), "{} {}: {}", profile.url, element.id, binding.value_set);
        }
    }
}

/// The ids of rules in the texts of a folder's Rust sources, as `"IC-STATE-01"`, each with a file that has it; tests are left out.
fn rules_in(folder: &Path, rules: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            rules_in(&path, rules);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let quoted = text.split('"').filter(|part| part.starts_with("IC-"));
            let ids = quoted.filter(|part| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
            rules.extend(ids.map(|id| (id.to_owned(), path.display().to_string())));
        }
    }
}

#[test]
fn every_rule_that_the_server_names_can_be_looked_up() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut used = BTreeMap::new();
    for entry in fs::read_dir(server).unwrap() {
        let source = entry.unwrap().path().join("src");
        if source.exists() {
            rules_in(&source, &mut used);
        }
    }
    for known in ["IC-STATE-03", "IC-TASK-01", "IC-VER-01", "IC-TERM-01"] {
        assert!(used.contains_key(known), "the sources are not read as they should be: {known} is in them");
    }
    let code_system = canonical::definitions().artifact("CodeSystem", "ic-rule").unwrap();
    let defined: BTreeSet<_> = code_system["concept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|concept| concept["code"].as_str().unwrap())
        .collect();
    for (rule, file) in &used {
        assert!(defined.contains(rule.as_str()), "{rule} of {file} is not in profiles/input/fsh/rule.fsh");
    }
}

#[test]
fn every_profile_has_its_examples_and_every_invalid_one_its_expectation() {
    let valid: Vec<_> = json_files("examples/valid").into_iter().map(|(name, _)| name).collect();
    let mut invalid = json_files("examples/invalid");
    let at = invalid.iter().position(|(name, _)| name == "expect.json").unwrap();
    let expectations = invalid.remove(at).1;
    let expected: BTreeSet<_> = expectations
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["file"].as_str().unwrap().to_owned())
        .collect();
    let invalid: BTreeSet<_> = invalid.into_iter().map(|(name, _)| name).collect();
    assert_eq!(invalid, expected);
    let profiles =
        canonical::definitions().profiles().iter().filter(|profile| profile.type_name != "Extension");
    let names: Vec<&str> = profiles.map(|profile| profile.name.as_str()).collect();
    assert!(names.len() >= 16, "{names:?}");
    for profile in names {
        let of = |name: &&String| name.starts_with(&format!("{profile}-"));
        let (valid, invalid) = (valid.iter().filter(of).count(), invalid.iter().filter(of).count());
        assert!(valid >= 2 && invalid >= 5, "{profile}: {valid} valid, {invalid} invalid");
    }
}

fn errors_of(example: Value) -> Vec<(&'static str, Vec<String>, String)> {
    let resource = fhir::Resource::new(example).unwrap();
    let findings = validation::validate(&resource, &validation::Settings::default());
    let errors = findings.into_iter().map(|finding| finding.issue).filter(fhir::Issue::is_error);
    errors.map(|issue| (issue.code.code(), issue.expression, issue.diagnostics)).collect()
}

#[test]
fn the_valid_examples_are_valid() {
    let wrong: Vec<_> = json_files("examples/valid")
        .into_iter()
        .map(|(name, example)| (name, errors_of(example)))
        .filter(|(_, errors)| !errors.is_empty())
        .map(|(name, errors)| format!("{name}: {errors:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One fault each, so that an example shows what it is named after and nothing else.
#[test]
fn the_invalid_examples_are_refused_for_the_reason_given() {
    let examples: BTreeMap<_, _> = json_files("examples/invalid").into_iter().collect();
    let mut wrong = Vec::new();
    for expected in examples["expect.json"].as_array().unwrap() {
        let name = expected["file"].as_str().unwrap();
        let errors = errors_of(examples[name].clone());
        let found: Vec<_> =
            errors.iter().map(|(code, expression, _)| (*code, expression.as_slice())).collect();
        let expression = expected["expression"].as_str().unwrap().to_owned();
        if found != [(expected["code"].as_str().unwrap(), [expression].as_slice())] {
            wrong.push(format!("{name}: {errors:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Calls `see` with every object in the value.
fn each_object(value: &Value, see: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            see(members);
            members.values().for_each(|member| each_object(member, see));
        }
        Value::Array(items) => items.iter().for_each(|item| each_object(item, see)),
        _ => {}
    }
}

/// Identifiers that fail their check digit stand in public examples; none shall stand in ours,
/// <https://confluence.ihtsdotools.org/display/DOCRELFMT/6+SNOMED+CT+Identifiers>.
#[test]
fn every_snomed_identifier_has_its_check_digit() {
    const SNOMED: &str = "http://snomed.info/sct";
    let mut found = BTreeSet::new();
    let mut see = |members: &serde_json::Map<String, Value>| {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if text("system") != Some(SNOMED) {
            return;
        }
        found.extend(text("code").map(str::to_owned));
        for concept in members.get("concept").and_then(Value::as_array).into_iter().flatten() {
            found.extend(concept["code"].as_str().map(str::to_owned));
        }
    };
    let examples = ["examples/valid", "examples/invalid"].into_iter().flat_map(json_files);
    examples.for_each(|(_, example)| each_object(&example, &mut see));
    canonical::published().iter().for_each(|resource| each_object(resource, &mut see));
    assert!(found.len() >= 8, "{found:?}");
    for code in found {
        assert!(fhir::snomed::is_valid_identifier(&code), "{code}");
    }
}

/// Of a person who could be real, no number is here.
#[test]
fn every_nhs_number_is_synthetic_and_checks() {
    let examples = ["examples/valid", "examples/invalid"].into_iter().flat_map(json_files);
    for (name, example) in examples {
        each_object(&example, &mut |members| {
            if members.get("system").is_some_and(|system| system == "https://fhir.nhs.uk/Id/nhs-number")
                && let Some(value) = members.get("value").and_then(Value::as_str)
            {
                let is_meant = name.contains("wrong-check-digit");
                assert!(value.starts_with("999"), "{name}: {value}");
                assert!(workflow::nhs_number_is_valid(value) != is_meant, "{name}: {value}");
            }
        });
    }
}
