use fhir::{Cause, IssueType, Key, ResourceType, primitive::date::london};
use proptest::prelude::*;

use super::*;
use crate::query::{Direction, SortBy};

fn options() -> Options {
    Options::new("http://here/fhir", london().clone())
}

fn query(type_name: &str, query: &str) -> Result<Query, Error> {
    parse(ResourceType::find(type_name).unwrap(), &decode_pairs(query).unwrap(), &options())
}

#[test]
fn what_is_understood() {
    for (type_name, text) in [
        ("Task", "status=requested,accepted&owner=Organization/1&_sort=-_lastUpdated,status&_count=20"),
        ("Task", "patient.identifier=https://fhir.nhs.uk/Id/nhs-number|9000000009"),
        ("Task", "subject:Patient.name:exact=Jones"),
        ("Task", "focus:ServiceRequest.requester:Organization.name=x"),
        ("Task", "status:not=completed&owner:missing=true&owner:Organization=7&owner:not=Organization/3"),
        (
            "Task",
            "owner:identifier=urn:ods|RX1&_id=a,b&_lastUpdated=ge2026-01-01&_tag=a|b&_security=c&_source=urn:x",
        ),
        ("Task", "_profile=http://x|1&_profile:below=http://x/&_profile:missing=false"),
        ("Patient", "_has:Task:patient:status=requested&birthdate=ap1950&active=true&name:contains=on"),
        ("Patient", "_has:Task:patient:_has:Provenance:target:agent=Practitioner/1"),
        ("ServiceRequest", "authored=ge2026-01-01T10:00&authored=lt2026-01-02T10:00:00%2B01:00&code=a%5C,b"),
        ("ServiceRequest", "authored=2026-01-02T10:00:00+01:00"),
        (
            "ServiceRequest",
            "_include=ServiceRequest:subject:Patient&_include=*&_revinclude:iterate=Task:focus&_elements=id,status",
        ),
    ] {
        assert!(query(type_name, text).is_ok(), "{type_name}?{text}: {:?}", query(type_name, text));
    }
}

#[test]
fn what_is_refused() {
    let check = |type_name: &str, text: &str, expect: IssueType| {
        let error = query(type_name, text).expect_err(text);
        assert_eq!(error.cause().status(), 400, "{text}");
        assert_eq!(error.issues()[0].code, expect, "{text}: {error}");
    };
    for unknown in [
        "nothing=1",
        "Status=x",
        "_text=x",
        "_list=$current-problems",
        "_contained=true",
        "_sort=nothing",
        "_sort=_score",
    ] {
        check("Task", unknown, IssueType::NotSupported);
    }
    for modifier in [
        "status:text=x",
        "status:=x",
        "owner:Medication=1",
        "owner:text=1",
        "authored-on:not=2026",
        "_id:not=1",
        "_sort:asc=status",
        "_include:recurse=Task:owner",
        "identifier:in=x",
        "_profile:exact=x",
    ] {
        check("Task", modifier, IssueType::NotSupported);
    }
    for value in [
        "authored-on=23 May 2009",
        "authored-on=xx2026",
        "authored-on=2026-13",
        "authored-on=2026-01-01T10",
        "owner:missing=maybe",
        "owner:missing=true,false",
        "status=a%5Cb",
        "status=|",
        "code=a|b|c",
        "_count=-1",
        "_count=x",
        "_total=x",
        "_summary=x",
        "_include=owner",
        "_include=Nothing:x",
        "_include=Task:owner:Medication",
        "_summary=text&_include=Task:owner",
        "_count=1&_count=2",
        "status.code=x",
        "owner:Medication.code=x",
        "_has:Task=x",
        "_has:Medication:x:y=1",
        "_has:Patient:link:name=x",
        "owner=%23contained",
        "owner=Organization?name=x",
        "_elements=a%27b",
    ] {
        let error = query("Task", value).expect_err(value);
        assert_eq!(error.cause().status(), 400, "{value}");
    }
    check("Patient", "active=TRUE", IssueType::Invalid);
    check("Patient", "phone=a|b", IssueType::Invalid);
    check("Observation", "value-quantity=5|mg", IssueType::Invalid);
    check("Observation", "value-quantity:not=5", IssueType::NotSupported);
    check("Task", "patient.nothing=1", IssueType::NotSupported);
    check("Task", "nothing.name=1", IssueType::NotSupported);
    check("Task", "_has:Nothing:x:y=1", IssueType::Invalid);
}

#[test]
fn what_costs_too_much() {
    let many = |count: usize, text: &str, separator: &str| vec![text; count].join(separator);
    for text in [
        many(31, "code=a", "&"),
        format!("code={}", many(51, "a", ",")),
        many(11, "_include=Task:owner", "&"),
        "patient.link.link.link.name=x".to_owned(),
        "subject._id=1".to_owned(),
        format!("{}status=x", "_has:Task:part-of:".repeat(4)),
        format!("_sort={}", many(6, "status", ",")),
    ] {
        let error = query("Task", &text).expect_err(&text);
        assert_eq!(error.cause(), Cause::TooCostly, "{text}: {error}");
    }
}

#[test]
fn an_unknown_parameter_is_told_what_it_might_have_been() {
    let error = query("Task", "autored-on=2026").unwrap_err();
    assert!(error.issues()[0].diagnostics.contains("'authored-on'"), "{error}");
}

#[test]
fn lenient_handling_ignores_the_unknown_but_not_the_wrong() {
    let lenient = Options { lenient: true, ..options() };
    let parse = |text: &str| parse(ResourceType::TASK, &decode_pairs(text).unwrap(), &lenient);
    let query = parse("status=requested&nothing=1&_sort=nothing&_text=x&_include=Task:status&code=").unwrap();
    assert_eq!(query.used, [("status".to_owned(), "requested".to_owned())]);
    let ignored: Vec<_> = query.ignored.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(ignored, ["nothing", "_sort", "_text", "_include"]);
    for wrong in ["status:text=x", "authored-on=x", "patient.nothing=1", "_has:Task:focus:nothing=1"] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_result_is_shaped_by_its_parameters() {
    let query = query(
        "Task",
        "_count=5000&_sort=-authored-on,_id&_total=accurate&_revinclude=Provenance:target&_cursor=abc",
    )
    .unwrap();
    assert_eq!((query.count, query.total, query.cursor.as_deref()), (1000, Total::Accurate, Some("abc")));
    assert!(
        query.sort[0].descending
            && matches!(query.sort[0].by, SortBy::Parameter(p) if p.code == "authored-on")
    );
    assert_eq!(query.sort[1].by, SortBy::Id);
    assert_eq!(query.includes[0].direction, Direction::Reverse);
    assert_eq!(query.used[0], ("_count".to_owned(), "1000".to_owned()));
    assert!(query.used.iter().all(|(name, _)| name != "_cursor"));
    let count = |text: &str| self::query("Task", text).unwrap().count;
    assert_eq!(count(""), 50);
    assert_eq!(count("_count=0"), 0);
    assert_eq!(count("_summary=count"), 0);
    assert_eq!(count("_count=99999999999999999999"), 1000);
}

#[test]
fn the_forms_of_a_reference_are_the_same() {
    let local = |text: &str| match query("Task", text).unwrap().criteria.as_slice() {
        [Criterion::Reference { local, .. }] => local.clone(),
        other => panic!("{other:?}"),
    };
    let patient = vec![Key::of_resource(ResourceType::PATIENT, "1")];
    for text in [
        "patient=1",
        "patient=Patient/1",
        "patient=http://here/fhir/Patient/1",
        "subject:Patient=1",
        "subject=Patient/1/_history/3",
    ] {
        assert_eq!(local(text), patient, "{text}");
    }
    assert_eq!(local("patient=http://there/fhir/Patient/1"), []);
    assert_eq!(local("subject:Patient=Group/1"), []);
    assert!(local("owner=1").len() > 3);
}

#[test]
fn a_chain_goes_to_every_type_that_has_its_end() {
    let links = |text: &str| match query("Task", text).unwrap().criteria.as_slice() {
        [Criterion::Chain { links, .. }] => links.iter().map(|(target, _)| target.name()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(links("patient.name=x"), ["Patient"]);
    assert_eq!(links("owner:Organization.name=x"), ["Organization"]);
    let owners = links("owner.name=x");
    assert!(
        owners.contains(&"Organization") && owners.contains(&"Patient") && !owners.contains(&"Device"),
        "{owners:?}"
    );
}

#[test]
fn conditions_of_conditional_interactions() {
    let check =
        |text: &str| parse_criteria(ResourceType::PATIENT, text, &Options { lenient: true, ..options() });
    for text in ["identifier=s%7Cv", "?identifier=s|v", "Patient?identifier=s|v&name=x"] {
        assert!(!check(text).unwrap().is_empty(), "{text}");
    }
    for text in [
        "",
        "identifier=",
        "nothing=1",
        "identifier=a&nothing=1",
        "identifier=a&_count=1",
        "_sort=name",
        "Task?status=x",
        "_id:missing=false",
    ] {
        assert_eq!(check(text).expect_err(text).cause().status(), 400, "{text}");
    }
}

#[test]
fn filters_of_subscriptions() {
    let check = |text: &str| parse_filter(ResourceType::TASK, text, &options());
    for text in [
        "owner=Organization/1",
        "Task.status:not=draft",
        "Task?owner=Organization/1&status=requested,accepted",
        "owner:identifier=http://a.b/c?d|e",
    ] {
        assert!(check(text).is_ok(), "{text}: {:?}", check(text));
    }
    for text in [
        "Patient?name=x",
        "ServiceRequest.status=active",
        "patient.name=x",
        "_has:Provenance:target:agent=x",
        "nothing=1",
        "",
        "Task?",
    ] {
        assert!(check(text).is_err(), "{text}");
    }
}

#[test]
fn no_query_panics() {
    use proptest::prelude::*;
    let codes = "[a-z_:.]{0,12}|status|owner|authored-on|_has:Task:focus:code|patient.name|_lastUpdated|_sort|_include";
    proptest!(|(name in codes, value in "\\PC{0,40}")| {
        let _ = parse(ResourceType::TASK, &[(name, value)], &options());
    });
    proptest!(|(text in "\\PC{0,60}")| {
        let _ = parse_filter(ResourceType::TASK, &text, &options());
    });
}

/// Words that mean something in a query, and some that must not.
const WORDS: [&str; 44] = [
    "_id",
    "_has:",
    "_include",
    "_revinclude",
    ":iterate",
    "_sort",
    "_count",
    "_total",
    "_summary",
    "_elements",
    "_type",
    "_list",
    "_tag",
    "_lastUpdated",
    "status",
    "owner",
    "patient",
    "code",
    "authored-on",
    "identifier",
    ":missing",
    ":not",
    ":text",
    ":of-type",
    ":in",
    ":below",
    ":identifier",
    "Patient",
    "Task",
    "Observation",
    "value-quantity",
    "code-value-quantity",
    ".",
    ":",
    "|",
    "$",
    ",",
    "\\",
    "ge",
    "2026-01",
    "1e9",
    "http://unitsofmeasure.org",
    "true",
    "'",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    /// Whatever is sent is understood or refused with 400, and a refusal is short.
    #[test]
    fn any_query_is_understood_or_refused(
        pairs in proptest::collection::vec((words(), words()), 1..6),
        at in 0_usize..4,
        lenient in any::<bool>(),
    ) {
        let of = ["Task", "Observation", "Patient", "EpisodeOfCare"].map(|name| ResourceType::find(name).unwrap());
        let options = Options { lenient, ..Options::new("http://here/fhir", london().clone()) };
        for parsed in [
            parse(of[at], &pairs, &options),
            parse_system(of.to_vec(), &pairs, &options),
            parse_compartment((ResourceType::PATIENT, "x"), None, of.to_vec(), &pairs, &options),
        ] {
            if let Err(error) = parsed {
                prop_assert_eq!(error.cause().status(), 400, "{:?}", error);
                prop_assert!(error.issues().iter().all(|issue| issue.diagnostics.len() < 2000), "{:?}", error);
            }
        }
    }
}

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => proptest::sample::select(&WORDS[..]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ];
    proptest::collection::vec(word, 0..7).prop_map(|words| words.concat())
}
