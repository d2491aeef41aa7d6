//! The text of a reference, <https://hl7.org/fhir/R4/references.html#literal>.

use crate::{Key, ResourceType, id::is_id};

/// What the text of a `Reference.reference` (or of a uri that names a resource) points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A resource of this server: `Task/1`, `Task/1/_history/2`, or the same below the server's own base.
    Local { resource_type: ResourceType, id: String, version: Option<String> },
    /// `urn:uuid:…` or `urn:oid:…`: another entry of the same Bundle.
    Urn(String),
    /// `#id`: a contained resource.
    Contained(String),
    /// A condition, as `Patient?identifier=system|value`: only in transactions.
    Conditional { resource_type: ResourceType, query: String },
    /// Anything else: another server's resource, or a logical uri.
    Foreign(String),
}

impl Reference {
    /// What `text` points to for a server whose base address is `base` (without a slash at its end).
    #[must_use]
    pub fn parse(text: &str, base: &str) -> Self {
        if let Some(fragment) = text.strip_prefix('#') {
            return Self::Contained(fragment.to_owned());
        }
        if text.starts_with("urn:") {
            return Self::Urn(text.to_owned());
        }
        let path = text.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).unwrap_or(text);
        if let Some((name, query)) = path.split_once('?')
            && let Some(resource_type) = ResourceType::find(name)
        {
            return Self::Conditional { resource_type, query: query.to_owned() };
        }
        let mut segments = path.split('/');
        let resource_type = segments.next().and_then(ResourceType::find);
        let id = segments.next().filter(|id| is_id(id));
        let version = match (segments.next(), segments.next(), segments.next()) {
            (None, None, None) => Some(None),
            (Some("_history"), Some(version), None) if is_id(version) => Some(Some(version.to_owned())),
            _ => None,
        };
        match (resource_type, id, version) {
            (Some(resource_type), Some(id), Some(version)) => {
                Self::Local { resource_type, id: id.to_owned(), version }
            }
            _ => Self::Foreign(text.to_owned()),
        }
    }

    /// The resource of this server that is pointed to, if it is one.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        match self {
            Self::Local { resource_type, id, .. } => Some(Key::of_resource(*resource_type, id)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_reference() {
        let parse = |text| Reference::parse(text, "http://here/fhir");
        let task = |version: Option<&str>| Reference::Local {
            resource_type: ResourceType::TASK,
            id: "a.1".into(),
            version: version.map(str::to_owned),
        };
        assert_eq!(parse("Task/a.1"), task(None));
        assert_eq!(parse("http://here/fhir/Task/a.1"), task(None));
        assert_eq!(parse("Task/a.1/_history/3"), task(Some("3")));
        assert_eq!(parse("#p"), Reference::Contained("p".into()));
        assert_eq!(parse("urn:uuid:1"), Reference::Urn("urn:uuid:1".into()));
        assert_eq!(
            parse("Patient?identifier=s|v"),
            Reference::Conditional { resource_type: ResourceType::PATIENT, query: "identifier=s|v".into() }
        );
        for foreign in ["http://there/fhir/Task/1", "task/1", "Task", "Task/", "Task/a b", "Task/1/x", ""] {
            assert_eq!(parse(foreign), Reference::Foreign(foreign.into()), "{foreign}");
        }
    }
}
