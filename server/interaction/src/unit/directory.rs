//! Who may change an entry of the directory, which every caller reads: the organisation that it belongs to, and the one that put
//! it there. Nobody makes themselves the organisation behind an entry: it would let them see what is meant for another.

use std::collections::HashMap;

use fhir::{Cause, Error, Issue, IssueType, Key, Reference, Resource, ResourceType};

use super::{Draft, Unit};
use crate::context::{organization_key, organization_systems};
use crate::label::is_directory;

/// The elements of the directory's types that name the organisation an entry belongs to.
const OWNERS: [&str; 5] = ["managingOrganization", "organization", "ownedBy", "partOf", "providedBy"];

impl Unit<'_> {
    /// Who put there what this unit changes of the directory.
    pub(super) async fn keepers(&self) -> Result<HashMap<Key, Vec<Key>>, Error> {
        let is_changed = |draft: &&Draft| draft.previous.is_some() && is_entry(draft);
        let changed: Vec<Key> = self.drafts.iter().filter(is_changed).map(key).collect();
        self.server.store.keepers(&changed).await
    }

    /// Who keeps what this draft puts into the directory.
    pub(super) fn becomes_keeper(&self, draft: &Draft) -> Vec<Key> {
        if draft.previous.is_none() && is_entry(draft) { self.context.codes() } else { Vec::new() }
    }

    /// An entry is changed by those whom it belongs to and by those who put it there. What belongs to nobody, and was put there by
    /// the server, is changed by everybody.
    pub(super) fn check_keeper(&self, draft: &Draft, keepers: &HashMap<Key, Vec<Key>>) -> Result<(), Error> {
        if draft.previous.is_none() || !is_entry(draft) {
            return Ok(());
        }
        let (base, access) = (&self.server.settings.base, &self.context.access);
        let behind = |resource: &Option<Resource>| {
            resource.as_ref().map(|resource| behind(resource, base)).unwrap_or_default()
        };
        let (before, now) = (behind(&draft.previous_resource), behind(&draft.resource));
        let itself = (draft.resource_type == ResourceType::ORGANIZATION).then(|| key(draft));
        let keepers = keepers.get(&key(draft)).into_iter().flatten().copied();
        let all: Vec<Key> = before.iter().copied().chain(itself).chain(keepers).collect();
        let name = format!("{}/{}", draft.resource_type, draft.id);
        if !all.is_empty() && !access.may_write(Some(&all)) {
            return Err(refused(format!(
                "{name} belongs to another organisation, so yours may read it but not write it."
            )));
        }
        if !before.is_empty() && !access.may_write(Some(&before)) && access.may_write(Some(&now)) {
            return Err(refused(format!(
                "Your organisation put {name} there, but another one is behind it: that one alone may hand it to yours."
            )));
        }
        Ok(())
    }
}

fn refused(sentence: String) -> Error {
    let issue = Issue::error(IssueType::Forbidden, sentence).by_rule("IC-AUTH-01");
    Error::with_issue(Cause::Forbidden, issue)
}

/// Whether a client changes an entry of the directory by this draft.
fn is_entry(draft: &Draft) -> bool {
    draft.from_client && is_directory(draft.resource_type)
}

fn key(draft: &Draft) -> Key {
    Key::of_resource(draft.resource_type, draft.id.as_str())
}

/// Who acts for an entry: for an Organization whoever has one of its codes, for anything the organisations that it belongs to.
fn behind(resource: &Resource, base: &str) -> Vec<Key> {
    let systems = organization_systems();
    let identifiers = resource.get("identifier").and_then(fhir::Value::as_array);
    let code = |identifier: &fhir::Value| {
        let text = |name: &str| identifier.get(name).and_then(fhir::Value::as_str);
        systems
            .iter()
            .any(|system| text("system") == Some(system))
            .then(|| text("value"))?
            .map(organization_key)
    };
    let is_organization = resource.resource_type() == ResourceType::ORGANIZATION;
    let codes = identifiers.into_iter().flatten().filter_map(code).filter(|_| is_organization);
    let places = OWNERS.map(|name| format!("{}.{name}.reference", resource.resource_type()));
    let owner = |(at, reference): (String, Reference)| match reference {
        Reference::Local { resource_type, id, .. } if resource_type == ResourceType::ORGANIZATION => {
            places.contains(&at).then(|| Key::of_resource(resource_type, &id))
        }
        _ => None,
    };
    codes.chain(resource.references(base).into_iter().filter_map(owner)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn behind_an_organisation_is_who_has_its_code_or_that_of_which_it_is_a_part() {
        let organization = Resource::new(json!({
            "resourceType": "Organization",
            "identifier": [
                {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RR8"},
                {"system": "https://other.example", "value": "X"}
            ],
            "partOf": {"reference": "Organization/whole"},
            "endpoint": [{"reference": "Endpoint/e"}]
        }))
        .unwrap();
        let whole = Key::of_resource(ResourceType::ORGANIZATION, "whole");
        assert_eq!(behind(&organization, "http://x"), [organization_key("RR8"), whole]);
    }

    #[test]
    fn behind_a_service_is_who_provides_it() {
        let service = Resource::new(json!({
            "resourceType": "HealthcareService",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RR8"}],
            "providedBy": {"reference": "Organization/provider"},
            "location": [{"reference": "Location/l"}]
        }))
        .unwrap();
        assert_eq!(behind(&service, "http://x"), [Key::of_resource(ResourceType::ORGANIZATION, "provider")]);
    }
}
