//! The text of a resource with gaps, filled for each request at the cost of a copy, <https://hl7.org/fhir/R4/json.html>.
//!
//! Values are put in as they are: whoever fills a gap gives what needs no escape in JSON.

use serde_json::Value;

/// A resource whose strings have gaps, written `@0@`, `@1@` and so on.
#[derive(Clone, Debug)]
pub struct Text {
    first: String,
    rest: Vec<(usize, String)>,
}

impl Text {
    /// The resource as compact JSON, cut at its gaps.
    pub fn new(resource: &Value) -> Self {
        let json = resource.to_string();
        let mut pieces = json.split('@');
        let mut text = Self { first: pieces.next().unwrap_or_default().to_owned(), rest: Vec::new() };
        // After the first piece, gaps and what follows them take turns; an '@' that is no gap stays.
        let mut open = true;
        for piece in pieces {
            match piece.parse::<usize>() {
                Ok(gap) if open => {
                    text.rest.push((gap, String::new()));
                    open = false;
                }
                _ => {
                    let last = text.rest.last_mut().map_or(&mut text.first, |(_, after)| after);
                    if open {
                        last.push('@');
                    }
                    last.push_str(piece);
                    open = true;
                }
            }
        }
        text
    }

    /// Appends the JSON with its gaps filled; a gap without a value stays empty.
    pub fn fill(&self, values: &[&str], out: &mut String) {
        out.push_str(&self.first);
        for (gap, after) in &self.rest {
            out.push_str(values.get(*gap).copied().unwrap_or_default());
            out.push_str(after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn gaps_are_filled() {
        for (resource, values, expected) in [
            (json!({"a": "x"}), &[][..], r#"{"a":"x"}"#),
            (json!({"a": "@0@"}), &["v"], r#"{"a":"v"}"#),
            (json!(["@1@-@0@", "@0@"]), &["v", "w"], r#"["w-v","v"]"#),
            (json!(["@0@@1@"]), &["v", "w"], r#"["vw"]"#),
            (json!(["me@server", "@0@"]), &["v"], r#"["me@server","v"]"#),
            (json!("@2@"), &["v"], r#""""#),
        ] {
            let mut out = String::new();
            Text::new(&resource).fill(values, &mut out);
            assert_eq!(out, expected, "{resource}");
        }
    }
}
