//! Resources that were damaged at random: whatever arrives, the validation answers. The damage is made from a seed, so that
//! every run does the same; `VALIDATION_MUTATIONS` names how many resources, and with `FHIR_R4_EXAMPLES` HL7's examples take
//! part too.

use std::{env, fs, panic, path::Path};

use fhir::Resource;
use serde_json::Value;

use super::damage::{Numbers, damage};
use crate::{Settings, validate};

/// How many resources without `VALIDATION_MUTATIONS`.
const FEW: u64 = 3000;
/// Larger examples would take most of the time.
const MOST_BYTES: usize = 40_000;

fn read(folder: &Path, found: &mut Vec<Value>) {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let text = fs::read(path).unwrap();
        let value = serde_json::from_slice::<Value>(&text).ok().filter(|_| text.len() < MOST_BYTES);
        found.extend(value.filter(|value| value.get("resourceType").is_some()));
    }
}

fn examples() -> Vec<Value> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/examples");
    let mut found = Vec::new();
    for folder in ["valid", "invalid"] {
        read(&own.join(folder), &mut found);
    }
    if let Ok(folder) = env::var("FHIR_R4_EXAMPLES") {
        read(Path::new(&folder), &mut found);
    }
    assert!(found.len() > 10, "{}", found.len());
    found
}

#[test]
fn whatever_arrives_is_answered() {
    let count = env::var("VALIDATION_MUTATIONS").map_or(FEW, |count| count.parse().unwrap());
    let examples = examples();
    let settings = Settings::default();
    let (mut understood, mut refused) = (0, 0);
    for seed in 0..count {
        let mut numbers = Numbers(seed);
        let mut value = examples[numbers.below(examples.len())].clone();
        for _ in 0..=numbers.below(4) {
            damage(&mut value, &examples, &mut numbers);
        }
        let text = value.to_string();
        let answered = panic::catch_unwind(|| {
            // What the parser lets through, and what it would not: the crate is safe by itself.
            let parsed = fhir::json::parse(text.as_bytes()).is_ok();
            let resource = Resource::new(value.clone());
            resource.ok().map(|resource| (parsed, validate(&resource, &settings)))
        });
        match answered {
            Ok(Some((_, findings))) => {
                understood += 1;
                refused += usize::from(findings.iter().any(|finding| finding.issue.is_error()));
                assert!(findings.iter().all(|f| !f.issue.expression.is_empty()), "seed {seed}");
            }
            Ok(None) => {}
            Err(_) => panic!("seed {seed}: {text}"),
        }
    }
    println!("{understood} of {count} are resources, and {refused} of these are refused");
    assert!(refused * 2 > understood && understood * 2 > count as usize, "{understood} {refused}");
}
