//! The walk that asks R4's invariants of a resource and everything in it, each of the elements that it is stated on.
//!
//! It expects a resource whose form is right: what does not fit the definitions is passed over.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use canonical::{Child, Constraint, Definitions, Element, ScopeId, definitions};
use fhir::{Map, Resource, Value};
use fhirpath::{Context, Node};

use super::{Invariant, core};
use crate::{expression::At, profile, report::Report, structure::is_backbone};

/// No chain of base types is longer.
const MAX_BASES: usize = 8;

/// R4's invariants, by where they are stated.
struct Stated {
    /// By the number of the scope: those of the whole type and of its base types, or of a backbone element.
    of_scope: Vec<Vec<Invariant>>,
    /// By path: those of another element.
    of_element: HashMap<&'static str, Vec<Invariant>>,
    /// The scopes of the backbone elements that were compiled.
    walked: HashSet<ScopeId>,
    /// What stands beside a primitive.
    of_siblings: Option<ScopeId>,
}

static STATED: LazyLock<Stated> = LazyLock::new(|| Stated::compile(definitions()));

impl Stated {
    fn compile(definitions: &'static Definitions) -> Self {
        let mut stated = Self {
            of_scope: Vec::new(),
            of_element: HashMap::new(),
            walked: HashSet::new(),
            of_siblings: definitions.scope_of_type("Element"),
        };
        for structure in definitions.structures() {
            let Some(scope) = structure.scope else { continue };
            let mut current = Some(structure);
            for _ in 0..MAX_BASES {
                let Some(of) = current else { break };
                stated.add(scope, compile(&of.constraints));
                current = of.base.as_deref().and_then(|base| definitions.structure(base));
            }
            stated.elements(definitions, scope);
        }
        stated
    }

    /// What is stated on a backbone element counts wherever its content is repeated by reference, so it goes by its scope.
    fn elements(&mut self, definitions: &'static Definitions, scope: ScopeId) {
        for element in definitions.children(scope) {
            let child = definitions.child(scope, &element.name).filter(|child| is_backbone(child.type_name));
            match child.and_then(|child| child.scope) {
                None if element.constraints.is_empty() => {}
                None => {
                    self.of_element.insert(&element.path, compile(&element.constraints).collect());
                }
                Some(below) => {
                    let is_new = !self.walked.contains(&below);
                    self.add(below, compile(&element.constraints));
                    if is_new {
                        self.walked.insert(below);
                        self.elements(definitions, below);
                    }
                }
            }
        }
    }

    fn add(&mut self, scope: ScopeId, invariants: impl Iterator<Item = Invariant>) {
        let at = scope.0 as usize;
        if self.of_scope.len() <= at {
            self.of_scope.resize_with(at + 1, Vec::new);
        }
        self.of_scope[at].extend(invariants);
    }

    fn of_type(&self, scope: ScopeId) -> &[Invariant] {
        self.of_scope.get(scope.0 as usize).map_or(&[], Vec::as_slice)
    }

    fn of(&self, element: &'static Element) -> &[Invariant] {
        if element.constraints.is_empty() {
            return &[];
        }
        self.of_element.get(element.path.as_str()).map_or(&[], Vec::as_slice)
    }
}

fn compile(constraints: &'static [Constraint]) -> impl Iterator<Item = Invariant> {
    constraints.iter().filter(|constraint| core::is_evaluated(constraint)).filter_map(Invariant::compile)
}

/// Compiles every invariant of R4, unless that was done.
pub(crate) fn compile_all() {
    LazyLock::force(&STATED);
}

/// Reports every invariant of R4 that does not hold in the resource.
pub(crate) fn check_resource(resource: &Resource, at: &At<'_>, report: &mut Report) {
    let mut walk = Walk { definitions: definitions(), stated: &STATED, report };
    walk.resource(Node::resource(resource), None, at);
}

struct Walk<'r> {
    definitions: &'static Definitions,
    stated: &'static Stated,
    report: &'r mut Report,
}

impl Walk<'_> {
    /// One resource. `container` is the resource around a contained one.
    fn resource<'v>(&mut self, node: Node<'v>, container: Option<Node<'v>>, at: &At<'_>) {
        let mut context = Context::of_node(node).with_profiles(profile::conforms);
        if let Some(container) = container {
            context = context.within(container);
        }
        let (Some(Value::Object(members)), Some(scope)) = (node.value(), node.scope()) else { return };
        self.ask(self.stated.of_type(scope), node, &mut context, at);
        self.members(members, scope, container.unwrap_or(node), &mut context, at);
    }

    fn members<'v>(
        &mut self,
        members: &'v Map<String, Value>,
        scope: ScopeId,
        root: Node<'v>,
        context: &mut Context<'v>,
        at: &At<'_>,
    ) {
        for (property, member) in members {
            let stem = property.strip_prefix('_');
            let Some(child) = self.definitions.child(scope, stem.unwrap_or(property)) else { continue };
            let name = &child.element.name;
            let is_sibling = stem.is_some();
            match member {
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.one(child, item, is_sibling, root, context, &at.item(name, Some(index)));
                    }
                }
                item => self.one(child, item, is_sibling, root, context, &at.member(name)),
            }
        }
    }

    /// One value of a property, or the object beside a primitive.
    fn one<'v>(
        &mut self,
        child: &'static Child,
        item: &'v Value,
        is_sibling: bool,
        root: Node<'v>,
        context: &mut Context<'v>,
        at: &At<'_>,
    ) {
        if item.is_null() {
            return;
        }
        if is_sibling {
            if let (Value::Object(members), Some(scope)) = (item, self.stated.of_siblings) {
                self.members(members, scope, root, context, at);
            }
            return;
        }
        let node = Node::of_child(child, Some(item), None);
        if child.scope.is_none() && child.type_name == "Resource" {
            let container = (child.element.name == "contained").then_some(root);
            return self.resource(node, container, at);
        }
        self.ask(self.stated.of(child.element), node, context, at);
        let (Value::Object(members), Some(scope)) = (item, child.scope) else { return };
        self.ask(self.stated.of_type(scope), node, context, at);
        self.members(members, scope, root, context, at);
    }

    fn ask<'v>(
        &mut self,
        invariants: &'static [Invariant],
        node: Node<'v>,
        context: &mut Context<'v>,
        at: &At<'_>,
    ) {
        if invariants.is_empty() {
            return;
        }
        context.focus_on(node);
        for invariant in invariants {
            invariant.check(context, at, self.report);
        }
    }
}
