//! The values of `%name`, <https://hl7.org/fhir/R4/fhirpath.html#vars>: those of the context, and the standard ones.

use std::borrow::Cow;

use crate::{Context, EvaluateError, evaluate::Collection, item::Item, text::Text};

/// The value of this variable in this context.
pub(super) fn value<'f, 'a>(
    context: &'f Context<'a>,
    name: &'a str,
) -> Result<Collection<'f, 'a>, EvaluateError> {
    if let Some(items) = context.variable(name) {
        return Ok(Cow::Borrowed(items));
    }
    let text = |text: Text<'a>| Ok(Cow::Owned(vec![Item::String(text)]));
    match name {
        "context" => Ok(Cow::Borrowed(context.focus())),
        "resource" | "rootResource" => {
            let is_root = name == "rootResource";
            match if is_root { context.root_resource() } else { context.resource() } {
                Some(node) => Ok(Cow::Owned(vec![Item::Node(node)])),
                None => Err(EvaluateError::UnknownVariable(name.to_owned())),
            }
        }
        "ucum" => text("http://unitsofmeasure.org".into()),
        "sct" => text("http://snomed.info/sct".into()),
        "loinc" => text("http://loinc.org".into()),
        _ => {
            let prefixes = [
                ("vs-", "http://hl7.org/fhir/ValueSet/"),
                ("ext-", "http://hl7.org/fhir/StructureDefinition/"),
            ];
            for (prefix, base) in prefixes {
                if let Some(id) = name.strip_prefix(prefix) {
                    return text(format!("{base}{id}").into());
                }
            }
            Err(EvaluateError::UnknownVariable(name.to_owned()))
        }
    }
}
