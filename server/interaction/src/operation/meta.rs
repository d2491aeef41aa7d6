//! `$meta`, `$meta-add`, `$meta-delete`: the profiles, tags and security labels of a resource,
//! <https://hl7.org/fhir/R4/resource-operation-meta.html>.
//!
//! A change is an update like any other: a new version, told to whoever is told of updates. What was written is never changed.

use auth::Right;
use fhir::{Cause, Error, Id, Issue, IssueType, Key, Resource, Value};
use serde_json::json;

use super::{Call, Code};
use crate::request::{IfMatch, Which, Write};
use crate::unit::Work;
use crate::{Context, Reply, Server};

/// The lists of a Meta that can be added to and taken from.
const LISTS: [&str; 3] = ["profile", "security", "tag"];

impl Server {
    pub(super) async fn meta(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        let (resource, _) = self.subject_of_meta(context, call).await?;
        Ok(answer(&resource))
    }

    pub(super) async fn change_meta(&self, context: &Context, call: &Call) -> Result<Reply, Error> {
        let changes = call.parameters.value("meta").ok_or_else(|| {
            let sentence = "Name what to add or to take away: the parameter 'meta' with a valueMeta.";
            Error::with_issue(Cause::BadRequest, Issue::error(IssueType::Required, sentence))
        })?;
        if let Some(other) =
            changes.as_object().and_then(|all| all.keys().find(|key| !LISTS.contains(&key.as_str())))
        {
            let other: String = other.chars().take(50).collect();
            return Err(Error::bad_request(format!(
                "'{other}' of a Meta cannot be changed. What can be is {}.",
                LISTS.join(", ")
            )));
        }
        let (mut resource, if_match) = self.subject_of_meta(context, call).await?;
        let mut meta = resource.get("meta").cloned().unwrap_or_else(|| json!({}));
        for list in LISTS {
            let Some(given) = changes.get(list) else { continue };
            let given = given
                .as_array()
                .ok_or_else(|| Error::bad_request(format!("'{list}' of a Meta is a list.")))?;
            let mut items: Vec<Value> = meta.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
            if call.operation.code == Code::MetaAdd {
                for item in given {
                    if !items.iter().any(|known| is_same(known, item)) {
                        items.push(item.clone());
                    }
                }
            } else {
                items.retain(|known| !given.iter().any(|item| is_same(known, item)));
            }
            match (items.is_empty(), meta.as_object_mut()) {
                (true, Some(members)) => {
                    members.shift_remove(list);
                }
                (false, Some(members)) => {
                    members.insert(list.to_owned(), items.into());
                }
                (_, None) => {}
            }
        }
        resource.members_mut().insert("meta".to_owned(), meta);
        let id = Id::parse(call.id.as_deref().unwrap_or_default())?;
        let reply = self
            .write_one(context, Work::Write(Write::Update { which: Which::Id(id), resource, if_match }))
            .await?;
        let text = reply.body.unwrap_or_default();
        Ok(answer(&fhir::json::object(&text)?))
    }

    /// The resource at the call's address as the caller may see it, and the version that it is.
    async fn subject_of_meta(&self, context: &Context, call: &Call) -> Result<(Resource, IfMatch), Error> {
        let (Some(resource_type), Some(id)) = (call.resource_type, &call.id) else {
            return Err(call.unknown());
        };
        context.caller.require(resource_type, Right::Read)?;
        let stored = self.store.read(&context.access, Key::of_resource(resource_type, id)).await?;
        let stored = crate::read::present(stored, resource_type, id)?;
        let resource = stored.resource()?.ok_or_else(|| Error::deleted(&format!("{resource_type}/{id}")))?;
        Ok((resource, IfMatch::Versions(vec![stored.version_id])))
    }
}

fn answer(resource: &Resource) -> Reply {
    let meta = resource.get("meta").cloned().unwrap_or_else(|| json!({}));
    let parameters =
        json!({"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": meta}]});
    Reply::resource(parameters.to_string().into())
}

/// Codings are the same by system and code, profiles by url.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(_), Value::Object(_)) => {
            a.get("system") == b.get("system") && a.get("code") == b.get("code")
        }
        _ => a == b,
    }
}
