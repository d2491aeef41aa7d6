//! The walk over the expression tree, <https://hl7.org/fhirpath/N1/#expressions>.
//!
//! What an evaluation may cost is bounded: every item made and every comparison is a step, and there are a million of them.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
};

use crate::{
    Context, DateTime, EvaluateError,
    ast::{Expr, Step, TypeOperation},
    function::{self, Invocation},
    item::Item,
    node::{Node, has_element},
    type_name::{TypeName, is_a},
};

pub(crate) mod equality;
mod operator;
pub(crate) mod order;
mod variable;

/// What a (sub)expression gives; borrowed when it is the focus or a variable.
pub(crate) type Collection<'f, 'a> = Cow<'f, [Item<'a>]>;

/// Steps that one evaluation may take.
const MAX_STEPS: usize = 1_000_000;

/// The remaining steps of an evaluation.
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Cell::new(MAX_STEPS))
    }

    /// Takes the steps of reading this text once.
    pub(crate) fn spend_on_text(&self, text: &str) -> Result<(), EvaluateError> {
        self.spend(text.len() / 256)
    }

    /// Takes that many steps.
    pub(crate) fn spend(&self, steps: usize) -> Result<(), EvaluateError> {
        let left = self.0.get().checked_sub(steps).ok_or(EvaluateError::TooCostly)?;
        self.0.set(left);
        Ok(())
    }
}

/// What `$this`, `$index` and `$total` are at a place of the expression.
#[derive(Clone, Copy)]
pub(crate) struct Focus<'f, 'a> {
    pub(crate) items: &'f [Item<'a>],
    pub(crate) index: Option<usize>,
    pub(crate) total: Option<&'f [Item<'a>]>,
}

impl<'f, 'a> Focus<'f, 'a> {
    /// One item of a collection, as the criteria of `where()` see it.
    pub(crate) fn on(self, item: &'f Item<'a>, index: usize) -> Self {
        Self { items: std::slice::from_ref(item), index: Some(index), total: self.total }
    }
}

/// One evaluation: its context, its budget and its clock.
pub(crate) struct Evaluation<'c, 'a> {
    pub(crate) context: &'c Context<'a>,
    pub(crate) budget: Budget,
    now: OnceCell<DateTime>,
}

impl<'c, 'a> Evaluation<'c, 'a> {
    pub(crate) fn new(context: &'c Context<'a>) -> Self {
        Self { context, budget: Budget::new(), now: OnceCell::new() }
    }

    /// The time that the whole evaluation goes by.
    pub(crate) fn now(&self) -> DateTime {
        let clock = || self.context.now().unwrap_or_else(|| DateTime::of_timestamp(jiff::Timestamp::now()));
        *self.now.get_or_init(clock)
    }

    pub(crate) fn evaluate<'f>(
        &'f self,
        expr: &'a Expr,
        focus: Focus<'f, 'a>,
    ) -> Result<Collection<'f, 'a>, EvaluateError> {
        self.budget.spend(1)?;
        let owned = |items| Ok(Cow::Owned(items));
        match expr {
            Expr::Empty => Ok(Cow::Borrowed(&[])),
            Expr::Literal(item) => owned(vec![literal(item)]),
            Expr::This => Ok(Cow::Borrowed(focus.items)),
            Expr::Index => owned(focus.index.map(|index| Item::Integer(index as i64)).into_iter().collect()),
            Expr::Total => Ok(Cow::Borrowed(focus.total.unwrap_or(&[]))),
            Expr::Variable(name) => variable::value(self.context, name),
            Expr::Path { start, steps } => owned(self.path(start.as_deref(), steps, focus)?),
            Expr::Indexer { input, index } => {
                let index = self.evaluate(index, focus)?;
                let input = self.evaluate(input, focus)?;
                let index = match single(&index, "An index")?.map(Item::system) {
                    None => return Ok(Cow::Borrowed(&[])),
                    Some(Item::Integer(index)) => usize::try_from(index).ok(),
                    Some(_) => return Err(EvaluateError::ill_typed("An index is an integer.")),
                };
                owned(index.and_then(|index| input.get(index).cloned()).into_iter().collect())
            }
            Expr::Call(call) => {
                let input = match &call.input {
                    Some(input) => self.evaluate(input, focus)?,
                    None => Cow::Borrowed(focus.items),
                };
                owned(function::call(&Invocation { evaluation: self, call, input: &input, focus })?)
            }
            Expr::Typed { input, operation, type_name } => {
                let input = match input {
                    Some(input) => self.evaluate(input, focus)?,
                    None => Cow::Borrowed(focus.items),
                };
                owned(typed(&input, *operation, type_name, self.context.is_strict())?)
            }
            Expr::Negate(operand) => owned(operator::negate(&self.evaluate(operand, focus)?)?),
            Expr::Union(parts) => {
                let mut items = Vec::new();
                for part in parts {
                    items.extend_from_slice(&self.evaluate(part, focus)?);
                }
                owned(equality::distinct(items, &self.budget)?)
            }
            Expr::Binary { operator, left, right } => {
                owned(operator::binary(self, *operator, left, right, focus)?.into_iter().collect())
            }
        }
    }

    fn path(
        &self,
        start: Option<&'a Expr>,
        steps: &'a [Step],
        focus: Focus<'_, 'a>,
    ) -> Result<Vec<Item<'a>>, EvaluateError> {
        let mut found = Vec::new();
        match start {
            Some(start) => {
                if self.context.is_strict() {
                    check_type(start, steps)?;
                }
                for item in self.evaluate(start, focus)?.iter() {
                    self.walk(item, steps, &mut found)?;
                }
            }
            None => {
                for item in focus.items {
                    self.begin(item, steps, &mut found)?;
                }
            }
        }
        Ok(found)
    }

    /// The first name of a path may be the type of the focus.
    fn begin(
        &self,
        item: &Item<'a>,
        steps: &'a [Step],
        found: &mut Vec<Item<'a>>,
    ) -> Result<(), EvaluateError> {
        let is_type_name = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
        if let (Item::Node(node), Some((first, rest))) = (item, steps.split_first())
            && is_type_name(&first.name)
        {
            if is_a(node.type_name(), &first.name) {
                return self.walk(item, rest, found);
            }
            if !self.context.is_strict() {
                return Ok(());
            }
        }
        self.walk(item, steps, found)
    }

    fn walk(
        &self,
        item: &Item<'a>,
        steps: &'a [Step],
        found: &mut Vec<Item<'a>>,
    ) -> Result<(), EvaluateError> {
        match (item, steps.split_first()) {
            (Item::Node(node), _) => self.walk_node(*node, steps, found),
            (_, None) => {
                found.push(item.clone());
                Ok(())
            }
            (Item::Type(namespace, name), Some((first, []))) => {
                match &*first.name {
                    "namespace" => found.push(Item::String((*namespace).into())),
                    "name" => found.push(Item::String((*name).into())),
                    _ => {}
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn walk_node(
        &self,
        node: Node<'a>,
        steps: &'a [Step],
        found: &mut Vec<Item<'a>>,
    ) -> Result<(), EvaluateError> {
        self.budget.spend(1)?;
        let Some((first, rest)) = steps.split_first() else {
            found.push(Item::Node(node));
            return Ok(());
        };
        if self.context.is_strict() && !node.has_element(&first.name) {
            return Err(EvaluateError::UnknownElement {
                type_name: node.type_name(),
                element: first.name.to_string(),
            });
        }
        for child in node.step(&first.name, &first.sibling) {
            self.walk_node(child, rest, found)?;
        }
        Ok(())
    }
}

/// In `(x as T).name`, whether `T` has the element, whatever `x` is.
fn check_type(start: &Expr, steps: &[Step]) -> Result<(), EvaluateError> {
    let (Expr::Typed { operation, type_name, .. }, Some(first)) = (start, steps.first()) else {
        return Ok(());
    };
    match type_name.fhir_type() {
        Some(name) if *operation != TypeOperation::Is && !has_element(name, &first.name) => {
            Err(EvaluateError::UnknownElement { type_name: name, element: first.name.to_string() })
        }
        _ => Ok(()),
    }
}

/// The same literal, borrowing its text from the expression.
fn literal<'a>(item: &'a Item<'static>) -> Item<'a> {
    match item {
        Item::String(text) => Item::String(text.borrowed()),
        other => other.clone(),
    }
}

fn typed<'a>(
    input: &[Item<'a>],
    operation: TypeOperation,
    type_name: &TypeName,
    strict: bool,
) -> Result<Vec<Item<'a>>, EvaluateError> {
    Ok(match operation {
        TypeOperation::Is => {
            let item = single(input, "is")?;
            item.map(|item| Item::Boolean(type_name.covers(item))).into_iter().collect()
        }
        TypeOperation::AsSingle if strict && input.len() > 1 => {
            return Err(EvaluateError::NotSingle("as()"));
        }
        // R4's search parameters and invariants (dom-3) use both forms of `as` on collections.
        TypeOperation::AsSingle | TypeOperation::As | TypeOperation::OfType => {
            input.iter().filter(|item| type_name.selects(item)).cloned().collect()
        }
    })
}

/// The only item, if there is one; several are an error.
pub(crate) fn single<'i, 'a>(
    items: &'i [Item<'a>],
    what: &'static str,
) -> Result<Option<&'i Item<'a>>, EvaluateError> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(item)),
        _ => Err(EvaluateError::NotSingle(what)),
    }
}

/// The collection as a condition: empty is unknown, a boolean is itself, any other single item is true.
pub(crate) fn boolean(items: &[Item<'_>], what: &'static str) -> Result<Option<bool>, EvaluateError> {
    Ok(single(items, what)?.map(|item| match item.system() {
        Item::Boolean(value) => value,
        _ => true,
    }))
}
