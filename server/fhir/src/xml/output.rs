//! From JSON to XML, <https://hl7.org/fhir/R4/xml.html>: what fhirbolt is given, and what is made of its result.

use fhirbolt::element::Element;
use serde_json::{Map, Value};

use super::{R4, carry::Mark, guarded};
use crate::{Cause, Error, json, primitive};

/// The XML text of a resource.
pub(super) fn convert(value: &Value) -> Result<String, Error> {
    let text = json::to_string(value);
    if text.contains(['\u{fffe}', '\u{ffff}']) {
        let sentence = "The resource has a character (U+FFFE or U+FFFF) that XML cannot hold; ask for JSON.";
        return Err(Error::new(Cause::NotAcceptable, sentence));
    }
    let mark = Mark::of(&text);
    let mut narratives = Vec::new();
    let prepared = json::to_string(&prepare(value, &mark, &mut narratives)?);
    let xml = guarded(|| {
        let element: Element<R4> = fhirbolt::json::from_str(&prepared, None).map_err(|e| e.to_string())?;
        fhirbolt::xml::to_string(&element, None).map_err(|e| e.to_string())
    });
    match xml {
        Some(Ok(xml)) => Ok(restore(&xml, &mark, &narratives)),
        Some(Err(reason)) => Err(Error::exception(format!("fhirbolt wrote no XML: {reason}"))),
        None => Err(Error::exception("fhirbolt panicked while it wrote XML")),
    }
}

/// The value as fhirbolt may see it: `resourceType` first, numbers as texts (which it neither rewrites nor cuts to 32
/// bits), narratives and line breaks taken out.
fn prepare<'a>(value: &'a Value, mark: &Mark, narratives: &mut Vec<&'a str>) -> Result<Value, Error> {
    Ok(match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => Value::String(number.to_string()),
        Value::String(text) => Value::String(without_breaks(text, mark)),
        Value::Array(items) if items.is_empty() => return Err(Error::exception("an empty array has no XML")),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| prepare(item, mark, narratives)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let mut prepared = Map::with_capacity(members.len());
            if let Some(resource_type) = members.get("resourceType") {
                prepared.insert("resourceType".to_owned(), resource_type.clone());
            }
            for (name, member) in members.iter().filter(|(name, _)| *name != "resourceType") {
                let member = match member {
                    Value::String(div) if name == "div" => {
                        if primitive::check("xhtml", member).is_err() {
                            let sentence = "A narrative of the resource is not XHTML, and so has no XML form; ask for JSON.";
                            return Err(Error::new(Cause::NotAcceptable, sentence));
                        }
                        narratives.push(div);
                        Value::String(format!(
                            "<div>{}</div>",
                            mark.word(&(narratives.len() - 1).to_string())
                        ))
                    }
                    _ => prepare(member, mark, narratives)?,
                };
                prepared.insert(name.clone(), member);
            }
            Value::Object(prepared)
        }
    })
}

/// Line breaks and tabs would be written as they are, and read as spaces.
fn without_breaks(text: &str, mark: &Mark) -> String {
    if !text.contains(['\n', '\r', '\t']) {
        return text.to_owned();
    }
    text.replace('\n', &mark.word("#10")).replace('\r', &mark.word("#13")).replace('\t', &mark.word("#9"))
}

/// Puts back what was carried, in one pass.
fn restore(xml: &str, mark: &Mark, narratives: &[&str]) -> String {
    let (front, pieces) = mark.split(xml);
    let mut restored = String::with_capacity(xml.len());
    restored.push_str(front);
    for (name, behind) in pieces {
        match name.parse::<usize>().ok().and_then(|index| narratives.get(index)) {
            Some(narrative) => {
                restored.truncate(restored.len() - "<div>".len());
                restored.push_str(narrative);
                restored.push_str(behind.strip_prefix("</div>").unwrap_or(behind));
            }
            None => {
                restored.push('&');
                restored.push_str(name);
                restored.push(';');
                restored.push_str(behind);
            }
        }
    }
    restored
}
