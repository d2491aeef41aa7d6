//! The resources within a resource: contained ones, the entries of a Bundle, and those in Parameters,
//! <https://hl7.org/fhir/R4/resource.html#Resource>. Each is held to the profiles that it claims itself.
//!
//! Their base definitions are asked in `structure` and `invariant`, and what content a profile is for counts only where a
//! resource is stored as its own.

use fhir::{Map, Value};
use fhirpath::{Context, Node};

use crate::{claim, contained::Contained, expression::At, profile, report::Report};

/// Where resources stand in others, or in what holds them in turn.
const HOLDERS: [&str; 4] = ["entry", "parameter", "part", "response"];
/// And where they stand themselves.
const RESOURCES: [&str; 3] = ["resource", "outcome", "contained"];

/// Reports what is wrong with them by the profiles that they claim.
pub(crate) fn check(resource: &Value, at: &At<'_>, report: &mut Report) {
    let container = Node::typed(resource, "Resource", None);
    if let Some(members) = resource.as_object() {
        within(members, container, at, report);
    }
}

/// `around` is the resource that these members are of.
fn within<'v>(members: &'v Map<String, Value>, around: Node<'v>, at: &At<'_>, report: &mut Report) {
    for (name, member) in members {
        if !HOLDERS.contains(&name.as_str()) && !RESOURCES.contains(&name.as_str()) {
            continue;
        }
        let (items, repeats) = match member {
            Value::Array(items) => (items.as_slice(), true),
            one => (std::slice::from_ref(one), false),
        };
        for (index, item) in items.iter().enumerate() {
            let Some(below) = item.as_object() else { continue };
            let at = at.item(name, repeats.then_some(index));
            if below.contains_key("resourceType") && RESOURCES.contains(&name.as_str()) {
                one(item, below, (name == "contained").then_some(around), &at, report);
            } else if HOLDERS.contains(&name.as_str()) {
                within(below, around, &at, report);
            }
        }
    }
}

fn one<'v>(
    resource: &'v Value,
    members: &'v Map<String, Value>,
    container: Option<Node<'v>>,
    at: &At<'_>,
    report: &mut Report,
) {
    let node = Node::typed(resource, "Resource", None);
    claim::check_claims(members, at, report);
    let around = container.and_then(|container| container.value()).and_then(Value::as_object);
    let contained = Contained::of(around.unwrap_or(members));
    for profile in claim::profiles_within(members) {
        let mut of_profile = Report::default();
        let mut context = Context::of_node(node).with_profiles(profile::conforms);
        if let Some(container) = container {
            context = context.within(container);
        }
        profile::check(profile, node, context, at, &contained, &mut of_profile);
        report.add_new_of(of_profile);
    }
    within(members, node, at, report);
}
