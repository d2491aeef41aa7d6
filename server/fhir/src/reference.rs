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
        let path = below(text, base).unwrap_or(text);
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

/// What stands below `base` (without a slash at its end) in an address: `Task/1`, or a query; `None` for an address elsewhere.
///
/// Scheme and host are compared without case, and the port of a scheme may be left out,
/// <https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2.1> and 6.2.3. Another name for the same host is another address.
#[must_use]
pub fn below<'t>(text: &'t str, base: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(base).or_else(|| {
        let ((scheme, authority, path), (own_scheme, own_authority, own_path)) = (parts(text)?, parts(base)?);
        let is_own = scheme.eq_ignore_ascii_case(own_scheme) && authority.eq_ignore_ascii_case(own_authority);
        is_own.then(|| path.strip_prefix(own_path)).flatten()
    })?;
    match rest.strip_prefix('/') {
        Some(path) => Some(path),
        None => (rest.is_empty() || rest.starts_with('?')).then_some(rest),
    }
}

/// The scheme, the authority without the port that the scheme implies, and what follows.
fn parts(address: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let implied = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let authority =
        authority.strip_suffix(implied).or_else(|| authority.strip_suffix(':')).unwrap_or(authority);
    Some((scheme, authority, path))
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
        assert_eq!(parse("HTTP://Here:80/fhir/Task/a.1"), task(None));
        for foreign in ["http://there/fhir/Task/1", "task/1", "Task", "Task/", "Task/a b", "Task/1/x", ""] {
            assert_eq!(parse(foreign), Reference::Foreign(foreign.into()), "{foreign}");
        }
    }

    #[test]
    fn addresses_below_the_base() {
        for (text, expected) in [
            ("http://here/fhir/Task/1", Some("Task/1")),
            ("http://here/fhir", Some("")),
            ("http://here/fhir?_type=Task", Some("?_type=Task")),
            ("HTTP://HERE/fhir/Task/1", Some("Task/1")),
            ("http://here:80/fhir/Task/1", Some("Task/1")),
            ("http://here:/fhir/Task/1", Some("Task/1")),
            ("http://here:443/fhir/Task/1", None),
            ("http://here/FHIR/Task/1", None),
            ("http://here/fhirx/Task/1", None),
            ("https://here/fhir/Task/1", None),
            ("http://there/fhir/Task/1", None),
            ("http://me@here/fhir/Task/1", None),
            ("here/fhir/Task/1", None),
            ("Task/1", None),
        ] {
            assert_eq!(below(text, "http://here/fhir"), expected, "{text}");
        }
        assert_eq!(below("https://here:8443/fhir/Task/1", "https://HERE:8443/fhir"), Some("Task/1"));
        assert_eq!(below("https://here/fhir/Task/1", "https://here:443/fhir"), Some("Task/1"));
    }
}
