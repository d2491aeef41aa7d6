//! Codes and their systems, <https://hl7.org/fhir/R4/terminologies-systems.html>: whether a code system that is held in full has
//! the code, and, of those that are not held, whether the code has their form: SNOMED CT identifiers by their check digit
//! (IC-TERM-02), LOINC codes by theirs, UCUM units by their characters.

use canonical::{in_version, terminology::terminology};
use fhir::{Cause, Issue, IssueType, Map, Severity, Value};
use fhirpath::Measure;

use crate::{
    expression::At,
    report::{Report, short},
};

const SNOMED_CT: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";

/// Reports a Coding or Quantity whose code cannot be one of its system. A wrong SNOMED CT identifier is an error in what the
/// server acts on, and a warning in what it only keeps: much data of old has local codes under that system.
pub(crate) fn check(members: &Map<String, Value>, is_acted_on: bool, at: &At<'_>, report: &mut Report) {
    let text = |name| members.get(name).and_then(Value::as_str);
    let (Some(system), Some(code)) = (text("system"), text("code")) else { return };
    let note = |text: String| Issue::new(Severity::Information, IssueType::CodeInvalid, text);
    let issue = match system {
        SNOMED_CT if !is_expression(code) && !is_snomed_identifier(code) => Issue::new(
            if is_acted_on { Severity::Error } else { Severity::Warning },
            IssueType::CodeInvalid,
            format!(
                "'{}' is no SNOMED CT identifier: these have 6 to 18 digits, of which the last checks the others. Look the concept up again.",
                short(code)
            ),
        )
        .by_rule("IC-TERM-02"),
        LOINC if !is_loinc(code) => note(format!(
            "'{}' has not the form of a LOINC code: digits, a hyphen, and a check digit, as 8867-4.",
            short(code)
        )),
        UCUM if !is_ucum(code) => note(format!(
            "'{}' has not the form of a UCUM unit: characters of ASCII without spaces, brackets in pairs, as mm[Hg].",
            short(code)
        )),
        UCUM if Measure::parse(code).is_none() => {
            note(format!("'{}' is no UCUM unit that is known here. Look it up again.", short(code)))
        }
        _ if !is_known(system, text("version"), code) => Issue::warning(
            IssueType::CodeInvalid,
            format!("The code system {} has no code '{}'.", short(system), short(code)),
        ),
        _ => return,
    };
    report.add(Cause::Unprocessable, issue.at(at.member("code").to_string()));
}

/// Whether the code system has the code, as far as can be told: of a version that is not held nothing can.
fn is_known(system: &str, version: Option<&str>, code: &str) -> bool {
    let held = terminology().code_system(&in_version(system, version));
    let held = held.filter(|held| held.is_complete());
    held.is_none_or(|held| held.concept(code).is_some())
}

/// A post-coordinated expression, whose concepts are not taken apart here.
fn is_expression(code: &str) -> bool {
    code.contains([':', '+', '=', '|', '{'])
}

/// Six to eighteen digits, without a zero in front, with Verhoeff's check digit.
fn is_snomed_identifier(code: &str) -> bool {
    (6..=18).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && !code.starts_with('0')
        && verhoeff(code) == 0
}

/// The check sum of Verhoeff's scheme, which is 0 when the last digit is right: the digits, permuted by their places, are
/// multiplied in the group of the symmetries of a pentagon.
fn verhoeff(digits: &str) -> u8 {
    const PERMUTED: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut sum = 0;
    for (place, byte) in digits.bytes().rev().enumerate() {
        let mut digit = byte - b'0';
        for _ in 0..place % 8 {
            digit = PERMUTED[usize::from(digit)];
        }
        sum = product(sum, digit);
    }
    sum
}

/// The product of two symmetries of a pentagon: 0 to 4 turn it, 5 to 9 turn it over.
fn product(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// A number with a check digit (Luhn's), or the identifier of a part (`LP`), an answer (`LA`), a list of answers (`LL`) or a
/// group (`LG`), whose check digit is made otherwise.
fn is_loinc(code: &str) -> bool {
    let other = ["LP", "LA", "LL", "LG"].iter().find_map(|kind| code.strip_prefix(kind));
    let Some((number, check)) = other.unwrap_or(code).split_once('-') else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(number) || !is_number(check) || number.len() > 8 || check.len() != 1 {
        return false;
    }
    other.is_some() || check.parse() == Ok(luhn(number))
}

fn luhn(digits: &str) -> u32 {
    let value = |(place, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
        digit / 10 + digit % 10
    };
    let sum: u32 = digits.bytes().rev().enumerate().map(value).sum();
    (10 - sum % 10) % 10
}

fn is_ucum(code: &str) -> bool {
    let mut open = Vec::new();
    for c in code.chars() {
        match c {
            '(' | '[' | '{' => open.push(c),
            ')' if open.pop() != Some('(') => return false,
            ']' if open.pop() != Some('[') => return false,
            '}' if open.pop() != Some('{') => return false,
            _ if !c.is_ascii_graphic() => return false,
            _ => {}
        }
    }
    open.is_empty() && !code.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snomed_identifiers_have_a_check_digit() {
        for (code, expected) in [
            ("138875005", true),
            ("404684003", true),
            ("185360007", true),
            ("1107891000000106", true),
            ("1066351000000100", false),
            ("138875006", false),
            ("138857005", false),
            ("12345", false),
            ("0138875005", false),
            ("138875005 ", false),
            ("abc", false),
            ("", false),
        ] {
            assert_eq!(is_snomed_identifier(code), expected, "{code}");
        }
        assert!(is_expression("128045006:{363698007=56459004}"));
    }

    #[test]
    fn a_code_is_looked_up_in_the_version_that_is_named() {
        let gender = "http://hl7.org/fhir/administrative-gender";
        for (version, code, expected) in [
            (None, "male", true),
            (None, "man", false),
            (Some("4.0.1"), "man", false),
            (Some("9"), "man", true),
        ] {
            assert_eq!(is_known(gender, version, code), expected, "{version:?} {code}");
        }
    }

    #[test]
    fn loinc_codes_have_a_check_digit() {
        for (code, expected) in [
            ("8867-4", true),
            ("85354-9", true),
            ("1975-2", true),
            ("LA6576-8", true),
            ("8867-5", false),
            ("8867", false),
            ("LX6576-8", false),
            ("", false),
        ] {
            assert_eq!(is_loinc(code), expected, "{code}");
        }
    }

    #[test]
    fn ucum_units_are_of_ascii() {
        for (code, expected) in [
            ("mm[Hg]", true),
            ("10*3/uL", true),
            ("{score}", true),
            ("µg", false),
            ("a b", false),
            ("[a", false),
            ("a)", false),
        ] {
            assert_eq!(is_ucum(code), expected, "{code}");
        }
    }
}
