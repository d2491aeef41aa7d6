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

#[test]
fn versions_of_canonicals() {
    let plan =
        json!({"resourceType": "CarePlan", "instantiatesCanonical": ["http://x/a|2.1.3", "http://x/b"]});
    check(
        &plan,
        &[
            "instantiates-canonical:below=http://x/a|2",
            "instantiates-canonical:below=http://x/a|2.1",
            "instantiates-canonical:below=http://x/a|2.1.3",
            "instantiates-canonical:above=http://x/a|2.1.3.4",
        ],
        &[
            "instantiates-canonical:below=http://x/a|2.1.3.4",
            "instantiates-canonical:below=http://x/a|3",
            "instantiates-canonical:below=http://x/b|2",
            "instantiates-canonical:above=http://x/a|2.1",
            "instantiates-canonical=http://x/a|2",
        ],
    );
}

#[test]
fn hierarchies() {
    let criterion = |resource_type: &str, query: &str| {
        let resource_type = ResourceType::find(resource_type).unwrap();
        parse(resource_type, &decode_pairs(query).unwrap(), &options()).map(|query| query.criteria)
    };
    for (resource_type, query) in [
        ("Location", "partof:below=1"),
        ("Location", "partof:above=Location/1"),
        ("Patient", "organization:below=http://here/fhir/Organization/1,2"),
        ("Procedure", "location:below=A101"),
        ("Task", "owner:below=Organization/1"),
    ] {
        let criteria = criterion(resource_type, query).unwrap();
        assert!(matches!(&criteria[..], [Criterion::Hierarchy { .. }]), "{query}: {criteria:?}");
        let resource = Resource::new(json!({"resourceType": resource_type, "id": "x"})).unwrap();
        let rows = index(&resource, "http://here/fhir", london());
        assert_eq!(matches(&criteria[0], &rows, resource.key().unwrap(), 0), None);
    }
    for (resource_type, query) in [
        ("Task", "owner:below=Practitioner/1"),
        ("Task", "owner:below=http://there/fhir/Organization/1"),
        ("CarePlan", "instantiates-canonical:below=http://x/a"),
        ("Patient", "link:above=1"),
    ] {
        assert!(criterion(resource_type, query).is_err(), "{query}");
    }
}
