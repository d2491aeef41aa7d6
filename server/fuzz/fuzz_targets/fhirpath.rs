//! FHIRPath: every text is an expression or is refused, and every expression comes to an end on a resource.
#![no_main]

use std::sync::LazyLock;

use fhir::Resource;
use fhirpath::{Context, Expression};
use libfuzzer_sys::fuzz_target;

static RESOURCE: LazyLock<Resource> = LazyLock::new(|| {
    let text = br#"{"resourceType": "Patient", "id": "p", "active": true, "birthDate": "1941-05-17",
        "identifier": [{"system": "urn:s", "value": "1"}, {"value": "2"}],
        "name": [{"family": "Ackroyd", "given": ["Ann", "Jos"], "period": {"start": "2001"}}],
        "contact": [{"name": {"family": "B"}}], "multipleBirthInteger": 2,
        "contained": [{"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
            "valueQuantity": {"value": 5.40, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]}"#;
    fhir::json::object(text).expect("it is a resource")
});

fuzz_target!(|text: &str| {
    if let Ok(expression) = Expression::parse(text) {
        let _ = expression.evaluate(&Context::of_resource(&RESOURCE));
        let _ = expression.truth(&Context::of_nothing());
    }
});
