//! Extensions, <https://hl7.org/fhir/R4/extensibility.html>: a value or extensions (ext-1), an absolute url, and the rules
//! of the extension's own definition when it is one that the server knows.
//!
//! Unknown extensions are kept as they are; an unknown modifier is refused where the server acts on the resource.

use canonical::{definitions, structure::ExtensionContext};
use fhir::{CANONICAL_BASE, IssueType, Value};
use fhirpath::{Context, Node};

use crate::{
    contained::Contained,
    expression::At,
    profile,
    report::{Report, short},
};

/// What an extension stands on.
#[derive(Clone, Copy)]
pub(crate) struct Holder<'a> {
    /// The type, or the path of a backbone element.
    pub(crate) name: &'a str,
    pub(crate) is_modifier: bool,
    /// Whether the server acts on the resource, so that it has to understand what modifies it.
    pub(crate) is_acted_on: bool,
}

/// Reports what is wrong with one extension.
pub(crate) fn check(
    extension: &Value,
    holder: Holder<'_>,
    contained: &Contained<'_>,
    at: &At<'_>,
    report: &mut Report,
) {
    let Some(members) = extension.as_object() else { return };
    let has_value = members.keys().any(|name| name.trim_start_matches('_').starts_with("value"));
    let has_extensions = members.contains_key("extension");
    if has_value == has_extensions {
        let text = if has_value {
            "An extension has either a value or extensions, not both (ext-1). Remove one of them."
        } else {
            "An extension must have a value or extensions (ext-1). Add a value[x], or remove the extension."
        };
        report.unprocessable(at, IssueType::Invariant, text);
    }
    let Some(url) = members.get("url").and_then(Value::as_str) else { return };
    let is_part = holder.name == "Extension";
    if !is_part && !url.contains(':') {
        let text = format!("The url '{}' is relative. The url of an extension is absolute.", short(url));
        report.unprocessable(at.member("url"), IssueType::Extension, text);
    }
    let known = definitions().profile(url).filter(|definition| definition.type_name == "Extension");
    // Of what HL7 publishes the form is known, and nothing here acts upon the meaning.
    let is_understood =
        || definitions().profiles().iter().any(|own| known.is_some_and(|k| std::ptr::eq(own, k)));
    if holder.is_modifier && !is_understood() {
        unknown_modifier(url, holder, at, report);
    }
    if known.is_none() && !is_part && own_name(url).is_some() {
        unknown_of_ours(url, holder, at, report);
    }
    let Some(definition) = known else { return };
    if !is_part && !definition.contexts.is_empty() && !definition.contexts.iter().any(|c| allows(c, holder)) {
        let places: Vec<_> = definition.contexts.iter().map(|c| c.expression.as_str()).collect();
        let text = format!(
            "The extension '{}' does not belong on {}. It is for: {}.",
            short(url),
            holder.name,
            places.join(", ")
        );
        if is_understood() {
            report.unprocessable(at, IssueType::Extension, text);
        } else {
            // HL7's own examples have these elsewhere, and so has everybody.
            report.warning(at, IssueType::Extension, text);
        }
    }
    let node = Node::typed(extension, "Extension", definitions().scope_of_type("Extension"));
    profile::check(definition, node, Context::of_node(node), at, contained, report);
}

/// The name of an extension by a url of ours.
fn own_name(url: &str) -> Option<&str> {
    url.strip_prefix(CANONICAL_BASE)?.strip_prefix("/StructureDefinition/")
}

/// An extension of ours that there is not, such as a misspelt one: it would be kept, and what it says never acted on.
fn unknown_of_ours(url: &str, holder: Holder<'_>, at: &At<'_>, report: &mut Report) {
    let ours = definitions().profiles().iter().filter(|own| own.type_name == "Extension");
    let fitting = ours.filter(|own| own.contexts.iter().any(|context| allows(context, holder)));
    let mut names: Vec<&str> = fitting.filter_map(|own| own_name(&own.url)).collect();
    names.sort_unstable();
    let known = match names.as_slice() {
        [] => format!("None of this guide is for {}; remove it.", holder.name),
        names => format!("Those for {} are: {}. Correct the url.", holder.name, names.join(", ")),
    };
    let text = format!("There is no extension '{}'. {known}", short(url));
    report.unprocessable(at.member("url"), IssueType::Extension, text);
}

/// An extension that changes the meaning of what it stands on may not be ignored by those who act on that.
fn unknown_modifier(url: &str, holder: Holder<'_>, at: &At<'_>, report: &mut Report) {
    let text = format!(
        "The modifierExtension '{}' is not known here, and it may change the meaning of {}.",
        short(url),
        holder.name
    );
    if holder.is_acted_on {
        let text = format!("{text} The server acts on this resource and may not ignore it. Send it without.");
        report.unprocessable(at, IssueType::Extension, text);
    } else {
        report.warning(at, IssueType::Extension, format!("{text} It is kept as it is."));
    }
}

/// Whether the context covers the holder. One that names a place inside a data type, or is an expression, is not held
/// against the place.
fn allows(context: &ExtensionContext, holder: Holder<'_>) -> bool {
    let expression = context.expression.as_str();
    match context.kind.as_str() {
        // It is for a part of an extension, and this is none.
        "extension" => return false,
        "element" if expression == holder.name || expression == "Element" => return true,
        "element" => {}
        _ => return true,
    }
    if holder.name == "Element" {
        // Beside a primitive, whose type is not told here.
        return fhir::ResourceType::find(expression).is_none();
    }
    if expression.contains('.') {
        return !holder.name.contains('.') && fhir::ResourceType::find(holder.name).is_none();
    }
    if expression == "BackboneElement" {
        return holder.name.contains('.');
    }
    if definitions().structure(expression).is_none() {
        // A kind of resource that R4 has no name for yet, as CanonicalResource.
        return fhir::ResourceType::find(holder.name).is_some();
    }
    let base = definitions().structure(holder.name).and_then(|structure| structure.base.as_deref());
    base == Some(expression) || (expression == "Resource" && base == Some("DomainResource"))
}
