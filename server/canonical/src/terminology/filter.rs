//! Whether a concept passes the filters of an include, <https://hl7.org/fhir/R4/valueset-filter-operator.html>.
//!
//! `regex` and `generalizes` are not known, and leave the value set without an expansion.

use super::compose::Filter;
use super::{CodeSystem, Concept, Unknown};

impl CodeSystem {
    /// Whether the concept passes every filter.
    pub(super) fn passes(&self, concept: &Concept, filters: &[Filter]) -> Result<bool, Unknown> {
        for filter in filters {
            if !self.passes_one(concept, filter)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn passes_one(&self, concept: &Concept, filter: &Filter) -> Result<bool, Unknown> {
        let Filter { property, op, value } = filter;
        let code = concept.code.as_str();
        let mut listed = value.split(',').map(str::trim);
        let of_code = matches!(property.as_str(), "concept" | "code");
        Ok(match op.as_str() {
            "is-a" if of_code => code == value || self.is_below(code, value),
            "descendent-of" if of_code => self.is_below(code, value),
            "is-not-a" if of_code => code != value && !self.is_below(code, value),
            "=" if of_code => code == value,
            "in" if of_code => listed.any(|value| value == code),
            "not-in" if of_code => !listed.any(|value| value == code),
            "=" if property == "parent" => concept.parents.contains(value),
            "=" => texts(concept, property).any(|text| text == *value),
            "in" => texts(concept, property).any(|text| listed.clone().any(|value| value == text)),
            "not-in" => !texts(concept, property).any(|text| listed.clone().any(|value| value == text)),
            "exists" if value == "true" => texts(concept, property).next().is_some(),
            "exists" if value == "false" => texts(concept, property).next().is_none(),
            _ => return Err(Unknown::Filter { property: property.clone(), op: op.clone() }),
        })
    }
}

/// The values of a property of the concept, as texts.
fn texts(concept: &Concept, property: &str) -> impl Iterator<Item = String> {
    let of_property = concept.properties.iter().filter(move |own| own.code == property);
    of_property.filter_map(|own| {
        Some(match own.value()?.1 {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Object(coding) => coding.get("code")?.as_str()?.to_owned(),
            other => other.to_string(),
        })
    })
}
