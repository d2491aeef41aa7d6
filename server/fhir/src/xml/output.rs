//! From JSON to XML, <https://hl7.org/fhir/R4/xml.html>: what fhirbolt is given, and what is made of its result.

use fhirbolt::element::Element;
use serde_json::{Map, Value, json};

use super::{R4, carry::Mark, guarded};
use crate::{Cause, Error, json::to_string, primitive};

/// The XML text of a resource.
pub(super) fn convert(value: &Value) -> Result<String, Error> {
    let text = to_string(value);
    if text.contains(['\u{fffe}', '\u{ffff}']) {
        let sentence = "The resource has a character (U+FFFE or U+FFFF) that XML cannot hold; ask for JSON.";
        return Err(Error::new(Cause::NotAcceptable, sentence));
    }
    let mark = Mark::of(&text);
    let mut carried = Carried::default();
    let prepared = to_string(&prepare(value, &mark, &mut carried)?);
    let xml = guarded(|| {
        let element: Element<R4> = fhirbolt::json::from_str(&prepared, None).map_err(|e| e.to_string())?;
        fhirbolt::xml::to_string(&element, None).map_err(|e| e.to_string())
    });
    match xml {
        Some(Ok(xml)) => Ok(restore(&xml, &mark, &carried)),
        Some(Err(reason)) => Err(Error::exception(format!("fhirbolt wrote no XML: {reason}"))),
        None => Err(Error::exception("fhirbolt panicked while it wrote XML")),
    }
}

/// What the marks stand for.
#[derive(Default)]
struct Carried<'a> {
    narratives: Vec<&'a str>,
    /// Escaped.
    ids: Vec<String>,
}

/// The value as fhirbolt may see it: `resourceType` first, numbers as texts (which it neither rewrites nor cuts to 32
/// bits), narratives, line breaks and the ids of primitives taken out.
fn prepare<'a>(value: &'a Value, mark: &Mark, carried: &mut Carried<'a>) -> Result<Value, Error> {
    Ok(match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => Value::String(number.to_string()),
        Value::String(text) => Value::String(without_breaks(text, mark)),
        Value::Array(items) if items.is_empty() => return Err(Error::exception("an empty array has no XML")),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| prepare(item, mark, carried)).collect::<Result<_, _>>()?)
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
                        carried.narratives.push(div);
                        Value::String(format!(
                            "<div>{}</div>",
                            mark.word(&(carried.narratives.len() - 1).to_string())
                        ))
                    }
                    _ => prepare(member, mark, carried)?,
                };
                let member = if name.starts_with('_') { without_ids(member, mark, carried) } else { member };
                prepared.insert(name.clone(), member);
            }
            Value::Object(prepared)
        }
    })
}

/// What stands beside a primitive, or beside several, with the first extension of each in the place of its id.
fn without_ids(beside: Value, mark: &Mark, carried: &mut Carried<'_>) -> Value {
    match beside {
        Value::Array(items) => items.into_iter().map(|item| without_ids(item, mark, carried)).collect(),
        Value::Object(mut members) => {
            let Some(Value::String(id)) = members.shift_remove("id") else { return Value::Object(members) };
            let mut extensions = vec![json!({"url": mark.id(carried.ids.len())})];
            let id = id.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            // Its line breaks are taken out already.
            let breaks = ["#9", "#10", "#13"];
            let id = breaks.iter().fold(id, |id, code| id.replace(&mark.word(code), &format!("&{code};")));
            carried.ids.push(id);
            if let Some(Value::Array(others)) = members.shift_remove("extension") {
                extensions.extend(others);
            }
            members.insert("extension".to_owned(), Value::Array(extensions));
            Value::Object(members)
        }
        other => other,
    }
}

/// Line breaks and tabs would be written as they are, and read as spaces.
fn without_breaks(text: &str, mark: &Mark) -> String {
    if !text.contains(['\n', '\r', '\t']) {
        return text.to_owned();
    }
    text.replace('\n', &mark.word("#10")).replace('\r', &mark.word("#13")).replace('\t', &mark.word("#9"))
}

/// Puts back what was carried, in one pass.
fn restore(xml: &str, mark: &Mark, carried: &Carried<'_>) -> String {
    let (front, pieces) = mark.split(xml);
    let mut restored = String::with_capacity(xml.len());
    restored.push_str(front);
    for (name, behind) in pieces {
        if let Some(id) = Mark::id_index(name).and_then(|index| carried.ids.get(index)) {
            restore_id(&mut restored, id);
            let rest = behind.strip_prefix("\"/>").or_else(|| behind.strip_prefix("\"></extension>"));
            restored.push_str(rest.unwrap_or(behind));
            continue;
        }
        match name.parse::<usize>().ok().and_then(|index| carried.narratives.get(index)) {
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

/// Puts an id into the start tag before the extension that stands for it, which is begun.
fn restore_id(xml: &mut String, id: &str) {
    if let Some(extension) = xml.rfind("<extension") {
        xml.truncate(extension);
        xml.truncate(xml.trim_end().len());
    }
    let Some(tag) = xml.rfind('<') else { return };
    let name_end = xml[tag..].find([' ', '>']).map_or(xml.len(), |offset| tag + offset);
    xml.insert_str(name_end, &format!(" id=\"{id}\""));
}
