//! Profiles read from their StructureDefinitions, <https://hl7.org/fhir/R4/profiling.html>.
//!
//! Only the snapshot counts; a definition without one is an error in our own file. Nothing is validated here.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::element_definition::{ElementDefinition, StructureDefinition};
use crate::structure::{Constraint, Profile, ProfileElement};

const HL7: &str = "http://hl7.org/fhir/StructureDefinition/";

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
        constraints: own_constraints(&definition),
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

/// HL7's constraints are found with HL7's definitions; a snapshot repeats them, with their source.
fn own_constraints(definition: &ElementDefinition) -> Vec<Constraint> {
    let own =
        definition.constraint.iter().filter(|c| c.source.as_deref().is_some_and(|url| !url.starts_with(HL7)));
    own.map(|c| c.constraint.clone()).collect()
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
