//! The values of search parameters, one module a kind: what is indexed of an element, and what is asked for by a query,
//! <https://hl7.org/fhir/R4/search.html#ptypes>.
//!
//! Here is what they share: separators and escapes, <https://hl7.org/fhir/R4/search.html#escaping>.

pub(crate) mod concept;
pub mod date;
pub mod near;
pub mod number;
pub mod quantity;
pub mod reference;
pub mod string;
pub mod token;
pub mod uri;

use crate::{
    query::Prefix,
    refusal::{Refusal, shown},
};

/// The parts between separators; a separator behind a backslash does not separate. Escapes are left as they are.
pub(crate) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == separator {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The text without its escapes. Only `\,`, `\|`, `\$` and `\\` are escapes.
pub(crate) fn unescape(text: &str) -> Result<String, Refusal> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ (',' | '|' | '$' | '\\')) => plain.push(escaped),
                _ => {
                    return Err(Refusal::invalid(format!(
                        "In '{}' a backslash stands alone. Write it as '\\\\'; only ',', '|', '$' and '\\' are escaped.",
                        shown(text)
                    )));
                }
            },
            c => plain.push(c),
        }
    }
    Ok(plain)
}

/// The prefix that a date or number begins with, and what follows it; `eq` when there is none.
pub(crate) fn prefix(text: &str) -> (Prefix, &str) {
    let Some((prefix, rest)) = text.split_at_checked(2) else { return (Prefix::Eq, text) };
    let prefix = match prefix {
        "eq" => Prefix::Eq,
        "ne" => Prefix::Ne,
        "gt" => Prefix::Gt,
        "lt" => Prefix::Lt,
        "ge" => Prefix::Ge,
        "le" => Prefix::Le,
        "sa" => Prefix::Sa,
        "eb" => Prefix::Eb,
        "ap" => Prefix::Ap,
        _ => return (Prefix::Eq, text),
    };
    (prefix, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_separators_do_not_separate() {
        assert_eq!(split(r"a,b\,c,\\,d", ','), ["a", r"b\,c", r"\\", "d"]);
        assert_eq!(split("é|", '|'), ["é", ""]);
        assert_eq!(unescape(r"b\,c\|\$\\").unwrap(), r"b,c|$\");
        assert!(unescape(r"a\b").is_err());
        assert!(unescape("a\\").is_err());
    }
}
