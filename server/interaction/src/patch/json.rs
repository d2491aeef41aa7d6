//! JSON Patch, <https://www.rfc-editor.org/rfc/rfc6902>, on values whose members keep their order and whose numbers keep
//! their text. It knows nothing of FHIR: what may come of a patch is for [`super::result`] to say.

use fhir::json::MAX_DEPTH;
use fhir::{Cause, Error, Issue, Value};
use fhirpath::Decimal;

/// How much content the `copy` operations of one patch may add, in bytes.
const MOST_COPIED: usize = 4 * 1024 * 1024;

/// A list of operations, to be carried out one after the other.
#[derive(Clone, Debug)]
pub(crate) struct JsonPatch(Vec<Operation>);

#[derive(Clone, Debug)]
struct Operation {
    action: Action,
    path: Pointer,
}

#[derive(Clone, Debug)]
enum Action {
    Add(Value),
    Remove,
    Replace(Value),
    Move(Pointer),
    Copy(Pointer),
    Test(Value),
}

/// <https://www.rfc-editor.org/rfc/rfc6901>
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pointer(Vec<String>);

impl JsonPatch {
    /// The patch that this body is. Members that an operation does not have are ignored, as the RFC says.
    ///
    /// # Errors
    /// 400 for what is no list of operations.
    pub(crate) fn read(body: &Value) -> Result<Self, Error> {
        let items =
            body.as_array().ok_or_else(|| Error::bad_request("A JSON Patch is an array of operations."))?;
        let operations = items.iter().enumerate().map(|(at, item)| {
            Operation::read(item)
                .map_err(|what| refusal(Cause::BadRequest, at, format!("Operation {at} of the patch {what}")))
        });
        operations.collect::<Result<_, _>>().map(Self)
    }

    /// Carries out all operations. After an error the value is of no use.
    ///
    /// # Errors
    /// 422 for an operation that cannot be carried out, and for a `test` that fails.
    pub(crate) fn apply(&self, document: &mut Value) -> Result<(), Error> {
        let mut left = MOST_COPIED;
        for (at, operation) in self.0.iter().enumerate() {
            operation.apply(document, &mut left).map_err(|what| {
                let (name, path) = (operation.action.name(), operation.path.text());
                let sentence =
                    format!("Operation {at} of the patch ({name} '{path}') {what} Nothing was changed.");
                refusal(Cause::Unprocessable, at, sentence)
            })?;
        }
        Ok(())
    }
}

/// The refusal of an operation, which is told by its place in the patch.
fn refusal(cause: Cause, at: usize, sentence: String) -> Error {
    Error::with_issue(cause, Issue::error(cause.issue_type(), sentence).at(format!("$this[{at}]")))
}

impl Operation {
    fn read(item: &Value) -> Result<Self, String> {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let pointer = |name: &str| {
            let text = text(name).ok_or_else(|| format!("has no '{name}'."))?;
            Pointer::parse(text)
                .ok_or_else(|| format!("has a '{name}' that is no JSON Pointer, such as /status."))
        };
        let value = || item.get("value").cloned().ok_or_else(|| "has no 'value'.".to_owned());
        let action = match text("op") {
            Some("add") => Action::Add(value()?),
            Some("remove") => Action::Remove,
            Some("replace") => Action::Replace(value()?),
            Some("move") => Action::Move(pointer("from")?),
            Some("copy") => Action::Copy(pointer("from")?),
            Some("test") => Action::Test(value()?),
            _ => {
                return Err(
                    "has an 'op' that is none of add, remove, replace, move, copy and test.".to_owned()
                );
            }
        };
        Ok(Self { action, path: pointer("path")? })
    }

    fn apply(&self, document: &mut Value, left: &mut usize) -> Result<(), String> {
        match &self.action {
            Action::Add(value) => self.path.add(document, value.clone()),
            Action::Remove => self.path.remove(document).map(|_| ()),
            Action::Replace(value) => {
                self.path.check_depth(value)?;
                *self.path.find_mut(document)? = value.clone();
                Ok(())
            }
            Action::Move(from) => {
                if from == &self.path {
                    return from.find(document).map(|_| ());
                }
                if self.path.0.starts_with(&from.0) {
                    return Err("moves a value into itself.".to_owned());
                }
                let value = from.remove(document)?;
                self.path.add(document, value)
            }
            Action::Copy(from) => {
                let value = from.find(document)?.clone();
                *left = left.checked_sub(size(&value)).ok_or("copies more than one patch may.")?;
                self.path.add(document, value)
            }
            Action::Test(expected) => match self.path.find(document)? {
                found if equal(found, expected) => Ok(()),
                _ => Err("found another value than the one that it names.".to_owned()),
            },
        }
    }
}

impl Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => "add",
            Self::Remove => "remove",
            Self::Replace(_) => "replace",
            Self::Move(_) => "move",
            Self::Copy(_) => "copy",
            Self::Test(_) => "test",
        }
    }
}

impl Pointer {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Vec::new()));
        }
        let segment = |escaped: &str| {
            let mut parts = escaped.split('~');
            let mut segment = parts.next()?.to_owned();
            for part in parts {
                segment.push(match part.chars().next()? {
                    '0' => '~',
                    '1' => '/',
                    _ => return None,
                });
                segment.push_str(&part[1..]);
            }
            Some(segment)
        };
        text.strip_prefix('/')?.split('/').map(segment).collect::<Option<_>>().map(Self)
    }

    fn text(&self) -> String {
        let shown: String = self
            .0
            .iter()
            .map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1")))
            .collect();
        shown.chars().take(200).collect()
    }

    fn find<'a>(&self, document: &'a Value) -> Result<&'a Value, String> {
        let step = |value: &'a Value, segment: &String| match value {
            Value::Object(members) => members.get(segment),
            Value::Array(items) => items.get(index(segment)?),
            _ => None,
        };
        self.0.iter().try_fold(document, step).ok_or_else(nothing)
    }

    fn find_mut<'a>(&self, document: &'a mut Value) -> Result<&'a mut Value, String> {
        descend(document, &self.0)
    }

    /// Where the value stands: what holds it, and its name there.
    fn holder<'a>(&self, document: &'a mut Value) -> Result<(&'a mut Value, &str), String> {
        let (last, before) =
            self.0.split_last().ok_or("is about the whole resource, where a part is meant.")?;
        Ok((descend(document, before)?, last))
    }

    fn add(&self, document: &mut Value, value: Value) -> Result<(), String> {
        self.check_depth(&value)?;
        if self.0.is_empty() {
            *document = value;
            return Ok(());
        }
        match self.holder(document)? {
            (Value::Object(members), name) => {
                members.insert(name.to_owned(), value);
                Ok(())
            }
            (Value::Array(items), "-") => {
                items.push(value);
                Ok(())
            }
            (Value::Array(items), name) => match index(name).filter(|at| *at <= items.len()) {
                Some(at) => {
                    items.insert(at, value);
                    Ok(())
                }
                None => {
                    Err(format!("names a place in an array of {} items that it does not have.", items.len()))
                }
            },
            _ => Err(nothing()),
        }
    }

    fn remove(&self, document: &mut Value) -> Result<Value, String> {
        match self.holder(document)? {
            (Value::Object(members), name) => members.shift_remove(name).ok_or_else(nothing),
            (Value::Array(items), name) => {
                let at = index(name).filter(|at| *at < items.len()).ok_or_else(nothing)?;
                Ok(items.remove(at))
            }
            _ => Err(nothing()),
        }
    }

    /// A value that would stand too deep is refused at once, so that nothing that walks the result needs a deep stack.
    fn check_depth(&self, value: &Value) -> Result<(), String> {
        if self.0.len() + depth(value) <= MAX_DEPTH {
            return Ok(());
        }
        Err(format!("would put arrays and objects more than {MAX_DEPTH} deep in one another."))
    }
}

fn descend<'a>(document: &'a mut Value, segments: &[String]) -> Result<&'a mut Value, String> {
    let step = |value: &'a mut Value, segment: &String| match value {
        Value::Object(members) => members.get_mut(segment),
        Value::Array(items) => items.get_mut(index(segment)?),
        _ => None,
    };
    segments.iter().try_fold(document, step).ok_or_else(nothing)
}

fn nothing() -> String {
    "names a place that is not there.".to_owned()
}

/// Digits without a leading zero.
fn index(segment: &str) -> Option<usize> {
    let is_plain = segment == "0" || !segment.starts_with('0');
    let digits = is_plain && segment.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| segment.parse().ok()).flatten()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// About how many bytes a value takes.
fn size(value: &Value) -> usize {
    16 + match value {
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value)).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::String(text) => text.len(),
        Value::Number(number) => number.as_str().len(),
        Value::Null | Value::Bool(_) => 0,
    }
}

/// Equality of the RFC: members in any order, numbers by their value and not by their digits.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| equal(value, other)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Number(one), Value::Number(other)) => {
            one == other
                || Decimal::parse(one.as_str()).is_some_and(|one| Decimal::parse(other.as_str()) == Some(one))
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(mut document: Value, patch: Value) -> Result<Value, u16> {
        let patch = JsonPatch::read(&patch).map_err(|error| error.cause().status())?;
        patch.apply(&mut document).map_err(|error| error.cause().status())?;
        Ok(document)
    }

    #[test]
    fn order_and_numbers_are_kept() {
        let document = fhir::json::parse(br#"{"z":1.00,"a":"x","m":[1e2]}"#).unwrap();
        let patch = fhir::json::parse(
            br#"[{"op":"test","path":"/z","value":1.0},{"op":"test","path":"/m/0","value":100},
                {"op":"replace","path":"/a","value":2.50},{"op":"add","path":"/m/-","value":3.0}]"#,
        )
        .unwrap();
        let patched = patched(document, patch).unwrap();
        assert_eq!(patched.to_string(), r#"{"z":1.00,"a":2.50,"m":[1e2,3.0]}"#);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let document = json!({"a": {"b": 1}, "l": [1, 2], "a/b": 1, "m~n": 2});
        for (patch, expect) in [
            (json!({}), Err(400)),
            (json!([1]), Err(400)),
            (json!([{"op": "merge", "path": "/a"}]), Err(400)),
            (json!([{"op": "add", "path": "/a"}]), Err(400)),
            (json!([{"op": "add", "path": "a", "value": 1}]), Err(400)),
            (json!([{"op": "test", "path": "/m~2n", "value": 1}]), Err(400)),
            (json!([{"op": "move", "path": "/a"}]), Err(400)),
            (json!([{"op": "remove", "path": ""}]), Err(422)),
            (json!([{"op": "remove", "path": "/l/2"}]), Err(422)),
            (json!([{"op": "remove", "path": "/l/01"}]), Err(422)),
            (json!([{"op": "remove", "path": "/l/-"}]), Err(422)),
            (json!([{"op": "add", "path": "/l/3", "value": 1}]), Err(422)),
            (json!([{"op": "replace", "path": "/x", "value": 1}]), Err(422)),
            (json!([{"op": "move", "from": "/a", "path": "/a/b/c"}]), Err(422)),
            (
                json!([{"op": "add", "path": "/x", "value": 1}, {"op": "test", "path": "/x", "value": 2}]),
                Err(422),
            ),
            (json!([{"op": "move", "from": "/a", "path": "/a"}]), Ok(document.clone())),
            (
                json!([{"op": "test", "path": "/a~1b", "value": 1}, {"op": "test", "path": "/m~0n", "value": 2}]),
                Ok(document.clone()),
            ),
            (json!([{"op": "add", "path": "", "value": 7}]), Ok(json!(7))),
        ] {
            assert_eq!(patched(document.clone(), patch.clone()), expect, "{patch}");
        }
    }

    #[test]
    fn a_patch_does_not_grow_without_bound() {
        let doubling: Vec<_> = (0..40).map(|_| json!({"op": "copy", "from": "/a", "path": "/a/-"})).collect();
        assert_eq!(patched(json!({"a": ["x".repeat(1000)]}), Value::from(doubling)), Err(422));
        let nest = |name: &str| (0..40).fold(json!({}), |inner, _| json!({ name: inner }));
        let deep = "/b".repeat(40);
        let patch = json!([
            {"op": "add", "path": "/a", "value": nest("a")}, {"op": "add", "path": "/b", "value": nest("b")},
            {"op": "move", "from": "/a", "path": format!("{deep}/b")}
        ]);
        assert_eq!(patched(json!({}), patch), Err(422));
    }
}
