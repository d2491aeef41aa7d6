//! Tokens to an expression tree by precedence climbing, <https://hl7.org/fhirpath/N1/#operator-precedence>.
//!
//! The tree is at most 100 levels deep, so that the evaluation can recurse without fear of its stack.

use regex::{Regex, RegexBuilder};

use crate::{
    Decimal, ParseError,
    ast::{Call, Expr, Operator, Step, TypeOperation},
    date_time::{Date, DateTime, Time},
    function::Function,
    item::Item,
    lexer::{self, Kind, Token},
    quantity::{CalendarUnit, Quantity, Unit},
    type_name::TypeName,
};

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// The deepest tree.
const MAX_DEPTH: u32 = 100;

/// Binding powers, the loosest first; `|` and the type operators stand between comparison and addition.
mod power {
    pub(super) const IMPLIES: u8 = 1;
    pub(super) const OR: u8 = 2;
    pub(super) const AND: u8 = 3;
    pub(super) const MEMBERSHIP: u8 = 4;
    pub(super) const EQUALITY: u8 = 5;
    pub(super) const INEQUALITY: u8 = 6;
    pub(super) const UNION: u8 = 7;
    pub(super) const TYPE: u8 = 8;
    pub(super) const ADDITION: u8 = 9;
    pub(super) const MULTIPLICATION: u8 = 10;
    pub(super) const POLARITY: u8 = 11;
}

/// The tree of this text.
pub(crate) fn parse(text: &str) -> Result<Expr, ParseError> {
    if text.len() > MAX_LENGTH {
        return Err(ParseError::new(MAX_LENGTH, "an expression has at most 65536 bytes"));
    }
    let mut parser = Parser { tokens: lexer::tokens(text)?, next: 0, end: text.len(), nesting: 0 };
    let tree = parser.expression(0)?;
    if parser.next < parser.tokens.len() {
        return Err(parser.error("the expression should end here"));
    }
    Ok(tree.expr)
}

/// A regular expression with bounded memory; a point also matches the end of a line.
pub(crate) fn pattern(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .build()
        .map_err(|error| error.to_string())
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    next: usize,
    end: usize,
    nesting: u32,
}

/// A subtree and how deep it is.
struct Tree {
    expr: Expr,
    depth: u32,
}

enum Infix {
    Operator(Operator),
    Union,
    Type(TypeOperation),
}

impl<'t> Parser<'t> {
    fn expression(&mut self, least: u8) -> Result<Tree, ParseError> {
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return Err(self.error("the expression is nested too deeply"));
        }
        let mut left = self.polarity()?;
        while let Some((power, infix)) = self.infix().filter(|(power, _)| *power >= least) {
            self.next += 1;
            left = match infix {
                Infix::Type(operation) => {
                    let type_name = self.type_specifier(operation)?;
                    let input = Some(Box::new(left.expr));
                    self.tree(left.depth, Expr::Typed { input, operation, type_name })?
                }
                Infix::Union => {
                    let right = self.expression(power + 1)?;
                    let (depth, parts) = match left.expr {
                        Expr::Union(mut parts) => {
                            parts.push(right.expr);
                            (right.depth.max(left.depth - 1), parts)
                        }
                        first => (right.depth.max(left.depth), vec![first, right.expr]),
                    };
                    self.tree(depth, Expr::Union(parts))?
                }
                Infix::Operator(operator) => {
                    let right = self.expression(power + 1)?;
                    let (left, right, depth) =
                        (Box::new(left.expr), Box::new(right.expr), left.depth.max(right.depth));
                    self.tree(depth, Expr::Binary { operator, left, right })?
                }
            };
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn infix(&self) -> Option<(u8, Infix)> {
        let operator = |power, operator| Some((power, Infix::Operator(operator)));
        match self.peek()? {
            Kind::Symbol(symbol) => match *symbol {
                "=" => operator(power::EQUALITY, Operator::Equal),
                "!=" => operator(power::EQUALITY, Operator::NotEqual),
                "~" => operator(power::EQUALITY, Operator::Equivalent),
                "!~" => operator(power::EQUALITY, Operator::NotEquivalent),
                "<" => operator(power::INEQUALITY, Operator::Less),
                "<=" => operator(power::INEQUALITY, Operator::LessOrEqual),
                ">" => operator(power::INEQUALITY, Operator::Greater),
                ">=" => operator(power::INEQUALITY, Operator::GreaterOrEqual),
                "+" => operator(power::ADDITION, Operator::Add),
                "-" => operator(power::ADDITION, Operator::Subtract),
                "&" => operator(power::ADDITION, Operator::Concatenate),
                "*" => operator(power::MULTIPLICATION, Operator::Multiply),
                "/" => operator(power::MULTIPLICATION, Operator::Divide),
                "|" => Some((power::UNION, Infix::Union)),
                _ => None,
            },
            Kind::Word(word) => match *word {
                "implies" => operator(power::IMPLIES, Operator::Implies),
                "or" => operator(power::OR, Operator::Or),
                "xor" => operator(power::OR, Operator::Xor),
                "and" => operator(power::AND, Operator::And),
                "in" => operator(power::MEMBERSHIP, Operator::In),
                "contains" => operator(power::MEMBERSHIP, Operator::Contains),
                "div" => operator(power::MULTIPLICATION, Operator::DivideWhole),
                "mod" => operator(power::MULTIPLICATION, Operator::Modulo),
                "is" => Some((power::TYPE, Infix::Type(TypeOperation::Is))),
                "as" => Some((power::TYPE, Infix::Type(TypeOperation::As))),
                _ => None,
            },
            _ => None,
        }
    }

    fn polarity(&mut self) -> Result<Tree, ParseError> {
        if self.take("+") {
            return self.expression(power::POLARITY);
        }
        if self.take("-") {
            let operand = self.expression(power::POLARITY)?;
            return self.tree(operand.depth, Expr::Negate(Box::new(operand.expr)));
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Result<Tree, ParseError> {
        let mut tree = self.term()?;
        loop {
            if self.take(".") {
                tree = self.member(tree)?;
            } else if self.take("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                let depth = tree.depth.max(index.depth);
                let (input, index) = (Box::new(tree.expr), Box::new(index.expr));
                tree = self.tree(depth, Expr::Indexer { input, index })?;
            } else {
                return Ok(tree);
            }
        }
    }

    fn member(&mut self, input: Tree) -> Result<Tree, ParseError> {
        let name = self.name()?;
        if self.take("(") {
            return self.call(&name, Some(input));
        }
        match input.expr {
            Expr::Path { start, mut steps } => {
                steps.push(Step::new(&name));
                Ok(Tree { expr: Expr::Path { start, steps }, depth: input.depth })
            }
            start => self.tree(
                input.depth,
                Expr::Path { start: Some(Box::new(start)), steps: vec![Step::new(&name)] },
            ),
        }
    }

    fn term(&mut self) -> Result<Tree, ParseError> {
        let Some(kind) = self.peek().cloned() else {
            return Err(self.error("the expression ends too early"));
        };
        let leaf = |expr| Ok(Tree { expr, depth: 1 });
        match kind {
            Kind::Symbol("(") => {
                self.next += 1;
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Symbol("{") => {
                self.next += 1;
                self.expect("}")?;
                leaf(Expr::Empty)
            }
            Kind::Symbol("%") => {
                self.next += 1;
                let name = match self.peek().cloned() {
                    Some(Kind::String(name)) => {
                        self.next += 1;
                        name
                    }
                    _ => self.name()?,
                };
                leaf(Expr::Variable(name.into()))
            }
            Kind::Special(name) => {
                self.next += 1;
                match name {
                    "this" => leaf(Expr::This),
                    "index" => leaf(Expr::Index),
                    "total" => leaf(Expr::Total),
                    _ => Err(self.error_before("this is none of $this, $index and $total")),
                }
            }
            Kind::String(text) => {
                self.next += 1;
                leaf(Expr::Literal(Item::String(text.into())))
            }
            Kind::Number(text) => {
                self.next += 1;
                let item = self.number(text)?;
                leaf(Expr::Literal(item))
            }
            Kind::Temporal(text) => {
                self.next += 1;
                let item =
                    temporal(text).ok_or_else(|| self.error_before("this is no date, dateTime or time"))?;
                leaf(Expr::Literal(item))
            }
            Kind::Word(word @ ("true" | "false")) => {
                self.next += 1;
                leaf(Expr::Literal(Item::Boolean(word == "true")))
            }
            Kind::Word("and" | "or" | "xor" | "implies" | "div" | "mod") => {
                Err(self.error("an operator has nothing before it"))
            }
            Kind::Word(_) | Kind::Delimited(_) => {
                let name = self.name()?;
                if self.take("(") {
                    return self.call(&name, None);
                }
                leaf(Expr::Path { start: None, steps: vec![Step::new(&name)] })
            }
            Kind::Symbol(_) => Err(self.error("a name, a literal or '(' should stand here")),
        }
    }

    fn number(&mut self, text: &str) -> Result<Item<'static>, ParseError> {
        let unit = match self.peek() {
            Some(Kind::String(code)) => {
                let unit = Unit::of_code(code);
                Some(unit.ok_or_else(|| self.error("the code of a unit has 1 to 256 bytes"))?)
            }
            Some(Kind::Word(word)) => CalendarUnit::parse(word).map(Unit::Calendar),
            _ => None,
        };
        let too_long = || ParseError::new(self.end, format!("the number {text} is too long"));
        if let Some(unit) = unit {
            let value = Decimal::parse(text).ok_or_else(too_long)?;
            self.next += 1;
            return Ok(Item::Quantity(Box::new(Quantity { value, unit })));
        }
        if text.contains('.') {
            Decimal::parse(text).map(Item::Decimal).ok_or_else(too_long)
        } else {
            text.parse().map(Item::Integer).map_err(|_| too_long())
        }
    }

    fn call(&mut self, name: &str, input: Option<Tree>) -> Result<Tree, ParseError> {
        let offset = self.offset();
        let (input, depth) = input.map_or((None, 0), |tree| (Some(tree.expr), tree.depth));
        let operation = match name {
            "is" => Some(TypeOperation::Is),
            "as" => Some(TypeOperation::AsSingle),
            "ofType" => Some(TypeOperation::OfType),
            _ => None,
        };
        if let Some(operation) = operation {
            let type_name = self.type_specifier(operation)?;
            self.expect(")")?;
            return self.tree(depth, Expr::Typed { input: input.map(Box::new), operation, type_name });
        }
        let function = Function::parse(name)
            .ok_or_else(|| ParseError::new(offset, format!("there is no function {name}()")))?;
        let (arguments, depth) = self.arguments(depth)?;
        let (least, most) = function.arity();
        if !(least..=most).contains(&arguments.len()) {
            return Err(ParseError::new(
                offset,
                format!("{name}() takes {least} to {most} arguments, not {}", arguments.len()),
            ));
        }
        let pattern = match (function.takes_pattern(), arguments.first()) {
            (true, Some(Expr::Literal(Item::String(text)))) => {
                Some(pattern(&function.anchored(text)).map_err(|message| ParseError::new(offset, message))?)
            }
            _ => None,
        };
        self.tree(depth, Expr::Call(Box::new(Call { input, function, arguments, pattern })))
    }

    fn arguments(&mut self, mut depth: u32) -> Result<(Vec<Expr>, u32), ParseError> {
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok((arguments, depth));
        }
        loop {
            let argument = self.expression(0)?;
            depth = depth.max(argument.depth);
            arguments.push(argument.expr);
            if self.take(")") {
                return Ok((arguments, depth));
            }
            self.expect(",")?;
        }
    }

    fn type_specifier(&mut self, operation: TypeOperation) -> Result<TypeName, ParseError> {
        let offset = self.offset();
        let first = self.name()?;
        let type_name = match first.as_str() {
            "FHIR" | "System" if self.take(".") => TypeName::new(Some(&first), &self.name()?),
            _ => TypeName::new(None, &first),
        };
        // Nothing is of a type that its namespace does not have, but nothing can be made one.
        if type_name.is_unknown() && (operation != TypeOperation::Is || !type_name.is_qualified()) {
            return Err(ParseError::new(offset, format!("there is no type {first}")));
        }
        Ok(type_name)
    }

    fn name(&mut self) -> Result<String, ParseError> {
        let name = match self.peek() {
            Some(Kind::Word(word)) => (*word).to_owned(),
            Some(Kind::Delimited(name)) => name.clone(),
            _ => return Err(self.error("a name should stand here")),
        };
        self.next += 1;
        Ok(name)
    }

    fn tree(&self, depth: u32, expr: Expr) -> Result<Tree, ParseError> {
        if depth >= MAX_DEPTH {
            return Err(self.error("the expression is nested too deeply"));
        }
        Ok(Tree { expr, depth: depth + 1 })
    }

    fn peek(&self) -> Option<&Kind<'t>> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let there = matches!(self.peek(), Some(Kind::Symbol(found)) if *found == symbol);
        self.next += usize::from(there);
        there
    }

    fn expect(&mut self, symbol: &str) -> Result<(), ParseError> {
        if self.take(symbol) { Ok(()) } else { Err(self.error(format!("'{symbol}' should stand here"))) }
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |token| token.offset)
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError::new(self.offset(), message)
    }

    fn error_before(&self, message: &str) -> ParseError {
        let offset = self.tokens.get(self.next.saturating_sub(1)).map_or(self.end, |token| token.offset);
        ParseError::new(offset, message)
    }
}

fn temporal(text: &str) -> Option<Item<'static>> {
    if let Some(time) = text.strip_prefix('T') {
        return Time::parse(time).map(Item::Time);
    }
    match text.contains('T') {
        true => DateTime::parse(text).map(Item::DateTime),
        false => Date::parse(text).map(Item::Date),
    }
}

#[cfg(test)]
mod tests;
