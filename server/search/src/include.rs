//! `_include` and `_revinclude`, <https://hl7.org/fhir/R4/search.html#include>.

use fhir::ResourceType;

use crate::{
    criterion::{find, unknown_type},
    parameter::Kind,
    query::{Direction, Include},
    refusal::{Refusal, shown},
};

/// What `Type:parameter`, `Type:parameter:Target`, `Type:*` or (forwards) `*` asks for. The name is one of the two, with
/// or without `:iterate`.
pub(crate) fn parse(types: &[ResourceType], name: &str, value: &str) -> Result<Include, Refusal> {
    let direction = if name.starts_with("_rev") { Direction::Reverse } else { Direction::Forward };
    let iterate = name.ends_with(":iterate");
    if value == "*" && direction == Direction::Forward {
        return Ok(Include { direction, sources: types.to_vec(), parameter: None, target: None, iterate });
    }
    let parts: Vec<_> = value.split(':').collect();
    let (source, code, target) = match parts.as_slice() {
        [source, code] => (source, code, None),
        [source, code, target] => (source, code, Some(target)),
        _ => {
            return Err(Refusal::invalid(format!(
                "'{}' is not what to include. Write Type:parameter or Type:parameter:Target, as in 'Task:focus'.",
                shown(value)
            )));
        }
    };
    let source = ResourceType::find(source).ok_or_else(|| unknown_type(source))?;
    let target = match target {
        Some(name) => Some(ResourceType::find(name).ok_or_else(|| unknown_type(name))?),
        None => None,
    };
    if *code == "*" {
        return Ok(Include { direction, sources: vec![source], parameter: None, target, iterate });
    }
    let parameter = find(source, code)?;
    if parameter.kind != Kind::Reference {
        return Err(Refusal::Unknown(format!(
            "'{code}' of {source} is not a reference, so there is nothing to include."
        )));
    }
    if let Some(target) = target.filter(|target| !parameter.targets.contains(target)) {
        return Err(Refusal::invalid(format!("'{code}' of {source} does not point to {target}.")));
    }
    Ok(Include { direction, sources: vec![source], parameter: Some(parameter), target, iterate })
}
