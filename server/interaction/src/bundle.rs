//! Bundles as answers, put together from stored texts without parsing them, <https://hl7.org/fhir/R4/bundle.html>.

use bytes::Bytes;
use fhir::{Id, Instant, Value};
use serde_json::json;

/// A Bundle that is being written.
pub(crate) struct BundleWriter {
    out: Vec<u8>,
    entries: usize,
}

impl BundleWriter {
    /// A Bundle of this type, with these links (relation and address) and total, of now.
    pub(crate) fn new(bundle_type: &str, total: Option<i64>, links: &[(&str, String)]) -> Self {
        Self::of(bundle_type, total, links, Instant::now())
    }

    /// The same, which says that it is of this time.
    pub(crate) fn of(
        bundle_type: &str,
        total: Option<i64>,
        links: &[(&str, String)],
        last_updated: Instant,
    ) -> Self {
        let mut head = json!({
            "resourceType": "Bundle", "id": Id::new().as_str(),
            "meta": {"lastUpdated": last_updated.to_string()}, "type": bundle_type
        });
        if let Some(total) = total {
            head["total"] = Value::from(total);
        }
        if !links.is_empty() {
            head["link"] =
                links.iter().map(|(relation, url)| json!({"relation": relation, "url": url})).collect();
        }
        let mut out = head.to_string().into_bytes();
        out.pop();
        Self { out, entries: 0 }
    }

    /// Adds an entry: its members as JSON, and the text of its resource.
    pub(crate) fn entry(&mut self, members: &Value, resource: Option<&[u8]>) {
        self.out.extend_from_slice(if self.entries == 0 { b",\"entry\":[" } else { b"," });
        self.entries += 1;
        let members = members.to_string();
        self.out.extend_from_slice(&members.as_bytes()[..members.len() - 1]);
        if let Some(resource) = resource {
            if members.len() > 2 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(b"\"resource\":");
            self.out.extend_from_slice(resource);
        }
        self.out.push(b'}');
    }

    pub(crate) fn finish(mut self) -> Bytes {
        if self.entries > 0 {
            self.out.push(b']');
        }
        self.out.push(b'}');
        self.out.into()
    }
}

/// A link to a page of a search or history.
pub(crate) fn address(base: &str, path: &str, parameters: &[(String, String)]) -> String {
    let mut url = if path.is_empty() { base.to_owned() } else { format!("{base}/{path}") };
    for (at, (name, value)) in parameters.iter().enumerate() {
        url.push(if at == 0 { '?' } else { '&' });
        encode(name, &mut url);
        url.push('=');
        encode(value, &mut url);
    }
    url
}

/// Percent-encodes what has a meaning in a query; `|`, `,`, `:` and `$` are kept readable where clients are used to them.
fn encode(text: &str, url: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b':'
            | b'/'
            | b','
            | b'$' => {
                url.push(char::from(byte));
            }
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_json() {
        let mut writer = BundleWriter::new("searchset", Some(2), &[("self", "http://x/Task".into())]);
        writer.entry(&json!({"fullUrl": "http://x/Task/1"}), Some(br#"{"resourceType":"Task"}"#));
        writer.entry(&json!({}), Some(br#"{"resourceType":"Task"}"#));
        writer.entry(&json!({"search": {"mode": "match"}}), None);
        let value: Value = serde_json::from_slice(&writer.finish()).unwrap();
        assert_eq!(value["entry"].as_array().unwrap().len(), 3);
        assert_eq!(value["entry"][1]["resource"]["resourceType"], "Task");
        let empty: Value =
            serde_json::from_slice(&BundleWriter::new("searchset", None, &[]).finish()).unwrap();
        assert!(empty.get("entry").is_none() && empty.get("total").is_none());
    }

    #[test]
    fn links_are_encoded() {
        let pairs = [("identifier".to_owned(), "http://s|a b&c".to_owned())];
        assert_eq!(address("http://x", "Task", &pairs), "http://x/Task?identifier=http://s%7Ca%20b%26c");
    }
}
