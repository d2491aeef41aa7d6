//! What an evaluation deals in: elements of a resource, and values of its own, <https://hl7.org/fhirpath/N1/#literals>,
//! with FHIR's primitives read as such values, <https://hl7.org/fhir/R4/fhirpath.html#types>.

use serde_json::Value;

use crate::{
    Date, DateTime, Decimal, Node, Quantity, Text, Time,
    quantity::{CalendarUnit, Unit},
    type_name::is_a,
};

const UCUM: &str = "http://unitsofmeasure.org";

/// One item of a collection.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// An element of a resource.
    Node(Node<'a>),
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    String(Text<'a>),
    Date(Date),
    DateTime(DateTime),
    Time(Time),
    Quantity(Box<Quantity>),
    /// A type, as `type()` tells it: its namespace and its name.
    Type(&'static str, &'static str),
}

impl<'a> Item<'a> {
    /// The element, if it is one.
    #[must_use]
    pub fn node(&self) -> Option<Node<'a>> {
        match self {
            Self::Node(node) => Some(*node),
            _ => None,
        }
    }

    /// The text, if it is a String or an element with a string for its JSON.
    #[must_use]
    pub fn text(&self) -> Option<Text<'a>> {
        match self {
            Self::Node(node) => node.text().map(Text::Borrowed),
            Self::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The value that a primitive element (or a FHIR Quantity) stands for; other elements, and values, as they are.
    #[must_use]
    pub fn system(&self) -> Item<'_> {
        match self {
            Self::Node(node) => system_value(*node).unwrap_or(Item::Node(*node)),
            Self::String(text) => Item::String(text.borrowed()),
            other => other.clone(),
        }
    }

    /// Its decimal, if it is a number.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        match self.system() {
            Item::Integer(number) => Some(Decimal::from(number)),
            Item::Decimal(number) => Some(number),
            _ => None,
        }
    }

    /// Its namespace and the name of its type.
    pub(crate) fn type_info(&self) -> (&'static str, &'static str) {
        match self {
            Self::Node(node) => ("FHIR", node.type_name()),
            Self::Boolean(_) => ("System", "Boolean"),
            Self::Integer(_) => ("System", "Integer"),
            Self::Decimal(_) => ("System", "Decimal"),
            Self::String(_) => ("System", "String"),
            Self::Date(_) => ("System", "Date"),
            Self::DateTime(_) => ("System", "DateTime"),
            Self::Time(_) => ("System", "Time"),
            Self::Quantity(_) => ("System", "Quantity"),
            Self::Type(..) => ("System", "SimpleTypeInfo"),
        }
    }

    /// The text of a value, as `toString()` gives it; `None` for elements that are no primitives.
    pub(crate) fn to_text(&self) -> Option<String> {
        if let Self::Node(node) = self
            && let Some(text) = node.text()
        {
            return Some(text.to_owned());
        }
        Some(match self.system() {
            Item::Boolean(value) => value.to_string(),
            Item::Integer(value) => value.to_string(),
            Item::Decimal(value) => value.to_string(),
            Item::String(value) => value.to_string(),
            Item::Date(value) => value.to_string(),
            Item::DateTime(value) => value.to_string(),
            Item::Time(value) => value.to_string(),
            Item::Quantity(value) => value.to_string(),
            Item::Node(_) | Item::Type(..) => return None,
        })
    }
}

pub(crate) fn system_value(node: Node<'_>) -> Option<Item<'_>> {
    match node.value()? {
        Value::Bool(value) => Some(Item::Boolean(*value)),
        Value::Number(number) => {
            let decimal = Decimal::parse(number.as_str());
            match (node.type_name(), number.as_i64()) {
                ("decimal", _) | (_, None) => decimal.map(Item::Decimal),
                (_, Some(integer)) => Some(Item::Integer(integer)),
            }
        }
        Value::String(text) => {
            Some(temporal(node.type_name(), text).unwrap_or(Item::String(Text::Borrowed(text))))
        }
        Value::Object(_) => quantity(node).map(|quantity| Item::Quantity(Box::new(quantity))),
        _ => None,
    }
}

fn temporal(type_name: &str, text: &str) -> Option<Item<'static>> {
    match type_name {
        "date" => Date::parse(text).map(Item::Date),
        "dateTime" | "instant" => DateTime::parse(text).map(Item::DateTime),
        "time" => Time::parse(text).map(Item::Time),
        _ => None,
    }
}

/// A FHIR Quantity with a value and without a comparator, as a quantity of its UCUM code or, failing that, its unit.
fn quantity(node: Node<'_>) -> Option<Quantity> {
    if node.type_name() != "Quantity" && !is_a(node.type_name(), "Quantity") {
        return None;
    }
    let object = node.value()?.as_object()?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    if object.contains_key("comparator") {
        return None;
    }
    let value = Decimal::parse(object.get("value")?.as_number()?.as_str())?;
    let unit = match (text("system"), text("code")) {
        (Some(UCUM), Some("a")) => Unit::Calendar(CalendarUnit::Year),
        (Some(UCUM), Some("mo")) => Unit::Calendar(CalendarUnit::Month),
        (_, Some(code)) => Unit::of_code(code)?,
        (_, None) => Unit::of_code(text("unit").unwrap_or("1"))?,
    };
    Some(Quantity { value, unit })
}
