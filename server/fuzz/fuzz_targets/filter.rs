//! `_filter`: every text is understood or refused with a sentence, and what is understood can be decided in memory.
#![no_main]

use fhir::{Key, ResourceType, primitive::date::london};
use libfuzzer_sys::fuzz_target;
use search::{IndexRows, Options};

fuzz_target!(|text: &str| {
    let options = Options::new("http://here/fhir", london().clone());
    for resource_type in [ResourceType::TASK, ResourceType::PATIENT] {
        match search::parse(resource_type, &[("_filter".to_owned(), text.to_owned())], &options) {
            Ok(query) => {
                for criterion in &query.criteria {
                    let key = Key::of_resource(resource_type, "x");
                    let _ = search::matches(criterion, &IndexRows::default(), key, 0);
                }
            }
            Err(error) => assert_eq!(error.cause().status(), 400),
        }
    }
});
