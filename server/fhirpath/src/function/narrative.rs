//! `htmlChecks()`, <https://hl7.org/fhir/R4/fhirpath.html#functions>: whether a narrative is the XHTML that R4 allows
//! (txt-1) and says something (txt-2).

use fhir::{Value, primitive};

use super::{Invocation, Items, boolean};

pub(super) fn html_checks<'a>(call: &Invocation<'_, 'a>) -> Items<'a> {
    let Some(item) = call.item()? else { return Ok(Vec::new()) };
    call.text()?;
    let value = item.node().and_then(|node| node.value());
    let has_content = |value: &Value| value.as_str().is_some_and(primitive::has_content);
    boolean(value.is_some_and(|value| primitive::check("xhtml", value).is_ok() && has_content(value)))
}
