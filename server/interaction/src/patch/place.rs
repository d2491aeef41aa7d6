//! Where an element stands in the JSON of its resource, and how it is put there. FHIR keeps a primitive in two properties, its
//! value and (with an underscore) its id and extensions: <https://hl7.org/fhir/R4/json.html#primitive>.

use canonical::{Child, definitions};
use fhir::{Map, Resource, Value};
use fhirpath::Node;

/// An element: its JSON, and for a primitive the object beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Element {
    pub(super) value: Option<Value>,
    pub(super) sibling: Option<Value>,
}

/// The way from the resource down to an element; of no steps it is the resource itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(pub(super) Vec<Step>);

/// One property, without an underscore, and the index of an element in it when it is an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) property: String,
    pub(super) index: Option<usize>,
}

impl Place {
    /// The place of this node of a resource.
    pub(super) fn find(resource: &Value, node: &Node<'_>) -> Option<Self> {
        let is_it = |value: &Value| match (node.value(), node.sibling()) {
            (Some(wanted), _) | (None, Some(wanted)) => std::ptr::eq(value, wanted),
            (None, None) => false,
        };
        let mut steps = Vec::new();
        (is_it(resource) || walk(resource, &mut steps, &is_it)).then_some(Self(steps))
    }

    /// The place of this property of the element here.
    pub(super) fn below(&self, property: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step { property: property.to_owned(), index: None });
        Self(steps)
    }

    /// The property here as a whole.
    pub(super) fn whole(&self) -> Self {
        let mut steps = self.0.clone();
        if let Some(last) = steps.last_mut() {
            last.index = None;
        }
        Self(steps)
    }

    pub(super) fn index(&self) -> Option<usize> {
        self.0.last()?.index
    }

    /// What the definitions say of the property here.
    pub(super) fn child(&self, resource: &Resource) -> Option<&'static Child> {
        let scope_of = |name: &str| definitions().scope_of_type(name);
        let (last, above) = self.0.split_last()?;
        let mut members = resource.members();
        let mut scope = scope_of(resource.resource_type().name())?;
        for step in above {
            let child = definitions().child(scope, &step.property);
            members = step.object(members)?;
            let named = members.get("resourceType").and_then(Value::as_str);
            scope = named.and_then(scope_of).or(child?.scope).or_else(|| scope_of("Element"))?;
        }
        definitions().child(scope, &last.property)
    }

    /// The elements of the property here; one that does not repeat is a list of one.
    pub(super) fn list(&self, resource: &Resource) -> Vec<Element> {
        let Some((last, above)) = self.0.split_last() else { return Vec::new() };
        let holder = above.iter().try_fold(resource.members(), |members, step| step.object(members));
        holder.map_or_else(Vec::new, |members| last.list(members))
    }

    /// Puts these elements in the place of those of the property here; `is_list` says whether they stand in an array.
    pub(super) fn set_list(&self, resource: &mut Resource, list: Vec<Element>, is_list: bool) -> Option<()> {
        let (last, above) = self.0.split_last()?;
        last.set_list(holder(resource.members_mut(), above)?, list, is_list);
        Some(())
    }

    /// Gives the property here another name, at the same position.
    pub(super) fn rename(&self, resource: &mut Resource, name: &str) -> Option<()> {
        let (last, above) = self.0.split_last()?;
        let members = holder(resource.members_mut(), above)?;
        let renamed = |old: String| match old.strip_prefix('_') {
            Some(property) if property == last.property => format!("_{name}"),
            None if old == last.property => name.to_owned(),
            _ => old,
        };
        *members = std::mem::take(members).into_iter().map(|(old, value)| (renamed(old), value)).collect();
        Some(())
    }
}

impl Step {
    fn sibling(&self) -> String {
        format!("_{}", self.property)
    }

    fn item<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        match self.index {
            Some(index) => value.get(index),
            None => Some(value),
        }
    }

    /// The object with the children of the element here: its own, or the one beside a primitive.
    fn object<'a>(&self, members: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
        let object =
            |name: &str| members.get(name).and_then(|value| self.item(value)).and_then(Value::as_object);
        object(&self.property).or_else(|| object(&self.sibling()))
    }

    /// The same to be changed; beside a primitive that has none it is made.
    fn object_mut<'a>(&self, members: &'a mut Map<String, Value>) -> Option<&'a mut Map<String, Value>> {
        let is_primitive = members
            .get(&self.property)
            .and_then(|value| self.item(value))
            .is_none_or(|value| !value.is_object());
        let name = if is_primitive { self.sibling() } else { self.property.clone() };
        let slot = match self.index {
            None => members.entry(name).or_insert_with(|| Value::Object(Map::new())),
            Some(index) => {
                let array = members.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
                if array.len() <= index {
                    array.resize(index + 1, Value::Null);
                }
                &mut array[index]
            }
        };
        if slot.is_null() {
            *slot = Value::Object(Map::new());
        }
        slot.as_object_mut()
    }

    pub(super) fn list(&self, members: &Map<String, Value>) -> Vec<Element> {
        fn items(value: Option<&Value>) -> Vec<Option<Value>> {
            match value {
                None => Vec::new(),
                Some(Value::Array(items)) => {
                    items.iter().map(|item| Some(item).filter(|item| !item.is_null()).cloned()).collect()
                }
                Some(value) => vec![Some(value.clone())],
            }
        }
        let mut values = items(members.get(&self.property));
        let mut siblings = items(members.get(&self.sibling()));
        let len = values.len().max(siblings.len());
        values.resize(len, None);
        siblings.resize(len, None);
        values.into_iter().zip(siblings).map(|(value, sibling)| Element { value, sibling }).collect()
    }

    pub(super) fn set_list(&self, members: &mut Map<String, Value>, list: Vec<Element>, is_list: bool) {
        let (values, siblings): (Vec<_>, Vec<_>) =
            list.into_iter().map(|element| (element.value, element.sibling)).unzip();
        for (name, items) in [(self.property.clone(), values), (self.sibling(), siblings)] {
            if items.iter().all(Option::is_none) {
                members.shift_remove(&name);
                continue;
            }
            let mut items: Vec<Value> = items.into_iter().map(Option::unwrap_or_default).collect();
            let value = if is_list { Value::Array(items) } else { items.swap_remove(0) };
            members.insert(name, value);
        }
    }
}

/// The object that the last of these steps leads to.
fn holder<'a>(members: &'a mut Map<String, Value>, above: &[Step]) -> Option<&'a mut Map<String, Value>> {
    above.iter().try_fold(members, |members, step| step.object_mut(members))
}

/// Goes down to the value that is wanted, and leaves the way to it in `steps`.
fn walk(value: &Value, steps: &mut Vec<Step>, is_it: &impl Fn(&Value) -> bool) -> bool {
    let Some(members) = value.as_object() else { return false };
    for (name, member) in members {
        let property = name.strip_prefix('_').unwrap_or(name);
        let mut enter = |index, item: &Value| {
            steps.push(Step { property: property.to_owned(), index });
            let found = is_it(item) || walk(item, steps, is_it);
            if !found {
                steps.pop();
            }
            found
        };
        let found = match member {
            Value::Array(items) => items.iter().enumerate().any(|(index, item)| enter(Some(index), item)),
            member => enter(None, member),
        };
        if found {
            return true;
        }
    }
    false
}
