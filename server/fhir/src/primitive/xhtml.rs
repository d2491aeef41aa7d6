//! The narrative's `div`, <https://hl7.org/fhir/R4/narrative.html#xhtml>: well-formed, of the allowed elements and
//! attributes only, and nothing in it runs or loads a style sheet.
//!
//! It judges and does not clean: what is accepted is stored and shown as it came. That there is something to read (rule
//! txt-2) is an invariant, and asked by itself.

use crate::xml::token::{Token, Tokens, unescape};

/// The elements that rule txt-1 allows.
const ELEMENTS: &str = "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 \
    h5 h6 hr i img li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul \
    var";

/// The attributes that rule txt-1 allows, and the language.
const ATTRIBUTES: &str = "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char \
    charoff charset cite class colspan compact coords dir frame headers height href hreflang hspace id \
    lang longdesc name nowrap rel rev rowspan rules scope shape span src start style summary tabindex \
    title type valign value vspace width xml:lang xml:space";

const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// How deep elements may stand in one another.
const MAX_DEPTH: usize = 256;

/// Whether this text is a narrative; else a sentence that says why not.
pub(super) fn check(text: &str) -> Result<(), String> {
    if !text.starts_with("<div") || !text.ends_with('>') {
        return Err("A narrative is one XHTML element 'div', from '<div' to '</div>'.".to_owned());
    }
    let mut open: Vec<&str> = Vec::new();
    let mut closed = false;
    for token in Tokens::new(text) {
        let token = token.map_err(|malformed| malformed.sentence).map_err(not_well_formed)?;
        if closed {
            return Err("A narrative is one 'div'; there is more behind its end.".to_owned());
        }
        match token {
            Token::Open { name, attributes, empty } => {
                element(name, &attributes, open.is_empty())?;
                if !empty {
                    open.push(name);
                } else if open.is_empty() {
                    closed = true;
                }
                if open.len() > MAX_DEPTH {
                    return Err(format!(
                        "A narrative has elements more than {MAX_DEPTH} deep in one another."
                    ));
                }
            }
            Token::Close { name } => {
                if open.pop() != Some(name) {
                    return Err(not_well_formed("an end tag does not match its start tag"));
                }
                closed = open.is_empty();
            }
            Token::Text(text) => {
                if text.contains("]]>") || unescape(text).is_none() {
                    return Err(not_well_formed("'&' begins &amp; &lt; &gt; &quot; &apos; or &#...;"));
                }
            }
            // An HTML parser ends these earlier than an XML parser does.
            Token::Comment(inside) if inside.starts_with('>') || inside.starts_with("->") => {
                return Err(not_well_formed("a comment begins with '>'"));
            }
            Token::Comment(_) => {}
            Token::CData | Token::Instruction(_) | Token::Declaration => {
                return Err("A narrative has no CDATA, processing instructions or declarations.".to_owned());
            }
        }
    }
    if !closed {
        return Err(not_well_formed("an element is not closed"));
    }
    Ok(())
}

/// Whether well-formed XHTML says something: text or an image.
#[must_use]
pub fn has_content(div: &str) -> bool {
    div.split('<').any(|part| {
        let text = part.split_once('>').map_or(part, |(_, text)| text);
        part.starts_with("img") || !text.trim().is_empty()
    })
}

fn listed(names: &str, name: &str) -> bool {
    names.split(' ').any(|listed| listed == name)
}

fn not_well_formed(sentence: &str) -> String {
    format!("A narrative is well-formed XHTML: {sentence}.")
}

fn element(name: &str, attributes: &[(&str, &str)], root: bool) -> Result<(), String> {
    if root && name != "div" {
        return Err("A narrative is one XHTML element 'div'.".to_owned());
    }
    if !listed(ELEMENTS, name) {
        return Err(format!("The element '{}' is not allowed in a narrative.", super::shown(name)));
    }
    if root && !attributes.contains(&("xmlns", NAMESPACE)) {
        return Err(format!("The 'div' of a narrative has the attribute xmlns=\"{NAMESPACE}\"."));
    }
    for (attribute, value) in attributes {
        let value =
            unescape(value).ok_or_else(|| not_well_formed("an attribute has an unknown reference"))?;
        match *attribute {
            "xmlns" if value == NAMESPACE => {}
            "href" | "src" | "cite" | "longdesc" => address(name, attribute, &value)?,
            "style" => style(&value)?,
            _ if listed(ATTRIBUTES, attribute) => {}
            _ => {
                return Err(format!(
                    "The attribute '{}' is not allowed in a narrative.",
                    super::shown(attribute)
                ));
            }
        }
    }
    Ok(())
}

/// Browsers drop white space and control characters in a scheme, so that they are dropped here too.
fn address(element: &str, attribute: &str, value: &str) -> Result<(), String> {
    let address: String = value
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(64)
        .collect::<String>()
        .to_lowercase();
    let image = element == "img" && attribute == "src" && address.starts_with("data:image/");
    let runs = ["javascript:", "vbscript:", "data:"].iter().any(|scheme| address.starts_with(scheme));
    if runs && !image {
        return Err(format!("The attribute '{attribute}' of a narrative names an address that could run."));
    }
    Ok(())
}

/// Inline styles only: nothing runs, nothing is loaded from elsewhere, nothing hides in escapes or comments.
fn style(value: &str) -> Result<(), String> {
    let style = value.to_lowercase();
    let refused = ["@import", "expression(", "javascript:", "behavior:", "-moz-binding", "\\", "/*"];
    if let Some(part) = refused.iter().find(|part| style.contains(**part)) {
        return Err(format!("A style of a narrative has '{part}' in it, which is not allowed."));
    }
    let elsewhere = |url: &str| {
        let skipped = |c: &char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'');
        let address: String = url.chars().take_while(|c| *c != ')').filter(|c| !skipped(c)).collect();
        !address.starts_with("data:image/") && (address.contains(':') || address.starts_with("//"))
    };
    if style.split("url(").skip(1).any(elsewhere) {
        return Err("A style of a narrative loads something from elsewhere, which is not allowed.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_images_are_content() {
        let cases = [
            ("<div>a</div>", true),
            ("<div><p>\n</p><b>a</b></div>", true),
            ("<div><img src=\"a\"/></div>", true),
            ("<div> <p>\n</p><br/></div>", false),
            ("<div/>", false),
        ];
        for (div, expected) in cases {
            assert_eq!(has_content(div), expected, "{div}");
        }
    }

    fn div(inside: &str) -> String {
        format!("<div xmlns=\"{NAMESPACE}\">{inside}</div>")
    }

    #[test]
    fn plain_narratives_are_accepted() {
        for inside in [
            "text",
            "to <b>Home First</b> reablement",
            "<table border=\"1\"><tr><td colspan='2'>a &amp; b &#160;</td></tr></table><br/><hr />",
            "<a href=\"https://example.org/a?b=c\">x</a><a name=\"y\"/>",
            "<img src=\"#logo\" alt=\"logo\"/>",
            "<img src=\"data:image/png;base64,AAAA\" alt=\"x\"/>",
            "<p style=\"color: red\" xml:lang=\"en\">x</p><!-- a comment -->",
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>",
            "<td style=\"background: white url(tbl_bck1.png)\">x</td>",
            "<p style='background: url(data:image/png;base64,AAAA)'>x</p>",
            "a > b, an em dash \u{2014}",
        ] {
            assert_eq!(check(&div(inside)), Ok(()), "{inside}");
        }
        assert_eq!(check(&format!("<div lang='en' xmlns='{NAMESPACE}'><p>x</p></div>")), Ok(()));
    }

    #[test]
    fn what_runs_loads_or_breaks_is_refused() {
        let table = [
            ("<script>alert(1)</script>", "'script' is not allowed"),
            ("<SCRIPT>x</SCRIPT>", "'SCRIPT' is not allowed"),
            ("<iframe src='x'/>x", "'iframe' is not allowed"),
            ("<object>x</object>", "'object' is not allowed"),
            ("<form>x</form>", "'form' is not allowed"),
            ("<link rel='stylesheet' href='x'/>x", "'link' is not allowed"),
            ("<style>x</style>", "'style' is not allowed"),
            ("<h:b>x</h:b>", "'h:b' is not allowed"),
            ("<p onclick='x()'>x</p>", "'onclick' is not allowed"),
            ("<p ONCLICK='x()'>x</p>", "'ONCLICK' is not allowed"),
            ("<a href='javascript:x()'>x</a>", "could run"),
            ("<a href=' java\tScript:x()'>x</a>", "could run"),
            ("<a href='java&#10;script&#58;x()'>x</a>", "could run"),
            ("<a href='data:text/html,x'>x</a>", "could run"),
            ("<p style='background: url(http://x)'>x</p>", "from elsewhere"),
            ("<p style='background: url( &quot;//x&quot;)'>x</p>", "from elsewhere"),
            ("<p style='width: expr\\65ssion(1)'>x</p>", "'\\'"),
            ("<p>x", "does not match"),
            ("<p>x</b></p>", "does not match"),
            ("x</div><div>y", "more behind"),
            ("a & b", "'&' begins"),
            ("a&nbsp;b", "'&' begins"),
            ("<p title='&copy;'>x</p>", "unknown reference"),
            ("a < b", "name is missing"),
            ("<p title=x>x</p>", "in quotes"),
            ("<p xmlns='urn:x'>x</p>", "'xmlns' is not allowed"),
            ("<![CDATA[x]]>", "no CDATA"),
            ("x<?php y ?>", "no CDATA"),
            ("x<!DOCTYPE y>", "no CDATA"),
            ("x<!--><p>y</p>-->", "a comment"),
            ("a ]]> b", "'&' begins"),
        ];
        for (inside, sentence) in table {
            let refused = check(&div(inside)).unwrap_err();
            assert!(refused.contains(sentence), "{inside}: {refused}");
        }
        let deep = div(&format!("{}x{}", "<b>".repeat(300), "</b>".repeat(300)));
        for text in [
            "",
            "x",
            "<p>x</p>",
            "<div>x</div>",
            "<div xmlns='urn:x'>x</div>",
            "<divx>x</divx>",
            "<div",
            &deep,
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
