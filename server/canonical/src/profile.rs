//! Profiles read from their StructureDefinitions, <https://hl7.org/fhir/R4/profiling.html>.
//!
//! Only the snapshot counts; a definition without one is an error in our own file. Nothing is validated here.
//!
//! HL7's profiles and extensions for R4 are embedded, and each is read when it is first asked for: few are.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use serde_json::Value;
use serde_json::value::RawValue;

use crate::element_definition::{ElementDefinition, StructureDefinition};
use crate::structure::{Constraint, Profile, ProfileElement};

const HL7: &str = "http://hl7.org/fhir/StructureDefinition/";

static OF_HL7: &[u8] = include_bytes!("../data/hl7-profiles.json.zst");
/// HL7's profiles by url.
static HELD: LazyLock<HashMap<String, Held>> = LazyLock::new(|| {
    let text = zstd::decode_all(OF_HL7).expect("the embedded file is made and tested with this crate");
    let text: &'static str = String::from_utf8(text).expect("the embedded file is JSON").leak();
    let definitions: Vec<&'static RawValue> = serde_json::from_str(text).expect("the embedded file is JSON");
    let held = definitions.into_iter().map(RawValue::get).map(|text| {
        let Head { url } = serde_json::from_str(text).expect("a definition has a url");
        (url, Held { text, profile: OnceLock::new() })
    });
    held.collect()
});

/// One of them, read when it is first asked for.
struct Held {
    text: &'static str,
    profile: OnceLock<Option<Profile>>,
}

#[derive(serde::Deserialize)]
struct Head {
    url: String,
}

/// The profile or extension of HL7's with this url, without version.
pub(crate) fn of_hl7(url: &str) -> Option<&'static Profile> {
    let held = HELD.get(url)?;
    held.profile.get_or_init(|| read(held.text).ok().flatten()).as_ref()
}

/// The urls of HL7's profiles and extensions.
pub(crate) fn urls_of_hl7() -> impl Iterator<Item = &'static str> {
    HELD.keys().map(String::as_str)
}

/// The profile that this StructureDefinition defines; `None` if it is no constraint on another type.
pub fn read(text: &str) -> Result<Option<Profile>, String> {
    let definition: StructureDefinition<&RawValue> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if definition.derivation.as_deref() != Some("constraint") {
        return Ok(None);
    }
    let snapshot = definition.snapshot.ok_or_else(|| format!("{} has no snapshot", definition.url))?;
    let is_resource = definition.kind == "resource";
    let elements =
        snapshot.element.into_iter().map(|raw| element(raw.get(), is_resource)).collect::<Result<_, _>>();
    Ok(Some(Profile {
        elements: elements.map_err(|e| format!("{}: {e}", definition.url))?,
        url: definition.url,
        name: definition.name,
        type_name: definition.type_name,
        contexts: definition.context,
        base: definition.base_definition,
    }))
}

fn element(text: &str, is_resource: bool) -> Result<ProfileElement, serde_json::Error> {
    let definition: ElementDefinition = serde_json::from_str(text)?;
    let (fixed, pattern) = fixed_and_pattern(text)?;
    Ok(ProfileElement {
        max: definition.max(),
        types: definition.profile_element_types(is_resource),
        binding: definition.binding(),
        constraints: own_constraints(&definition).into_iter().chain(limits(text)?).collect(),
        id: definition.id.unwrap_or_else(|| definition.path.clone()),
        path: definition.path,
        slice_name: definition.slice_name,
        min: definition.min,
        must_support: definition.must_support,
        fixed,
        pattern,
        slicing: definition.slicing,
        short: definition.short.or(definition.definition),
    })
}

/// HL7's constraints are found with HL7's definitions; a snapshot repeats them, with their source. What has none is the profile's own,
/// or a repetition of which that was forgotten.
fn own_constraints(definition: &ElementDefinition) -> Vec<Constraint> {
    let own = definition.constraint.iter().filter(|c| !c.source.as_deref().is_some_and(is_of_base));
    own.map(|c| c.constraint.clone()).collect()
}

/// `minValue[x]`, `maxValue[x]` and `maxLength` as invariants. What cannot be compared (another type, a date that is not precise
/// enough) is within the limits.
fn limits(text: &str) -> Result<Vec<Constraint>, serde_json::Error> {
    if !["\"minValue", "\"maxValue", "\"maxLength\""].iter().any(|name| text.contains(name)) {
        return Ok(Vec::new());
    }
    let properties: HashMap<String, Value> = serde_json::from_str(text)?;
    let limits = properties.iter().filter_map(|(name, value)| {
        let (key, outside, human) = if let Some(kind) = name.strip_prefix("minValue") {
            ("minValue", compared(kind, "<", value)?, format!("at least {value}"))
        } else if let Some(kind) = name.strip_prefix("maxValue") {
            ("maxValue", compared(kind, ">", value)?, format!("at most {value}"))
        } else if name == "maxLength" {
            let outside = format!("toString().length() > {value}");
            ("maxLength", outside, format!("at most {value} characters long"))
        } else {
            return None;
        };
        Some(Constraint {
            key: key.to_owned(),
            severity: "error".to_owned(),
            human: format!("The value is {human}"),
            expression: Some(format!("iif({outside}, false, true)")),
        })
    });
    let mut limits: Vec<_> = limits.collect();
    limits.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    Ok(limits)
}

/// The comparison with the value of `minValue[x]` of this type in FHIRPath; `None` where that is no number, date or time.
fn compared(kind: &str, operator: &str, value: &Value) -> Option<String> {
    let text = value.as_str();
    let (what, literal) = match (kind, value) {
        ("Date", _) => ("$this", format!("@{}", text?)),
        ("DateTime" | "Instant", _) => {
            let text = text?;
            ("$this", format!("@{text}{}", if text.contains('T') { "" } else { "T" }))
        }
        ("Time", _) => ("$this", format!("@T{}", text?)),
        ("Quantity", Value::Object(quantity)) => {
            let number = quantity.get("value").filter(|number| number.is_number())?;
            match quantity.get("code").and_then(Value::as_str) {
                Some(code) => ("$this", format!("{number} '{code}'")),
                None => ("value", number.to_string()),
            }
        }
        (_, Value::Number(number)) => ("$this", number.to_string()),
        _ => return None,
    };
    Some(format!("{what} {operator} {literal}"))
}

/// Whether the constraint with this source is one of R4's types, and not of a profile: these have names in lower case.
fn is_of_base(source: &str) -> bool {
    source.strip_prefix(HL7).is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// `fixed[x]` and `pattern[x]`, whatever their type. Few elements have any, so the text is searched before it is parsed again.
fn fixed_and_pattern(text: &str) -> Result<(Option<Value>, Option<Value>), serde_json::Error> {
    if !text.contains("\"fixed") && !text.contains("\"pattern") {
        return Ok((None, None));
    }
    let properties: HashMap<String, &RawValue> = serde_json::from_str(text)?;
    let find = |prefix: &str| {
        let of_type = |name: &String| {
            name.strip_prefix(prefix).is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
        };
        let found = properties.iter().find(|(name, _)| of_type(name));
        found.map(|(_, raw)| serde_json::from_str(raw.get())).transpose()
    };
    Ok((find("fixed")?, find("pattern")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_of_hl7_is_read() {
        let (mut profiles, mut extensions) = (0, 0);
        for url in urls_of_hl7() {
            match of_hl7(url).unwrap_or_else(|| panic!("{url}")).type_name.as_str() {
                "Extension" => extensions += 1,
                _ => profiles += 1,
            }
        }
        assert!(profiles > 30 && extensions > 380, "{profiles} {extensions}");
    }

    #[test]
    fn limits_are_invariants() {
        let limits = |text: &str| -> Vec<_> {
            limits(text).unwrap().into_iter().map(|limit| (limit.key, limit.expression.unwrap())).collect()
        };
        assert_eq!(limits(r#"{"path": "Patient.birthDate", "minValueAge": {"value": 1}}"#), []);
        assert_eq!(
            limits(r#"{"minValueDate": "2025-01-01", "maxValueDateTime": "2026", "maxLength": 3}"#),
            [
                ("maxLength".to_owned(), "iif(toString().length() > 3, false, true)".to_owned()),
                ("maxValue".to_owned(), "iif($this > @2026T, false, true)".to_owned()),
                ("minValue".to_owned(), "iif($this < @2025-01-01, false, true)".to_owned()),
            ]
        );
        let decimal = limits(r#"{"maxValueDecimal": 1.50}"#);
        let quantity = limits(r#"{"minValueQuantity": {"value": 2, "code": "kg"}}"#);
        assert_eq!(quantity, [("minValue".to_owned(), "iif($this < 2 'kg', false, true)".to_owned())]);
        assert_eq!(decimal, [("maxValue".to_owned(), "iif($this > 1.50, false, true)".to_owned())]);
    }

    #[test]
    fn a_profile_keeps_what_it_states_itself() {
        let keys: Vec<_> = of_hl7("http://hl7.org/fhir/StructureDefinition/vitalsigns")
            .unwrap()
            .elements
            .iter()
            .flat_map(|element| &element.constraints)
            .map(|constraint| constraint.key.as_str())
            .collect();
        assert!(["vs-1", "vs-2", "vs-3"].iter().all(|key| keys.contains(key)), "{keys:?}");
        assert!(!keys.contains(&"obs-6") && !keys.contains(&"ele-1"), "{keys:?}");
    }
}
