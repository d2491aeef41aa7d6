//! What comes of a patch, before it is treated as an update: it says the same of itself, holds nothing empty, and has no
//! narrative that tells of what was before, <https://hl7.org/fhir/R4/http.html#patch>.

use fhir::{Cause, Error, Issue, IssueType, Map, Resource, Severity, Value};

/// The resource that a patch made of another, with notes for the client.
///
/// # Errors
/// 422 for what is no resource, or another one.
pub(super) fn finish(before: &Resource, after: Value) -> Result<(Resource, Vec<Issue>), Error> {
    let refused = |error: Error| Error::with_issues(Cause::Unprocessable, error.into_issues());
    let mut after = after;
    prune_value(&mut after);
    // What a client may not send, it may not patch together either.
    let after = fhir::json::parse(after.to_string().as_bytes()).map_err(refused)?;
    let mut after = Resource::new(after).map_err(refused)?;
    if after.resource_type() != before.resource_type() || after.id() != before.id() {
        let name = before.address().unwrap_or_default();
        let sentence =
            format!("A patch cannot make another resource of {name}: leave its type and id as they are.");
        let place = format!("{}.id", before.resource_type());
        return Err(Error::with_issue(
            Cause::Unprocessable,
            Issue::error(IssueType::Invalid, sentence).at(place),
        ));
    }
    let notes = check_narrative(before, &mut after)?;
    Ok((after, notes))
}

/// A narrative that the patch left as it was, while it changed the data, would tell of what was before.
fn check_narrative(before: &Resource, after: &mut Resource) -> Result<Vec<Issue>, Error> {
    let Some(text) = after.get("text").filter(|text| before.get("text") == Some(text)) else {
        return Ok(Vec::new());
    };
    let status = text.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
    let data = |resource: &Resource| -> Map<String, Value> {
        let is_data = |name: &str| !matches!(name, "text" | "meta");
        resource
            .members()
            .iter()
            .filter(|(name, _)| is_data(name))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    };
    if data(before) == data(after) {
        return Ok(Vec::new());
    }
    let place = format!("{}.text", after.resource_type());
    if status == "additional" {
        let sentence = "The narrative says more than the data, and the patch changes only the data. Patch 'text' as well.";
        return Err(Error::with_issue(
            Cause::Unprocessable,
            Issue::error(IssueType::BusinessRule, sentence).at(place),
        ));
    }
    after.members_mut().shift_remove("text");
    let sentence = "The narrative was generated from data that the patch changed, so it was removed.";
    Ok(vec![Issue::new(Severity::Information, IssueType::Informational, sentence).at(place)])
}

/// Takes out what holds nothing: an element without content is not there.
pub(super) fn prune(resource: &mut Resource) {
    resource.members_mut().retain(|name, value| {
        prune_value(value);
        name == "resourceType" || !is_empty(value)
    });
}

fn prune_value(value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|_, value| {
            prune_value(value);
            !is_empty(value)
        }),
        Value::Array(items) => {
            // Beside a primitive's values an item keeps its place.
            let is_padded = items.iter().any(Value::is_null);
            items.iter_mut().for_each(prune_value);
            if is_padded {
                items.iter_mut().filter(|item| is_empty(item)).for_each(|item| *item = Value::Null);
            } else {
                items.retain(|item| !is_empty(item));
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.iter().all(Value::is_null),
        _ => false,
    }
}
