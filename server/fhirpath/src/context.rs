//! What an expression is evaluated on: the focus, and the variables, <https://hl7.org/fhirpath/N1/#environment-variables>,
//! <https://hl7.org/fhir/R4/fhirpath.html#vars>.

use crate::{DateTime, Node, item::Item};

/// Whether an element conforms to the profile with this canonical url; `None` when the profile is not known.
pub type Conforms = fn(Node<'_>, &str) -> Option<bool>;

/// The focus and the environment of an evaluation.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    focus: Option<Item<'a>>,
    resource: Option<Node<'a>>,
    root_resource: Option<Node<'a>>,
    conforms: Option<Conforms>,
    variables: Vec<(Box<str>, Vec<Item<'a>>)>,
    now: Option<DateTime>,
    strict: bool,
}

impl<'a> Context<'a> {
    /// The resource as focus, `%context`, `%resource` and `%rootResource`.
    #[must_use]
    pub fn of_resource(resource: &'a fhir::Resource) -> Self {
        Self::of_node(Node::resource(resource))
    }

    /// The same for a resource inside another one; [`Self::within`] says in which.
    #[must_use]
    pub fn of_node(node: Node<'a>) -> Self {
        Self {
            focus: Some(Item::Node(node)),
            resource: Some(node),
            root_resource: Some(node),
            ..Self::of_nothing()
        }
    }

    /// No focus and no resource, for expressions that speak of variables only.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self {
            focus: None,
            resource: None,
            root_resource: None,
            conforms: None,
            variables: Vec::new(),
            now: None,
            strict: false,
        }
    }

    /// The same for a resource that is contained in this one, which becomes `%rootResource`.
    #[must_use]
    pub fn within(mut self, container: Node<'a>) -> Self {
        self.root_resource = Some(container);
        self
    }

    /// The same with profiles for `conformsTo()`.
    #[must_use]
    pub fn with_profiles(mut self, conforms: Conforms) -> Self {
        self.conforms = Some(conforms);
        self
    }

    /// Puts the focus elsewhere; everything else stays.
    pub fn focus_on(&mut self, focus: Node<'a>) {
        self.focus = Some(Item::Node(focus));
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

    /// What an expression begins with: one item, or none.
    #[must_use]
    pub fn focus(&self) -> &[Item<'a>] {
        self.focus.as_slice()
    }

    pub(crate) fn resource(&self) -> Option<Node<'a>> {
        self.resource
    }

    /// `%rootResource`: the resource, or the one that it is contained in.
    #[must_use]
    pub fn root_resource(&self) -> Option<Node<'a>> {
        self.root_resource
    }

    pub(crate) fn conforms(&self, node: Node<'_>, profile: &str) -> Option<bool> {
        self.conforms.and_then(|conforms| conforms(node, profile))
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
