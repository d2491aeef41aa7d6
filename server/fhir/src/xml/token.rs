//! The tags and texts of an XML text, <https://www.w3.org/TR/xml/>, as far as FHIR content and its narrative need them.
//!
//! Linear, without recursion, without entities of its own: it does not build a tree and does not know namespaces.

use std::borrow::Cow;

/// The most attributes of one tag.
const MAX_ATTRIBUTES: usize = 40;

/// One piece of an XML text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `<name a="b">`, or `<name a="b"/>` when `empty`. Values are as they are written.
    Open { name: &'a str, attributes: Vec<(&'a str, &'a str)>, empty: bool },
    /// `</name>`
    Close { name: &'a str },
    /// What stands between tags, as it is written.
    Text(&'a str),
    /// The inside of `<!-- -->`.
    Comment(&'a str),
    /// `<![CDATA[ ]]>`
    CData,
    /// `<?target ...?>`: its inside.
    Instruction(&'a str),
    /// `<!DOCTYPE` and the like.
    Declaration,
}

/// Why a text is not well-formed, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
    pub(crate) sentence: &'static str,
}

/// The tokens of a text, one after another; behind the first malformed one there are none.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The byte at which the next token begins.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn malformed<T>(&self, sentence: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, sentence })
    }

    fn token(&mut self) -> Result<Token<'a>, Malformed> {
        let rest = self.rest();
        if !rest.starts_with('<') {
            let end = rest.find('<').unwrap_or(rest.len());
            self.at += end;
            return Ok(Token::Text(&rest[..end]));
        }
        if rest.starts_with("</") {
            self.at += 2;
            let name = self.name()?;
            self.space();
            self.expect('>', "'>' is missing behind the name of an end tag")?;
            return Ok(Token::Close { name });
        }
        if rest.starts_with("<!--") {
            return self.until(4, "--", "a comment is not closed").and_then(|inside| {
                self.expect('>', "a comment has '--' in it")?;
                Ok(Token::Comment(inside))
            });
        }
        if rest.starts_with("<![CDATA[") {
            return self.until(9, "]]>", "a CDATA section is not closed").map(|_| Token::CData);
        }
        if rest.starts_with("<!") {
            self.at += 2;
            return Ok(Token::Declaration);
        }
        if rest.starts_with("<?") {
            return self.until(2, "?>", "a processing instruction is not closed").map(Token::Instruction);
        }
        self.at += 1;
        self.open()
    }

    fn open(&mut self) -> Result<Token<'a>, Malformed> {
        let name = self.name()?;
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        loop {
            let spaced = self.space();
            if self.rest().starts_with("/>") {
                self.at += 2;
                return Ok(Token::Open { name, attributes, empty: true });
            }
            if self.rest().starts_with('>') {
                self.at += 1;
                return Ok(Token::Open { name, attributes, empty: false });
            }
            if !spaced {
                return self.malformed("a tag is not closed");
            }
            let attribute = self.attribute()?;
            if attributes.iter().any(|(name, _)| *name == attribute.0) {
                return self.malformed("an attribute is there twice");
            }
            if attributes.len() == MAX_ATTRIBUTES {
                return self.malformed("a tag has more than 40 attributes");
            }
            attributes.push(attribute);
        }
    }

    fn attribute(&mut self) -> Result<(&'a str, &'a str), Malformed> {
        let name = self.name()?;
        self.space();
        self.expect('=', "'=' is missing behind the name of an attribute")?;
        self.space();
        let quote = match self.rest().as_bytes().first() {
            Some(b'"') => "\"",
            Some(b'\'') => "'",
            _ => return self.malformed("the value of an attribute stands in quotes"),
        };
        let value = self.until(1, quote, "the value of an attribute is not closed")?;
        if value.contains('<') {
            return self.malformed("the value of an attribute has '<' in it");
        }
        Ok((name, value))
    }

    fn name(&mut self) -> Result<&'a str, Malformed> {
        let rest = self.rest();
        let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':');
        let end = rest.bytes().take_while(|b| inner(b)).count();
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return self.malformed("a name is missing behind '<', or in a tag");
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn space(&mut self) -> bool {
        let start = self.at;
        self.at += self.rest().bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.at > start
    }

    fn expect(&mut self, character: char, missing: &'static str) -> Result<(), Malformed> {
        if !self.rest().starts_with(character) {
            return self.malformed(missing);
        }
        self.at += 1;
        Ok(())
    }

    /// What stands between the next `skip` bytes and `end`; goes behind `end`.
    fn until(&mut self, skip: usize, end: &str, missing: &'static str) -> Result<&'a str, Malformed> {
        let inside = &self.rest()[skip..];
        let Some(length) = inside.find(end) else { return self.malformed(missing) };
        self.at += skip + length + end.len();
        Ok(&inside[..length])
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.text.len() {
            return None;
        }
        let token = self.token();
        if token.is_err() {
            self.at = self.text.len();
        }
        Some(token)
    }
}

/// A text or value with its references replaced; none when one of them is neither numeric nor one of XML's own five.
pub(crate) fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        let (name, behind) = rest[start + 1..].split_once(';')?;
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => numeric(name)?,
        });
        rest = behind;
    }
    plain.push_str(rest);
    Some(Cow::Owned(plain))
}

fn numeric(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let (digits, radix) = match digits.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    (character >= ' ' || matches!(character, '\t' | '\n' | '\r')).then_some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_texts() {
        let tokens: Vec<_> =
            Tokens::new("<?x y?><a b='1' c = \"2\"><!-- z -->t<d/></a >").map(Result::unwrap).collect();
        assert_eq!(
            tokens,
            [
                Token::Instruction("x y"),
                Token::Open { name: "a", attributes: vec![("b", "1"), ("c", "2")], empty: false },
                Token::Comment(" z "),
                Token::Text("t"),
                Token::Open { name: "d", attributes: vec![], empty: true },
                Token::Close { name: "a" },
            ]
        );
    }

    #[test]
    fn malformed_tags() {
        for text in [
            "<",
            "<a",
            "<a b",
            "<a b=",
            "<a b=1>",
            "<a b='1>",
            "<a b='1'c='2'>",
            "<a b='1' b='2'>",
            "<a b='<'>",
            "</a",
            "< a>",
            "<1>",
            "<!-- x",
            "<!-- -- -->",
            "<![CDATA[ x",
            "<? x",
            "<\u{e9}>",
        ] {
            let last = Tokens::new(text).last();
            assert!(matches!(last, Some(Err(_))), "{text}: {last:?}");
        }
        let many: String = (0..41).map(|i| format!(" a{i}='1'")).collect();
        assert!(Tokens::new(&format!("<a{many}/>")).next().unwrap().is_err());
    }

    #[test]
    fn references() {
        assert_eq!(unescape("a&amp;&#66;&#x43;&quot;").as_deref(), Some("a&BC\""));
        for text in ["&nbsp;", "&", "&amp", "&#0;", "&#x1;", "&#xD800;", "&#+5;", "&#;", "&x;"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }
}
