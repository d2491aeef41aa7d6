//! What an expression is evaluated on: the focus, and the variables, <https://hl7.org/fhirpath/N1/#environment-variables>,
//! <https://hl7.org/fhir/R4/fhirpath.html#vars>.

use crate::{DateTime, Node, item::Item};

/// The focus and the environment of an evaluation.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    focus: Option<Item<'a>>,
    resource: Option<Node<'a>>,
    variables: Vec<(Box<str>, Vec<Item<'a>>)>,
    now: Option<DateTime>,
    strict: bool,
}

impl<'a> Context<'a> {
    /// The resource as focus, `%context`, `%resource` and `%rootResource`.
    #[must_use]
    pub fn of_resource(resource: &'a fhir::Resource) -> Self {
        let node = Node::resource(resource);
        Self { focus: Some(Item::Node(node)), resource: Some(node), ..Self::of_nothing() }
    }

    /// No focus and no resource, for expressions that speak of variables only.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self { focus: None, resource: None, variables: Vec::new(), now: None, strict: false }
    }

    /// The same with another focus, such as one element of the resource.
    #[must_use]
    pub fn with_focus(mut self, focus: Item<'a>) -> Self {
        self.focus = Some(focus);
        self
    }

    /// The same with a variable, named without its `%`; one that is there already is replaced.
    #[must_use]
    pub fn with_variable(mut self, name: &str, items: Vec<Item<'a>>) -> Self {
        self.variables.retain(|(known, _)| **known != *name);
        self.variables.push((name.into(), items));
        self
    }

    /// The same at this time of `now()`, `today()` and `timeOfDay()`; without it, the clock is read once an evaluation.
    #[must_use]
    pub fn at(mut self, now: DateTime) -> Self {
        self.now = Some(now);
        self
    }

    /// The same, but without the leniency that R4's own expressions need: an element that a type does not have, `as()` of
    /// several items, and a criterion of `iif()` that is no boolean are errors.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    pub(crate) fn focus(&self) -> &[Item<'a>] {
        self.focus.as_slice()
    }

    pub(crate) fn resource(&self) -> Option<Node<'a>> {
        self.resource
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    pub(crate) fn now(&self) -> Option<DateTime> {
        self.now
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&[Item<'a>]> {
        self.variables.iter().find(|(known, _)| **known == *name).map(|(_, items)| items.as_slice())
    }
}
