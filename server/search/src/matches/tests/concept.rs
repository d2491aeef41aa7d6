//! Codes by what is known of them.

use super::*;

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
