//! Down the tree, <https://hl7.org/fhirpath/N1/#tree-navigation>, and what type things are,
//! <https://hl7.org/fhirpath/N1/#reflection>.

use super::{Invocation, Items, boolean};
use crate::{EvaluateError, item::Item, node::Node, type_name::is_a};

/// Where HL7's own definitions live.
const HL7_STRUCTURE: &str = "http://hl7.org/fhir/StructureDefinition/";

pub(super) fn children<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let mut found = Vec::new();
    for item in call.input {
        for child in item.node().iter().flat_map(Node::children) {
            call.evaluation.budget.spend(1)?;
            found.push(Item::Node(child));
        }
    }
    Ok(found)
}

/// Children before their own children, as by `repeat(children())`.
pub(super) fn descendants<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let mut found = children(call)?;
    let mut next = 0;
    while let Some(item) = found.get(next) {
        next += 1;
        for child in item.node().iter().flat_map(Node::children) {
            call.evaluation.budget.spend(1)?;
            found.push(Item::Node(child));
        }
    }
    Ok(found)
}

pub(super) fn type_<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let info = |item: &Item<'a>| {
        let (namespace, name) = item.type_info();
        Item::Type(namespace, name)
    };
    Ok(call.input.iter().map(info).collect())
}

/// For HL7's own definitions it asks for the type; other profiles are the context's to know.
pub(super) fn conforms_to<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some((item, url)) = call.item()?.zip(call.text_argument(0)?) else { return Ok(Vec::new()) };
    let name =
        url.strip_prefix(HL7_STRUCTURE).filter(|name| canonical::definitions().structure(name).is_some());
    if let Some(name) = name {
        return boolean(item.node().is_some_and(|node| is_a(node.type_name(), name)));
    }
    let Some(node) = item.node() else { return boolean(false) };
    match call.evaluation.context.conforms(node, &url) {
        Some(conforms) => boolean(conforms),
        None => Err(EvaluateError::NotSupported(format!("conformsTo() does not know the profile {url}."))),
    }
}
