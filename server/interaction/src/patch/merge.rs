//! JSON Merge Patch, <https://www.rfc-editor.org/rfc/rfc7396>: the members that change, with null for those that go. R4 does
//! not name it; clients of other servers send it. It knows nothing of FHIR: what may come of a patch is for
//! [`super::result`] to say.

use fhir::{Error, Map, Value};

/// The members of a resource that are to be others.
#[derive(Clone, Debug)]
pub(crate) struct MergePatch(Map<String, Value>);

impl MergePatch {
    /// The patch that this body is.
    ///
    /// # Errors
    /// 400 for what is no object, which would replace the resource as a whole.
    pub(crate) fn read(body: Value) -> Result<Self, Error> {
        match body {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(Error::bad_request("A JSON Merge Patch is an object with the members that change.")),
        }
    }

    /// Merges it into a resource.
    pub(crate) fn apply(&self, document: &mut Value) {
        merge(document, &self.0);
    }
}

/// As deep as the patch is, which the parser has bounded.
fn merge(target: &mut Value, patch: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                members.shift_remove(name);
            }
            Value::Object(inner) => merge(members.entry(name.as_str()).or_insert(Value::Null), inner),
            _ => {
                members.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (target, patch, expect) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({"a": []}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut merged = target.clone();
            MergePatch::read(patch.clone()).unwrap().apply(&mut merged);
            assert_eq!(merged, expect, "{target} {patch}");
        }
        assert!(MergePatch::read(json!(["c"])).is_err());
    }
}
