//! The text of a `_filter` as a tree, <https://hl7.org/fhir/R4/search_filter.html>.
//!
//! `and` and `or` go from left to right, neither before the other, as the standard says. What the names and values mean is
//! not known here.

use crate::refusal::{Refusal, shown};

/// How many bytes a filter may have.
const MAX_LENGTH: usize = 8192;
/// How deep parentheses and brackets may be nested.
const MAX_NESTING: usize = 16;
/// How many tests a filter may have.
const MAX_TESTS: usize = 30;

/// A part of a filter, or the whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Test(Test),
    Not(Box<Filter>),
    All(Box<Filter>, Box<Filter>),
    Any(Box<Filter>, Box<Filter>),
}

/// `path operator value`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Test {
    /// The references that lead to the resource that is tested.
    pub(crate) links: Vec<Link>,
    /// The name of the parameter that is tested.
    pub(crate) name: String,
    pub(crate) operator: Operator,
    pub(crate) value: String,
    /// Where the test begins, in characters from 1.
    pub(crate) at: usize,
}

/// `name.` or `name[filter].`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) name: String,
    /// What must hold for the resource that is referred to.
    pub(crate) filter: Option<Filter>,
}

/// <https://hl7.org/fhir/R4/search_filter.html#ops>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Lt,
    Ge,
    Le,
    Ap,
    Sa,
    Eb,
    Pr,
    Po,
    Ss,
    Sb,
    In,
    Ni,
    Re,
}

impl Operator {
    const CODES: [(&'static str, Self); 19] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("co", Self::Co),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
        ("gt", Self::Gt),
        ("lt", Self::Lt),
        ("ge", Self::Ge),
        ("le", Self::Le),
        ("ap", Self::Ap),
        ("sa", Self::Sa),
        ("eb", Self::Eb),
        ("pr", Self::Pr),
        ("po", Self::Po),
        ("ss", Self::Ss),
        ("sb", Self::Sb),
        ("in", Self::In),
        ("ni", Self::Ni),
        ("re", Self::Re),
    ];

    pub(crate) fn code(self) -> &'static str {
        Self::CODES.iter().find(|(_, operator)| *operator == self).map_or("", |(code, _)| code)
    }
}

/// The tree of a filter's text.
pub(crate) fn parse(text: &str) -> Result<Filter, Refusal> {
    if text.len() > MAX_LENGTH {
        return Err(Refusal::too_costly(format!("A '_filter' has at most {MAX_LENGTH} bytes.")));
    }
    let mut reader = Reader { text, at: 0, tests: 0 };
    let filter = reader.filter(0)?;
    reader.skip_space();
    match reader.next() {
        None => Ok(filter),
        Some(_) => Err(reader.expected("'and', 'or' or the end")),
    }
}

impl Filter {
    /// Calls with every test, those in brackets too.
    pub(crate) fn each_test<'f>(&'f self, each: &mut dyn FnMut(&'f Test)) {
        match self {
            Self::Test(test) => {
                each(test);
                test.links.iter().filter_map(|link| link.filter.as_ref()).for_each(|f| f.each_test(each));
            }
            Self::Not(inner) => inner.each_test(each),
            Self::All(left, right) | Self::Any(left, right) => {
                left.each_test(each);
                right.each_test(each);
            }
        }
    }
}

/// The text, and how far it was read.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    tests: usize,
}

impl<'t> Reader<'t> {
    fn filter(&mut self, nesting: usize) -> Result<Filter, Refusal> {
        if nesting > MAX_NESTING {
            return Err(Refusal::too_costly(format!(
                "A '_filter' is nested at most {MAX_NESTING} deep; character {} is deeper.",
                self.position()
            )));
        }
        let mut filter = self.operand(nesting)?;
        loop {
            let before = self.at;
            self.skip_space();
            let connective = self.take(|c| c.is_ascii_alphabetic());
            if !matches!(connective, "and" | "or") {
                self.at = before;
                return Ok(filter);
            }
            let (left, right) = (Box::new(filter), Box::new(self.operand(nesting)?));
            filter = if connective == "and" { Filter::All(left, right) } else { Filter::Any(left, right) };
        }
    }

    fn operand(&mut self, nesting: usize) -> Result<Filter, Refusal> {
        self.skip_space();
        if self.next() == Some('(') {
            return self.within('(', ')', nesting);
        }
        let before = self.at;
        if self.take(is_of_name) == "not" {
            self.skip_space();
            return Ok(Filter::Not(Box::new(self.within('(', ')', nesting)?)));
        }
        self.at = before;
        self.test(nesting).map(Filter::Test)
    }

    /// A filter between these.
    fn within(&mut self, open: char, close: char, nesting: usize) -> Result<Filter, Refusal> {
        self.expect(open)?;
        let filter = self.filter(nesting + 1)?;
        self.skip_space();
        self.expect(close)?;
        Ok(filter)
    }

    fn test(&mut self, nesting: usize) -> Result<Test, Refusal> {
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(Refusal::too_costly(format!("A '_filter' has at most {MAX_TESTS} tests.")));
        }
        let at = self.position();
        let mut links = Vec::new();
        let name = loop {
            if !self.next().is_some_and(|c| c == '_' || c.is_ascii_alphabetic()) {
                return Err(self.expected("the name of a search parameter"));
            }
            let name = self.take(is_of_name).to_owned();
            let filter = match self.next() {
                Some('[') => Some(self.within('[', ']', nesting)?),
                _ => None,
            };
            match self.next() {
                Some('.') => self.at += 1,
                _ if filter.is_some() => return Err(self.expected("'.' and a name after ']'")),
                _ => break name,
            }
            links.push(Link { name, filter });
        };
        let operators =
            "an operator: eq, ne, co, sw, ew, gt, lt, ge, le, ap, sa, eb, pr, po, ss, sb, in, ni or re";
        self.expect_space(operators)?;
        let before = self.at;
        let code = self.take(|c| c.is_ascii_alphabetic());
        let operator =
            Operator::CODES.iter().find(|(known, _)| *known == code).map(|(_, operator)| *operator);
        let Some(operator) = operator else {
            self.at = before;
            return Err(self.expected(operators));
        };
        self.expect_space("a value")?;
        let value = self.value()?;
        Ok(Test { links, name, operator, value, at })
    }

    /// A JSON string, or everything to the next white space, `)` or `]`.
    fn value(&mut self) -> Result<String, Refusal> {
        if self.next() != Some('"') {
            let value = self.take(|c| !c.is_whitespace() && !matches!(c, ')' | ']'));
            return match value {
                "" => Err(self.expected("a value")),
                value => Ok(value.to_owned()),
            };
        }
        let mut escaped = false;
        let end = self.rest().char_indices().skip(1).find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let text = end.map(|(at, _)| &self.rest()[..=at]);
        let value = text.and_then(|text| serde_json::from_str::<String>(text).ok());
        match (text, value) {
            (Some(text), Some(value)) if !value.contains('\0') => {
                self.at += text.len();
                Ok(value)
            }
            _ => Err(self.expected("a string as in JSON, to its second '\"',")),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn skip_space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn expect_space(&mut self, before: &str) -> Result<(), Refusal> {
        match self.take(char::is_whitespace) {
            "" => Err(self.expected(&format!("a space and {before}"))),
            _ => Ok(()),
        }
    }

    fn expect(&mut self, character: char) -> Result<(), Refusal> {
        if self.next() != Some(character) {
            return Err(self.expected(&format!("'{character}'")));
        }
        self.at += character.len_utf8();
        Ok(())
    }

    /// Where it was read to, in characters from 1.
    fn position(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn expected(&self, what: &str) -> Refusal {
        let found = match self.rest() {
            "" => "the end".to_owned(),
            rest => format!("'{}'", shown(&rest.chars().take(20).collect::<String>())),
        };
        Refusal::invalid(format!(
            "'_filter' cannot be read at character {}: {what} is expected, and {found} is there.",
            self.position()
        ))
    }
}

/// Names have colons in chains that name a type.
fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree, with parentheses around everything.
    fn tree(filter: &Filter) -> String {
        match filter {
            Filter::Test(test) => {
                let link = |link: &Link| match &link.filter {
                    Some(filter) => format!("{}[{}].", link.name, tree(filter)),
                    None => format!("{}.", link.name),
                };
                let links: String = test.links.iter().map(link).collect();
                format!("{links}{} {} <{}>", test.name, test.operator.code(), test.value)
            }
            Filter::Not(inner) => format!("not({})", tree(inner)),
            Filter::All(left, right) => format!("({} and {})", tree(left), tree(right)),
            Filter::Any(left, right) => format!("({} or {})", tree(left), tree(right)),
        }
    }

    #[test]
    fn what_is_read() {
        let check = |text: &str, expect: &str| assert_eq!(tree(&parse(text).unwrap()), expect, "{text}");
        check(r#"name co "pet""#, "name co <pet>");
        check(
            r#"given eq "peter" and birthdate ge 2014-10-10"#,
            "(given eq <peter> and birthdate ge <2014-10-10>)",
        );
        check("code eq http://loinc.org|1234-5", "code eq <http://loinc.org|1234-5>");
        check(r#"subject.name co "pet""#, "subject.name co <pet>");
        check(
            r#"related[type eq "has-component"].target pr true"#,
            "related[type eq <has-component>].target pr <true>",
        );
        check("subject:Patient.organization.name sw a", "subject:Patient.organization.name sw <a>");
        // From left to right.
        check("a eq 1 or b eq 2 and c eq 3", "((a eq <1> or b eq <2>) and c eq <3>)");
        check("a eq 1 or (b eq 2 and c eq 3)", "(a eq <1> or (b eq <2> and c eq <3>))");
        check("not(a eq 1)", "not(a eq <1>)");
        check(
            " not ( a eq 1 or not(b eq 2) ) and c eq 3 ",
            "(not((a eq <1> or not(b eq <2>))) and c eq <3>)",
        );
        check(r#"a eq "x) and ] \"y\" \\""#, r#"a eq <x) and ] "y" \>"#);
        check("a eq and and b eq or", "(a eq <and> and b eq <or>)");
        check("((a eq 1))or(b eq 2)", "(a eq <1> or b eq <2>)");
    }

    #[test]
    fn where_it_cannot_be_read() {
        let check = |text: &str, at: usize| {
            let error = parse(text).expect_err(text).into_error();
            let sentence = error.issues()[0].diagnostics.clone();
            assert!(sentence.contains(&format!("at character {at}:")), "{text}: {sentence}");
        };
        check("name", 5);
        check("name is x", 6);
        check("name eq", 8);
        check("name eq  ", 10);
        check(r#"name eq "x"#, 9);
        check(r#"name eq "\q""#, 9);
        check("(name eq x", 11);
        check("name eq x)", 10);
        check("name eq x xor a eq b", 11);
        check("name eq x and", 14);
        check("not name eq x", 5);
        check("é eq x", 1);
        check("a eq é and b", 13);
        check("a[b eq c] eq d", 10);
        check("a. eq d", 3);
        check("a eq b and 1 eq 2", 12);
    }

    #[test]
    fn what_would_cost_too_much() {
        for text in [
            format!("{}a eq b{}", "(".repeat(17), ")".repeat(17)),
            "(".repeat(8000),
            "not(".repeat(2000),
            "a[".repeat(4000),
            vec!["a eq b"; 31].join(" or "),
            format!("a eq {}", "x".repeat(9000)),
        ] {
            let error = parse(&text).unwrap_err().into_error();
            assert_eq!(error.cause(), fhir::Cause::TooCostly, "{text}");
        }
        assert!(parse(&format!("{}a eq b{}", "(".repeat(16), ")".repeat(16))).is_ok());
        assert!(parse(&vec!["a eq b"; 30].join(" or ")).is_ok());
    }
}
