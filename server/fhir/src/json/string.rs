//! String literals, <https://www.rfc-editor.org/rfc/rfc8259#section-7>: a fast run over plain bytes, then the escapes.

/// Why the character at a place cannot be in FHIR content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// U+0000, which the database cannot hold.
    Nul,
    /// Another control character than tab, carriage return and line feed.
    Control(u8),
    /// A tab, carriage return or line feed that is not escaped.
    Raw(u8),
    /// Half of a pair of `\uD8xx\uDCxx`.
    LoneSurrogate,
}

impl Flaw {
    pub(super) fn sentence(self) -> String {
        match self {
            Self::Nul => "A string holds the character U+0000, which FHIR does not allow.".to_owned(),
            Self::Control(byte) => format!(
                "A string holds the control character U+{byte:04X}; only tab, carriage return and line feed are allowed."
            ),
            Self::Raw(byte) => format!("A string holds the character U+{byte:04X} as it is; it must be escaped."),
            Self::LoneSurrogate => {
                "A string holds half of a surrogate pair; characters past U+FFFF are a pair of \\u escapes, or themselves."
                    .to_owned()
            }
        }
    }
}

/// Why a literal is not well-formed, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) at: usize,
    pub(super) sentence: &'static str,
}

/// A literal: its content, the place behind its closing quote, and the first flaw of its content.
pub(super) struct Literal<'a> {
    /// What stands between the quotes.
    pub(super) raw: &'a str,
    /// The decoded content, where it differs from `raw`.
    pub(super) decoded: Option<String>,
    pub(super) end: usize,
    pub(super) flaw: Option<Flaw>,
}

impl Literal<'_> {
    pub(super) fn into_string(self) -> String {
        self.decoded.unwrap_or_else(|| self.raw.to_owned())
    }
}

/// Reads the literal whose content begins at byte `start`, behind the opening quote.
pub(super) fn read(text: &str, start: usize) -> Result<Literal<'_>, Malformed> {
    let bytes = text.as_bytes();
    let mut decoded: Option<String> = None;
    let mut flaw = None;
    let mut run = start;
    let mut at = start;
    loop {
        at += plain(&bytes[at..]);
        match bytes.get(at) {
            None => return Err(Malformed { at, sentence: "the text ends within a string" }),
            Some(b'"') => {
                if let Some(decoded) = &mut decoded {
                    decoded.push_str(&text[run..at]);
                }
                return Ok(Literal { raw: &text[start..at], decoded, end: at + 1, flaw });
            }
            Some(b'\\') => {
                let target = decoded.get_or_insert_with(String::new);
                target.push_str(&text[run..at]);
                at = escape(bytes, at + 1, target, &mut flaw)?;
                run = at;
            }
            Some(&byte) => {
                let found = match byte {
                    0 => Flaw::Nul,
                    b'\t' | b'\n' | b'\r' => Flaw::Raw(byte),
                    _ => Flaw::Control(byte),
                };
                flaw.get_or_insert(found);
                at += 1;
            }
        }
    }
}

/// How many bytes from the front are neither quote, backslash nor control character, eight at a time.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A byte of the word is zero: then its top bit is set in the result (and the lowest such bit is always right).
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut done = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let stop = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if stop != 0 {
            return done + (stop.trailing_zeros() / 8) as usize;
        }
        done += 8;
    }
    done + rest.iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\').count()
}

/// Decodes the escape whose letter is at byte `at`, and returns the place behind it.
fn escape(bytes: &[u8], at: usize, target: &mut String, flaw: &mut Option<Flaw>) -> Result<usize, Malformed> {
    let simple = match bytes.get(at) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(bytes, at + 1, target, flaw),
        Some(_) => return Err(Malformed { at, sentence: "there is no such escape in a string" }),
        None => return Err(Malformed { at, sentence: "the text ends within a string" }),
    };
    if let '\u{8}' | '\u{c}' = simple {
        flaw.get_or_insert(Flaw::Control(simple as u8));
    }
    target.push(simple);
    Ok(at + 1)
}

/// Decodes the escape whose four digits begin at byte `at`, with its second half where it is the first of a pair.
fn unicode(
    bytes: &[u8],
    at: usize,
    target: &mut String,
    flaw: &mut Option<Flaw>,
) -> Result<usize, Malformed> {
    let first = digits(bytes, at)?;
    let mut end = at + 4;
    let mut code = u32::from(first);
    if (0xD800..0xDC00).contains(&first)
        && bytes.get(end) == Some(&b'\\')
        && bytes.get(end + 1) == Some(&b'u')
    {
        let second = digits(bytes, end + 2)?;
        if (0xDC00..0xE000).contains(&second) {
            code = 0x10000 + ((u32::from(first) - 0xD800) << 10) + (u32::from(second) - 0xDC00);
            end += 6;
        }
    }
    match code {
        0 => drop(flaw.get_or_insert(Flaw::Nul)),
        0x09 | 0x0A | 0x0D => {}
        1..0x20 => drop(flaw.get_or_insert(Flaw::Control(code as u8))),
        _ => {}
    }
    match char::from_u32(code) {
        Some(character) => target.push(character),
        None => {
            flaw.get_or_insert(Flaw::LoneSurrogate);
            target.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Ok(end)
}

fn digits(bytes: &[u8], at: usize) -> Result<u16, Malformed> {
    let mut code = 0u16;
    for offset in 0..4 {
        let digit = bytes.get(at + offset).and_then(|&byte| char::from(byte).to_digit(16));
        let digit =
            digit.ok_or(Malformed { at: at + offset, sentence: "\\u needs four hexadecimal digits" })?;
        code = code << 4 | digit as u16;
    }
    Ok(code)
}
