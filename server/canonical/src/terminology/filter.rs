//! Whether a concept passes the filters of an include, <https://hl7.org/fhir/R4/valueset-filter-operator.html>.
//!
//! A filter that cannot be understood leaves the value set without an expansion.

use regex::{Regex, RegexBuilder};

use super::compose::Filter;
use super::{CodeSystem, Concept, Unknown};

/// How much a compiled expression may take, in bytes: value sets come from everybody.
const MAX_REGEX: usize = 1 << 18;

/// The filters of one include, ready to be asked of many concepts.
pub(super) struct Filters<'a> {
    each: Vec<(&'a Filter, Option<Regex>)>,
}

impl<'a> Filters<'a> {
    /// # Errors
    /// The filter that is not understood.
    pub(super) fn of(filters: &'a [Filter]) -> Result<Self, Unknown> {
        let each = filters.iter().map(|filter| {
            let regex = (filter.op == "regex").then(|| compile(filter)).transpose()?;
            Ok((filter, regex))
        });
        Ok(Self { each: each.collect::<Result<_, _>>()? })
    }

    /// Whether the concept passes every filter.
    pub(super) fn pass(&self, code_system: &CodeSystem, concept: &Concept) -> Result<bool, Unknown> {
        for (filter, regex) in &self.each {
            let passes = match regex {
                Some(regex) => texts(concept, &filter.property).any(|text| regex.is_match(&text)),
                None => code_system.passes(concept, filter)?,
            };
            if !passes {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The expression is about the whole of the value.
fn compile(filter: &Filter) -> Result<Regex, Unknown> {
    let whole = format!("^(?:{})$", filter.value);
    RegexBuilder::new(&whole).size_limit(MAX_REGEX).build().map_err(|_| unknown(filter))
}

fn unknown(filter: &Filter) -> Unknown {
    Unknown::Filter { property: filter.property.clone(), op: filter.op.clone() }
}

impl CodeSystem {
    fn passes(&self, concept: &Concept, filter: &Filter) -> Result<bool, Unknown> {
        let Filter { property, op, value } = filter;
        let code = concept.code.as_str();
        let mut listed = value.split(',').map(str::trim);
        let of_code = is_code(property);
        Ok(match op.as_str() {
            "is-a" if of_code => code == value || self.is_below(code, value),
            "descendent-of" if of_code => self.is_below(code, value),
            "is-not-a" if of_code => code != value && !self.is_below(code, value),
            "generalizes" if of_code => code == value || self.is_below(value, code),
            "=" if property == "parent" => concept.parents.contains(value),
            "=" if property == "child" => {
                self.concept(value).is_some_and(|below| below.parents.contains(code))
            }
            "=" => texts(concept, property).any(|text| text == *value),
            "in" => texts(concept, property).any(|text| listed.clone().any(|value| value == text)),
            "not-in" => !texts(concept, property).any(|text| listed.any(|value| value == text)),
            "exists" if value == "true" => texts(concept, property).next().is_some(),
            "exists" if value == "false" => texts(concept, property).next().is_none(),
            _ => return Err(unknown(filter)),
        })
    }
}

fn is_code(property: &str) -> bool {
    matches!(property, "concept" | "code")
}

/// The values of a property of the concept, as texts; its code, display and definition count as properties.
fn texts(concept: &Concept, property: &str) -> impl Iterator<Item = String> {
    let own = match property {
        _ if is_code(property) => Some(concept.code.clone()),
        "display" => concept.display.clone(),
        "definition" => concept.definition.clone(),
        _ => None,
    };
    let of_property = concept.properties.iter().filter(move |own| own.code == property);
    own.into_iter().chain(of_property.filter_map(|own| {
        Some(match own.value()?.1 {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Object(coding) => coding.get("code")?.as_str()?.to_owned(),
            other => other.to_string(),
        })
    }))
}
