//! `_summary` and `_elements`: the part of a resource that a search shows, <https://hl7.org/fhir/R4/search.html#summary>.
//!
//! Elements are chosen at the top level of the resource. A part is tagged SUBSETTED, so that nobody takes it for the whole.

use canonical::{Element, definitions};
use fhir::{Resource, Value};
use serde_json::json;

use crate::query::{Query, Summary};

impl Query {
    /// Whether matches are shown in part.
    #[must_use]
    pub fn is_subset(&self) -> bool {
        !self.elements.is_empty() || matches!(self.summary, Summary::True | Summary::Text | Summary::Data)
    }
}

/// The part of a resource that this search shows. `id`, `meta` and mandatory elements are always in it.
#[must_use]
pub fn subset(resource: &Resource, query: &Query) -> Value {
    let scope = definitions().scope_of_type(resource.resource_type().name());
    let mut shown = fhir::Map::new();
    for (property, value) in resource.members() {
        let name = property.trim_start_matches('_');
        let element = scope.and_then(|scope| definitions().child(scope, name)).map(|child| child.element);
        let is_shown = match name {
            "resourceType" | "id" | "meta" => true,
            _ => element.is_none_or(|element| shows(element, query)),
        };
        if is_shown {
            shown.insert(property.clone(), value.clone());
        }
    }
    tag(&mut shown);
    Value::Object(shown)
}

fn shows(element: &Element, query: &Query) -> bool {
    let is_mandatory = element.min > 0;
    if !query.elements.is_empty() {
        let stem = element.name.trim_end_matches("[x]");
        return is_mandatory || element.is_modifier || query.elements.iter().any(|name| name == stem);
    }
    match query.summary {
        Summary::True => is_mandatory || element.is_summary,
        Summary::Text => is_mandatory || element.name == "text",
        Summary::Data => element.name != "text",
        Summary::False | Summary::Count => true,
    }
}

fn tag(members: &mut fhir::Map<String, Value>) {
    let subsetted =
        json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"});
    let meta = members.entry("meta").or_insert_with(|| json!({}));
    match meta.get_mut("tag").and_then(Value::as_array_mut) {
        Some(tags) => tags.push(subsetted),
        None => meta["tag"] = json!([subsetted]),
    }
}

#[cfg(test)]
mod tests {
    use fhir::ResourceType;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{Options, parse};

    #[test]
    fn what_is_shown() {
        let task = Resource::new(json!({
            "resourceType": "Task", "id": "1", "meta": {"versionId": "1"}, "text": {"status": "empty"}, "status": "draft",
            "intent": "order", "description": "x", "note": [{"text": "y"}]
        }))
        .unwrap();
        let names = |name: &str, value: &str| {
            let options = Options::new("http://x", TimeZone::UTC);
            let query = parse(ResourceType::TASK, &[(name.to_owned(), value.to_owned())], &options).unwrap();
            let shown = subset(&task, &query);
            assert_eq!(shown["meta"]["tag"][0]["code"], "SUBSETTED");
            shown.as_object().unwrap().keys().skip(3).cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("_elements", "note"), "status intent note");
        assert_eq!(names("_summary", "true"), "status intent description");
        assert_eq!(names("_summary", "text"), "text status intent");
        assert_eq!(names("_summary", "data"), "status intent description note");
    }
}
