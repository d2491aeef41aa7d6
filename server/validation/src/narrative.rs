//! The XHTML of a narrative, <https://hl7.org/fhir/R4/narrative.html#xhtml>: the invariants txt-1 (only harmless markup)
//! and txt-2 (some content), and tags that close.
//!
//! It scans, it does not build a tree. Entities are taken as they are, but not in addresses, where they could hide a scheme.

use fhir::{IssueType, Value};

use crate::{
    expression::At,
    report::{Report, short},
};

#[rustfmt::skip]
const ELEMENTS: &[&str] = &[
    "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup",
    "dd", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol",
    "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "ul", "var",
];

#[rustfmt::skip]
const ATTRIBUTES: &[&str] = &[
    "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding",
    "cellspacing", "cellvalign", "char", "charoff", "charset", "cite", "class", "colspan", "compact",
    "coords", "dir", "frame", "headers", "height", "href", "hreflang", "hspace", "id", "lang", "longdesc",
    "name", "nowrap", "rel", "rev", "rowspan", "rules", "scope", "shape", "span", "src", "start", "style",
    "summary", "tabindex", "title", "type", "valign", "value", "vspace", "width", "xml:lang", "xmlns",
];

/// The attributes that are followed as addresses.
const ADDRESSES: &[&str] = &["cite", "href", "longdesc", "src"];

const XMLNS: &str = "http://www.w3.org/1999/xhtml";

/// Reports a `div` that is not the safe XHTML which a narrative may have.
pub(crate) fn check(div: &Value, at: &At<'_>, report: &mut Report) {
    let Some(text) = div.as_str() else { return };
    if let Err(reason) = scan(text) {
        report.unprocessable(at, IssueType::Invariant, format!("The narrative is not allowed: {reason}"));
    }
}

fn scan(text: &str) -> Result<(), String> {
    let mut rest = text.trim_start();
    if !rest.starts_with("<div") {
        return Err("it must be one <div> with everything in it (txt-1).".to_owned());
    }
    let mut open: Vec<&str> = Vec::new();
    let mut has_content = false;
    let mut is_first = true;
    while let Some(start) = rest.find('<') {
        if open.is_empty() && !is_first {
            return Err("there is something after the closing </div>. Remove it.".to_owned());
        }
        has_content |= !rest[..start].trim().is_empty();
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            let end = comment.find("-->").ok_or("a comment does not end.")?;
            rest = &comment[end + 3..];
            continue;
        }
        if rest.starts_with(['!', '?']) {
            return Err("declarations, CDATA and processing instructions are not allowed (txt-1).".to_owned());
        }
        let end = end_of_tag(rest).ok_or("a tag does not end with '>'.")?;
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let name = name.trim_end();
            if open.pop() != Some(name) {
                return Err(format!("</{}> closes what is not open there.", short(name)));
            }
            continue;
        }
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name = tag.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        if !ELEMENTS.contains(&name) {
            return Err(format!(
                "the element <{}> is not among the allowed ones (txt-1). Remove it.",
                short(name)
            ));
        }
        let namespace = attributes(name, &tag[name.len()..])?;
        if is_first && namespace != Some(XMLNS) {
            return Err(format!("its <div> must say xmlns=\"{XMLNS}\"."));
        }
        has_content |= name == "img";
        is_first = false;
        if !is_empty {
            open.push(name);
        }
    }
    if let Some(name) = open.last() {
        return Err(format!("<{name}> is not closed."));
    }
    if !rest.trim().is_empty() {
        return Err("there is something after the closing </div>. Remove it.".to_owned());
    }
    if !has_content {
        return Err("it has no content (txt-2). Add some, or leave the narrative out.".to_owned());
    }
    Ok(())
}

/// Where the tag ends: the first `>` outside quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Checks the attributes of a tag; gives the `xmlns` among them.
fn attributes<'t>(element: &str, mut text: &'t str) -> Result<Option<&'t str>, String> {
    let mut namespace = None;
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return Ok(namespace);
        }
        let malformed = || format!("an attribute of <{element}> is not written as name=\"value\".");
        let (name, value) = text.split_once('=').ok_or_else(malformed)?;
        let (name, value) = (name.trim_end(), value.trim_start());
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(malformed)?;
        let (value, rest) = value[1..].split_once(quote).ok_or_else(malformed)?;
        if !ATTRIBUTES.contains(&name) {
            return Err(format!(
                "the attribute '{}' is not among the allowed ones (txt-1). Remove it.",
                short(name)
            ));
        }
        if ADDRESSES.contains(&name) && !is_harmless(value) {
            return Err(format!("'{}' is no address that a narrative may have.", short(value)));
        }
        if name == "xmlns" {
            namespace = Some(value);
        }
        text = rest;
    }
}

/// Whether following the address cannot run anything: a relative one, or one of a few schemes.
fn is_harmless(address: &str) -> bool {
    let address = address.trim_start();
    let head = address.split(['/', '?', '#']).next().unwrap_or_default();
    if head.contains('&') {
        return false;
    }
    let Some((scheme, rest)) = head.split_once(':') else { return true };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" | "mailto" | "tel" | "ftp" | "urn" => true,
        "data" => rest.trim_start().eq_ignore_ascii_case("image"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn div(inner: &str) -> String {
        format!("<div xmlns=\"{XMLNS}\">{inner}</div>")
    }

    #[test]
    fn harmless_markup_passes() {
        for inner in [
            "text",
            "<p>a<br/>b &amp; c</p><!-- <x> -->",
            "<a href='http://a.b/c?d=e:f'>x</a>",
            "<img src=\"data:image/png;base64,AAAA\" alt=\"a > b\"/>",
            "<a href=\"#x\">x</a><a href=\"Patient/1\">y</a>",
            "<table border=\"1\"><tbody><tr><td style='color: red'>1</td></tr></tbody></table>",
        ] {
            assert_eq!(scan(&div(inner)), Ok(()), "{inner}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for inner in [
            "",
            "  ",
            "<script>x</script>",
            "<SCRIPT>x</SCRIPT>",
            "<p onclick=\"x()\">x</p>",
            "<iframe src=\"http://a\"></iframe>",
            "<link href=\"a.css\"/>x",
            "<a href=\"javascript:x()\">x</a>",
            "<a href=\" JavaScript:x()\">x</a>",
            "<a href=\"java&#115;cript:x()\">x</a>",
            "<a href=\"javascript&colon;x()\">x</a>",
            "<a href=\"javascript&colon;x()//?\">x</a>",
            "<img src=\"data:text/html,x\"/>",
            "<p>x",
            "x</p>",
            "<p>x</b>",
            "<p class>x</p>",
            "<p class=x>x</p>",
            "<![CDATA[x]]>",
            "<!DOCTYPE html>x",
            "<",
            "x</div><p>y</p><div>",
        ] {
            assert!(scan(&div(inner)).is_err(), "{inner}");
        }
        for text in ["", "x", "<p>x</p>", "<div>x</div>", "<divx>y</divx>"] {
            assert!(scan(text).is_err(), "{text}");
        }
    }
}
