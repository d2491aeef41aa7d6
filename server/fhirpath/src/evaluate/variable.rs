//! The values of `%name`, <https://hl7.org/fhir/R4/fhirpath.html#vars>: those of the context, and the standard ones.

use std::borrow::Cow;

use crate::{Context, EvaluateError, evaluate::Collection, item::Item};

/// The value of this variable in this context.
pub(super) fn value<'f, 'a>(
    context: &'f Context<'a>,
    name: &'a str,
) -> Result<Collection<'f, 'a>, EvaluateError> {
    if let Some(items) = context.variable(name) {
        return Ok(Cow::Borrowed(items));
    }
    let text = |text: Cow<'a, str>| Ok(Cow::Owned(vec![Item::String(text)]));
    match name {
        "context" => Ok(Cow::Borrowed(context.focus())),
        "resource" | "rootResource" => match context.resource() {
            Some(node) => Ok(Cow::Owned(vec![Item::Node(node)])),
            None => Err(EvaluateError::UnknownVariable(name.to_owned())),
        },
        "ucum" => text(Cow::Borrowed("http://unitsofmeasure.org")),
        "sct" => text(Cow::Borrowed("http://snomed.info/sct")),
        "loinc" => text(Cow::Borrowed("http://loinc.org")),
        _ => {
            let prefixes = [
                ("vs-", "http://hl7.org/fhir/ValueSet/"),
                ("ext-", "http://hl7.org/fhir/StructureDefinition/"),
            ];
            for (prefix, base) in prefixes {
                if let Some(id) = name.strip_prefix(prefix) {
                    return text(Cow::Owned(format!("{base}{id}")));
                }
            }
            Err(EvaluateError::UnknownVariable(name.to_owned()))
        }
    }
}
