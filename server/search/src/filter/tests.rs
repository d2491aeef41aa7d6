//! Filters on resources in memory; that the store decides them alike is tested with the store.

use fhir::{Cause, IssueType, Key, Resource, ResourceType, primitive::date::london};
use serde_json::{Value, json};

use super::*;
use crate::{index, matches};

fn parsed(resource_type: &str, text: &str) -> Result<Criterion, Error> {
    let options = Options::new("http://here/fhir", london().clone());
    criterion(ResourceType::find(resource_type).unwrap(), text, &options).map_err(Refusal::into_error)
}

fn check(resource: &Value, finds: &[&str], misses: &[&str]) {
    let resource = Resource::new(resource.clone()).unwrap();
    let rows = index(&resource, "http://here/fhir", london());
    let key = Key::of_resource(resource.resource_type(), resource.id().unwrap_or("x"));
    let found = |text: &str| {
        let criterion =
            parsed(resource.resource_type().name(), text).unwrap_or_else(|e| panic!("{text}: {e}"));
        matches(&criterion, &rows, key, 1_767_312_000_120_456).unwrap()
    };
    for text in finds {
        assert!(found(text), "{text} should find {:?}", resource.value());
    }
    for text in misses {
        assert!(!found(text), "{text} should not find {:?}", resource.value());
    }
}

#[test]
fn texts() {
    check(
        &json!({"resourceType": "Patient", "name": [{"family": "O'Neill-Smith", "given": ["Ann", "José María"]}]}),
        &[
            r#"name co "neill""#,
            "family eq ONEILL-smith",
            r#"given eq "jose maria""#,
            "given ne ann",
            "family sw one",
            "family sw smith",
            "family ew smith",
            "name ew maría",
            "family gt o",
            "family ge \"oneill smith\"",
            "family lt p",
            "family le oo",
            "address pr false",
            "family pr true",
            r#"given co "a,b" or name co ann"#,
        ],
        &[
            "family eq neill",
            "family eq smith",
            "given eq jose",
            "family ne \"O'Neill Smith\"",
            "family ew neill",
            "family lt o",
            "family gt p",
            "address ne x",
            "address pr true",
            "name co %",
            r#"given co "ann,x""#,
        ],
    );
}

#[test]
fn tokens_and_references() {
    let task = json!({
        "resourceType": "Task", "id": "t", "status": "requested", "intent": "order",
        "code": {"coding": [{"system": "http://loinc.org", "code": "1,2"}, {"system": "urn:s", "code": "a|b"}]},
        "owner": {"reference": "Organization/o"}, "requester": {"reference": "http://there/fhir/Practitioner/1"}
    });
    check(
        &task,
        &[
            "_id eq t",
            "_id ne u",
            "_id pr true",
            "status eq requested",
            "status ne draft",
            "status eq http://hl7.org/fhir/task-status|requested",
            "status in http://hl7.org/fhir/ValueSet/task-status",
            "status ni http://hl7.org/fhir/ValueSet/request-status",
            "code eq loinc|1,2",
            "code eq http://loinc.org|1,2",
            r"code eq a\|b",
            "code eq urn:s|",
            "business-status pr false",
            "owner re Organization/o",
            "owner eq o",
            "owner re http://here/fhir/Organization/o",
            "owner ne Organization/p",
            "requester re http://there/fhir/Practitioner/1",
            "requester ne Practitioner/1",
            "not(business-status eq x)",
            "status eq draft or status eq requested and intent eq order",
        ],
        &[
            "_id eq u",
            "_id pr false",
            "status eq Requested",
            "status ne requested",
            "status ni http://hl7.org/fhir/ValueSet/task-status",
            "code eq 1",
            "code eq 2",
            "code eq snomed|1,2",
            "business-status ne x",
            "owner ne o",
            "focus ne Task/1",
            "not(status eq requested)",
            "status eq requested or status eq draft and intent eq plan",
        ],
    );
    let roles = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    let related = json!({"resourceType": "RelatedPerson", "relationship": [{"coding": [{"system": roles, "code": "NMTH"}]}]});
    check(
        &related,
        &[&format!("relationship ss {roles}|PRN"), &format!("relationship sb {roles}|NMTH")],
        &[&format!("relationship sb {roles}|MTH"), &format!("relationship ss {roles}|FTH")],
    );
    check(
        &json!({"resourceType": "ValueSet", "url": "http://a.example/Sets/x,y"}),
        &[
            "url eq http://a.example/Sets/x,y",
            "url sw http://a.example",
            "url co Sets",
            "url ew x,y",
            "url ne http://b",
        ],
        &["url eq http://a.example/Sets/x", "url co sets", "url ne http://a.example/Sets/x,y"],
    );
}

#[test]
fn dates_and_numbers() {
    check(
        &json!({"resourceType": "Encounter", "period": {"start": "2026-01-10", "end": "2026-01-20"}}),
        &[
            "date po 2026-01-20T10:00:00Z",
            "date po 2026-01",
            "date eq 2026",
            "date ge 2026-01-20",
            "date sa 2026-01-09",
            "date eb 2026-01-21",
            "date ap 2026-01-15",
            "_lastUpdated po 2026-01",
            "_lastUpdated lt 2027",
        ],
        &["date po 2026-01-21", "date eq 2026-01-10", "date sa 2026-01-10", "date ne 2026", "date lt 2026"],
    );
    let observation = json!({"resourceType": "Observation", "code": {"coding": [{"code": "c"}]}, "valueQuantity": {
        "value": 5.4, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"
    }});
    check(
        &observation,
        &[
            "value-quantity eq 5.4",
            "value-quantity gt 5.3|ucum|mmol/L",
            "value-quantity lt 5.5||mmol/L",
            "value-quantity ne 7",
            "value-quantity ap 5.5",
            "value-quantity pr true",
            "code-value-quantity eq c$5.4",
        ],
        &[
            "value-quantity gt 5.4",
            "value-quantity eq 5.4||mg",
            "value-quantity pr false",
            "code-value-quantity eq c$7",
        ],
    );
    check(
        &json!({"resourceType": "RiskAssessment", "prediction": [{"probabilityDecimal": 0.7}]}),
        &["probability ge 0.7", "probability sa 0.6"],
        &["probability gt 0.7"],
    );
}

#[test]
fn chains_are_made() {
    let criterion = parsed("Observation", r#"subject:Patient.organization.name co "x""#).unwrap();
    let Criterion::Chain { links, .. } = criterion else { panic!() };
    assert!(
        matches!(&*links[0].1, Criterion::Chain { links, .. } if matches!(&*links[0].1, Criterion::Text { .. }))
    );
    let filtered =
        parsed("Observation", "subject:Patient[active eq true and gender eq female].name co x").unwrap();
    let Criterion::Chain { links, .. } = filtered else { panic!() };
    assert!(matches!(&*links[0].1, Criterion::All(parts) if parts.len() == 2));
    let has = parsed("Patient", "not(_has:Task:patient:status eq draft)").unwrap();
    assert!(matches!(has, Criterion::Not(inner) if matches!(&*inner, Criterion::Has { .. })));
    assert!(parsed("Patient", "_has:Task:patient:_has:Provenance:target:agent re Practitioner/1").is_ok());
}

#[test]
fn what_is_refused_says_where() {
    let check = |resource_type: &str, text: &str, at: usize, code: IssueType| {
        let error = parsed(resource_type, text).expect_err(text);
        assert_eq!(error.cause().status(), 400, "{text}");
        let issue = &error.issues()[0];
        assert_eq!(issue.code, code, "{text}: {}", issue.diagnostics);
        let place = format!("at character {at}:");
        assert!(issue.diagnostics.contains(&place), "{text}: {}", issue.diagnostics);
        assert_eq!(issue.diagnostics.matches("character").count(), 1, "{}", issue.diagnostics);
    };
    for (resource_type, text, at, code) in [
        ("Task", "nothing eq 1", 1, IssueType::NotSupported),
        ("Task", "status eq draft and nothing eq 1", 21, IssueType::NotSupported),
        ("Task", "status co draft", 1, IssueType::NotSupported),
        ("Task", "patient.status eq x", 1, IssueType::NotSupported),
        ("Task", "status.name eq x", 1, IssueType::Invalid),
        ("Task", "patient[nothing eq 1].name eq x", 9, IssueType::NotSupported),
        ("Task", "patient.birthdate eq x", 1, IssueType::Invalid),
        ("Task", "authored-on eq ge2026", 1, IssueType::Invalid),
        ("Task", "authored-on gt \"\"", 1, IssueType::Invalid),
        ("Task", "status pr maybe", 1, IssueType::Invalid),
        ("Task", "code in http://x.example/none", 1, IssueType::NotFound),
        ("Task", "status eq a|b|c", 1, IssueType::Invalid),
        ("Task", "status:not eq draft", 1, IssueType::NotSupported),
        ("Patient", "name co \"'\"", 1, IssueType::Invalid),
        ("Patient", "_has:Task:encounter:status eq x", 1, IssueType::Invalid),
        ("Patient", "organization.partof.partof.partof.name eq x", 1, IssueType::TooCostly),
        ("Patient", "_list eq 1", 1, IssueType::NotSupported),
        ("Patient", "_filter eq 1", 1, IssueType::NotSupported),
        ("Patient", "_text eq 1", 1, IssueType::NotSupported),
    ] {
        check(resource_type, text, at, code);
    }
    assert_eq!(check_cost("_id eq 1 or _id eq 2", 301).unwrap_err().into_error().cause(), Cause::TooCostly);
    assert!(check_cost("_id eq 1 or _id eq 2", 300).is_ok());
    assert_eq!(value_sets("code in a and not(owner[type ni b].name eq c)"), ["a", "b"]);
}
