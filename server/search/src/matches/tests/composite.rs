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
