//! The query parser: every query is understood or refused with a sentence, and can be decided in memory.
#![no_main]

use fhir::{Key, ResourceType, primitive::date::london};
use libfuzzer_sys::fuzz_target;
use search::{IndexRows, Options};

const TYPES: [ResourceType; 4] =
    [ResourceType::TASK, ResourceType::PATIENT, ResourceType::SERVICE_REQUEST, ResourceType::LOCATION];

fuzz_target!(|text: &str| {
    let options = Options::new("http://here/fhir", london().clone());
    let key = Key::of_resource(ResourceType::TASK, "t");
    let _ = search::parse_filter(ResourceType::TASK, text, &options);
    let Ok(pairs) = search::decode_pairs(text) else { return };
    let _ = search::value_sets(&pairs);
    for resource_type in TYPES {
        match search::parse(resource_type, &pairs, &options) {
            Ok(query) => {
                for criterion in &query.criteria {
                    let _ = search::matches(criterion, &IndexRows::default(), key, 0);
                }
            }
            Err(error) => assert!(error.cause().status() == 400 && !error.issues().is_empty()),
        }
    }
    let _ = search::parse_system(TYPES.to_vec(), &pairs, &options);
});
