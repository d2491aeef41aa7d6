//! An XML text as fhirbolt may see it: elements and attributes of FHIR only, without prefixes (which fhirbolt does not
//! read), well nested, not too deep, without a document type, narratives taken out, <https://hl7.org/fhir/R4/xml.html>.
//! It does not know the elements of any resource type.

use super::{
    MAX_DEPTH, XHTML,
    carry::Mark,
    cut,
    token::{Malformed, Token, Tokens, unescape},
};
use crate::{
    Cause, Error,
    outcome::{Issue, IssueType},
};

const FHIR: &str = "http://hl7.org/fhir";
/// The most namespaces that are declared at one place.
const MAX_NAMESPACES: usize = 32;

/// A text for fhirbolt, and what its marks stand for.
pub(super) struct Prepared<'a> {
    pub(super) xml: String,
    pub(super) narratives: Vec<&'a str>,
    pub(super) ids: Vec<String>,
}

/// The text for fhirbolt; 400 with the place where it is not well-formed.
pub(super) fn prepare<'a>(text: &'a str, mark: &Mark) -> Result<Prepared<'a>, Error> {
    let mut preparation = Preparation {
        text,
        tokens: Tokens::new(text),
        open: Vec::new(),
        namespaces: Vec::new(),
        xml: String::with_capacity(text.len()),
        narratives: Vec::new(),
        ids: Vec::new(),
    };
    match preparation.run(mark) {
        Ok(()) => {
            Ok(Prepared { xml: preparation.xml, narratives: preparation.narratives, ids: preparation.ids })
        }
        Err(malformed) => Err(place(text, malformed, &preparation.open)),
    }
}

struct Preparation<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    /// The elements that are open.
    open: Vec<&'a str>,
    /// The prefixes that are declared here: at which depth, and whether each is FHIR's. The default has no name.
    namespaces: Vec<(usize, &'a str, bool)>,
    xml: String,
    narratives: Vec<&'a str>,
    ids: Vec<String>,
}

impl<'a> Preparation<'a> {
    fn run(&mut self, mark: &Mark) -> Result<(), Malformed> {
        let mut begun = false;
        loop {
            let start = self.tokens.offset();
            let refuse = |sentence| Err(Malformed { at: start, sentence });
            let Some(token) = self.tokens.next() else { break };
            match token? {
                Token::Open { name: "div", attributes, empty } => {
                    self.narrative(start, &attributes, empty, mark)?
                }
                Token::Open { name, attributes, empty } => {
                    if begun && self.open.is_empty() {
                        return refuse("there is more behind the end of the resource");
                    }
                    begun = true;
                    self.element(start, name, &attributes, empty, mark)?;
                }
                Token::Close { name } => {
                    if self.open.last() != Some(&name) {
                        return refuse("an end tag does not match its start tag");
                    }
                    self.write(&["</", local(name), ">"]);
                    self.leave();
                }
                Token::Text(text) if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() => {}
                Token::Text(_) => {
                    return refuse("there is text outside a narrative; values are attributes in FHIR");
                }
                Token::Comment(_) => {}
                Token::Instruction(inside) if start == 0 && is_declaration(inside) => {}
                Token::Instruction(_) => {
                    return refuse(
                        "the only processing instruction is <?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                    );
                }
                Token::Declaration => {
                    return refuse("a document type, and with it entities, are not allowed");
                }
                Token::CData => return refuse("a CDATA section is not allowed"),
            }
        }
        if !begun || !self.open.is_empty() {
            return Err(Malformed {
                at: self.text.len(),
                sentence: "the text ends before its last element is closed",
            });
        }
        Ok(())
    }

    fn write(&mut self, parts: &[&str]) {
        self.xml.extend(parts.iter().copied());
    }

    /// Goes out of the innermost element.
    fn leave(&mut self) {
        let depth = self.open.len();
        self.namespaces.retain(|(declared_at, ..)| *declared_at < depth);
        self.open.pop();
    }

    fn element(
        &mut self,
        at: usize,
        name: &'a str,
        attributes: &[(&'a str, &'a str)],
        empty: bool,
        mark: &Mark,
    ) -> Result<(), Malformed> {
        let refuse = |sentence| Err(Malformed { at, sentence });
        self.open.push(name);
        if self.open.len() > MAX_DEPTH {
            return refuse("elements stand more than 64 deep in one another");
        }
        self.declare(attributes);
        if self.namespaces.len() > MAX_NAMESPACES {
            return refuse("there are more than 32 namespaces");
        }
        let prefix = name.rsplit_once(':').map_or("", |(prefix, _)| prefix);
        if !self
            .namespaces
            .iter()
            .rev()
            .find(|(_, known, _)| *known == prefix)
            .is_some_and(|(.., fhir)| *fhir)
        {
            return refuse("an element is not in the namespace http://hl7.org/fhir");
        }
        self.write(&["<", local(name)]);
        if self.open.len() == 1 {
            self.write(&[" xmlns=\"", FHIR, "\""]);
        }
        let mut id = None;
        for (attribute, value) in attributes {
            match *attribute {
                "id" | "url" | "value" => {}
                // Declared above, or of no use to us: where a schema lies.
                _ if declared_prefix(attribute).is_some() || attribute.ends_with(":schemaLocation") => {
                    continue;
                }
                _ => return refuse("an element of FHIR has the attributes 'value', 'id' and 'url' only"),
            }
            let value = normalized(value);
            let Some(unescaped) = unescape(&value) else {
                return refuse("'&' begins &amp; &lt; &gt; &quot; &apos; or &#...;");
            };
            // A resource has its id in an element.
            if *attribute == "id" && local(name).starts_with(|c: char| c.is_ascii_lowercase()) {
                id = Some(unescaped.into_owned());
                continue;
            }
            self.write(&[" ", attribute, "=\"", &value, "\""]);
        }
        self.write(&[if empty && id.is_none() { "/>" } else { ">" }]);
        if let Some(id) = id {
            self.write(&["<extension url=\"", &mark.id(self.ids.len()), "\"/>"]);
            self.ids.push(id);
            if empty {
                self.write(&["</", local(name), ">"]);
            }
        }
        if empty {
            self.leave();
        }
        Ok(())
    }

    fn declare(&mut self, attributes: &[(&'a str, &'a str)]) {
        for (attribute, value) in attributes {
            if let Some(prefix) = declared_prefix(attribute) {
                self.namespaces.push((self.open.len(), prefix, *value == FHIR));
            }
        }
    }

    /// Takes out the narrative whose start tag was read, and goes behind its end.
    fn narrative(
        &mut self,
        start: usize,
        attributes: &[(&str, &str)],
        empty: bool,
        mark: &Mark,
    ) -> Result<(), Malformed> {
        let refuse = |at, sentence| Err(Malformed { at, sentence });
        if !attributes.contains(&("xmlns", XHTML)) {
            return refuse(
                start,
                "the 'div' of a narrative has the attribute xmlns=\"http://www.w3.org/1999/xhtml\"",
            );
        }
        let mut open = if empty { Vec::new() } else { vec!["div"] };
        while !open.is_empty() {
            let at = self.tokens.offset();
            let Some(token) = self.tokens.next() else { return refuse(at, "a narrative is not closed") };
            match token? {
                Token::Open { name, empty: false, .. } => open.push(name),
                Token::Close { name } => {
                    if open.pop() != Some(name) {
                        return refuse(at, "an end tag of a narrative does not match its start tag");
                    }
                }
                Token::Open { .. } | Token::Text(_) | Token::Comment(_) => {}
                Token::CData | Token::Instruction(_) | Token::Declaration => {
                    return refuse(at, "a narrative has no CDATA, processing instructions or declarations");
                }
            }
        }
        let word = mark.word(&self.narratives.len().to_string());
        self.write(&["<div xmlns=\"", XHTML, "\">", &word, "</div>"]);
        self.narratives.push(&self.text[start..self.tokens.offset()]);
        Ok(())
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The prefix that this attribute declares, empty for the default.
fn declared_prefix(attribute: &str) -> Option<&str> {
    if attribute == "xmlns" { Some("") } else { attribute.strip_prefix("xmlns:") }
}

/// An attribute's value as an XML processor hands it on: each line break or tab that is not escaped is a space.
fn normalized(value: &str) -> String {
    value.replace("\r\n", " ").replace(['\r', '\n', '\t'], " ").replace('"', "&quot;")
}

/// `xml version="1.0" encoding="UTF-8"`, the encoding in any case.
fn is_declaration(inside: &str) -> bool {
    let tag = format!("<{inside}/>");
    let Some(Ok(Token::Open { name: "xml", attributes, .. })) = Tokens::new(&tag).next() else {
        return false;
    };
    attributes.iter().all(|(name, value)| match *name {
        "version" => *value == "1.0",
        "encoding" => value.eq_ignore_ascii_case("utf-8"),
        "standalone" => true,
        _ => false,
    })
}

fn place(text: &str, Malformed { at, sentence }: Malformed, open: &[&str]) -> Error {
    let before = &text[..at];
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    let sentence = format!("The XML is not well-formed FHIR at line {line}, column {column}: {sentence}.");
    let issue = Issue::error(IssueType::Structure, sentence);
    let names: Vec<&str> = open.iter().map(|name| local(name)).collect();
    let path = names.join(".");
    Error::with_issue(Cause::Unparsable, if path.is_empty() { issue } else { issue.at(cut(&path)) })
}
