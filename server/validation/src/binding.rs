//! Codes against the value sets that elements are bound to, <https://hl7.org/fhir/R4/terminologies.html#strength>.
//!
//! Value sets that are held in full are asked first, then all terminology that is held. A code that nothing here can tell is
//! taken as it is.

use canonical::{Binding, Strength, ValueSet, definitions, split_version, terminology::terminology};
use fhir::{Cause, Issue, IssueType, Map, Severity, Value};

use crate::{
    expression::At,
    report::{Report, short},
};

/// How many allowed codes a message names.
const NAMED: usize = 10;

/// Reports a value that its binding does not allow: an error when it is required, a warning when it is extensible, a note
/// when it is preferred.
/// `type_name` is FHIR's type of the value; those that carry no code are left alone.
pub(crate) fn check(value: &Value, type_name: &str, binding: &Binding, at: &At<'_>, report: &mut Report) {
    // Only what is required has to be coded at all.
    if binding.strength == Strength::Example || (binding.strength != Strength::Required && !has_code(value)) {
        return;
    }
    let set = definitions().value_set(&binding.value_set);
    let is_in = match set {
        Some(set) => contains(set, value, type_name),
        None => is_member(&binding.value_set, value, type_name),
    };
    let Some(false) = is_in else {
        if set.is_none() {
            say_other_version(binding, at, report);
        }
        return;
    };
    let (place, received) = received(value, at);
    let advice = set.map(|set| advice(set, value)).unwrap_or_default();
    let one_of = set.map_or_else(|| "$expand lists them".to_owned(), sample);
    let (severity, text) = match binding.strength {
        Strength::Required => (
            Severity::Error,
            format!(
                "{received} is not in the required value set {}. {advice}Allowed: {one_of}.",
                binding.value_set
            ),
        ),
        strength => (
            if strength == Strength::Extensible { Severity::Warning } else { Severity::Information },
            format!(
                "{received} is not in the value set {}. {advice}Use one of its codes if one fits: {one_of}.",
                binding.value_set
            ),
        ),
    };
    let issue = Issue::new(severity, IssueType::CodeInvalid, text);
    report.add(Cause::Unprocessable, issue.at(place).by_rule("IC-TERM-01"));
}

/// Whether the value's code is in the set, for a concept whether one of its codings is; `None` when it has no code to ask for.
pub(crate) fn contains(set: &ValueSet, value: &Value, type_name: &str) -> Option<bool> {
    match type_name {
        "CodeableConcept" => Some(codings(value.as_object()?).any(|coding| has_coding(set, coding))),
        "Coding" | "Quantity" => Some(has_coding(set, value.as_object()?)),
        _ => Some(set.contains(None, value.as_str()?)),
    }
}

/// The same for a value set of which not all codes are known; `None` when that of one code cannot be told.
fn is_member(url: &str, value: &Value, type_name: &str) -> Option<bool> {
    let is_member = |system: Option<&str>, code: &str| {
        terminology().member(url, system, code).ok().map(|found| found.is_some())
    };
    let of_coding = |coding: &Map<String, Value>| {
        let system = coding.get("system")?.as_str()?;
        is_member(Some(system), coding.get("code")?.as_str()?)
    };
    match type_name {
        "CodeableConcept" => {
            let all: Option<Vec<bool>> = codings(value.as_object()?).map(of_coding).collect();
            all.filter(|all| !all.is_empty()).map(|all| all.contains(&true))
        }
        "Coding" | "Quantity" => of_coding(value.as_object()?),
        _ => is_member(None, value.as_str()?),
    }
}

/// A note that nothing was checked, because the binding names a version of its value set that is not held, and another one is.
fn say_other_version(binding: &Binding, at: &At<'_>, report: &mut Report) {
    let (url, version) = split_version(&binding.value_set);
    let (Some(asked), Some(held)) = (version, terminology().value_set(url)) else { return };
    let Some(held) = held.version.as_deref().filter(|held| *held != asked) else { return };
    let text = format!(
        "The code was not held to the value set {url}: the profile names its version '{asked}', and '{held}' is held here."
    );
    let issue = Issue::new(Severity::Information, IssueType::NotSupported, text);
    report.add(Cause::Unprocessable, issue.at(at.to_string()));
}

/// The first codes of a binding's value set, to be named in a message, when it is held and the binding is required.
pub(crate) fn allowed(binding: &Binding) -> Option<String> {
    (binding.strength == Strength::Required)
        .then(|| definitions().value_set(&binding.value_set))
        .flatten()
        .map(sample)
}

/// Whether the binding is required and its value set is held, so that it can tell a slice from others.
pub(crate) fn is_held(binding: &Binding) -> bool {
    binding.strength == Strength::Required && definitions().value_set(&binding.value_set).is_some()
}

/// Up to ten codes of the set, and how many there are when that is more.
pub(crate) fn sample(set: &ValueSet) -> String {
    let all: usize = set.codes.values().map(|codes| codes.len()).sum();
    let codes = set.sample(NAMED).join(", ");
    if all > NAMED { format!("{codes}, … ({all} in all)") } else { codes }
}

/// The Codings of a CodeableConcept.
pub(crate) fn codings(concept: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    concept.get("coding").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// Whether there is a code at all, and not only a text.
fn has_code(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.contains_key("code") || codings(members).next().is_some(),
        _ => true,
    }
}

/// A code without its system is no code of the set: two systems may use the same text for different things.
fn has_coding(set: &ValueSet, coding: &Map<String, Value>) -> bool {
    match (coding.get("system").and_then(Value::as_str), coding.get("code").and_then(Value::as_str)) {
        (Some(system), Some(code)) => set.contains(Some(system), code),
        _ => false,
    }
}

/// The most precise place of the wrong code, and the code in words.
fn received(value: &Value, at: &At<'_>) -> (String, String) {
    let Value::Object(members) = value else {
        return (at.to_string(), format!("The code '{}'", short(value.as_str().unwrap_or_default())));
    };
    let all: Vec<_> = codings(members).collect();
    match all.as_slice() {
        [] if members.contains_key("code") || members.contains_key("system") => {
            (at.member("code").to_string(), format!("The coding {}", name_of(members)))
        }
        [] => (at.to_string(), "A concept without a coding".to_owned()),
        [one] => {
            (at.item("coding", Some(0)).member("code").to_string(), format!("The coding {}", name_of(one)))
        }
        several => {
            let names: Vec<_> = several.iter().take(NAMED).map(|coding| name_of(coding)).collect();
            (at.to_string(), format!("Each of the codings {}", names.join(", ")))
        }
    }
}

/// A Coding in words: `'system|code'`.
pub(crate) fn name_of(coding: &Map<String, Value>) -> String {
    let part = |name| short(coding.get(name).and_then(Value::as_str).unwrap_or_default());
    format!("'{}|{}'", part("system"), part("code"))
}

/// A hint when the code alone would be right.
fn advice(set: &ValueSet, value: &Value) -> String {
    let Value::Object(members) = value else { return String::new() };
    let coding = codings(members).next().unwrap_or(members);
    let Some(code) = coding.get("code").and_then(Value::as_str) else { return String::new() };
    let mut systems: Vec<_> = set
        .codes
        .iter()
        .filter(|(_, codes)| codes.contains(code))
        .map(|(system, _)| system.as_str())
        .collect();
    systems.sort_unstable();
    match systems.first() {
        Some(system) => format!("The code is one of the system '{system}': send that as 'system'. "),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_set_counts_in_the_version_that_is_named() {
        let check = |value_set: &str| {
            let binding = Binding { strength: Strength::Required, value_set: value_set.to_owned() };
            let mut report = Report::default();
            check(&json!("man"), "code", &binding, &At::root("Patient"), &mut report);
            report.into_findings().into_iter().map(|found| found.issue).collect::<Vec<_>>()
        };
        let gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
        for held in [gender.to_owned(), format!("{gender}|4.0.1")] {
            assert!(check(&held)[0].is_error(), "{held}");
        }
        let [other] = &check(&format!("{gender}|5.0.0"))[..] else { panic!("one note") };
        assert_eq!((other.severity, other.code), (Severity::Information, IssueType::NotSupported));
        assert!(other.diagnostics.contains("'5.0.0'") && other.diagnostics.contains("'4.0.1'"));
        assert!(check("https://elsewhere.example/vs|1").is_empty());
    }
}
