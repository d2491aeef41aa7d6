//! HL7's test suite for R4, <https://github.com/FHIR/fhir-test-cases>. It is not part of this repository: point
//! `HOMEFIRST_FHIRPATH_SUITE` at a folder with `tests-fhir-r4.xml`, and with its inputs as JSON there or in `../resources`.

use std::{collections::HashMap, env, fs, path::Path};

use roxmltree::{Document, Node as Element};

use super::*;

/// Of a hundred cases that can be run, these many must pass.
const REQUIRED: usize = 98;

#[test]
fn the_official_suite() {
    let Ok(folder) = env::var("HOMEFIRST_FHIRPATH_SUITE") else {
        eprintln!("SKIPPED: HOMEFIRST_FHIRPATH_SUITE is not set, so the official FHIRPath suite was not run");
        return;
    };
    let folder = Path::new(&folder);
    let xml = fs::read_to_string(folder.join("tests-fhir-r4.xml")).unwrap();
    let document = Document::parse(&xml).unwrap();
    let mut inputs: HashMap<String, Option<Resource>> = HashMap::new();
    let (mut passed, mut run, mut without_input) = (0, 0, 0);
    for case in document.descendants().filter(|node| node.has_tag_name("test")) {
        let input = case.attribute("inputfile").unwrap_or_default();
        let resource = inputs.entry(input.to_owned()).or_insert_with(|| read(folder, input));
        if resource.is_none() && !input.is_empty() {
            without_input += 1;
            continue;
        }
        run += 1;
        match check(case, resource.as_ref()) {
            Ok(()) => passed += 1,
            Err(reason) => eprintln!("{}: {reason}", case.attribute("name").unwrap_or_default()),
        }
    }
    eprintln!("official FHIRPath suite: {passed} of {run} cases passed; {without_input} have no input here");
    assert!(passed * 100 >= run * REQUIRED, "{passed} of {run}");
}

fn read(folder: &Path, input: &str) -> Option<Resource> {
    let name = Path::new(input).with_extension("json");
    let text = fs::read_to_string(folder.join(&name))
        .or_else(|_| fs::read_to_string(folder.join("../resources").join(&name)))
        .ok()?;
    Some(resource(serde_json::from_str(&text).unwrap()))
}

fn check(case: Element<'_, '_>, input: Option<&Resource>) -> Result<(), String> {
    let expression = case.children().find(|node| node.has_tag_name("expression")).ok_or("no expression")?;
    let text = expression.text().unwrap_or_default();
    let invalid = expression.attribute("invalid").is_some();
    let expected: Vec<(Option<&str>, &str)> = case
        .children()
        .filter(|node| node.has_tag_name("output"))
        .map(|node| (node.attribute("type"), node.text().unwrap_or_default()))
        .collect();
    let mut context = input.map_or_else(Context::of_nothing, Context::of_resource);
    if case.attribute("mode").or(expression.attribute("mode")) == Some("strict") {
        context = context.strict();
    }
    let parsed = match Expression::parse(text) {
        Ok(parsed) => parsed,
        Err(_) if invalid => return Ok(()),
        Err(error) => return Err(format!("{text}: {error}")),
    };
    let items = match parsed.evaluate(&context) {
        Err(_) if invalid => return Ok(()),
        Err(error) => return Err(format!("{text}: {error}")),
        Ok(items) => items,
    };
    // Some cases name both: an error, or what an engine without static types answers.
    if invalid && expected.is_empty() {
        return Err(format!("{text}: should be an error, is {}", shown(&items)));
    }
    let predicate = case.attribute("predicate") == Some("true");
    let right = if predicate {
        expected == [(Some("boolean"), if items.is_empty() { "false" } else { "true" })]
    } else {
        same(&items, &expected, case.attribute("ordered") != Some("false"))
    };
    if right { Ok(()) } else { Err(format!("{text}: is {}, should be {expected:?}", shown(&items))) }
}

fn same(items: &[Item<'_>], expected: &[(Option<&str>, &str)], ordered: bool) -> bool {
    let (mut items, mut expected) = (items.iter().map(described).collect::<Vec<_>>(), expected.to_vec());
    if !ordered {
        items.sort();
        expected.sort_unstable();
    }
    items.len() == expected.len()
        && items.iter().zip(expected).all(|((kind, text), (expected_kind, expected_text))| {
            let is_number = expected_kind == Some("decimal");
            let plain = expected_text.trim_start_matches('@').trim_start_matches('T');
            expected_kind.is_none_or(|expected| expected.eq_ignore_ascii_case(kind))
                && (text == expected_text
                    || text == plain
                    || (is_number && Decimal::parse(text) == Decimal::parse(expected_text)))
        })
}

fn described(item: &Item<'_>) -> (String, String) {
    (item.type_info().1.to_owned(), item.to_text().unwrap_or_else(|| item_json(item)))
}

fn shown(items: &[Item<'_>]) -> String {
    let mut shown = format!("{:?}", items.iter().map(described).collect::<Vec<_>>());
    shown.truncate(shown.char_indices().nth(300).map_or(shown.len(), |(at, _)| at));
    shown
}
