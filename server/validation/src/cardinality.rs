//! How often an element occurs, <https://hl7.org/fhir/R4/conformance-rules.html#cardinality>.
//!
//! An element that is there only through its extensions (`_status`) counts as there.

use canonical::{Definitions, Element, ScopeId};
use fhir::{IssueType, Map, Value};

use crate::{binding, expression::At, report::Report, report::times};

/// Reports each required element of the scope that the object has not. `choices` are the choice elements found in it.
pub(crate) fn check_required(
    definitions: &'static Definitions,
    scope: ScopeId,
    members: &Map<String, Value>,
    choices: &[(&'static Element, &str)],
    at: &At<'_>,
    report: &mut Report,
) {
    for &element in definitions.children(scope) {
        if element.min == 0 {
            continue;
        }
        let present = if element.name.ends_with("[x]") {
            choices.iter().any(|(choice, _)| std::ptr::eq(*choice, element))
        } else {
            members.contains_key(&element.name) || members.contains_key(&format!("_{}", element.name))
        };
        if !present {
            let at = at.member(&element.name);
            let text = format!(
                "{at} is missing and must occur at least {}. Add {}.",
                times(element.min),
                wanted(element)
            );
            report.unprocessable(at, IssueType::Required, text);
        }
    }
}

/// Reports an element that occurs more often than its definition allows.
pub(crate) fn check_most(element: &Element, count: usize, at: &At<'_>, report: &mut Report) {
    let Some(max) = element.max.filter(|max| count > *max as usize) else { return };
    let at = at.member(&element.name);
    let text = format!("{at} occurs {count} times and may occur at most {}. Remove the others.", times(max));
    report.unprocessable(at, IssueType::Structure, text);
}

/// What a missing element could be, as `a Reference(Patient | Group)`.
fn wanted(element: &Element) -> String {
    let types: Vec<String> = element
        .types
        .iter()
        .take(6)
        .map(|t| match t.targets.as_slice() {
            [] => t.code.clone(),
            targets => format!("{}({})", t.code, targets.join(" | ")),
        })
        .collect();
    let more = if element.types.len() > types.len() { ", …" } else { "" };
    let codes = match &element.binding {
        Some(binding) => {
            binding::allowed(binding).map(|codes| format!(", one of {codes}")).unwrap_or_default()
        }
        None => String::new(),
    };
    format!("it as {}{more}{codes}", types.join(" or "))
}
