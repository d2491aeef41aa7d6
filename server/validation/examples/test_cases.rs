//! What the validation says of HL7's test cases for validators, as the oracle prepared them: the name, a tab, and the findings with
//! U+001F between them, each begun with its severity. A case that brings definitions has a process of its own, because
//! definitions are loaded once.
//! `cargo run -p validation --example test_cases -- CASES.tsv [NAME]`

use std::{collections::HashSet, env, error::Error, fs, process::Command};

use canonical::definitions;
use fhir::{Resource, Severity};
use validation::{Finding, Settings, validate, validate_against};

/// A line of the file.
struct Case<'l> {
    name: &'l str,
    resource: &'l str,
    /// The profile that it is held to, if any.
    profile: &'l str,
    definitions: Vec<&'l str>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("which file?")?;
    let wanted = env::args().nth(2);
    let lines = fs::read_to_string(&file)?;
    for case in lines.lines().filter_map(read) {
        let is_wanted = wanted.as_deref().is_none_or(|name| name == case.name);
        if !is_wanted {
            continue;
        }
        if wanted.is_none() && !case.definitions.is_empty() {
            let said = Command::new(env::current_exe()?).args([&file, case.name]).output()?;
            if !said.status.success() {
                return Err(format!("{}: {}", case.name, String::from_utf8_lossy(&said.stderr)).into());
            }
            print!("{}", String::from_utf8_lossy(&said.stdout));
            continue;
        }
        println!("{}\t{}", case.name, findings(&case).join("\u{1f}").replace(['\n', '\r', '\t'], " "));
    }
    Ok(())
}

fn read(line: &str) -> Option<Case<'_>> {
    let mut columns = line.split('\t');
    let (name, resource, profile) = (columns.next()?, columns.next()?, columns.next()?);
    let definitions = columns.next()?.split('\u{1f}').filter(|file| !file.is_empty()).collect();
    Some(Case { name, resource, profile, definitions })
}

fn findings(case: &Case<'_>) -> Vec<String> {
    let read = |file: &&str| fs::read_to_string(file).map_err(|e| format!("{file}: {e}"));
    let resources = match case.definitions.iter().map(read).collect() {
        Ok(resources) => resources,
        Err(reason) => return vec![format!("left out: {reason}")],
    };
    if !case.definitions.is_empty()
        && let Err(reason) = canonical::add_packages(resources)
    {
        return vec![format!("left out: {reason}")];
    }
    let resource = match resource(case.resource) {
        Ok(resource) => resource,
        Err(error) => {
            return error
                .issues()
                .iter()
                .map(|issue| format!("error {} {}", issue.expression.join(" "), issue.diagnostics))
                .collect();
        }
    };
    let settings = Settings { required_profiles: HashSet::new() };
    let mut found = validate(&resource, &settings);
    if !case.profile.is_empty() {
        match definitions().profile(case.profile) {
            Some(profile) => found.extend(validate_against(&resource, &[profile], &settings)),
            None => return vec![format!("left out: {} is not held", case.profile)],
        }
    }
    found.iter().map(said).collect()
}

fn resource(file: &str) -> Result<Resource, fhir::Error> {
    let bytes = fs::read(file).unwrap_or_default();
    let value =
        if file.ends_with(".xml") { fhir::xml::from_xml(&bytes)? } else { fhir::json::parse(&bytes)? };
    Resource::new(value)
}

fn said(finding: &Finding) -> String {
    let severity = if finding.issue.severity >= Severity::Error { "error" } else { "warning" };
    format!("{severity} {} {}", finding.issue.expression.join(" "), finding.issue.diagnostics)
}
