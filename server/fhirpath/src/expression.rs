//! An expression that has been understood, and what it is asked, <https://hl7.org/fhirpath/N1/>.

use crate::{
    Context, EvaluateError, Item, ParseError,
    ast::Expr,
    evaluate::{self, Evaluation, Focus},
    parser,
};

/// A compiled expression, to be evaluated any number of times, by any number of threads.
#[derive(Debug)]
pub struct Expression {
    root: Expr,
}

impl Expression {
    /// The expression that this text is. Unknown functions and types are errors here, unknown elements are not.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parser::parse(text).map(|root| Self { root })
    }

    /// The items that it selects or computes, in order.
    pub fn evaluate<'a>(&'a self, context: &Context<'a>) -> Result<Vec<Item<'a>>, EvaluateError> {
        let evaluation = Evaluation::new(context);
        let focus = Focus { items: context.focus(), index: None, total: None };
        Ok(evaluation.evaluate(&self.root, focus)?.into_owned())
    }

    /// Whether it is true as a criterion: empty is false, one item that is no boolean is true, several items are an error.
    pub fn holds<'a>(&'a self, context: &Context<'a>) -> Result<bool, EvaluateError> {
        Ok(self.truth(context)? == Some(true))
    }

    /// The same for those who tell false from empty, which is not known.
    pub fn truth<'a>(&'a self, context: &Context<'a>) -> Result<Option<bool>, EvaluateError> {
        let items = self.evaluate(context)?;
        evaluate::boolean(&items, "A criterion")
    }

    /// Without those parts of its outermost union that begin with another type than this one: what is left of
    /// `Patient.name | Person.name` for `Patient`. The result is the same for resources of this type, and quicker.
    #[must_use]
    pub fn for_type(mut self, type_name: &str) -> Self {
        if let Expr::Union(parts) = &mut self.root {
            parts.retain(|part| {
                begins_with(part).is_none_or(|first| crate::type_name::is_a(type_name, first))
            });
            if parts.len() == 1 {
                self.root = parts.remove(0);
            }
        }
        self
    }
}

/// The type that all paths of this part begin with, if they do.
fn begins_with(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Path { start: Some(start), .. } => begins_with(start),
        Expr::Path { start: None, steps } => steps
            .first()
            .map(|step| &*step.name)
            .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase())),
        Expr::Indexer { input, .. } => begins_with(input),
        Expr::Typed { input: Some(input), .. } => begins_with(input),
        Expr::Call(call) if call.is_filter() => call.input.as_ref().and_then(begins_with),
        _ => None,
    }
}
