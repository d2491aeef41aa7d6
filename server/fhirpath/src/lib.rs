//! FHIRPath over parsed JSON, without copying it: <https://hl7.org/fhirpath/N1/> with the types and functions of
//! <https://hl7.org/fhir/R4/fhirpath.html>.
//!
//! An [`Expression`] is compiled once and evaluated on a [`Context`]; the result is made of views into the resource. Data that
//! is not there is empty, never an error. Nothing is looked up outside the resource but the value sets that are embedded; what
//! a profile asks for is the context's to know.

mod ast;
mod context;
mod date_time;
mod decimal;
mod error;
mod evaluate;
mod expression;
mod function;
mod item;
mod lexer;
mod node;
mod parser;
mod quantity;
mod text;
mod type_name;
mod unit;

pub use context::{Conforms, Context};
pub use date_time::{Date, DateTime, Time};
pub use decimal::Decimal;
pub use error::{EvaluateError, ParseError};
pub use expression::Expression;
pub use item::Item;
pub use node::Node;
pub use quantity::{CalendarUnit, Quantity, Unit};
pub use text::Text;
pub use unit::Measure;

#[cfg(test)]
mod tests;
