//! The variables of a case: `$(name)` in a text or a tree is replaced by what the name stands for.
//!
//! `$(uuid)` is a new one each time and `$(url:name)` is percent-encoded. A name that nobody has set is an error: a request with a gap
//! in it would test something else.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::Value;

/// Names and what they stand for.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    values: BTreeMap<String, Value>,
}

impl Variables {
    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.values.insert(name.into(), value.into());
    }

    /// Takes over what another has set.
    pub fn extend(&mut self, other: &Self) {
        self.values.extend(other.values.clone());
    }

    /// What the name stands for.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// The name that stands for this text, to tell ids in the words of the case.
    pub fn name_of<'a>(&'a self, text: &'a str) -> &'a str {
        self.values.iter().find(|(_, value)| value.as_str() == Some(text)).map_or(text, |(name, _)| name)
    }

    /// The text with its variables filled in.
    pub fn fill(&self, text: &str) -> Result<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$(") {
            let Some((name, after)) = after.split_once(')') else {
                bail!("'$({after}' has no end");
            };
            out.push_str(before);
            out.push_str(&self.text(name)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The tree with its variables filled in; a string that is one variable and nothing else becomes that variable's value.
    pub fn fill_tree(&self, tree: &Value) -> Result<Value> {
        Ok(match tree {
            Value::String(text) => {
                let whole = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
                match whole.and_then(|name| self.get(name)) {
                    Some(value) => value.clone(),
                    None => Value::String(self.fill(text)?),
                }
            }
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.fill_tree(item)).collect::<Result<_>>()?)
            }
            Value::Object(members) => {
                let filled = members
                    .iter()
                    .map(|(name, value)| Ok((self.fill(name)?, self.fill_tree(value)?)))
                    .collect::<Result<_>>()?;
                Value::Object(filled)
            }
            other => other.clone(),
        })
    }

    fn text(&self, name: &str) -> Result<String> {
        if name == "uuid" {
            return Ok(uuid::Uuid::new_v4().to_string());
        }
        if let Some(name) = name.strip_prefix("url:") {
            return Ok(percent_encoded(&self.text(name)?));
        }
        match self.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value) => Ok(value.to_string()),
            None => bail!("nothing has set $({name})"),
        }
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        variables.set("a", "x y");
        variables.set("n", 3);
        variables.set("list", json!(["p", "q"]));
        variables
    }

    #[test]
    fn names_are_replaced() {
        for (text, expected) in [
            ("", ""),
            ("$a $.b $validate", "$a $.b $validate"),
            ("-$(a)-$(n)-", "-x y-3-"),
            ("$(url:a)$(a)", "x%20yx y"),
            ("$(list)", r#"["p","q"]"#),
        ] {
            assert_eq!(variables().fill(text).unwrap(), expected);
        }
        assert_ne!(variables().fill("$(uuid)").unwrap(), variables().fill("$(uuid)").unwrap());
    }

    #[test]
    fn a_gap_is_an_error() {
        for text in ["$(b)", "$(a", "$(url:b)", "$(A)"] {
            assert!(variables().fill(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tree_keeps_the_types_of_whole_variables() {
        let tree = json!({"$(a)": ["$(n)", "n=$(n)", {"is": "$(list)"}], "t": true});
        let filled = json!({"x y": [3, "n=3", {"is": ["p", "q"]}], "t": true});
        assert_eq!(variables().fill_tree(&tree).unwrap(), filled);
    }

    #[test]
    fn an_id_is_told_by_its_name() {
        assert_eq!(variables().name_of("x y"), "a");
        assert_eq!(variables().name_of("z"), "z");
    }
}
