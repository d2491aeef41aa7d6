//! HL7's own examples, <https://hl7.org/fhir/R4/downloads.html>: the folder with their JSON files is named by the variable
//! `FHIR_R4_EXAMPLES`. They are not part of this project.

use std::{collections::HashSet, fs, path::PathBuf, time::Instant};

use fhir::Resource;

use crate::{Settings, validate};

/// Definitions, not examples of use.
const DEFINITIONS: &[&str] = &[
    "CapabilityStatement",
    "CodeSystem",
    "CompartmentDefinition",
    "ConceptMap",
    "ImplementationGuide",
    "NamingSystem",
    "OperationDefinition",
    "SearchParameter",
    "StructureDefinition",
    "StructureMap",
    "ValueSet",
];

#[test]
#[ignore = "needs the folder of HL7's examples in FHIR_R4_EXAMPLES"]
fn the_published_examples_are_valid() {
    let folder = std::env::var("FHIR_R4_EXAMPLES").expect("FHIR_R4_EXAMPLES names the folder");
    let settings = Settings { required_profiles: HashSet::new() };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut seen, mut refused, mut bytes, mut time) = (0, 0, 0, std::time::Duration::ZERO);
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let text = fs::read(file).unwrap();
        let Ok(resource) =
            serde_json::from_slice(&text).map_err(|_| ()).and_then(|v| Resource::new(v).map_err(|_| ()))
        else {
            continue;
        };
        let name = resource.resource_type().name();
        let file_name = file.file_name().unwrap().to_string_lossy();
        if DEFINITIONS.contains(&name) || !file_name.starts_with(name) {
            continue;
        }
        seen += 1;
        bytes += text.len();
        let start = Instant::now();
        let findings = validate(&resource, &settings);
        time += start.elapsed();
        let errors: Vec<_> = findings.iter().filter(|finding| finding.issue.is_error()).collect();
        if !errors.is_empty() {
            refused += 1;
            println!("{file_name}: {} errors", errors.len());
            for error in errors.iter().take(3) {
                println!(
                    "    {:?} {:?} {} {}",
                    error.cause, error.issue.code, error.issue.expression[0], error.issue.diagnostics
                );
            }
        }
    }
    println!("{refused} of {seen} refused; {bytes} bytes in {time:?}");
    assert!(seen > 0 && refused * 20 < seen, "more than one in twenty is refused");
}
