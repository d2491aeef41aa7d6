//! The values of an element in its parent, and whether a value contains a pattern,
//! <https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_>.

use canonical::definitions;
use fhir::{Map, ResourceType, Value};

use super::plan::Node;

/// The type of an element that holds a resource of any type.
pub(super) const RESOURCE: &str = "Resource";

/// One value of an element. It is null when only the `_` sibling of a primitive is there.
pub(super) struct Item<'v> {
    /// Its place, when the element repeats.
    pub(super) index: Option<usize>,
    pub(super) value: &'v Value,
    /// Of a resource, its own type.
    pub(super) type_name: &'static str,
}

impl<'v> Item<'v> {
    /// The value as FHIRPath sees it.
    pub(super) fn element(&self, node: &Node) -> fhirpath::Node<'v> {
        if node.type_name == RESOURCE {
            return fhirpath::Node::typed(self.value, RESOURCE, None);
        }
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
    let item = |index, value| {
        let of_resource = if type_name == RESOURCE { resource_type(value) } else { None };
        Item { index, value, type_name: of_resource.unwrap_or(type_name) }
    };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| item(Some(index), value)).collect()
        }
        value => vec![item(None, value)],
    }
}

/// The type of a resource within another.
pub(super) fn resource_type(value: &Value) -> Option<&'static str> {
    value.get("resourceType").and_then(Value::as_str).and_then(ResourceType::find).map(ResourceType::name)
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
