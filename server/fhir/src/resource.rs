//! A resource as parsed JSON, with the few elements that every type has, <https://hl7.org/fhir/R4/resource.html>.

use serde_json::{Map, Value};

use crate::{
    Error, Id, Instant, Key, Reference, ResourceType, VersionId, error::Cause, outcome::Issue,
    outcome::IssueType,
};

/// A JSON object whose `resourceType` is one of R4. Nothing else is known to be right.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    resource_type: ResourceType,
    value: Value,
}

impl Resource {
    /// The resource that this value is; 400 when it is not an object with a known `resourceType`.
    pub fn new(value: Value) -> Result<Self, Error> {
        let name = value.get("resourceType").and_then(Value::as_str).ok_or_else(|| {
            Error::with_issue(
                Cause::Unparsable,
                Issue::error(
                    IssueType::Structure,
                    "A resource is a JSON object with a property 'resourceType'.",
                )
                .at("resourceType"),
            )
        })?;
        let resource_type = ResourceType::find(name).ok_or_else(|| {
            Error::with_issue(
                Cause::Unparsable,
                Issue::error(IssueType::Structure, format!("'{name}' is not a resource type of FHIR R4."))
                    .at("resourceType"),
            )
        })?;
        Ok(Self { resource_type, value })
    }

    #[must_use]
    pub fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The members of the object.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        self.value.as_object().unwrap_or_else(|| unreachable!("a resource is made from an object"))
    }

    /// The members of the object, to change them; `resourceType` must be left alone.
    pub fn members_mut(&mut self) -> &mut Map<String, Value> {
        self.value.as_object_mut().unwrap_or_else(|| unreachable!("a resource is made from an object"))
    }

    #[must_use]
    pub fn get(&self, element: &str) -> Option<&Value> {
        self.value.get(element)
    }

    /// A top-level element of type code, uri or string.
    #[must_use]
    pub fn text(&self, element: &str) -> Option<&str> {
        self.value.get(element).and_then(Value::as_str)
    }

    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.text("id")
    }

    /// Its key, when it has an id.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.id().map(|id| Key::of_resource(self.resource_type, id))
    }

    /// `Type/id`, when it has an id.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        self.id().map(|id| format!("{}/{id}", self.resource_type))
    }

    /// Puts `resourceType`, `id` and `meta` first, with these values of ours; other elements of `meta` are kept.
    pub fn identify(&mut self, id: &Id, version: VersionId, last_updated: Instant) {
        let members = std::mem::take(self.members_mut());
        let mut meta = Map::new();
        meta.insert("versionId".to_owned(), Value::from(version.to_string()));
        meta.insert("lastUpdated".to_owned(), Value::from(last_updated.to_string()));
        if let Some(Value::Object(given)) = members.get("meta") {
            let kept = given.iter().filter(|(name, _)| *name != "versionId" && *name != "lastUpdated");
            meta.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        }
        let mut ordered = Map::with_capacity(members.len() + 2);
        ordered.insert("resourceType".to_owned(), Value::from(self.resource_type.name()));
        ordered.insert("id".to_owned(), Value::from(id.as_str()));
        ordered.insert("meta".to_owned(), Value::Object(meta));
        ordered.extend(members.into_iter().filter(|(n, _)| n != "resourceType" && n != "id" && n != "meta"));
        self.value = Value::Object(ordered);
    }

    /// Puts back the text of every time that says the same as the one in its place in the version before.
    pub fn keep_times(&mut self, previous: &Self) {
        crate::same_time::keep_times(&previous.value, &mut self.value);
    }

    /// Whether both say the same but for `meta.versionId` and `meta.lastUpdated`.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        fn meta(resource: &Resource) -> Map<String, Value> {
            let mut meta = resource.get("meta").and_then(Value::as_object).cloned().unwrap_or_default();
            meta.remove("versionId");
            meta.remove("lastUpdated");
            meta
        }
        fn rest(resource: &Resource) -> impl Iterator<Item = (&String, &Value)> {
            resource.members().iter().filter(|(name, _)| *name != "meta")
        }
        self.resource_type == other.resource_type
            && meta(self) == meta(other)
            && rest(self).count() == rest(other).count()
            && rest(self).all(|(name, value)| other.get(name) == Some(value))
    }

    /// Every text of a `Reference.reference` in it, contained resources and extensions included, with its expression.
    #[must_use]
    pub fn references(&self, base: &str) -> Vec<(String, Reference)> {
        /// `at` is the expression of `value`; it is extended on the way down and cut on the way back.
        fn walk(value: &Value, at: &mut String, base: &str, found: &mut Vec<(String, Reference)>) {
            let here = at.len();
            match value {
                Value::Object(members) => {
                    for (name, member) in members {
                        at.push('.');
                        at.push_str(name);
                        match member {
                            Value::String(text) if name == "reference" => {
                                found.push((at.clone(), Reference::parse(text, base)));
                            }
                            _ => walk(member, at, base, found),
                        }
                        at.truncate(here);
                    }
                }
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        at.push_str(&format!("[{index}]"));
                        walk(item, at, base, found);
                        at.truncate(here);
                    }
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        walk(&self.value, &mut self.resource_type.name().to_owned(), base, &mut found);
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn our_id_and_version_come_first_and_the_rest_keeps_its_order() {
        let mut resource = Resource::new(json!({
            "status": "draft", "meta": {"versionId": "9", "tag": [{"code": "x"}]}, "resourceType": "Task", "id": "z"
        }))
        .unwrap();
        resource.identify(&Id::parse("a").unwrap(), VersionId::new(2), Instant::from_microseconds(0));
        assert_eq!(
            resource.value().to_string(),
            r#"{"resourceType":"Task","id":"a","meta":{"versionId":"2","lastUpdated":"1970-01-01T00:00:00.000Z","tag":[{"code":"x"}]},"status":"draft"}"#
        );
    }

    #[test]
    fn references_are_found_with_their_expressions() {
        let task = Resource::new(json!({
            "resourceType": "Task", "for": {"reference": "Patient/1"}, "description": "x",
            "basedOn": [{"display": "y"}, {"reference": "#a"}],
            "contained": [{"resourceType": "Task", "id": "a", "owner": {"reference": "urn:uuid:1"}}]
        }))
        .unwrap();
        let expressions: Vec<_> = task.references("http://x").into_iter().map(|(at, _)| at).collect();
        assert_eq!(
            expressions,
            ["Task.for.reference", "Task.basedOn[1].reference", "Task.contained[0].owner.reference"]
        );
    }

    #[test]
    fn versions_do_not_make_a_difference_but_tags_do() {
        let task =
            |meta: Value| Resource::new(json!({"resourceType": "Task", "id": "a", "meta": meta})).unwrap();
        assert!(task(json!({"versionId": "1"})).same_content(&task(json!({"versionId": "2"}))));
        assert!(!task(json!({"versionId": "1"})).same_content(&task(json!({"tag": [{"code": "x"}]}))));
    }
}
