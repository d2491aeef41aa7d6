//! Text to tokens, <https://hl7.org/fhirpath/N1/#grammar>: comments, quoted names, strings with escapes, numbers, dates.
//!
//! Keywords are words here; the parser knows where a word is a keyword.

use crate::ParseError;

/// A token and the byte at which it begins.
#[derive(Debug, PartialEq)]
pub(crate) struct Token<'t> {
    pub(crate) offset: usize,
    pub(crate) kind: Kind<'t>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind<'t> {
    Word(&'t str),
    /// A name in backticks (or, as R4 still writes it, in double quotes).
    Delimited(String),
    String(String),
    Number(&'t str),
    /// A date, dateTime or time, without its `@`.
    Temporal(&'t str),
    /// `$this`, `$index`, `$total`, without the `$`.
    Special(&'t str),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 23] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "%", "+", "-", "*", "/", "&", "|", "=",
    "~", "<", ">",
];

/// All tokens of the text.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ParseError> {
    let mut tokens = Vec::new();
    let mut at = skip(text, 0)?;
    while at < text.len() {
        let (kind, end) = token(text, at)?;
        tokens.push(Token { offset: at, kind });
        at = skip(text, end)?;
    }
    Ok(tokens)
}

fn skip(text: &str, mut at: usize) -> Result<usize, ParseError> {
    loop {
        let rest = &text[at..];
        let spaces = rest.len() - rest.trim_start().len();
        if spaces > 0 {
            at += spaces;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").ok_or_else(|| ParseError::new(at, "this comment has no end"))?;
            at += end + 4;
        } else {
            return Ok(at);
        }
    }
}

fn token(text: &str, at: usize) -> Result<(Kind<'_>, usize), ParseError> {
    let rest = &text[at..];
    let first = rest.chars().next().unwrap_or(' ');
    let word_end = |from: usize| {
        let tail = &text[from..];
        from + tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tail.len())
    };
    match first {
        'a'..='z' | 'A'..='Z' | '_' => Ok((Kind::Word(&text[at..word_end(at)]), word_end(at))),
        '0'..='9' => {
            let end = number_end(text.as_bytes(), at);
            Ok((Kind::Number(&text[at..end]), end))
        }
        '\'' => quoted(text, at, '\'').map(|(string, end)| (Kind::String(string), end)),
        '`' | '"' => quoted(text, at, first).map(|(name, end)| (Kind::Delimited(name), end)),
        '$' => Ok((Kind::Special(&text[at + 1..word_end(at + 1)]), word_end(at + 1))),
        '@' => {
            let end = temporal_end(text.as_bytes(), at + 1);
            Ok((Kind::Temporal(&text[at + 1..end]), end))
        }
        _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            Some(symbol) => Ok((Kind::Symbol(symbol), at + symbol.len())),
            None => Err(ParseError::new(at, format!("the character '{first}' has no meaning here"))),
        },
    }
}

fn number_end(bytes: &[u8], start: usize) -> usize {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let whole = digits(start);
    if bytes.get(whole) == Some(&b'.') && bytes.get(whole + 1).is_some_and(u8::is_ascii_digit) {
        digits(whole + 1)
    } else {
        whole
    }
}

/// A point or a sign belongs to the literal when a digit follows; a plus only after a `T`.
fn temporal_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut time = false;
    while let Some(byte) = bytes.get(at) {
        let digit_follows = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        match byte {
            b'0'..=b'9' => {}
            b':' | b'.' | b'+' if time && digit_follows => {}
            b'-' if digit_follows => {}
            b'T' if !time => time = true,
            b'Z' if time => return at + 1,
            _ => break,
        }
        at += 1;
    }
    at
}

fn quoted(text: &str, start: usize, quote: char) -> Result<(String, usize), ParseError> {
    let mut content = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok((content, start + 1 + at + 1));
        }
        if c != '\\' {
            content.push(c);
            continue;
        }
        match chars.next().map(|(_, escaped)| escaped) {
            Some('n') => content.push('\n'),
            Some('r') => content.push('\r'),
            Some('t') => content.push('\t'),
            Some('f') => content.push('\u{c}'),
            Some('u') => content.push(unicode(&mut chars).ok_or_else(|| {
                ParseError::new(start + 1 + at, "\\u is followed by four hexadecimal digits of a character")
            })?),
            // Any other escaped character is itself.
            Some(escaped) => content.push(escaped),
            None => break,
        }
    }
    Err(ParseError::new(start, "this quoted text has no end"))
}

/// The character of four hexadecimal digits, or of two such escapes that are a surrogate pair.
fn unicode(chars: &mut std::str::CharIndices<'_>) -> Option<char> {
    let mut four = || {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + chars.next()?.1.to_digit(16)?;
        }
        Some(code)
    };
    let high = four()?;
    if !(0xD800..0xDC00).contains(&high) {
        return char::from_u32(high);
    }
    if chars.next()?.1 != '\\' || chars.next()?.1 != 'u' {
        return None;
    }
    let mut low = 0;
    for _ in 0..4 {
        low = low * 16 + chars.next()?.1.to_digit(16)?;
    }
    let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    char::from_u32(0x10000 + ((high - 0xD800) << 10) + low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn the_kinds_of_tokens() {
        use Kind::{Delimited, Number, Special, String, Symbol, Temporal, Word};
        assert_eq!(kinds("a.b_1"), [Word("a"), Symbol("."), Word("b_1")]);
        assert_eq!(kinds("1.5.abs()"), [Number("1.5"), Symbol("."), Word("abs"), Symbol("("), Symbol(")")]);
        assert_eq!(kinds("1.abs"), [Number("1"), Symbol("."), Word("abs")]);
        assert_eq!(kinds("$this!~%x"), [Special("this"), Symbol("!~"), Symbol("%"), Word("x")]);
        assert_eq!(kinds("@2015-02T.is"), [Temporal("2015-02T"), Symbol("."), Word("is")]);
        assert_eq!(kinds("@T14:34:28.1Z-1"), [Temporal("T14:34:28.1Z"), Symbol("-"), Number("1")]);
        assert_eq!(kinds("@2015-02-04T14:34:28+10:00"), [Temporal("2015-02-04T14:34:28+10:00")]);
        assert_eq!(kinds(r"'\'\\\/\u0065\p\uD83D\uDE00'"), [String(r"'\/ep😀".to_owned())]);
        assert_eq!(kinds("`a b` \"c\""), [Delimited("a b".to_owned()), Delimited("c".to_owned())]);
        assert_eq!(kinds("1 // one\n/* two */ 3"), [Number("1"), Number("3")]);
    }

    #[test]
    fn what_has_no_end_or_no_meaning() {
        for text in ["'a", "`a", "/* a", "'\\", r"'\u12'", r"'\uD83D'", "é", "#", ";"] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}
