//! From XML to JSON, <https://hl7.org/fhir/R4/xml.html>: what is made of fhirbolt's result.

use fhirbolt::element::{Element, Primitive, Value as Part};
use serde_json::{Map, Number, Value};

use super::prepare::{self, Prepared};
use super::{R4, carry::Mark, cut, guarded};
use crate::{Cause, Error};

/// The JSON value of an XML text, not yet read strictly.
pub(super) fn convert(text: &str) -> Result<Value, Error> {
    let mark = Mark::of(text);
    let prepared = prepare::prepare(text, &mark)?;
    let mut decimals = Vec::new();
    let json = guarded(|| {
        let mut element: Element<R4> =
            fhirbolt::xml::from_str(&prepared.xml, None).map_err(|e| e.to_string())?;
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
    restore(&mut value, &mark, &prepared, &decimals);
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
fn restore(value: &mut Value, mark: &Mark, prepared: &Prepared<'_>, decimals: &[String]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| restore(item, mark, prepared, decimals)),
        Value::Object(members) => {
            restore_id(members, mark, &prepared.ids);
            members.values_mut().for_each(|member| restore(member, mark, prepared, decimals));
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
            if let Some(narrative) = index.and_then(|index| prepared.narratives.get(index)) {
                *text = (*narrative).to_owned();
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Puts back the id of an element, for which its first extension stands.
fn restore_id(members: &mut Map<String, Value>, mark: &Mark, ids: &[String]) {
    let Some(Value::Array(extensions)) = members.get_mut("extension") else { return };
    let url = extensions.first().and_then(|extension| extension["url"].as_str());
    let index = url.and_then(|url| mark.named(url)).and_then(Mark::id_index);
    let Some(id) = index.and_then(|index| ids.get(index)) else { return };
    extensions.remove(0);
    let is_over = extensions.is_empty();
    let mut restored = Map::from_iter([("id".to_owned(), Value::from(id.as_str()))]);
    restored
        .extend(std::mem::take(members).into_iter().filter(|(name, _)| !(is_over && name == "extension")));
    *members = restored;
}
