//! The history of one resource, <https://hl7.org/fhir/R4/http.html#history>.

use auth::Right;
use fhir::{Error, Key, ResourceType};
use serde_json::{Value, json};
use store::{Operation, Stored};

use crate::bundle::{BundleWriter, address};
use crate::reply::shown;
use crate::search::full_url;
use crate::{Context, Reply, Server, Success};

impl Server {
    pub(crate) async fn history(
        &self,
        context: &Context,
        resource_type: ResourceType,
        id: &str,
        parameters: &[(String, String)],
    ) -> Result<Reply, Error> {
        context.caller.require(resource_type, Right::Read)?;
        let mut count = self.settings.default_count;
        let mut before = None;
        for (name, value) in parameters {
            let number =
                || value.parse::<u32>().map_err(|_| Error::bad_request(format!("{name} is a whole number.")));
            match name.as_str() {
                "_count" => count = number()?.clamp(1, self.settings.max_count),
                "_before" => before = i32::try_from(number()?).ok(),
                other => {
                    return Err(Error::bad_request(format!(
                        "'{other}' is not a parameter of an instance's history. It takes _count."
                    )));
                }
            }
        }
        let key = Key::of_resource(resource_type, id);
        let total = self.store.history_total(&context.access, key).await?;
        if total == 0 {
            return Err(Error::not_found(&format!("{resource_type}/{id}")));
        }
        let page = self.store.history(&context.access, key, before, count).await?;
        let path = format!("{resource_type}/{id}/_history");
        let base = &self.settings.base;
        let mut links = vec![("self", address(base, &path, parameters))];
        if page.more
            && let Some(last) = page.entries.last()
        {
            let next = [
                ("_count".to_owned(), count.to_string()),
                ("_before".to_owned(), last.version_id.to_string()),
            ];
            links.push(("next", address(base, &path, &next)));
        }
        let mut bundle = BundleWriter::new("history", Some(total), &links);
        for stored in &page.entries {
            bundle.entry(&entry(base, stored), shown(context, stored)?.as_deref());
        }
        Ok(Reply::resource(bundle.finish()))
    }
}

/// Everything of a history entry but its resource. A patch is recorded as the update that it amounts to.
fn entry(base: &str, stored: &Stored) -> Value {
    let (resource_type, id) = (stored.resource_type, &stored.id);
    let (method, url, success) = match stored.operation {
        Operation::Create => ("POST", resource_type.to_string(), Success::Created),
        Operation::Update => ("PUT", format!("{resource_type}/{id}"), Success::Ok),
        Operation::Delete => ("DELETE", format!("{resource_type}/{id}"), Success::NoContent),
    };
    json!({
        "fullUrl": full_url(base, stored),
        "request": {"method": method, "url": url},
        "response": {
            "status": success.status_line(), "etag": format!("W/\"{}\"", stored.version_id),
            "lastModified": stored.last_updated.to_string()
        }
    })
}
