//! What was received where an invariant does not hold: the elements that its expression looks at, with their values,
//! <https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.diagnostics>.
//!
//! Only what the expression names of its focus itself is told, and of that only simple values: names, numbers and addresses of people are
//! not repeated.

use canonical::definitions;
use fhir::{Map, Value};
use fhirpath::{Context, Item};

use crate::report::{preview, short};

/// How much is told.
const MOST: usize = 6;
/// Words of the language that may stand where an element is named.
const OPERATORS: [&str; 13] =
    ["and", "or", "xor", "implies", "not", "is", "as", "in", "contains", "div", "mod", "true", "false"];

/// Types whose simple values tell who somebody is.
const OF_PERSONS: [&str; 5] = ["Patient", "Identifier", "HumanName", "ContactPoint", "Address"];

/// What an expression looks at.
#[derive(Debug, PartialEq, Eq)]
enum Named<'e> {
    Element(&'e str),
    /// The url of the extension.
    Extension(&'e str),
}

/// What the focus holds of it, in words; `None` when there is nothing to tell.
pub(super) fn told(expression: &str, context: &Context<'_>) -> Option<String> {
    let [Item::Node(focus)] = context.focus() else { return None };
    if OF_PERSONS.contains(&focus.type_name()) {
        return None;
    }
    let members = focus.value()?.as_object()?;
    let elements = focus.scope().map(|scope| definitions().children(scope)).unwrap_or_default();
    let is_there = |named: &&Named<'_>| match named {
        Named::Element(name) => {
            elements.iter().any(|element| element.name.strip_suffix("[x]").unwrap_or(&element.name) == *name)
        }
        Named::Extension(_) => true,
    };
    let named = named(expression);
    let told: Vec<String> = named.iter().filter(is_there).map(|named| tell(named, members)).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn tell(named: &Named<'_>, members: &Map<String, Value>) -> String {
    match named {
        Named::Element(name) => {
            let choice = || {
                let is_choice = |member: &&String| {
                    let typed = member.strip_prefix(name).and_then(|rest| rest.chars().next());
                    typed.is_some_and(|first| first.is_ascii_uppercase())
                };
                members.keys().find(is_choice).and_then(|member| members.get(member))
            };
            describe(name, members.get(*name).or_else(choice))
        }
        Named::Extension(url) => {
            let extensions = members.get("extension").and_then(Value::as_array).into_iter().flatten();
            let mut with_url = extensions.filter(|one| one.get("url").and_then(Value::as_str) == Some(*url));
            let name = url.rsplit('/').next().unwrap_or(url);
            let value = with_url.next().map(|one| {
                let value =
                    one.as_object().and_then(|one| one.iter().find(|(name, _)| name.starts_with("value")));
                value.map_or(one, |(_, value)| value)
            });
            describe(name, value)
        }
    }
}

/// The element and its value, if that is a simple one.
fn describe(name: &str, value: Option<&Value>) -> String {
    match value {
        None => format!("no {name}"),
        Some(Value::Array(items)) if items.len() == 1 => format!("1 {name}"),
        Some(Value::Array(items)) => format!("{} times {name}", items.len()),
        Some(Value::Object(period)) if period.keys().all(|member| member == "start" || member == "end") => {
            let bound = |bound: &str| describe(bound, period.get(bound));
            format!("{name} with {} and {}", bound("start"), bound("end"))
        }
        Some(Value::Object(members)) => {
            let names: Vec<&str> = members.keys().map(String::as_str).take(MOST).collect();
            format!("{name} with {}", short(&names.join(", ")))
        }
        Some(simple) => format!("{name} {}", preview(simple)),
    }
}

/// What an expression names of its focus: elements and extensions that do not stand within the brackets of a function.
fn named(expression: &str) -> Vec<Named<'_>> {
    let mut found: Vec<Named<'_>> = Vec::new();
    // For each bracket that is open: whether it is that of a function, whose focus is another.
    let mut open: Vec<bool> = Vec::new();
    let bytes = expression.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let start = place;
        place += 1;
        match byte {
            b'\'' => {
                while bytes.get(place).is_some_and(|byte| *byte != b'\'') {
                    place += if bytes.get(place) == Some(&b'\\') { 2 } else { 1 };
                }
                place += 1;
            }
            b'(' => open.push(start > 0 && is_word(bytes[start - 1])),
            b')' => drop(open.pop()),
            _ if is_word(byte) => {
                while bytes.get(place).copied().is_some_and(is_word) {
                    place += 1;
                }
                let before = start.checked_sub(1).and_then(|before| bytes.get(before).copied());
                let is_first = !matches!(before, Some(b'.' | b'%' | b'$' | b'@' | b'`'));
                if is_first && !open.contains(&true) {
                    let (word, rest) = (&expression[start..place], &expression[place..]);
                    let one = match rest.strip_prefix("('") {
                        Some(rest) if word == "extension" => rest.split('\'').next().map(Named::Extension),
                        _ if rest.starts_with('(') => None,
                        _ => is_element(word).then_some(Named::Element(word)),
                    };
                    found.extend(one.filter(|one| !found.contains(one)));
                }
            }
            _ => {}
        }
    }
    found.truncate(MOST);
    found
}

/// Whether the word may name an element: those begin with a small letter, and types with a capital.
fn is_element(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase()) && !OPERATORS.contains(&word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_expression_looks_at_is_found() {
        let element = Named::Element;
        for (expression, expected) in [
            (
                "status = 'finished' implies (period.end.exists() and extension('http://x/ic-outcome').exists())",
                vec![element("status"), element("period"), Named::Extension("http://x/ic-outcome")],
            ),
            ("output.where(type.coding.exists()).exists()", vec![element("output")]),
            (
                "(a.exists() or b) and (a = 'it\\'s c' or $this.d or %resource.e)",
                vec![element("a"), element("b")],
            ),
            ("value is Quantity", vec![element("value")]),
            ("name.matches('[A-Z]') or 12 > 3", vec![element("name")]),
            ("'unclosed", vec![]),
            ("))))a", vec![element("a")]),
        ] {
            assert_eq!(named(expression), expected, "{expression}");
        }
    }

    #[test]
    fn simple_values_are_told() {
        let focus = json!({"status": "finished", "period": {"start": "2026-11-22"}, "valueInteger": 3, "name": [{"family": "Ward"}],
            "subject": {"display": "Ann Ward"}, "extension": [{"url": "http://x/bed", "valueCode": "b"}]});
        let members = focus.as_object().unwrap();
        for (named, expected) in [
            (Named::Element("status"), "status 'finished'"),
            (Named::Element("period"), "period with start '2026-11-22' and no end"),
            (Named::Element("value"), "value 3"),
            (Named::Element("name"), "1 name"),
            (Named::Element("subject"), "subject with display"),
            (Named::Element("reference"), "no reference"),
            (Named::Extension("http://x/bed"), "bed 'b'"),
            (Named::Extension("http://x/outcome"), "no outcome"),
        ] {
            assert_eq!(tell(&named, members), expected);
        }
    }
}
