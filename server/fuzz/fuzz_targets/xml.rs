//! The XML reader: what it reads it can write.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = fhir::xml::from_xml(bytes) {
        let _ = fhir::xml::to_xml(&value);
    }
});
