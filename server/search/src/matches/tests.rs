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
            "name=x,JOSÉ",
            "name:contains=aria",
            "name:exact=Núñez-Łoś",
            "family=núñez",
            "name:missing=false",
            "address:missing=true",
        ],
        &[
            "name=maria",
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
