//! Extensions by url, <https://hl7.org/fhir/R4/fhirpath.html#functions>.

use serde_json::Value;

use super::{Invocation, Items, boolean};
use crate::{item::Item, node::Node};

pub(super) fn extension<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(url) = call.text_argument(0)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for node in call.input.iter().filter_map(Item::node) {
        call.evaluation.budget.spend(1)?;
        found.extend(with_url(node, &url).map(Item::Node));
    }
    Ok(found)
}

pub(super) fn has_extension<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(url) = call.text_argument(0)? else { return Ok(Vec::new()) };
    boolean(call.input.iter().filter_map(Item::node).any(|node| with_url(node, &url).next().is_some()))
}

fn with_url<'a>(node: Node<'a>, url: &str) -> impl Iterator<Item = Node<'a>> {
    node.step("extension", "_extension").filter(move |extension| {
        extension.value().and_then(|v| v.get("url")).and_then(Value::as_str) == Some(url)
    })
}
