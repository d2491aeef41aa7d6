//! From XML to JSON, <https://hl7.org/fhir/R4/xml.html>: what is made of fhirbolt's result.

use fhirbolt::element::{Element, Primitive, Value as Part};
use serde_json::{Number, Value};

use super::{R4, carry::Mark, cut, guarded, prepare};
use crate::{Cause, Error};

/// The JSON value of an XML text, not yet read strictly.
pub(super) fn convert(text: &str) -> Result<Value, Error> {
    let mark = Mark::of(text);
    let (xml, narratives) = prepare::prepare(text, &mark)?;
    let mut decimals = Vec::new();
    let json = guarded(|| {
        let mut element: Element<R4> = fhirbolt::xml::from_str(&xml, None).map_err(|e| e.to_string())?;
        carry_decimals(&mut element, &mark, &mut decimals)?;
        fhirbolt::json::to_vec(&element, None).map_err(|e| e.to_string())
    });
    let json = match json {
        Some(Ok(json)) => json,
        Some(Err(reason)) => {
            return Err(refused(format!("The XML is not a FHIR R4 resource: {}.", cut(&reason))));
        }
        None => return Err(refused("The XML cannot be understood as a FHIR R4 resource.")),
    };
    let mut value = serde_json::from_slice(&json).map_err(Error::exception)?;
    restore(&mut value, &mark, &narratives, &decimals);
    Ok(value)
}

fn refused(sentence: impl Into<String>) -> Error {
    Error::new(Cause::Unparsable, sentence)
}

/// Takes out decimals with an exponent, which fhirbolt's JSON would rewrite.
fn carry_decimals(element: &mut Element<R4>, mark: &Mark, decimals: &mut Vec<String>) -> Result<(), String> {
    for part in element.values_mut() {
        match part {
            Part::Element(element) => carry_decimals(element, mark, decimals)?,
            Part::Sequence(elements) => {
                for element in elements {
                    carry_decimals(element, mark, decimals)?;
                }
            }
            Part::Primitive(Primitive::Decimal(text)) if text.contains(['e', 'E']) => {
                if !matches!(crate::json::parse(text.as_bytes()), Ok(Value::Number(_))) {
                    return Err(format!("'{}' is not a decimal", cut(text)));
                }
                decimals.push(std::mem::replace(text, mark.decimal(decimals.len())));
            }
            Part::Primitive(_) => {}
        }
    }
    Ok(())
}

/// Puts back what was carried.
fn restore(value: &mut Value, mark: &Mark, narratives: &[&str], decimals: &[String]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| restore(item, mark, narratives, decimals)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| restore(member, mark, narratives, decimals))
        }
        Value::Number(number) => {
            if let Some(text) = mark.index(&number.to_string()).and_then(|index| decimals.get(index)) {
                *number = Number::from_string_unchecked(text.clone());
            }
        }
        Value::String(text) => {
            let inside = text.strip_prefix("<div xmlns=\"http://www.w3.org/1999/xhtml\">");
            let name = inside.and_then(|text| text.strip_suffix("</div>")).and_then(|word| mark.named(word));
            let index = name.and_then(|name| name.parse::<usize>().ok());
            if let Some(narrative) = index.and_then(|index| narratives.get(index)) {
                *text = (*narrative).to_owned();
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}
