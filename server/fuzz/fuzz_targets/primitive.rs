//! References, dates, instants, ids, numbers and units.
#![no_main]

use fhir::{Id, Instant, Reference, primitive::date};
use fhirpath::{Decimal, Measure};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Reference::parse(text, "http://here/fhir");
    let _ = Id::parse(text);
    if let Some(interval) = date::interval(text, date::london()) {
        assert!(interval.low <= interval.high, "{text}");
    }
    if let Some(instant) = Instant::parse(text) {
        // It is shown in milliseconds.
        let shown = instant.to_string();
        assert_eq!(Instant::parse(&shown).map(|again| again.to_string()), Some(shown), "{text}");
    }
    if let Some(number) = Decimal::parse(text) {
        assert_eq!(Decimal::parse(&number.to_string()), Some(number), "{text}");
        if let Some(measure) = Measure::parse("mm[Hg]") {
            let _ = measure.in_base_units(number);
        }
    }
    let _ = Measure::parse(text);
});
