//! That a narrative says something: the invariant txt-2, <https://hl7.org/fhir/R4/narrative.html#xhtml>.
//!
//! That it is well-formed and harmless (txt-1) is part of the primitive `xhtml`, and checked with the other primitives.

use fhir::{IssueType, Value, primitive::has_content};

use crate::{expression::At, report::Report};

/// Reports a well-formed `div` with neither text nor image.
pub(crate) fn check(div: &Value, at: &At<'_>, report: &mut Report) {
    if div.as_str().is_some_and(|text| !has_content(text)) {
        let text = "The narrative has no content (txt-2). Add some, or leave the narrative out.";
        report.unprocessable(at, IssueType::Invariant, text);
    }
}
