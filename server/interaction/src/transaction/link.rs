//! Links between the entries of a transaction, <https://hl7.org/fhir/R4/http.html#trules>,
//! <https://hl7.org/fhir/R4/bundle.html#references>: what an entry is about has another address here than where it comes from.
//!
//! Addresses are replaced in references, in elements of the types uri, url, oid and uuid, and in the links of a narrative. A uuid
//! can hold no relative address: it becomes the `urn:uuid:` of the new id. What names something is no address: canonicals, `system`, `implicitRules`, and the `url` of a definition or an extension. A
//! Bundle that is itself a resource of the transaction is closed: its entries refer to each other.

use std::collections::HashMap;

use canonical::{ScopeId, definitions};
use fhir::{Map, Resource, ResourceType, Value, VersionId};

/// Where what an entry is about will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// `Type/id`.
    pub(super) address: String,
    /// Which version the transaction leaves, for references to a version.
    pub(super) version_id: Option<VersionId>,
}

/// Where everything is that the entries refer to.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_text: HashMap<String, Target>,
    /// By the last two segments of a RESTful address; nothing where several addresses end so.
    by_tail: HashMap<String, Option<Target>>,
}

impl Links {
    /// Adds what the entry with this fullUrl is about; `false` when there is one with it already.
    pub(super) fn add(&mut self, text: &str, target: Target) -> bool {
        if self.by_text.insert(text.to_owned(), target.clone()).is_some() {
            return false;
        }
        if let Some((_, tail)) = restful(text) {
            let same = self.by_tail.entry(tail.to_owned()).or_insert_with(|| Some(target.clone()));
            if same.as_ref() != Some(&target) {
                *same = None;
            }
        }
        true
    }

    /// Adds what a conditional reference with this text selects.
    pub(super) fn add_condition(&mut self, text: &str, address: &str) {
        let target = Target { address: address.to_owned(), version_id: None };
        self.by_text.insert(text.to_owned(), target);
    }

    /// Replaces every address in a resource that came with this fullUrl.
    pub(super) fn rewrite(&self, resource: &mut Resource, full_url: Option<&str>) {
        let base = full_url.and_then(restful).map(|(base, _)| base);
        let type_name = resource.resource_type().name();
        self.members(resource.members_mut(), type_name, definitions().scope_of_type(type_name), base);
    }

    fn members(
        &self,
        members: &mut Map<String, Value>,
        type_name: &str,
        scope: Option<ScopeId>,
        base: Option<&str>,
    ) {
        for (name, value) in members {
            let child = scope.and_then(|scope| definitions().child(scope, name));
            let (child_type, child_scope) = match child {
                Some(child) => (child.type_name, child.scope),
                // What stands beside a primitive.
                None if name.starts_with('_') => ("Element", definitions().scope_of_type("Element")),
                None => continue,
            };
            if type_name != ResourceType::BUNDLE.name() || name != "entry" {
                let is_address = is_address(type_name, name, child_type);
                self.value(value, is_address, child_type, child_scope, base);
            }
        }
    }

    fn value(
        &self,
        value: &mut Value,
        is_address: bool,
        type_name: &str,
        scope: Option<ScopeId>,
        base: Option<&str>,
    ) {
        match value {
            Value::String(text) if type_name == "xhtml" => {
                if let Some(rewritten) = self.narrative(text, base) {
                    *text = rewritten;
                }
            }
            Value::String(text) if is_address => {
                let found = self.find(text, base);
                let fitting = if matches!(type_name, "uuid" | "oid") {
                    found.and_then(|found| urn(&found))
                } else {
                    found
                };
                if let Some(address) = fitting {
                    *text = address;
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.value(item, is_address, type_name, scope, base);
                }
            }
            Value::Object(members) => {
                let resource_type =
                    members.get("resourceType").and_then(Value::as_str).and_then(ResourceType::find);
                match resource_type {
                    Some(of) => {
                        self.members(members, of.name(), definitions().scope_of_type(of.name()), base)
                    }
                    None => self.members(members, type_name, scope, base),
                }
            }
            _ => {}
        }
    }

    /// The new address of what this text refers to, its version and fragment kept, in a resource from below this base.
    fn find(&self, text: &str, base: Option<&str>) -> Option<String> {
        if let Some(target) = self.by_text.get(text) {
            return Some(target.address.clone());
        }
        let (text, fragment) = match text.split_once('#') {
            Some((text, fragment)) => (text, format!("#{fragment}")),
            None => (text, String::new()),
        };
        let (text, is_of_version) = match text.split_once("/_history/") {
            Some((text, _)) => (text, true),
            None => (text, false),
        };
        let beside = || self.by_text.get(&format!("{}/{text}", base?));
        let target = self
            .by_text
            .get(text)
            .or_else(beside)
            .or_else(|| self.by_tail.get(text).and_then(Option::as_ref))?;
        let version = match (is_of_version, target.version_id) {
            (true, Some(version_id)) => format!("/_history/{version_id}"),
            _ => String::new(),
        };
        Some(format!("{}{version}{fragment}", target.address))
    }

    /// A narrative in which the addresses of links and images are replaced; `None` when there are none of ours.
    fn narrative(&self, text: &str, base: Option<&str>) -> Option<String> {
        let mut rewritten = String::with_capacity(text.len());
        let mut done = 0;
        for (at, _) in text.match_indices('=') {
            let before = text[..at].trim_end();
            let is_link = ["href", "src"].iter().any(|name| {
                let rest = before.strip_suffix(name);
                rest.is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_whitespace()))
            });
            let Some(quote) = text[at + 1..].trim_start().chars().next().filter(|c| matches!(c, '"' | '\''))
            else {
                continue;
            };
            let Some(from) = text[at..].find(quote).map(|offset| at + offset + 1) else { continue };
            let Some(to) = text[from..].find(quote).map(|offset| from + offset) else { continue };
            if !is_link || from < done {
                continue;
            }
            if let Some(address) = self.find(&text[from..to].replace("&amp;", "&"), base) {
                rewritten.push_str(&text[done..from]);
                rewritten.push_str(&address);
                done = to;
            }
        }
        (done > 0).then(|| rewritten + &text[done..])
    }
}

/// Whether a text in this element of this type is the address of something.
fn is_address(of: &str, name: &str, type_name: &str) -> bool {
    match type_name {
        "uri" | "url" | "oid" | "uuid" => {
            let is_definition = of == "Extension" || ResourceType::find(of).is_some();
            !(name == "system" || name == "implicitRules" || name == "url" && is_definition)
        }
        _ => of == "Reference" && name == "reference",
    }
}

/// What stands for an address where only a `urn:` may stand: that of its id, which is a UUID where the server made it. `None` for
/// an id of another form.
fn urn(address: &str) -> Option<String> {
    let (_, id) = address.split_once('/')?;
    let urn = format!("urn:uuid:{id}");
    fhir::primitive::check("uuid", &Value::from(urn.as_str())).is_ok().then_some(urn)
}

/// The base and the last two segments of a RESTful address, by which entries of the same source refer to it: `Patient/123`.
fn restful(address: &str) -> Option<(&str, &str)> {
    if !address.starts_with("http") {
        return None;
    }
    let (head, _) = address.rsplit_once('/')?;
    let (base, name) = head.rsplit_once('/')?;
    ResourceType::find(name)?;
    Some((base, &address[base.len() + 1..]))
}

/// Whether a reference to a version stands anywhere in it.
pub(super) fn names_a_version(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("/_history/"),
        Value::Array(items) => items.iter().any(names_a_version),
        Value::Object(members) => members.values().any(names_a_version),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn links(targets: &[(&str, &str, i32)]) -> Links {
        let mut links = Links::default();
        for (text, address, version) in targets {
            let target =
                Target { address: (*address).to_owned(), version_id: Some(VersionId::new(*version)) };
            assert!(links.add(text, target));
        }
        links
    }

    #[test]
    fn addresses_are_rewritten_where_they_are_addresses() {
        let links = links(&[("urn:uuid:1", "Patient/p", 1)]);
        let mut resource = Resource::new(json!({
            "resourceType": "Observation", "subject": {"reference": "urn:uuid:1"},
            "identifier": [{"system": "urn:uuid:1", "value": "urn:uuid:1"}],
            "extension": [{"url": "urn:uuid:1", "valueUri": "urn:uuid:1"}, {"url": "x", "valueCanonical": "urn:uuid:1"}],
            "text": {"div": "<div><a class='x' href = 'urn:uuid:1'>urn:uuid:1</a><img alt=\"a=b\" src=\"urn:uuid:1#x\"/></div>"},
            "note": [{"text": "urn:uuid:1"}], "_status": {"extension": [{"url": "x", "valueReference": {"reference": "urn:uuid:1"}}]},
            "contained": [
                {"resourceType": "Observation", "focus": [{"reference": "urn:uuid:1#c"}]},
                {"resourceType": "Library", "url": "urn:uuid:1", "relatedArtifact": [{"url": "urn:uuid:1", "resource": "urn:uuid:1"}]}
            ]
        }))
        .unwrap();
        links.rewrite(&mut resource, None);
        let expect = json!({
            "resourceType": "Observation", "subject": {"reference": "Patient/p"},
            "identifier": [{"system": "urn:uuid:1", "value": "urn:uuid:1"}],
            "extension": [{"url": "urn:uuid:1", "valueUri": "Patient/p"}, {"url": "x", "valueCanonical": "urn:uuid:1"}],
            "text": {"div": "<div><a class='x' href = 'Patient/p'>urn:uuid:1</a><img alt=\"a=b\" src=\"Patient/p#x\"/></div>"},
            "note": [{"text": "urn:uuid:1"}], "_status": {"extension": [{"url": "x", "valueReference": {"reference": "Patient/p"}}]},
            "contained": [
                {"resourceType": "Observation", "focus": [{"reference": "Patient/p#c"}]},
                {"resourceType": "Library", "url": "urn:uuid:1", "relatedArtifact": [{"url": "Patient/p", "resource": "urn:uuid:1"}]}
            ]
        });
        assert_eq!(resource.value(), &expect);
    }

    #[test]
    fn a_uuid_becomes_that_of_the_id() {
        let id = "01935c5e-9e4b-7cc3-98c4-dc0c0c07398f";
        let (address, own) = (format!("Patient/{id}"), "urn:uuid:1c5e5e9e-0000-4000-8000-000000000002");
        let links =
            links(&[("urn:uuid:1c5e5e9e-0000-4000-8000-000000000001", &address, 1), (own, "Patient/p", 1)]);
        let extension = |uuid: &str| json!([{"url": "x", "valueUuid": uuid}, {"url": "y", "valueUuid": own}]);
        let mut resource = Resource::new(json!({
            "resourceType": "Basic", "extension": extension("urn:uuid:1c5e5e9e-0000-4000-8000-000000000001")
        }))
        .unwrap();
        links.rewrite(&mut resource, None);
        assert_eq!(
            resource.get("extension"),
            Some(&extension(&format!("urn:uuid:{id}"))),
            "an id of another form is none"
        );
    }

    #[test]
    fn a_bundle_within_is_closed() {
        let links = links(&[("urn:uuid:1", "Patient/p", 1)]);
        let bundle = json!({
            "resourceType": "Bundle", "type": "collection",
            "entry": [{"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}}}]
        });
        let mut resource = Resource::new(bundle.clone()).unwrap();
        links.rewrite(&mut resource, None);
        assert_eq!(resource.value(), &bundle);
    }

    #[test]
    fn relative_references_are_those_of_the_same_source() {
        let links = links(&[
            ("https://a/Patient/1", "Patient/a", 3),
            ("https://b/Patient/1", "Patient/b", 1),
            ("https://b/Patient/2", "Patient/c", 1),
        ]);
        for (text, base, expect) in [
            ("Patient/1", Some("https://a"), Some("Patient/a")),
            ("Patient/1", Some("https://b"), Some("Patient/b")),
            ("Patient/1", None, None),
            ("Patient/2", None, Some("Patient/c")),
            ("Patient/2", Some("https://a"), Some("Patient/c")),
            ("https://a/Patient/1/_history/7", None, Some("Patient/a/_history/3")),
            ("Patient/1/_history/7#x", Some("https://a"), Some("Patient/a/_history/3#x")),
            ("https://c/Patient/1", Some("https://a"), None),
            ("#x", Some("https://a"), None),
            ("", Some("https://a"), None),
        ] {
            assert_eq!(links.find(text, base).as_deref(), expect, "{text} {base:?}");
        }
    }

    #[test]
    fn a_full_url_of_another_server_has_a_tail() {
        assert_eq!(restful("https://x/y/Patient/1"), Some(("https://x/y", "Patient/1")));
        assert_eq!(restful("urn:uuid:1"), None);
        assert_eq!(restful("https://x/y/1"), None);
    }
}
