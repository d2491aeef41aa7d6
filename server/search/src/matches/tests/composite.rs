//! Composites.

use super::*;

#[test]
fn a_composite_is_about_one_element() {
    let coded =
        |code: &str| json!({"coding": [{"system": "urn:l", "code": code, "display": "Blood pressure"}]});
    let mmhg = |value: f64| json!({"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"});
    let observation = json!({
        "resourceType": "Observation", "code": coded("bp"), "valueDateTime": "2026-01-02",
        "component": [
            {"code": coded("sys"), "valueQuantity": mmhg(140.0)}, {"code": coded("dia"), "valueQuantity": mmhg(90.0)},
            {"code": coded("side"), "valueCodeableConcept": coded("left")}
        ]
    });
    check(
        &observation,
        &[
            "component-code-value-quantity=sys$140",
            "component-code-value-quantity=urn:l|sys$gt139",
            "component-code-value-quantity=urn:l|dia$lt100|http://unitsofmeasure.org|mm[Hg]",
            "component-code-value-quantity=dia$140,sys$140",
            "component-code-value-quantity=dia$gt80&component-code-value-quantity=sys$gt130",
            "combo-code-value-quantity=sys$ge140",
            "combo-code-value-concept=side$urn:l|left",
            "code-value-date=bp$2026-01",
            "component-code-value-quantity:missing=false",
            "code-value-string:missing=true",
        ],
        &[
            "component-code-value-quantity=dia$140",
            "component-code-value-quantity=sys$lt100",
            "code-value-quantity=sys$140",
            "component-code-value-concept=side$urn:x|left",
            "code-value-date=bp$2025",
        ],
    );
    let sequence = json!({"resourceType": "MolecularSequence", "variant": [{"start": 5, "end": 9}, {"start": 20, "end": 30}],
        "referenceSeq": {"chromosome": {"coding": [{"code": "1"}]}, "windowStart": 0, "windowEnd": 100}});
    check(
        &sequence,
        &["chromosome-variant-coordinate=1$lt6$gt8", "chromosome-window-coordinate=1$0$100"],
        &["chromosome-variant-coordinate=1$5$30", "chromosome-variant-coordinate=2$5$9"],
    );
    let document = json!({"resourceType": "DocumentReference", "relatesTo": [
        {"code": "replaces", "target": {"reference": "DocumentReference/a"}},
        {"code": "appends", "target": {"reference": "http://here/fhir/DocumentReference/b"}}
    ]});
    check(
        &document,
        &["relationship=replaces$DocumentReference/a", "relationship=appends$b"],
        &["relationship=appends$DocumentReference/a"],
    );
}

/// A value as `value[x]`, the code that it would be found by, and its number.
fn value(kind: usize, number: u32) -> (&'static str, Value) {
    match kind {
        0 => ("valueQuantity", json!({"value": number, "unit": "mg"})),
        1 => (
            "valueCodeableConcept",
            json!({"coding": [{"system": "urn:v", "code": number.to_string()}], "text": format!("t{number}")}),
        ),
        2 => ("valueString", json!(format!("t{number}"))),
        3 => ("valueDateTime", json!(format!("200{number}"))),
        _ => (
            "valueSampledData",
            json!({"origin": {"value": number}, "data": "0", "period": 1, "dimensions": 1}),
        ),
    }
}

prop_compose! {
    fn measured()(code in prop::option::of("[ab]"), kind in 0_usize..6, number in 1_u32..4) -> (Option<String>, usize, u32) {
        (code, kind, number)
    }
}

proptest! {
    /// What is derived from others finds what its own rows would have found.
    #[test]
    fn combinations_find_the_whole_and_its_components(
        all in prop::collection::vec(measured(), 1..4), asked in "[ab]", number in 1_u32..4,
    ) {
        let json = |(code, kind, number): &(Option<String>, usize, u32)| {
            let mut of = json!({});
            if let Some(code) = code {
                of["code"] = json!({"coding": [{"system": "urn:c", "code": code}]});
            }
            if *kind < 5 {
                let (name, value) = value(*kind, *number);
                of[name] = value;
            } else {
                of["dataAbsentReason"] = json!({"coding": [{"system": "urn:r", "code": number.to_string()}]});
            }
            of
        };
        let mut observation = json(&all[0]);
        observation["resourceType"] = json!("Observation");
        observation["component"] = all[1..].iter().map(json).collect();
        let is = |at: usize, kinds: &[usize]| kinds.contains(&all[at].1) && all[at].2 == number;
        let has = |at: usize| all[at].0.as_deref() == Some(&*asked);
        let whole = |holds: &dyn Fn(usize) -> bool| holds(0);
        let combined = |holds: &dyn Fn(usize) -> bool| (0..all.len()).any(holds);
        for (query, expect) in [
            (format!("combo-code={asked}"), combined(&has)),
            (format!("combo-code=urn:c|{asked}"), combined(&has)),
            (format!("combo-code:not={asked}"), !combined(&has)),
            ("combo-code:missing=true".to_owned(), !combined(&|at| all[at].0.is_some())),
            ("combo-code:missing=false".to_owned(), combined(&|at| all[at].0.is_some())),
            (format!("combo-value-quantity={number}"), combined(&|at| is(at, &[0, 4]))),
            (format!("combo-value-quantity=ne{number}"), combined(&|at| [0, 4].contains(&all[at].1) && all[at].2 != number)),
            (format!("combo-value-quantity={number}||mg"), combined(&|at| is(at, &[0]))),
            (format!("combo-value-concept={number}"), combined(&|at| is(at, &[1]))),
            (format!("combo-value-concept:text=t{number}"), combined(&|at| is(at, &[1]))),
            (format!("combo-data-absent-reason={number}"), combined(&|at| is(at, &[5]))),
            (format!("combo-code-value-quantity={asked}${number}"), combined(&|at| has(at) && is(at, &[0]))),
            (format!("combo-code-value-concept={asked}$urn:v|{number}"), combined(&|at| has(at) && is(at, &[1]))),
            ("combo-code-value-quantity:missing=false".to_owned(), combined(&|at| all[at].0.is_some() && all[at].1 == 0)),
            (format!("component-code-value-quantity={asked}${number}"), (1..all.len()).any(|at| has(at) && is(at, &[0]))),
            (format!("code-value-quantity={asked}${number}"), whole(&|at| has(at) && is(at, &[0]))),
            (format!("code-value-quantity=b$9,{asked}${number}"), whole(&|at| has(at) && is(at, &[0]))),
            (format!("code-value-concept={asked}${number}"), whole(&|at| has(at) && is(at, &[1]))),
            (format!("code-value-string={asked}$t{number}"), whole(&|at| has(at) && is(at, &[2]))),
            (format!("code-value-date={asked}$200{number}"), whole(&|at| has(at) && is(at, &[3]))),
            ("code-value-string:missing=true".to_owned(), !whole(&|at| all[at].0.is_some() && all[at].1 == 2)),
            (format!("_filter=combo-code ne {asked}"), combined(&|at| all[at].0.is_some()) && !combined(&has)),
            (format!("_filter=combo-code pr false or combo-value-quantity eq {number}"),
                !combined(&|at| all[at].0.is_some()) || combined(&|at| is(at, &[0, 4]))),
        ] {
            prop_assert_eq!(found(&observation, &query), expect, "{} on {}", query, observation);
        }
    }
}

#[test]
fn what_is_wrong_is_said_of_the_parameter_that_was_asked_for() {
    let refused = |query: &str| {
        let query = decode_pairs(query).unwrap();
        parse(ResourceType::find("Observation").unwrap(), &query, &options()).unwrap_err().issues()[0]
            .diagnostics
            .clone()
    };
    for (query, code) in [
        ("combo-code:exact=x", "'combo-code'"),
        ("combo-value-quantity:exact=x", "'combo-value-quantity'"),
        ("combo-code-value-quantity=x", "'combo-code-value-quantity'"),
        ("code-value-quantity=x", "'code-value-quantity'"),
        ("combo-code:missing=x", "'combo-code:missing'"),
    ] {
        let text = refused(query);
        assert!(text.contains(code), "{text}");
    }
}

#[test]
fn another_name_finds_the_same() {
    check(
        &json!({"resourceType": "Patient", "name": [{"family": "Owen-Jones", "given": ["Siân"]}]}),
        &[
            "phonetic=owen",
            "phonetic=smith,sian",
            "phonetic:contains=jon",
            "phonetic:exact=Owen-Jones",
            "phonetic:missing=false",
            "_filter=phonetic co jon",
            "_filter=phonetic eq sian",
        ],
        &[
            "phonetic=smith",
            "phonetic:exact=owen-jones",
            "phonetic:missing=true",
            "_filter=phonetic co smith",
        ],
    );
    check(
        &json!({
            "resourceType": "ServiceRequest", "requisition": {"system": "urn:j", "value": "7"},
            "code": {"coding": [{"system": "urn:l", "code": "reablement", "display": "At home"}]}
        }),
        &[
            "journey=urn:j|7",
            "journey=7",
            "journey=urn:j|",
            "journey:not=urn:j|8",
            "service-line=reablement",
            "service-line=urn:l|reablement",
            "service-line:not=beds",
            "service-line:text=home",
            "service-line:missing=false",
        ],
        &[
            "journey=urn:j|8",
            "journey:not=7",
            "service-line=beds",
            "service-line:not=reablement",
            "journey:missing=true",
        ],
    );
}
