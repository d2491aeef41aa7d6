//! One element of a resource, with its FHIR type: a view into the parsed JSON that copies nothing,
//! <https://hl7.org/fhir/R4/fhirpath.html>, <https://hl7.org/fhir/R4/json.html#primitive>.

use std::sync::OnceLock;

use canonical::{Child, ScopeId, definitions};
use fhir::{Resource, ResourceType};
use serde_json::{Map, Value};

/// An element: the value of a JSON property, or one item of it, and for a primitive also its `_name` sibling.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    sibling: Option<&'a Value>,
    type_name: &'static str,
    scope: Option<ScopeId>,
}

impl<'a> Node<'a> {
    /// The resource itself.
    #[must_use]
    pub fn resource(resource: &'a Resource) -> Self {
        let type_name = resource.resource_type().name();
        Self {
            value: Some(resource.value()),
            sibling: None,
            type_name,
            scope: definitions().scope_of_type(type_name),
        }
    }

    /// The value of this child in its parent's JSON: one item of it when it repeats, and for a primitive also the item of
    /// its `_` sibling.
    #[must_use]
    pub fn of_child(child: &Child, value: Option<&'a Value>, sibling: Option<&'a Value>) -> Self {
        Self::new(value, sibling, ElementType::of(child))
    }

    /// A value of this type, whose children are found in this scope.
    #[must_use]
    pub fn typed(value: &'a Value, type_name: &'static str, scope: Option<ScopeId>) -> Self {
        Self::new(Some(value), None, ElementType { type_name, scope })
    }

    /// A resource that is referred to, of which only the type is known.
    pub(crate) fn of_type(resource_type: ResourceType) -> Self {
        Self { value: None, sibling: None, type_name: resource_type.name(), scope: None }
    }

    /// An element with this value and, for a primitive, this object of its id and extensions.
    pub(crate) fn new(value: Option<&'a Value>, sibling: Option<&'a Value>, element: ElementType) -> Self {
        let (type_name, scope) = match (element.type_name, value) {
            ("Resource" | "DomainResource", Some(value)) => resource_type_of(value),
            ("", Some(value)) => (guess(value), None),
            _ => (element.type_name, element.scope),
        };
        Self { value, sibling, type_name, scope }
    }

    /// Its JSON; `None` for a primitive that has extensions but no value.
    #[must_use]
    pub fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// The object with the id and the extensions of a primitive.
    #[must_use]
    pub fn sibling(&self) -> Option<&'a Value> {
        self.sibling
    }

    /// FHIR's name of its type: `Quantity`, `code`, `BackboneElement`, `Patient`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Where the definitions of its children are; `None` for primitives.
    #[must_use]
    pub fn scope(&self) -> Option<ScopeId> {
        self.scope
    }

    /// Its JSON, when it is a string.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        self.value.and_then(Value::as_str)
    }

    /// The children with this element name, in order. A choice goes by its element's name: `value`, not `valueQuantity`.
    pub fn child(&self, name: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
        match self.members() {
            Some((members, scope)) => find(members, scope, name, || members.get(&format!("_{name}"))),
            None => Children::NONE,
        }
    }

    /// [`Self::child`] for a name whose sibling's name is known.
    pub(crate) fn step(&self, name: &str, sibling: &str) -> Children<'a> {
        match self.members() {
            Some((members, scope)) => find(members, scope, name, || members.get(sibling)),
            None => Children::NONE,
        }
    }

    /// All children, in the order of the JSON.
    pub(crate) fn children(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.members().into_iter().flat_map(|(members, scope)| {
            members.iter().flat_map(move |(key, value)| {
                let property = key.strip_prefix('_').unwrap_or(key);
                if key == "resourceType" || (property.len() < key.len() && members.contains_key(property)) {
                    return Children::NONE;
                }
                let element = element_type(scope, property);
                if property.len() < key.len() {
                    Children::new(None, Some(value), element)
                } else {
                    Children::new(Some(value), element.sibling(|| members.get(&format!("_{key}"))), element)
                }
            })
        })
    }

    /// Whether its type has an element of this name; true when the type is not known.
    pub(crate) fn has_element(&self, name: &str) -> bool {
        let scope = match self.scope {
            Some(scope) => scope,
            None if self.value.is_some_and(Value::is_object) => return true,
            None => match element_scope() {
                Some(scope) => scope,
                None => return true,
            },
        };
        scope_has_element(scope, name)
    }

    /// Whether both are the same place in the same JSON.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.identity() == other.identity() && self.identity() != (None, None)
    }

    /// What tells this place in the JSON from others.
    pub(crate) fn identity(&self) -> (Option<*const Value>, Option<*const Value>) {
        (self.value.map(std::ptr::from_ref), self.sibling.map(std::ptr::from_ref))
    }

    /// Where its children are: its object, or that beside a primitive.
    fn members(&self) -> Option<(&'a Map<String, Value>, Option<ScopeId>)> {
        match (self.value, self.sibling) {
            (Some(Value::Object(members)), _) => Some((members, self.scope)),
            (_, Some(Value::Object(members))) => Some((members, element_scope())),
            _ => None,
        }
    }
}

/// What the definitions say of a property; the name is empty when they say nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ElementType {
    type_name: &'static str,
    scope: Option<ScopeId>,
}

impl ElementType {
    /// A resource, whose JSON says its type.
    pub(crate) const RESOURCE: Self = Self { type_name: "Resource", scope: None };
    pub(crate) const UNKNOWN: Self = Self { type_name: "", scope: None };

    fn of(child: &Child) -> Self {
        Self { type_name: child.type_name, scope: child.scope }
    }

    /// Only primitives have a sibling.
    fn sibling<'a>(self, get: impl FnOnce() -> Option<&'a Value>) -> Option<&'a Value> {
        let primitive = self.scope.is_none() && !matches!(self.type_name, "Resource" | "DomainResource");
        primitive.then(get).flatten()
    }
}

/// The nodes of one property, whose JSON may be an array.
pub(crate) struct Children<'a> {
    value: Option<&'a Value>,
    sibling: Option<&'a Value>,
    element: ElementType,
    next: usize,
    len: usize,
}

impl<'a> Children<'a> {
    const NONE: Self = Self { value: None, sibling: None, element: ElementType::UNKNOWN, next: 0, len: 0 };

    fn new(value: Option<&'a Value>, sibling: Option<&'a Value>, element: ElementType) -> Self {
        let len = |json: Option<&Value>| match json {
            None => 0,
            Some(Value::Array(items)) => items.len(),
            Some(_) => 1,
        };
        Self { value, sibling, element, next: 0, len: len(value).max(len(sibling)) }
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        while self.next < self.len {
            let index = self.next;
            self.next += 1;
            let at = |json: Option<&'a Value>| match json {
                Some(Value::Array(items)) => items.get(index),
                Some(_) if index > 0 => None,
                other => other,
            };
            let present = |json: &&Value| !json.is_null();
            let (value, sibling) = (at(self.value).filter(present), at(self.sibling).filter(present));
            if value.is_some() || sibling.is_some() {
                return Some(Node::new(value, sibling, self.element));
            }
        }
        None
    }
}

fn find<'a>(
    members: &'a Map<String, Value>,
    scope: Option<ScopeId>,
    name: &str,
    sibling: impl FnOnce() -> Option<&'a Value>,
) -> Children<'a> {
    let Some(scope) = scope else {
        return Children::new(members.get(name), sibling(), ElementType::UNKNOWN);
    };
    match definitions().child(scope, name) {
        Some(child) if child.element.name == name => {
            let element = ElementType::of(child);
            let value = members.get(name);
            Children::new(value, element.sibling(sibling), element)
        }
        // The property of a choice, which FHIRPath does not know as an element.
        Some(_) => Children::NONE,
        None => find_choice(members, scope, name),
    }
}

fn find_choice<'a>(members: &'a Map<String, Value>, scope: ScopeId, name: &str) -> Children<'a> {
    for key in members.keys() {
        let property = key.strip_prefix('_').unwrap_or(key);
        let is_typed = property
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
        if !is_typed {
            continue;
        }
        if let Some(child) = definitions().child(scope, property)
            && child.element.name.strip_suffix("[x]") == Some(name)
        {
            let element = ElementType::of(child);
            let sibling = element.sibling(|| members.get(&format!("_{property}")));
            return Children::new(members.get(property), sibling, element);
        }
    }
    Children::NONE
}

/// Whether the FHIR type with this name has this element; true for primitives, and for `Resource`, which may be any.
pub(crate) fn has_element(type_name: &str, element: &str) -> bool {
    let scope = definitions()
        .scope_of_type(type_name)
        .filter(|_| !matches!(type_name, "Resource" | "DomainResource"));
    scope.is_none_or(|scope| scope_has_element(scope, element))
}

fn scope_has_element(scope: ScopeId, name: &str) -> bool {
    let mut elements = definitions().children(scope).iter();
    elements.any(|element| element.name.strip_suffix("[x]").unwrap_or(&element.name) == name)
}

fn element_type(scope: Option<ScopeId>, property: &str) -> ElementType {
    scope.and_then(|scope| definitions().child(scope, property)).map_or(ElementType::UNKNOWN, ElementType::of)
}

fn resource_type_of(value: &Value) -> (&'static str, Option<ScopeId>) {
    match value.get("resourceType").and_then(Value::as_str).and_then(ResourceType::find) {
        Some(resource_type) => (resource_type.name(), definitions().scope_of_type(resource_type.name())),
        None => ("Resource", None),
    }
}

/// The type of an element that no definition knows, by its JSON.
fn guess(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "decimal",
        Value::String(_) => "string",
        _ => "Element",
    }
}

fn element_scope() -> Option<ScopeId> {
    static SCOPE: OnceLock<Option<ScopeId>> = OnceLock::new();
    *SCOPE.get_or_init(|| definitions().scope_of_type("Element"))
}
