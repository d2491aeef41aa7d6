//! The recursive descent through one JSON text, <https://www.rfc-editor.org/rfc/rfc8259>, in one pass.

use serde_json::{Map, Number, Value};

use super::{
    MAX_DEPTH, MAX_NUMBER, MAX_STRING,
    finding::{Findings, Step, shown},
    string::{self, Literal, Malformed},
};
use crate::{
    Error,
    outcome::IssueType::{Structure, TooLong, Value as Content},
};

/// See [`super::parse`] and [`super::parse_patch`].
pub(super) fn parse(bytes: &[u8], is_patch: bool) -> Result<Value, Error> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let malformed = Malformed { at: error.valid_up_to(), sentence: "the text is not UTF-8" };
            let mut findings = Findings::default();
            findings.add(&[], Structure, sentence(bytes, &malformed));
            return Err(findings.into_error(None));
        }
    };
    let mut parser = Parser {
        text,
        at: 0,
        path: Vec::new(),
        findings: Findings::default(),
        resource_type: None,
        is_patch,
    };
    let outcome = parser.document();
    if let Err(malformed) = &outcome {
        parser.findings.add(&parser.path, Structure, sentence(bytes, malformed));
    }
    match outcome {
        Ok(value) if parser.findings.is_empty() => Ok(value),
        _ => Err(parser.findings.into_error(parser.resource_type.as_deref())),
    }
}

fn sentence(bytes: &[u8], malformed: &Malformed) -> String {
    let before = &bytes[..malformed.at.min(bytes.len())];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    // Columns count characters: every byte that does not continue one.
    let column = 1 + before[line_start..].iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
    format!("The JSON is not well-formed at line {line}, column {column}: {}.", malformed.sentence)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    path: Vec<Step<'a>>,
    findings: Findings,
    resource_type: Option<String>,
    is_patch: bool,
}

/// What an array turned out to be, for the rule of padding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    None,
    Nulls,
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Result<Value, Malformed> {
        let (value, _) = self.value(0)?;
        self.space();
        if self.at < self.text.len() {
            return Err(self.malformed(self.comment().unwrap_or("there is more behind the end of the value")));
        }
        Ok(value)
    }

    fn malformed(&self, sentence: &'static str) -> Malformed {
        Malformed { at: self.at, sentence }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn comment(&self) -> Option<&'static str> {
        (self.peek() == Some(b'/')).then_some("comments are not allowed")
    }

    fn value(&mut self, depth: usize) -> Result<(Value, Padding), Malformed> {
        self.space();
        let value = match self.peek() {
            Some(b'"') => Value::String(self.string()?),
            Some(b'{') => self.object(depth + 1)?,
            Some(b'[') => return self.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => {
                let null = self.word("null", Value::Null)?;
                if !self.is_patch() && !matches!(self.path.last(), Some(Step::Index(_))) {
                    let sentence = "null is not a value of FHIR: leave the property out.";
                    self.findings.add(&self.path, Structure, sentence);
                }
                null
            }
            None => return Err(self.malformed("the text ends where a value should be")),
            Some(b',') => return Err(self.malformed("there is a comma where a value should be")),
            Some(b'\'') => return Err(self.malformed("strings stand in double quotes")),
            Some(b'/') => return Err(self.malformed("comments are not allowed")),
            Some(b'N' | b'I') => return Err(self.malformed("NaN and Infinity are not numbers of JSON")),
            Some(b'+' | b'.') => return Err(self.malformed("a number begins with a digit or '-'")),
            Some(_) => return Err(self.malformed("this is not the beginning of a value")),
        };
        Ok((value, Padding::None))
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Malformed> {
        let rest = &self.text.as_bytes()[self.at..];
        let follows = rest.get(word.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !rest.starts_with(word.as_bytes()) || follows {
            return Err(self.malformed("this is not the beginning of a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn enter(&mut self, depth: usize) -> Result<(), Malformed> {
        if depth > MAX_DEPTH {
            return Err(self.malformed("arrays and objects stand more than 64 deep in one another"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Behind an item: true where another one follows, false behind the closing bracket.
    fn another(&mut self, close: u8, missing: &'static str) -> Result<bool, Malformed> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                if self.peek() == Some(close) {
                    return Err(self.malformed("there is a comma behind the last item"));
                }
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            None => Err(self.malformed("the text ends before its last bracket is closed")),
            Some(_) => Err(self.malformed(self.comment().unwrap_or(missing))),
        }
    }

    fn array(&mut self, depth: usize) -> Result<(Value, Padding), Malformed> {
        self.enter(depth)?;
        let mut items = Vec::new();
        let mut padding = Padding::None;
        if self.peek() == Some(b']') {
            self.at += 1;
            if !self.is_patch() && !self.path.is_empty() {
                self.findings.add(&self.path, Structure, "An array is empty: leave the property out.");
            }
            return Ok((Value::Array(items), padding));
        }
        loop {
            self.path.push(Step::Index(items.len()));
            let (item, _) = self.value(depth)?;
            if item.is_null() {
                padding = Padding::Nulls;
                self.misplaced_padding();
            }
            self.path.pop();
            items.push(item);
            if !self.another(b']', "',' or ']' is missing")? {
                return Ok((Value::Array(items), padding));
            }
        }
    }

    /// A null as an item of an array that is not the value of a property.
    fn misplaced_padding(&mut self) {
        if !self.is_patch() && !matches!(self.path.as_slice(), [.., Step::Name(_), Step::Index(_)]) {
            self.findings.add(&self.path, Structure, "null is not a value of FHIR: leave the item out.");
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Malformed> {
        self.enter(depth)?;
        let mut members = Map::new();
        let mut check_padding = false;
        if self.peek() == Some(b'}') {
            self.at += 1;
            if !self.is_patch() {
                self.findings.add(&self.path, Structure, "An object is empty: leave the property out.");
            }
            return Ok(Value::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                let sentence =
                    self.comment().unwrap_or("the name of a property, in double quotes, is missing");
                return Err(self.malformed(sentence));
            }
            let name = self.literal()?;
            self.path.push(Step::Name(name.raw));
            self.check(&name, "The name of a property is empty.");
            let name = name.into_string();
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.malformed(self.comment().unwrap_or("':' is missing")));
            }
            self.at += 1;
            let (value, padding) = self.value(depth)?;
            check_padding |= padding == Padding::Nulls || (name.starts_with('_') && value.is_array());
            if depth == 1 && name == "resourceType" {
                self.resource_type =
                    value.as_str().map(|name| shown(name).to_owned()).filter(|name| !name.is_empty());
            }
            let duplicate = members.insert(name, value).is_some();
            if duplicate {
                self.findings.add(&self.path, Structure, "A property is there twice.");
            }
            self.path.pop();
            if !self.another(b'}', "',' or '}' is missing")? {
                break;
            }
        }
        // A JSON Patch may carry one of two arrays alone.
        if check_padding && !self.is_patch() {
            self.padding(&members);
        }
        Ok(Value::Object(members))
    }

    /// Nulls only fill up `x` and `_x`: both arrays are equally long, and at each place one of them has a value.
    fn padding(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            let Value::Array(items) = value else { continue };
            let (beside, extensions) = match name.strip_prefix('_') {
                Some(plain) => (members.get(plain), true),
                None => (members.get(&format!("_{name}")), false),
            };
            let beside = beside.and_then(Value::as_array);
            if let (true, Some(values)) = (extensions, beside)
                && values.len() != items.len()
            {
                let sentence = format!(
                    "'{0}' has {1} items and '{2}' has {3}: both must have the same number, filled up with null.",
                    shown(name),
                    items.len(),
                    shown(&name[1..]),
                    values.len()
                );
                self.find_below(&[Step::Name(name)], sentence);
            }
            for (index, _) in items.iter().enumerate().filter(|(_, item)| item.is_null()) {
                if beside.and_then(|items| items.get(index)).is_none_or(Value::is_null) {
                    let other =
                        if extensions { shown(&name[1..]).to_owned() } else { format!("_{}", shown(name)) };
                    let sentence =
                        format!("null only fills up an array where '{other}' has a value at the same place.");
                    self.find_below(&[Step::Name(name), Step::Index(index)], sentence);
                }
            }
        }
    }

    fn find_below(&mut self, steps: &[Step<'_>], sentence: String) {
        let path: Vec<Step<'_>> = self.path.iter().chain(steps).copied().collect();
        self.findings.add(&path, Structure, sentence);
    }

    /// Whether this is within a patch, as a JSON Patch, which is an array, always is: its values may be empty or null. What
    /// comes of it may not.
    fn is_patch(&self) -> bool {
        self.is_patch || matches!(self.path.first(), Some(Step::Index(_)))
    }

    fn literal(&mut self) -> Result<Literal<'a>, Malformed> {
        let literal = string::read(self.text, self.at + 1);
        if let Ok(literal) = &literal {
            self.at = literal.end;
        }
        literal
    }

    fn check(&mut self, literal: &Literal<'_>, empty: &str) {
        if literal.raw.is_empty() && !self.is_patch() {
            self.findings.add(&self.path, Content, empty);
        }
        if let Some(flaw) = literal.flaw {
            self.findings.add(&self.path, Content, flaw.sentence());
        }
        if literal.raw.len() > MAX_STRING && !self.may_be_long() {
            let length = literal.decoded.as_ref().map_or(literal.raw.len(), String::len);
            if length > MAX_STRING {
                let sentence = format!("A string has {length} bytes; at most {MAX_STRING} are allowed.");
                self.findings.add(&self.path, TooLong, sentence);
            }
        }
    }

    /// Whether the value is base64 content or a narrative, which are not strings in FHIR and may be longer.
    fn may_be_long(&self) -> bool {
        matches!(self.path.last(), Some(Step::Name("data" | "valueBase64Binary" | "div")))
    }

    fn string(&mut self) -> Result<String, Malformed> {
        let literal = self.literal()?;
        self.check(&literal, "A string is empty: leave the property out.");
        Ok(literal.into_string())
    }

    fn number(&mut self) -> Result<Value, Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        self.digits("a digit is missing in a number")?;
        if self.leading_zero(start) {
            self.at = start;
            return Err(self.malformed("a number has a leading zero"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("a digit is missing behind the decimal point")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits("a digit is missing in an exponent")?;
        }
        if self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return Err(self.malformed("a number is followed by a letter"));
        }
        let text = &self.text[start..self.at];
        if text.len() > MAX_NUMBER {
            let sentence =
                format!("A number has {} characters; at most {MAX_NUMBER} are allowed.", text.len());
            self.findings.add(&self.path, TooLong, sentence);
        }
        // Parsing the text as a Number would rewrite `1e2` to `1e+2`.
        Ok(Value::Number(Number::from_string_unchecked(text.to_owned())))
    }

    fn leading_zero(&self, start: usize) -> bool {
        let digits = self.text[start..self.at].trim_start_matches('-');
        digits.len() > 1 && digits.starts_with('0')
    }

    fn digits(&mut self, missing: &'static str) -> Result<(), Malformed> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.malformed(missing)) } else { Ok(()) }
    }
}
