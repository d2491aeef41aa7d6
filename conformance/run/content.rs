//! Whether what came back is what was sent: the same JSON, digit by digit, but for what a server sets,
//! <https://hl7.org/fhir/R4/http.html#create>.
//!
//! The order of members does not matter, that of items does. The server sets `id`, `meta.versionId` and `meta.lastUpdated`, and may add to
//! `meta` what was not sent, such as a source.

use serde_json::Value;

/// Where the first difference is, as a path with both sides; nothing if there is none.
pub fn difference(sent: &Value, received: &Value) -> Option<String> {
    let (sent, mut received) = (without_servers_part(sent), without_servers_part(received));
    if let Some(Value::Object(meta)) = received.get_mut("meta") {
        meta.retain(|name, _| sent["meta"].get(name).is_some());
        if meta.is_empty()
            && sent.get("meta").is_none()
            && let Value::Object(members) = &mut received
        {
            members.shift_remove("meta");
        }
    }
    differ("$", &sent, &received)
}

fn without_servers_part(resource: &Value) -> Value {
    let mut resource = resource.clone();
    if let Value::Object(members) = &mut resource {
        members.shift_remove("id");
        if let Some(Value::Object(meta)) = members.get_mut("meta") {
            meta.shift_remove("versionId");
            meta.shift_remove("lastUpdated");
            if meta.is_empty() {
                members.shift_remove("meta");
            }
        }
    }
    resource
}

fn differ(path: &str, sent: &Value, received: &Value) -> Option<String> {
    match (sent, received) {
        (Value::Object(sent), Value::Object(received)) => {
            let missing = sent.iter().find_map(|(name, value)| match received.get(name) {
                Some(other) => differ(&format!("{path}.{name}"), value, other),
                None => Some(format!("{path}.{name} is missing")),
            });
            missing.or_else(|| {
                let added = received.keys().find(|name| !sent.contains_key(*name))?;
                Some(format!("{path}.{added} was not sent"))
            })
        }
        (Value::Array(sent), Value::Array(received)) if sent.len() == received.len() => {
            let mut pairs = sent.iter().zip(received).enumerate();
            pairs.find_map(|(at, (sent, received))| differ(&format!("{path}[{at}]"), sent, received))
        }
        (sent, received) if sent == received => None,
        (sent, received) => {
            let short = |value: &Value| value.to_string().chars().take(120).collect::<String>();
            Some(format!("{path} was sent as {} and came back as {}", short(sent), short(received)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(sent: &str, received: &str) -> Option<String> {
        difference(&serde_json::from_str(sent).unwrap(), &serde_json::from_str(received).unwrap())
    }

    #[test]
    fn what_the_server_sets_and_the_order_of_members_do_not_matter() {
        for (sent, received) in [
            (r#"{"a":1}"#, r#"{"id":"x","meta":{"versionId":"1","lastUpdated":"t"},"a":1}"#),
            (r#"{"a":1,"b":[1,2]}"#, r#"{"b":[1,2],"a":1}"#),
            (r#"{"id":"mine","meta":{"tag":[]}}"#, r#"{"meta":{"versionId":"1","tag":[]}}"#),
            (r#"{"a":1}"#, r#"{"meta":{"source":"s"},"a":1}"#),
            (r#"{"meta":{"tag":[]}}"#, r#"{"meta":{"source":"s","tag":[]}}"#),
        ] {
            assert_eq!(compared(sent, received), None);
        }
    }

    #[test]
    fn every_other_difference_is_found() {
        for (sent, received, path) in [
            (r#"{"a":1.50}"#, r#"{"a":1.5}"#, "$.a "),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, "$.a[0] "),
            (r#"{"a":[1,2]}"#, r#"{"a":[1]}"#, "$.a "),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{}}"#, "$.a.b is missing"),
            (r#"{"a":{}}"#, r#"{"a":{"b":"c"}}"#, "$.a.b was not sent"),
            (r#"{"meta":{"source":"s"}}"#, "{}", "$.meta is missing"),
            (r#"{"meta":{"source":"s"}}"#, r#"{"meta":{"source":"t"}}"#, "$.meta.source "),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, "$.a "),
        ] {
            let found = compared(sent, received).unwrap();
            assert!(found.starts_with(path), "{found}");
        }
    }
}
