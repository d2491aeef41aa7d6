//! What a Patient must get right before a referral can be about them: the NHS number,
//! <https://www.datadictionary.nhs.uk/attributes/nhs_number.html>.

use fhir::{Error, Issue, IssueType, Resource, Value};
use jiff::civil::Date;

use crate::element::{code_in_any, items};
use crate::{extension, rule};

/// The system of NHS numbers.
pub const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

const VERIFICATION: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";

/// Whether this is an NHS number: ten digits, of which the last is the check digit of the others, modulo 11.
#[must_use]
pub fn nhs_number_is_valid(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if digits.len() != 10 || text.len() != 10 {
        return false;
    }
    let sum: u32 = digits[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    (11 - sum % 11) % 11 == digits[9]
}

/// Whether the record says that the person has died.
#[must_use]
pub fn has_died(patient: &Resource) -> bool {
    patient.get("deceasedDateTime").is_some()
        || patient.get("deceasedBoolean").and_then(Value::as_bool) == Some(true)
}

/// How old somebody was on this day, in whole years; `None` without a whole date of birth.
pub(crate) fn age_on(patient: &Resource, day: Date) -> Option<i16> {
    let born: Date = patient.text("birthDate").filter(|text| text.len() == 10)?.parse().ok()?;
    let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
    Some(day.year() - born.year() - i16::from(!had_birthday))
}

/// Refuses (422, IC-REF-02) an NHS number with a wrong check digit, or one that is said to be verified and is not there.
pub(crate) fn check(patient: &Resource) -> Result<(), Error> {
    let mut issues = Vec::new();
    for (index, identifier) in items(patient, "identifier").iter().enumerate() {
        if identifier.get("system").and_then(Value::as_str) != Some(NHS_NUMBER) {
            continue;
        }
        let diagnostics = match identifier.get("value").and_then(Value::as_str) {
            Some(value) if nhs_number_is_valid(value) => continue,
            // The number itself is not repeated: it identifies a person, and answers are logged by others.
            Some(_) => {
                "This NHS number is not one: it must be ten digits without spaces, and the last must be the check digit of the \
                 others (modulo 11). Look it up again, or leave it out."
            }
            None if is_verified(identifier) => {
                "The NHS number is marked as present and verified, but has no value. Send the number, or another status."
            }
            None => continue,
        };
        let issue = Issue::error(IssueType::Invariant, diagnostics);
        issues
            .push(issue.by_rule(rule::REFERRAL_NHS_NUMBER).at(format!("Patient.identifier[{index}].value")));
    }
    rule::unless_refused(issues)
}

fn is_verified(identifier: &Value) -> bool {
    extension::find_url(identifier, VERIFICATION)
        .and_then(extension::value)
        .is_some_and(|status| code_in_any(status, &["01", "number-present-and-verified"]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn check_digits_of_nhs_numbers() {
        for valid in [
            "9990000018",
            "9990000026",
            "9990000034",
            "9990000042",
            "9990000050",
            "9990000069",
            "9990000077",
            "9990000085",
            "9990000093",
            "9990000107",
            "9990000115",
            "9990000123",
        ] {
            assert!(nhs_number_is_valid(valid), "{valid}");
        }
        for invalid in [
            "9990000019",
            "999 000 0018",
            "999000001",
            "99900000181",
            "",
            "abcdefghij",
            "9990000000",
            "٩٩٩٠٠٠٠٠١٨",
        ] {
            assert!(!nhs_number_is_valid(invalid), "{invalid}");
        }
    }

    #[test]
    fn age_is_in_whole_years() {
        let patient = Resource::new(json!({"resourceType": "Patient", "birthDate": "1961-11-22"})).unwrap();
        for (day, age) in [("2026-11-21", 64), ("2026-11-22", 65), ("2027-01-01", 65)] {
            assert_eq!(age_on(&patient, day.parse().unwrap()), Some(age), "{day}");
        }
        let unknown = Resource::new(json!({"resourceType": "Patient", "birthDate": "1961"})).unwrap();
        assert_eq!(age_on(&unknown, "2026-11-21".parse().unwrap()), None);
    }

    #[test]
    fn a_patient_with_a_wrong_number_is_refused() {
        let patient = |identifier| {
            Resource::new(json!({"resourceType": "Patient", "identifier": [identifier]})).unwrap()
        };
        assert!(check(&patient(json!({"system": NHS_NUMBER, "value": "9990000018"}))).is_ok());
        assert!(check(&patient(json!({"system": "http://ward", "value": "9990000019"}))).is_ok());
        assert!(check(&patient(json!({"system": NHS_NUMBER}))).is_ok());
        let error = check(&patient(json!({"system": NHS_NUMBER, "value": "9990000019"}))).unwrap_err();
        assert_eq!(error.cause().status(), 422);
        assert_eq!(error.issues()[0].rule, Some("IC-REF-02"));
        assert_eq!(error.issues()[0].expression, ["Patient.identifier[0].value"]);
        let verified = json!({"url": VERIFICATION, "valueCodeableConcept": {"coding": [{"code": "01"}]}});
        assert!(check(&patient(json!({"system": NHS_NUMBER, "extension": [verified]}))).is_err());
    }
}
