//! Contained resources, <https://hl7.org/fhir/R4/references.html#contained>: the invariants dom-2 to dom-5, and ids that tell them apart.

use std::collections::{HashMap, HashSet};

use fhir::{IssueType, Map, Value};
use fhirpath::Node;

use crate::{
    expression::At,
    report::{Report, short},
};

/// The resources that one resource contains, by id, as references in it see them.
#[derive(Default)]
pub(crate) struct Contained<'v> {
    /// `#` alone is the container itself.
    container: Option<&'v str>,
    by_id: HashMap<&'v str, &'v Value>,
}

impl<'v> Contained<'v> {
    /// Those of the resource with these members.
    pub(crate) fn of(resource: &'v Map<String, Value>) -> Self {
        let by_id = items(resource).filter_map(|item| Some((item.get("id")?.as_str()?, item))).collect();
        Self { container: resource.get("resourceType").and_then(Value::as_str), by_id }
    }

    /// The contained resource with this id, as FHIRPath sees it.
    pub(crate) fn node(&self, id: &str) -> Option<Node<'v>> {
        self.by_id.get(id).map(|value| Node::typed(value, "Resource", None))
    }

    /// The type of the contained resource with this id; of the container when the id is empty.
    pub(crate) fn type_of(&self, id: &str) -> Option<&'v str> {
        if id.is_empty() {
            return self.container;
        }
        self.by_id.get(id).map(|value| value.get("resourceType").and_then(Value::as_str).unwrap_or_default())
    }
}

/// Reports what the invariants dom-2 to dom-5 forbid, and ids that two of them have.
pub(crate) fn check(resource: &Map<String, Value>, at: &At<'_>, report: &mut Report) {
    if !resource.contains_key("contained") {
        return;
    }
    let mut local = HashSet::new();
    for (name, value) in resource {
        if name != "contained" {
            local_references(value, &mut local);
        }
    }
    for item in items(resource) {
        local_references(item, &mut local);
    }
    let mut ids = HashSet::new();
    for (index, item) in items(resource).enumerate() {
        let at = at.item("contained", Some(index));
        if item.get("contained").is_some() {
            let text = "A contained resource contains others itself (dom-2). Contain them all in the outermost resource.";
            report.unprocessable(at.member("contained"), IssueType::Invariant, text);
        }
        check_referenced(item, &local, &at, report);
        if let Some(id) = item.get("id").and_then(Value::as_str).filter(|id| !ids.insert(*id)) {
            let text = format!(
                "Another contained resource has the id '{}' already, so that '#{}' could mean either. Give each an id of its own.",
                short(id),
                short(id)
            );
            report.unprocessable(at.member("id"), IssueType::Duplicate, text);
        }
        let Some(meta) = item.get("meta") else { continue };
        for (name, rule) in [("versionId", "dom-4"), ("lastUpdated", "dom-4"), ("security", "dom-5")] {
            if meta.get(name).is_some() {
                let text = format!("A contained resource has no meta.{name} ({rule}). Remove it.");
                report.unprocessable(at.member("meta").member(name), IssueType::Invariant, text);
            }
        }
    }
}

fn check_referenced(item: &Value, local: &HashSet<&str>, at: &At<'_>, report: &mut Report) {
    let Some(id) = item.get("id").and_then(Value::as_str) else {
        let text = "A contained resource needs an id, by which the resource around it refers to it. Add one.";
        report.unprocessable(at.member("id"), IssueType::Required, text);
        return;
    };
    let mut own = HashSet::new();
    local_references(item, &mut own);
    if !local.contains(id) && !own.contains("") {
        let text = format!(
            "Nothing in the resource refers to the contained '#{}' (dom-3). Refer to it, or remove it.",
            short(id)
        );
        report.unprocessable(at, IssueType::Invariant, text);
    }
}

fn items(resource: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    resource.get("contained").and_then(Value::as_array).into_iter().flatten()
}

/// Every text that begins with `#`, without it: a reference, a uri or a canonical may be local, and so may an attribute of a
/// narrative.
fn local_references<'v>(value: &'v Value, found: &mut HashSet<&'v str>) {
    match value {
        Value::String(text) => match text.strip_prefix('#') {
            Some(id) => found.extend([id]),
            None if text.starts_with("<div") => in_narrative(text, found),
            None => {}
        },
        Value::Array(items) => items.iter().for_each(|item| local_references(item, found)),
        Value::Object(members) => members.values().for_each(|member| local_references(member, found)),
        _ => {}
    }
}

/// What links and images of a narrative point to within the resource, as `src="#photo"`.
fn in_narrative<'v>(text: &'v str, found: &mut HashSet<&'v str>) {
    for (at, _) in text.match_indices("=\"#").chain(text.match_indices("='#")) {
        let (quote, rest) = (text.as_bytes()[at + 1], &text[at + 3..]);
        found.extend(rest.split_once(char::from(quote)).map(|(id, _)| id));
    }
}
