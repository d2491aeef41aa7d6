//! The values that a parameter's expression selects in a resource, each with the name of its type.

use std::borrow::Cow;

use fhir::Value;
use fhirpath::{Context, Expression, Item};

/// One selected value.
pub(crate) struct Found<'r> {
    /// FHIR's name of its type: `CodeableConcept`, `code`, …
    pub(crate) type_name: &'static str,
    pub(crate) value: Cow<'r, Value>,
}

impl<'r> Found<'r> {
    /// What the expression selects; nothing where it cannot be evaluated. An element that has only extensions has no value.
    pub(crate) fn by(expression: &'r Expression, context: &Context<'r>) -> Vec<Self> {
        expression.evaluate(context).unwrap_or_default().into_iter().filter_map(Self::of).collect()
    }

    /// The elements that the expression selects, to be looked into.
    pub(crate) fn elements(expression: &'r Expression, context: &Context<'r>) -> Vec<Item<'r>> {
        let items = expression.evaluate(context).unwrap_or_default();
        items.into_iter().filter(|item| matches!(item, Item::Node(_))).collect()
    }

    fn of(item: Item<'r>) -> Option<Self> {
        match item {
            Item::Node(node) => {
                node.value().map(|value| Self { type_name: node.type_name(), value: Cow::Borrowed(value) })
            }
            Item::Boolean(value) => {
                Some(Self { type_name: "boolean", value: Cow::Owned(Value::Bool(value)) })
            }
            Item::String(text) => Some(Self { type_name: "string", value: Cow::Owned(Value::from(&*text)) }),
            Item::Integer(number) => {
                Some(Self { type_name: "integer", value: Cow::Owned(Value::from(number)) })
            }
            Item::Decimal(number) => {
                let number = number.to_string().parse().ok()?;
                Some(Self { type_name: "decimal", value: Cow::Owned(Value::Number(number)) })
            }
            _ => None,
        }
    }
}
