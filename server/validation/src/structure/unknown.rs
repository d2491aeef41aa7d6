//! Properties that no definition knows, with a guess at what was meant.

use canonical::{Element, ScopeId};
use fhir::IssueType;

use super::Walk;
use crate::{expression::At, report::short};

/// How many types of a choice are named.
const NAMED: usize = 10;

impl Walk<'_> {
    /// Reports a property that is not an element of the scope, which is named `holder`.
    pub(super) fn unknown(&mut self, scope: ScopeId, property: &str, holder: &str, at: &At<'_>) {
        let name = property.trim_start_matches('_');
        let elements = self.definitions.children(scope);
        let advice = match elements.iter().find(|element| is_type_of(element, name)) {
            Some(choice) => advice_for_choice(choice),
            None => match elements.iter().find(|element| is_near(name, &element.name)) {
                Some(near) => format!("Did you mean '{}'?", near.name),
                None => "Remove it, or send it as an extension.".to_owned(),
            },
        };
        let shown = short(property);
        let text = format!("'{shown}' is not an element of {holder}. {advice}");
        self.report.unparsable(&at.member(&shown), IssueType::Structure, text);
    }
}

/// Whether the name begins like this choice: `value` or `valueFoo` for `value[x]`.
fn is_type_of(element: &Element, name: &str) -> bool {
    let Some(stem) = element.name.strip_suffix("[x]") else { return false };
    name.strip_prefix(stem)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn advice_for_choice(element: &Element) -> String {
    let stem = element.name.trim_end_matches("[x]");
    let names: Vec<_> = element.types.iter().take(NAMED).map(|t| property_of(stem, &t.code)).collect();
    let more = if element.types.len() > NAMED { ", …" } else { "" };
    format!("The name ends with the type; allowed: {}{more}.", names.join(", "))
}

/// The JSON property of a choice with that type: `value` and `dateTime` are `valueDateTime`.
pub(crate) fn property_of(stem: &str, type_code: &str) -> String {
    let mut rest = type_code.chars();
    rest.next().map_or_else(
        || stem.to_owned(),
        |first| format!("{stem}{}{}", first.to_ascii_uppercase(), rest.as_str()),
    )
}

/// Whether two names differ by capitals, or by at most two edits. Long names are not compared.
fn is_near(name: &str, element: &str) -> bool {
    if name.len() > 64 || name.len().abs_diff(element.len()) > 2 {
        return false;
    }
    name.eq_ignore_ascii_case(element)
        || edits(name.as_bytes(), element.as_bytes()) <= 2.min(element.len() / 3)
}

fn edits(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_guessed() {
        let cases = [
            ("prioritty", "priority", true),
            ("Status", "status", true),
            ("subjct", "subject", true),
            ("code", "note", false),
            ("for", "focus", false),
            ("x", "id", false),
        ];
        for (name, element, near) in cases {
            assert_eq!(is_near(name, element), near, "{name} {element}");
        }
    }

    #[test]
    fn a_choice_is_named_with_its_type() {
        assert_eq!(property_of("value", "dateTime"), "valueDateTime");
        assert_eq!(property_of("value", "CodeableConcept"), "valueCodeableConcept");
    }
}
