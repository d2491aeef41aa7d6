//! Uris.

use super::*;

#[test]
fn uris_above() {
    let value_set = json!({"resourceType": "ValueSet", "url": "http://a.example/fhir/set"});
    check(
        &value_set,
        &[
            "url:above=http://a.example/fhir/set",
            "url:above=http://a.example/fhir/set/",
            "url:above=http://a.example/fhir/set/x/y",
        ],
        &[
            "url:above=http://a.example/fhir",
            "url:above=http://a.example/fhir/settle",
            "url:above=http://b.example/fhir/set/x",
        ],
    );
}
