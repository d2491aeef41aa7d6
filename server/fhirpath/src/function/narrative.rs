//! `htmlChecks()`, <https://hl7.org/fhir/R4/fhirpath.html#functions>: whether a narrative is the XHTML that R4 allows.

use super::{Invocation, Items, boolean};

pub(super) fn html_checks<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(item) = call.item()? else { return Ok(Vec::new()) };
    call.text()?;
    let value = item.node().and_then(|node| node.value());
    boolean(value.is_some_and(|value| fhir::primitive::check("xhtml", value).is_ok()))
}
