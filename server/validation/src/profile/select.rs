//! The values of an element in its parent, and whether a value contains a pattern,
//! <https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_>.

use canonical::definitions;
use fhir::{Map, Value};

use super::plan::Node;

/// One value of an element. It is null when only the `_` sibling of a primitive is there.
pub(super) struct Item<'v> {
    /// Its place, when the element repeats.
    pub(super) index: Option<usize>,
    pub(super) value: &'v Value,
    pub(super) type_name: &'static str,
}

impl<'v> Item<'v> {
    /// The value as FHIRPath sees it.
    pub(super) fn element(&self, node: &Node) -> fhirpath::Node<'v> {
        let scope = match node.choices.as_slice() {
            [] => node.scope,
            _ => definitions().scope_of_type(self.type_name),
        };
        fhirpath::Node::typed(self.value, self.type_name, scope)
    }
}

/// The values of the element in an object.
pub(super) fn items<'v>(node: &Node, members: &'v Map<String, Value>) -> Vec<Item<'v>> {
    if !node.name.ends_with("[x]") {
        let sibling = || members.get(&format!("_{}", node.name));
        return match members.get(node.name).or_else(sibling) {
            Some(value) => spread(value, node.type_name),
            None => Vec::new(),
        };
    }
    let stem = node.name.trim_end_matches("[x]");
    let mut found = Vec::new();
    for (name, value) in members {
        let property = name.trim_start_matches('_');
        if property.starts_with(stem)
            && let Some((_, type_name)) = node.choices.iter().find(|(choice, _)| choice == property)
            && (property == name || !members.contains_key(property))
        {
            found.extend(spread(value, type_name));
        }
    }
    found
}

fn spread<'v>(value: &'v Value, type_name: &'static str) -> Vec<Item<'v>> {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| Item { index: Some(index), value, type_name })
            .collect(),
        value => vec![Item { index: None, value, type_name }],
    }
}

/// Whether everything that the pattern has is in the value: each member of an object, and some item for each item of an array.
pub(super) fn has_pattern(value: &Value, pattern: &Value) -> bool {
    match (value, pattern) {
        (Value::Object(members), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| members.get(name).is_some_and(|member| has_pattern(member, wanted))),
        (Value::Array(items), Value::Array(wanted)) => {
            wanted.iter().all(|wanted| items.iter().any(|item| has_pattern(item, wanted)))
        }
        (value, pattern) => value == pattern,
    }
}
