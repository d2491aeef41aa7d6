//! The expression tree, as the parser leaves it and the evaluation walks it, <https://hl7.org/fhirpath/N1/#expressions>.
//!
//! Everything that does not depend on data is settled here: functions and types are found, literals read, patterns compiled.

use regex::Regex;

use crate::{function::Function, item::Item, type_name::TypeName};

/// One node of the tree.
#[derive(Debug)]
pub(crate) enum Expr {
    /// `{}`.
    Empty,
    Literal(Item<'static>),
    /// `$this`.
    This,
    /// `$index`.
    Index,
    /// `$total`.
    Total,
    /// `%name`.
    Variable(Box<str>),
    /// `start.a.b.c`; without a start it begins at the focus, and its first step may be the focus's own type.
    Path {
        start: Option<Box<Expr>>,
        steps: Vec<Step>,
    },
    /// `input[index]`.
    Indexer {
        input: Box<Expr>,
        index: Box<Expr>,
    },
    /// `input.function(arguments)`; without an input it is called on the focus.
    Call(Box<Call>),
    /// `input is T` and its relatives.
    Typed {
        input: Option<Box<Expr>>,
        operation: TypeOperation,
        type_name: TypeName,
    },
    Negate(Box<Expr>),
    /// `a | b | c`.
    Union(Vec<Expr>),
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
}

/// One name of a path.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: Box<str>,
    /// The property beside a primitive that carries its id and extensions: `_name`.
    pub(crate) sibling: Box<str>,
}

impl Step {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), sibling: format!("_{name}").into() }
    }
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) input: Option<Expr>,
    pub(crate) function: Function,
    pub(crate) arguments: Vec<Expr>,
    /// The first argument, when it is a literal and the function takes a regular expression.
    pub(crate) pattern: Option<Regex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeOperation {
    /// `input is T`, `input.is(T)`.
    Is,
    /// `input as T`.
    As,
    /// `input.as(T)`; of a single item only in a strict context.
    AsSingle,
    /// `input.ofType(T)`.
    OfType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Implies,
    Or,
    Xor,
    And,
    In,
    Contains,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Concatenate,
    Multiply,
    Divide,
    DivideWhole,
    Modulo,
}

impl Call {
    /// Whether nothing comes out of it when nothing goes in.
    pub(crate) fn is_filter(&self) -> bool {
        matches!(
            self.function,
            Function::Where
                | Function::Select
                | Function::Extension
                | Function::First
                | Function::Last
                | Function::Resolve
                | Function::Distinct
        )
    }
}
