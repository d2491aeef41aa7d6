//! Tokens.

use super::*;

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
