//! FHIRPath Patch, <https://hl7.org/fhir/R4/fhirpatch.html>: a Parameters resource whose parameters are operations, each on the
//! element that its FHIRPath expression selects.
//!
//! Values are put in place as they stand in the Parameters; whether they have the right type is for validation to say.

use canonical::{Child, ScopeId, definitions};
use fhir::{Cause, Error, Issue, Resource, Value};
use fhirpath::{Context, Expression, Node};

use super::place::{Element, Place, Step};
use super::result::prune;

/// How many operations a patch may have: each of them walks the resource.
const MOST_OPERATIONS: usize = 200;

/// A list of operations, to be carried out one after the other.
#[derive(Clone, Debug)]
pub(crate) struct FhirPathPatch(Vec<Operation>);

#[derive(Clone, Debug)]
struct Operation {
    action: Action,
    path: String,
}

#[derive(Clone, Debug)]
enum Action {
    Add { name: String, value: Content },
    Insert { index: usize, value: Content },
    Delete,
    Replace(Content),
    Move { source: usize, destination: usize },
}

/// The value of an operation as it stands in the Parameters.
#[derive(Clone, Debug)]
enum Content {
    /// `valueHumanName`, or the like: the name of the type as it stands there, and the element.
    Value(String, Element),
    /// The children of an element whose type has no name of its own.
    Parts(Vec<(String, Content)>),
    Resource(Value),
}

impl FhirPathPatch {
    /// The patch that this Parameters resource is.
    ///
    /// # Errors
    /// 400 for what is no list of operations.
    pub(crate) fn read(parameters: &Value) -> Result<Self, Error> {
        let items = parameters.get("parameter").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if items.len() > MOST_OPERATIONS {
            let sentence =
                format!("A patch may have {MOST_OPERATIONS} operations; this one has {}.", items.len());
            return Err(Error::new(Cause::TooCostly, sentence));
        }
        let operations = items.iter().enumerate().map(|(at, item)| {
            Operation::read(item)
                .map_err(|what| refusal(Cause::BadRequest, at, format!("Operation {at} of the patch {what}")))
        });
        operations.collect::<Result<_, _>>().map(Self)
    }

    /// Carries out all operations. After an error the resource is of no use.
    ///
    /// # Errors
    /// 400 for a path that is no FHIRPath, 422 for an operation that cannot be carried out.
    pub(crate) fn apply(&self, resource: &mut Resource) -> Result<(), Error> {
        for (at, operation) in self.0.iter().enumerate() {
            let refuse = |cause, what: String| {
                let (name, path) = (operation.action.name(), shown(&operation.path));
                let sentence =
                    format!("Operation {at} of the patch ({name} '{path}') {what} Nothing was changed.");
                refusal(cause, at, sentence)
            };
            let expression = Expression::parse(&operation.path).map_err(|error| {
                refuse(Cause::BadRequest, format!("has a path that is no FHIRPath: {error}."))
            })?;
            operation.apply(&expression, resource).map_err(|what| refuse(Cause::Unprocessable, what))?;
        }
        Ok(())
    }
}

/// The refusal of an operation, which is told by its place in the patch.
fn refusal(cause: Cause, at: usize, sentence: String) -> Error {
    let issue = Issue::error(cause.issue_type(), sentence);
    Error::with_issue(cause, issue.at(format!("Parameters.parameter[{at}]")))
}

impl Operation {
    fn read(item: &Value) -> Result<Self, String> {
        if item.get("name").and_then(Value::as_str) != Some("operation") {
            return Err("is a parameter that is not named 'operation'.".to_owned());
        }
        let parts = item.get("part").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let part = |name: &str| {
            let mut named =
                parts.iter().filter(|part| part.get("name").and_then(Value::as_str) == Some(name));
            match (named.next(), named.next()) {
                (Some(part), None) => Ok(part),
                (None, _) => Err(format!("has no part '{name}'.")),
                (Some(_), Some(_)) => Err(format!("has the part '{name}' twice.")),
            }
        };
        let text = |name: &str| match Content::read(part(name)?) {
            Some(Content::Value(_, Element { value: Some(Value::String(text)), .. })) => Ok(text),
            _ => Err(format!("has a part '{name}' that holds no text.")),
        };
        let number = |name: &str| match Content::read(part(name)?) {
            Some(Content::Value(_, Element { value: Some(Value::Number(number)), .. })) => number
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
                .ok_or_else(|| format!("has a part '{name}' that is no whole number from 0.")),
            _ => Err(format!("has a part '{name}' that is no whole number from 0.")),
        };
        let value = || {
            Content::read(part("value")?).ok_or_else(|| "has a part 'value' that holds nothing.".to_owned())
        };
        let action = match text("type")?.as_str() {
            "add" => Action::Add { name: text("name")?, value: value()? },
            "insert" => Action::Insert { index: number("index")?, value: value()? },
            "delete" => Action::Delete,
            "replace" => Action::Replace(value()?),
            "move" => Action::Move { source: number("source")?, destination: number("destination")? },
            _ => return Err("has a type that is none of add, insert, delete, replace and move.".to_owned()),
        };
        Ok(Self { action, path: text("path")? })
    }

    fn apply(&self, expression: &Expression, resource: &mut Resource) -> Result<(), String> {
        let gone = || "has a path that selects nothing that can be changed.".to_owned();
        let nodes = select(expression, resource)?;
        let places = places(resource, &nodes)?;
        match &self.action {
            Action::Add { name, value } => {
                let place = single(&places)?;
                let scope = nodes.first().and_then(|node| node.scope()).or_else(element_scope);
                let (property, child) = property(scope, name, value)?;
                let element = value.element(child.scope)?;
                let place = place.below(&property);
                let mut list = place.list(resource);
                if !repeats(child) && !list.is_empty() {
                    return Err(format!("finds '{name}' there already, which does not repeat. Replace it."));
                }
                list.push(element);
                place.set_list(resource, list, repeats(child)).ok_or_else(gone)
            }
            Action::Insert { index, value } => {
                let place = self.list_place(&places, resource)?;
                let element = value.element(place.child(resource).and_then(|child| child.scope))?;
                let mut list = place.list(resource);
                if *index > list.len() {
                    return Err(format!("names the index {index} in a list of {} elements.", list.len()));
                }
                list.insert(*index, element);
                place.set_list(resource, list, true).ok_or_else(gone)
            }
            Action::Delete if places.is_empty() => Ok(()),
            Action::Delete => {
                let place = single(&places)?;
                let mut list = place.list(resource);
                let at = place.index().unwrap_or(0);
                if at >= list.len() {
                    return Err(gone());
                }
                list.remove(at);
                place.set_list(resource, list, place.index().is_some()).ok_or_else(gone)?;
                prune(resource);
                Ok(())
            }
            Action::Replace(value) => {
                let place = single(&places)?;
                let child = place.child(resource);
                let element = value.element(child.and_then(|child| child.scope))?;
                let mut list = place.list(resource);
                *list.get_mut(place.index().unwrap_or(0)).ok_or_else(gone)? = element;
                place.set_list(resource, list, place.index().is_some()).ok_or_else(gone)?;
                // The type of a choice is part of the property's name.
                let stem = child.and_then(|child| child.element.name.strip_suffix("[x]"));
                match (stem, value) {
                    (Some(stem), Content::Value(suffix, _)) => {
                        place.rename(resource, &format!("{stem}{suffix}")).ok_or_else(gone)
                    }
                    _ => Ok(()),
                }
            }
            Action::Move { source, destination } => {
                let place = self.list_place(&places, resource)?;
                let mut list = place.list(resource);
                if *source.max(destination) >= list.len() {
                    return Err(format!("names an index beyond a list of {} elements.", list.len()));
                }
                let element = list.remove(*source);
                list.insert(*destination, element);
                place.set_list(resource, list, true).ok_or_else(gone)
            }
        }
    }

    /// The whole list that the path selects. An empty one is found by what it would stand in.
    fn list_place(&self, found: &[Place], resource: &Resource) -> Result<Place, String> {
        let refused =
            || "has a path that does not select a whole list, such as Patient.identifier.".to_owned();
        let Some(first) = found.first() else {
            let (parent, name) = self.path.rsplit_once('.').ok_or_else(refused)?;
            let expression = Expression::parse(parent).map_err(|_| refused())?;
            let parents = select(&expression, resource)?;
            let place = single(&places(resource, &parents)?)?.below(name.trim());
            return place.child(resource).filter(|child| repeats(child)).map(|_| place).ok_or_else(refused);
        };
        let list = first.whole();
        let is_whole = list.list(resource).len() == found.len()
            && found.iter().enumerate().all(|(at, place)| place.index() == Some(at) && place.whole() == list);
        if is_whole { Ok(list) } else { Err(refused()) }
    }
}

impl Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Insert { .. } => "insert",
            Self::Delete => "delete",
            Self::Replace(_) => "replace",
            Self::Move { .. } => "move",
        }
    }
}

impl Content {
    /// What a part holds.
    fn read(part: &Value) -> Option<Self> {
        let members = part.as_object()?;
        if let Some(parts) = members.get("part").and_then(Value::as_array) {
            let part = |part: &Value| Some((part.get("name")?.as_str()?.to_owned(), Self::read(part)?));
            return parts.iter().map(part).collect::<Option<_>>().map(Self::Parts);
        }
        if let Some(resource) = members.get("resource") {
            return Some(Self::Resource(resource.clone()));
        }
        let suffix = members.keys().find_map(|name| name.trim_start_matches('_').strip_prefix("value"))?;
        let element = Element {
            value: members.get(&format!("value{suffix}")).cloned(),
            sibling: members.get(&format!("_value{suffix}")).cloned(),
        };
        Some(Self::Value(suffix.to_owned(), element))
    }

    /// The element that it is, with its children named as they are in this scope.
    fn element(&self, scope: Option<ScopeId>) -> Result<Element, String> {
        match self {
            Self::Value(_, element) => Ok(element.clone()),
            Self::Resource(resource) => Ok(Element { value: Some(resource.clone()), sibling: None }),
            Self::Parts(parts) => {
                let mut members = fhir::Map::new();
                for (name, content) in parts {
                    let (property, child) = property(scope, name, content)?;
                    let element = content.element(child.scope)?;
                    let step = Step { property, index: None };
                    let mut list = step.list(&members);
                    if !repeats(child) && !list.is_empty() {
                        return Err(format!(
                            "has the part '{name}' twice in its value, which does not repeat."
                        ));
                    }
                    list.push(element);
                    step.set_list(&mut members, list, repeats(child));
                }
                Ok(Element { value: Some(Value::Object(members)), sibling: None })
            }
        }
    }
}

/// The elements that an expression selects.
fn select<'a>(expression: &'a Expression, resource: &'a Resource) -> Result<Vec<Node<'a>>, String> {
    let context = Context::of_resource(resource).strict();
    let items = expression.evaluate(&context).map_err(|error| format!("cannot be evaluated: {error}"))?;
    let node = |item: &fhirpath::Item<'a>| {
        item.node().ok_or("has a path that computes a value, where an element is meant.")
    };
    Ok(items.iter().map(node).collect::<Result<_, _>>()?)
}

fn places(resource: &Resource, nodes: &[Node<'_>]) -> Result<Vec<Place>, String> {
    let place = |node: &Node<'_>| {
        Place::find(resource.value(), node)
            .ok_or("has a path that selects no part of this resource.".to_owned())
    };
    nodes.iter().map(place).collect()
}

fn single(places: &[Place]) -> Result<&Place, String> {
    match places {
        [place] => Ok(place),
        [] => Err("has a path that selects nothing.".to_owned()),
        several => Err(format!("has a path that selects {} elements, where one is meant.", several.len())),
    }
}

/// Where the children of a primitive are defined: its id and its extensions.
fn element_scope() -> Option<ScopeId> {
    definitions().scope_of_type("Element")
}

fn repeats(child: &Child) -> bool {
    child.element.max != Some(1)
}

/// The JSON property of the child with this name, and its definition.
fn property(scope: Option<ScopeId>, name: &str, value: &Content) -> Result<(String, &'static Child), String> {
    let name = name.trim_end_matches("[x]");
    let child = |property: &str| definitions().child(scope?, property);
    if let Some(child) = child(name) {
        return Ok((name.to_owned(), child));
    }
    if let Content::Value(suffix, _) = value {
        let property = format!("{name}{suffix}");
        if let Some(child) = child(&property) {
            return Ok((property, child));
        }
    }
    Err(format!("names '{}', which is no element there.", shown(name)))
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}
