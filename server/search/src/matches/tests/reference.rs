//! References.

use super::*;

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
