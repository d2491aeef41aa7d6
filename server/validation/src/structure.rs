//! The form of a resource: known elements only, single or repeating as defined, objects and primitives where they belong,
//! one type per choice, <https://hl7.org/fhir/R4/json.html>.
//!
//! It walks the JSON and the definitions side by side, and hands each value to the module that knows its rules.
//! Duplicate keys and the like are the parser's business.

use canonical::{Child, Definitions, Element, Kind, ScopeId, definitions};
use fhir::{IssueType, Map, Resource, Value};

use crate::{
    binding, cardinality, code_form,
    contained::{self, Contained},
    expression::At,
    extension::{self, Holder},
    primitive, reference,
    report::{Report, kind_of, preview, short},
};

pub(crate) mod unknown;

/// Everything that is wrong by the base definition. `is_acted_on` says that the server does more with the resource than
/// keep it.
pub(crate) fn check_resource(resource: &Resource, is_acted_on: bool, at: &At<'_>, report: &mut Report) {
    Walk { definitions: definitions(), is_acted_on, report }.resource(resource.value(), at, None);
    if let Some(rules) = resource.get("implicitRules") {
        let text = format!(
            "The resource is to be read by the rules {}, which this server does not know. Send it without implicitRules.",
            preview(rules)
        );
        report.unprocessable(at.member("implicitRules"), IssueType::NotSupported, text);
    }
}

/// A walk through one resource and everything in it.
pub(crate) struct Walk<'r> {
    pub(crate) definitions: &'static Definitions,
    is_acted_on: bool,
    pub(crate) report: &'r mut Report,
}

impl Walk<'_> {
    /// One resource: the outermost, one in a Bundle or in Parameters, or, with the others of its container, a contained one.
    fn resource(&mut self, value: &Value, at: &At<'_>, container: Option<&Contained<'_>>) {
        let Some(members) = value.as_object() else {
            let text = format!("A resource is a JSON object; {} was received.", kind_of(value));
            self.report.unparsable(at, IssueType::Structure, text);
            return;
        };
        let scope = match members.get("resourceType").and_then(Value::as_str) {
            Some(name) => {
                let structure =
                    self.definitions.structure(name).filter(|s| s.kind == Kind::Resource && !s.is_abstract);
                structure.and_then(|s| s.scope).map(|scope| (name, scope))
            }
            None => None,
        };
        let Some((name, scope)) = scope else {
            let received = members.get("resourceType").map_or("nothing".to_owned(), preview);
            let text =
                format!("'resourceType' must name a resource type of FHIR R4; {received} was received.");
            self.report.unparsable(&at.member("resourceType"), IssueType::Structure, text);
            return;
        };
        match container {
            Some(container) => self.object(members, scope, name, at, container),
            None => {
                self.object(members, scope, name, at, &Contained::of(members));
                contained::check(members, at, self.report);
            }
        }
    }

    /// The properties of a resource, a data type or a backbone element. `type_name` is what holds them, in words.
    pub(crate) fn object(
        &mut self,
        members: &Map<String, Value>,
        scope: ScopeId,
        type_name: &str,
        at: &At<'_>,
        container: &Contained<'_>,
    ) {
        // An object without a primitive's sibling spares the look for one at each primitive.
        let has_siblings = members.keys().any(|name| name.starts_with('_'));
        let mut choices: Vec<(&'static Element, &str)> = Vec::new();
        for (property, member) in members {
            let stem = property.strip_prefix('_');
            let Some(child) = self.definitions.child(scope, stem.unwrap_or(property)) else {
                if property != "resourceType" || !self.is_resource(type_name) {
                    self.unknown(scope, property, type_name, at);
                }
                continue;
            };
            let is_primitive = child.scope.is_none() && child.type_name != "Resource";
            if stem.is_some() && !(is_primitive && may_have_extensions(type_name, &child.element.name)) {
                let text = format!(
                    "'{}' has no sibling '{}': only primitives have one, and of these neither ids, nor the url of an extension, nor xhtml.",
                    child.element.name,
                    short(property)
                );
                self.report.unparsable(&at.member(property), IssueType::Structure, text);
                continue;
            }
            if stem.is_some_and(|stem| members.contains_key(stem)) {
                continue;
            }
            if child.element.name.ends_with("[x]") {
                self.choice(child.element, stem.unwrap_or(property), &mut choices, at);
            }
            if is_primitive {
                let (value, sibling) = match stem {
                    Some(_) => (None, Some(member)),
                    None if has_siblings => (Some(member), members.get(&format!("_{property}"))),
                    None => (Some(member), None),
                };
                primitive::check_element(self, child, value, sibling, at, container);
            } else {
                self.complex_element(child, member, type_name, at, container);
            }
        }
        cardinality::check_required(self.definitions, scope, members, &choices, at, self.report);
    }

    /// A choice element, of which one type may be there.
    fn choice<'p>(
        &mut self,
        element: &'static Element,
        property: &'p str,
        choices: &mut Vec<(&'static Element, &'p str)>,
        at: &At<'_>,
    ) {
        if let Some((_, first)) = choices.iter().find(|(known, _)| std::ptr::eq(*known, element)) {
            let text = format!(
                "'{first}' and '{property}' are both there, and only one of them may be. Remove one."
            );
            self.report.unparsable(&at.member(&element.name), IssueType::Structure, text);
        }
        choices.push((element, property));
    }

    fn complex_element(
        &mut self,
        child: &Child,
        member: &Value,
        holder: &str,
        at: &At<'_>,
        container: &Contained<'_>,
    ) {
        let element = child.element;
        match (member, element.max == Some(1)) {
            (Value::Array(items), false) => {
                if items.is_empty() {
                    self.report.unparsable(&at.member(&element.name), IssueType::Structure, EMPTY_ARRAY);
                }
                for (index, item) in items.iter().enumerate() {
                    self.complex(child, item, holder, &at.item(&element.name, Some(index)), container);
                }
                cardinality::check_most(element, items.len(), at, self.report);
            }
            (Value::Array(_), true) => self.not_repeating(element, at),
            (_, true) => self.complex(child, member, holder, &at.item(&element.name, None), container),
            (_, false) => self.repeating(element, member, at),
        }
    }

    fn complex(
        &mut self,
        child: &Child,
        value: &Value,
        holder: &str,
        at: &At<'_>,
        container: &Contained<'_>,
    ) {
        let Some(scope) = child.scope else {
            let container = (child.element.name == "contained").then_some(container);
            return self.resource(value, at, container);
        };
        let name = if is_backbone(child.type_name) { &child.element.path } else { child.type_name };
        let Some(members) = value.as_object() else {
            let text = format!(
                "{at} is a {name}, that is, a JSON object; {} was received: {}.",
                kind_of(value),
                preview(value)
            );
            self.report.unparsable(at, IssueType::Structure, text);
            return;
        };
        if members.is_empty() {
            self.report.unparsable(
                at,
                IssueType::Structure,
                "An object must not be empty. Leave the property out.",
            );
            return;
        }
        self.object(members, scope, name, at, container);
        match child.type_name {
            "Extension" => {
                let is_modifier = child.element.name == "modifierExtension";
                let holder = Holder { name: holder, is_modifier, is_acted_on: self.is_acted_on };
                extension::check(value, holder, container, at, self.report);
            }
            "Coding" | "Quantity" => code_form::check(members, self.is_acted_on, at, self.report),
            "Reference" => {
                let types = &child.element.types;
                let allowed = types.iter().find(|t| t.code == "Reference").map_or(&[][..], |t| &t.targets);
                reference::check(members, allowed, container, at, self.report);
            }
            _ => {}
        }
        if members.len() == 1 && members.contains_key("id") && child.type_name != "Extension" {
            let text =
                "An element must have a value or children beside its id (ele-1). Add them, or leave it out.";
            self.report.unprocessable(at, IssueType::Invariant, text);
        }
        self.bound(child, value, at);
    }

    /// The binding of a value in the base definition.
    pub(crate) fn bound(&mut self, child: &Child, value: &Value, at: &At<'_>) {
        if let Some(binding) = &child.element.binding {
            binding::check(value, child.type_name, binding, at, self.report);
        }
    }

    /// Reports an array where the element does not repeat.
    pub(crate) fn not_repeating(&mut self, element: &Element, at: &At<'_>) {
        let text = format!(
            "'{}' does not repeat, and an array was received. Send its one item, without the brackets.",
            element.path
        );
        self.report.unparsable(&at.member(&element.name), IssueType::Structure, text);
    }

    /// Reports something else than an array where the element repeats.
    pub(crate) fn repeating(&mut self, element: &Element, received: &Value, at: &At<'_>) {
        let text = format!(
            "'{}' repeats: an array is wanted, also for one item; {} was received. Put it into brackets.",
            element.path,
            kind_of(received)
        );
        self.report.unparsable(&at.member(&element.name), IssueType::Structure, text);
    }

    fn is_resource(&self, type_name: &str) -> bool {
        self.definitions.structure(type_name).is_some_and(|s| s.kind == Kind::Resource)
    }
}

/// What an empty array is answered with.
pub(crate) const EMPTY_ARRAY: &str = "An array must not be empty. Leave the property out.";

/// Whether a primitive element may have an id and extensions: ids and urls of extensions are plain strings, xhtml has none,
/// <https://hl7.org/fhir/R4/element-definitions.html#Element.id>.
fn may_have_extensions(holder: &str, name: &str) -> bool {
    !matches!((holder, name), (_, "id") | ("Extension", "url") | ("Narrative", "div"))
}

/// Whether elements of this type have children of their own.
pub(crate) fn is_backbone(type_name: &str) -> bool {
    matches!(type_name, "BackboneElement" | "Element")
}
