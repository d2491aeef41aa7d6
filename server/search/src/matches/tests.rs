use fhir::{Key, Resource, ResourceType, primitive::date::london};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Options, decode_pairs, index, parse};

fn options() -> Options {
    Options::new("http://here/fhir", london().clone())
}

fn found(resource: &Value, query: &str) -> bool {
    let resource = Resource::new(resource.clone()).unwrap();
    let options = options();
    let rows = index(&resource, &options.base, &options.zone);
    let query = parse(resource.resource_type(), &decode_pairs(query).unwrap(), &options).unwrap();
    let identity = resource.key().unwrap_or(Key::of_resource(ResourceType::TASK, ""));
    query.criteria.iter().all(|criterion| matches(criterion, &rows, identity, 1_767_312_000_120_456).unwrap())
}

fn check(resource: &Value, finds: &[&str], misses: &[&str]) {
    for query in finds {
        assert!(found(resource, query), "{query} should find {resource}");
    }
    for query in misses {
        assert!(!found(resource, query), "{query} should not find {resource}");
    }
}

/// The search value, the target, and the prefixes that find it.
const ORACLE: [(&str, &str, &str); 10] = [
    ("2013-01-14", "2013-01-14T10:00:00Z", "eq ge le"),
    ("2013-01-14", "2013-01-14", "eq ge le"),
    ("2013-01-14", "2013-01-15T00:00:00Z", "ne gt ge sa"),
    ("2013-01-14T10:00Z", "2013-01-14", "ne gt lt ge le"),
    ("2013-01", "2013-01-14", "eq ge le"),
    ("2013-01-14", "2013-01", "ne gt lt ge le"),
    ("2013-03-14", "2013-01-21..", "ne gt lt ge le"),
    ("2013-03-14", "2013-03-15..", "ne gt ge sa"),
    ("2013-03-14", "..2013-01-21", "ne lt le eb"),
    ("2013", "2012-12-31..2013-01-01", "ne lt ge le"),
];

#[test]
fn the_table_of_date_prefixes() {
    for (searched, target, expect) in ORACLE {
        let mut observations = Vec::new();
        if let Some((start, end)) = target.split_once("..") {
            let mut period = json!({});
            for (name, end) in [("start", start), ("end", end)] {
                if !end.is_empty() {
                    period[name] = json!(end);
                }
            }
            observations.push(json!({"resourceType": "Observation", "effectivePeriod": period}));
            observations.push(json!({"resourceType": "Observation", "effectiveTiming": {"repeat": {"boundsPeriod": period}}}));
            observations.push(json!({"resourceType": "Procedure", "performedPeriod": period}));
        } else {
            observations.push(json!({"resourceType": "Observation", "effectiveDateTime": target}));
            observations.push(json!({"resourceType": "Observation", "effectiveTiming": {"event": [target]}}));
            observations.push(json!({"resourceType": "Procedure", "performedDateTime": target}));
            if target.contains('T') {
                observations.push(json!({"resourceType": "Observation", "effectiveInstant": target}));
            }
        }
        for observation in &observations {
            for prefix in ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"] {
                let query = format!("date={prefix}{searched}");
                let expect = expect.split(' ').any(|expected| expected == prefix);
                assert_eq!(found(observation, &query), expect, "{query} on {observation}");
            }
            assert_eq!(
                found(observation, &format!("date={searched}")),
                expect.starts_with("eq"),
                "{observation}"
            );
        }
    }
}

#[test]
fn dates_without_a_zone_are_british() {
    let at = |time: &str| json!({"resourceType": "ServiceRequest", "authoredOn": time});
    check(
        &at("2026-06-15T00:30:00+01:00"),
        &["authored=2026-06-15", "authored=2026-06-15T00:30", "authored=2026-06-14T23:30Z"],
        &["authored=2026-06-14"],
    );
    // The day on which summer time ends has 25 hours.
    check(&at("2026-10-25T23:30:00Z"), &["authored=2026-10-25"], &["authored=2026-10-26"]);
    check(&at("2026-06-15"), &["authored=2026-06", "authored=ap2026-06-15"], &["authored=gt2026-06-15"]);
    check(&at("9999-12-31"), &["authored=9999", "authored=gt2026"], &["authored=lt2026"]);
    let missing = json!({"resourceType": "ServiceRequest"});
    for prefix in ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"] {
        assert!(!found(&missing, &format!("authored={prefix}2026")), "{prefix}");
    }
    check(
        &missing,
        &["authored:missing=true", "_lastUpdated=2026-01-02", "_lastUpdated=2026-01-02T00:00:00.120Z"],
        &["_lastUpdated=gt2026-01-02"],
    );
}

#[test]
fn tokens() {
    let task = json!({
        "resourceType": "Task", "id": "t", "status": "requested", "intent": "order",
        "identifier": [{"system": "urn:s", "value": "A|1"}, {"value": "bare"}],
        "code": {"coding": [{"system": "urn:a", "code": "x"}, {"system": "urn:b", "code": "y"}, {"code": "z"}]},
        "meta": {"tag": [{"system": "urn:t", "code": "red"}], "profile": ["http://p/a|2"]}
    });
    check(
        &task,
        &[
            "status=requested",
            "status=draft,requested",
            "status=|requested",
            "status=http://hl7.org/fhir/task-status|requested",
            "status=http://hl7.org/fhir/task-status|",
            "status:not=draft",
            "status:missing=false",
            "intent=order",
            "intent=|order",
            "intent=http://hl7.org/fhir/request-intent|order,x",
            "intent:not=plan",
            "code=x",
            "code=urn:a|x",
            "code=urn:b|",
            "code=|z",
            "code=urn:a|x,urn:q|y",
            "code:not=q",
            "identifier=urn:s|A%5C|1",
            "identifier=A%5C|1",
            "identifier=|bare",
            "identifier=urn:s|",
            "business-status:missing=true",
            "business-status:not=x",
            "_tag=red",
            "_tag=urn:t|red",
            "_id=t",
            "_id=q,t",
            "_profile=http://p/a",
            "_profile=http://p/a|2",
            "_profile:below=http://p",
            "_id:missing=false",
            "code=x&code=y",
            "code=",
            "code=,q,x",
        ],
        &[
            "status=Requested",
            "status:not=requested",
            "status:not=draft,requested",
            "status=urn:x|requested",
            "status:missing=true",
            "status:not=http://hl7.org/fhir/task-status|",
            "intent=plan",
            "intent:not=order",
            "code=urn:a|y",
            "code=|x",
            "code=X",
            "code:not=x,q",
            "code:missing=true",
            "identifier=a%5C|1",
            "identifier=|A%5C|1",
            "identifier=urn:s|bare",
            "business-status:missing=false",
            "_tag=blue",
            "_id=T",
            "_id:missing=true",
            "_profile=http://p/a|3",
            "_profile=http://p",
            "_profile:below=http://p/ab",
            "code=x&code=q",
        ],
    );
    let patient = json!({
        "resourceType": "Patient", "active": true, "gender": "female",
        "telecom": [{"system": "email", "value": "Ann@Example.org"}, {"system": "phone", "value": "01 23"}]
    });
    check(
        &patient,
        &[
            "active=true",
            "gender=female",
            "email=ann@example.org",
            "telecom=ANN@example.org",
            "phone=01 23",
            "deceased=false",
            "language:missing=true",
        ],
        &["active=false", "active:not=true", "gender=Female", "email=01 23", "deceased=true"],
    );
    check(
        &json!({"resourceType": "Patient", "deceasedDateTime": "2026-01-01"}),
        &["deceased=true", "death-date=2026"],
        &["deceased=false"],
    );
}

#[test]
fn references() {
    let task = json!({
        "resourceType": "Task", "id": "t", "status": "requested", "for": {"reference": "Patient/p"},
        "owner": {"reference": "Organization/o/_history/2", "identifier": {"system": "urn:ods", "value": "RX1"}},
        "requester": {"reference": "http://there/fhir/Practitioner/1"}, "focus": {"reference": "#c"},
        "basedOn": [{"reference": "http://here/fhir/CarePlan/1"}, {"reference": "urn:uuid:7"}]
    });
    check(
        &task,
        &[
            "patient=p",
            "patient=Patient/p",
            "patient=http://here/fhir/Patient/p",
            "subject:Patient=p",
            "subject=p",
            "owner=o",
            "owner=q,Organization/o",
            "owner:identifier=urn:ods|RX1",
            "owner:identifier=RX1",
            "owner:not=Organization/q",
            "requester=http://there/fhir/Practitioner/1",
            "focus:missing=false",
            "owner:missing=false",
            "requester:missing=false",
            "based-on=CarePlan/1",
            "based-on=urn:uuid:7",
            "part-of:missing=true",
            "part-of:not=Task/1",
        ],
        &[
            "patient=q",
            "patient=Group/p",
            "subject:Group=p",
            "owner=Practitioner/o",
            "owner:not=o",
            "owner:identifier=|RX1",
            "requester=Practitioner/1",
            "focus=Task/c",
            "focus:missing=true",
            "owner:missing=true",
            "based-on=1,Task/2&based-on=Task/1",
            "part-of:missing=false",
        ],
    );
    let instance = json!({"resourceType": "CarePlan", "instantiatesCanonical": ["http://x/a|2"]});
    check(
        &instance,
        &["instantiates-canonical=http://x/a", "instantiates-canonical=http://x/a|2"],
        &["instantiates-canonical=http://x/a|3"],
    );
}

#[test]
fn strings() {
    let patient =
        json!({"resourceType": "Patient", "name": [{"family": "Núñez-Łoś", "given": ["José  María"]}]});
    check(
        &patient,
        &[
            "name=nunez",
            "name=LOS",
            "name=jose maria",
            "name=maria",
            "name=los",
            "name=x,JOSÉ",
            "name:contains=aria",
            "name:exact=Núñez-Łoś",
            "family=núñez",
            "name:missing=false",
            "address:missing=true",
        ],
        &[
            "name=aria",
            "name:exact=María",
            "name:exact=nunez-los",
            "name:exact=Łoś",
            "given=nunez",
            "name=%25",
            "name=_",
            "name:contains=*",
            "name:missing=true",
            "address=x",
        ],
    );
}

#[test]
fn chains_are_not_decided_here() {
    let options = options();
    let task = Resource::new(json!({"resourceType": "Task", "id": "t"})).unwrap();
    let rows = index(&task, &options.base, &options.zone);
    for query in ["patient.name=x", "_has:Provenance:target:agent=x"] {
        let query = parse(ResourceType::TASK, &decode_pairs(query).unwrap(), &options).unwrap();
        assert_eq!(matches(&query.criteria[0], &rows, task.key().unwrap(), 0), None);
    }
}

prop_compose! {
    fn task()(
        status in "draft|requested|accepted|completed",
        codes in prop::collection::vec(("[ab]", "[xyz]"), 0..3),
        owner in prop::option::of("[12]"),
        foreign in any::<bool>(),
        day in prop::option::of(1_u32..29),
    ) -> (Value, String, Vec<(String, String)>, Option<String>, Option<u32>) {
        let mut task = json!({"resourceType": "Task", "id": "t", "status": status});
        if !codes.is_empty() {
            let codings: Vec<_> = codes.iter().map(|(system, code)| json!({"system": system, "code": code})).collect();
            task["code"] = json!({"coding": codings});
        }
        let owner = owner.map(|id| if foreign { format!("http://there/Organization/{id}") } else { format!("Organization/{id}") });
        if let Some(owner) = &owner {
            task["owner"] = json!({"reference": owner});
        }
        if let Some(day) = day {
            task["authoredOn"] = json!(format!("2026-02-{day:02}"));
        }
        (task, status, codes, owner, day)
    }
}

proptest! {
    #[test]
    fn a_task_is_found_by_what_it_says_and_by_nothing_else(
        (task, status, codes, owner, day) in task(),
        asked in "draft|requested|accepted|completed", system in "[ab]", code in "[xyz]", id in "[12]", on in 1_u32..29,
    ) {
        let has_code = codes.iter().any(|(_, c)| *c == code);
        let local = format!("Organization/{id}");
        let foreign = format!("http://there/Organization/{id}");
        let day = day.unwrap_or_default();
        for (query, expect) in [
            (format!("status={asked}"), status == asked),
            (format!("status:not={asked}"), status != asked),
            (format!("code={code}"), has_code),
            (format!("code:not={code}"), !has_code),
            (format!("code={system}|{code}"), codes.contains(&(system.clone(), code.clone()))),
            (format!("code={system}|"), codes.iter().any(|(s, _)| *s == system)),
            (format!("code=|{code}"), false),
            ("code:missing=true".to_owned(), codes.is_empty()),
            (format!("owner={local}"), owner.as_deref() == Some(&local)),
            (format!("owner={foreign},{local}"), owner.as_deref() == Some(&local) || owner.as_deref() == Some(&foreign)),
            (format!("owner:not={id}"), owner.as_deref() != Some(&local)),
            ("owner:missing=true".to_owned(), owner.is_none()),
            (format!("authored-on=2026-02-{on:02}"), day == on),
            (format!("authored-on=ge2026-02-{on:02}"), day >= on),
            (format!("authored-on=lt2026-02-{on:02}"), day != 0 && day < on),
            (format!("authored-on=ne2026-02-{on:02}"), day != 0 && day != on),
            ("authored-on:missing=false".to_owned(), day != 0),
        ] {
            prop_assert_eq!(found(&task, &query), expect, "{} on {}", query, task);
        }
    }
}

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

#[test]
fn the_texts_and_types_of_tokens() {
    let task = json!({
        "resourceType": "Task", "intent": "order",
        "code": {"coding": [{"system": "urn:s", "code": "1", "display": "Reablement at home"}], "text": "Helping Réne"},
        "identifier": [
            {"type": {"coding": [{"system": "urn:t", "code": "MR"}], "text": "Medical record"}, "system": "urn:m", "value": "7"},
            {"system": "urn:m", "value": "8"}
        ]
    });
    check(
        &task,
        &[
            "code:text=reab",
            "code:text=HOME",
            "code:text=at home",
            "code:text=rene",
            "code:text=nothing,help",
            "identifier:text=record",
            "identifier:of-type=urn:t|MR|7",
            "identifier:of-type=urn:t|XX|7,urn:t|MR|7",
        ],
        &[
            "code:text=blement",
            "code:text=1",
            "code:text=%25",
            "identifier:of-type=urn:t|MR|8",
            "business-status:text=home",
        ],
    );
}

#[test]
fn uris_above() {
    let value_set = json!({"resourceType": "ValueSet", "url": "http://a.example/fhir/set"});
    check(
        &value_set,
        &[
            "url:above=http://a.example/fhir/set",
            "url:above=http://a.example/fhir/set/",
            "url:above=http://a.example/fhir/set/x/y",
        ],
        &[
            "url:above=http://a.example/fhir",
            "url:above=http://a.example/fhir/settle",
            "url:above=http://b.example/fhir/set/x",
        ],
    );
}

#[test]
fn codes_by_what_is_known_of_them() {
    let roles = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    let patient = json!({
        "resourceType": "Patient", "gender": "female",
        "contact": [{"relationship": [{"coding": [{"system": roles, "code": "NMTH"}]}]}],
        "maritalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M"}]}
    });
    check(
        &patient,
        &[
            "gender:in=http://hl7.org/fhir/ValueSet/administrative-gender",
            "gender:below=http://hl7.org/fhir/administrative-gender|female",
        ],
        &[
            "gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender",
            "gender:in=http://hl7.org/fhir/ValueSet/task-status",
        ],
    );
    let related = json!({"resourceType": "RelatedPerson", "relationship": [{"coding": [{"system": roles, "code": "NMTH"}]}]});
    let query = |modifier: &str, code: &str| format!("relationship:{modifier}={roles}|{code}");
    for (modifier, code, expect) in [
        ("below", "MTH", true),
        ("below", "PRN", true),
        ("below", "NMTH", true),
        ("below", "FTH", false),
        ("above", "NMTH", true),
        ("above", "MTH", false),
    ] {
        assert_eq!(found(&related, &query(modifier, code)), expect, "{modifier} {code}");
    }
    let options = options();
    let task = json!({"resourceType": "Task", "status": "draft"});
    check(
        &task,
        &[
            "status:in=http://hl7.org/fhir/ValueSet/task-status",
            "code:not-in=http://hl7.org/fhir/ValueSet/task-code",
        ],
        &["status:not-in=http://hl7.org/fhir/ValueSet/task-status"],
    );
    for bad in [
        "code:in=http://x.example/unknown",
        "code:below=1",
        "code:below=http://snomed.info/sct|1",
        "code:in=",
    ] {
        let pairs = decode_pairs(bad).unwrap();
        let refused = parse(ResourceType::TASK, &pairs, &options);
        assert!(refused.is_err() || bad.ends_with('='), "{bad}");
    }
}
