//! The JSON parser: what it reads it can write and read again, digit by digit, and index.
#![no_main]

use fhir::primitive::date::london;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = fhir::json::parse(bytes) else { return };
    let text = fhir::json::to_string(&value);
    assert_eq!(fhir::json::parse(text.as_bytes()).ok().as_ref(), Some(&value));
    if let Ok(resource) = fhir::Resource::new(value) {
        let _ = search::index(&resource, "http://here/fhir", london());
        let _ = resource.references("http://here/fhir");
    }
});
