//! A subscription topic as R4 publishes it: a Basic resource whose extensions are the elements of R5's SubscriptionTopic,
//! <https://hl7.org/fhir/uv/subscriptions-backport/2024Jan/topic_discovery.html>.
//!
//! The topics are written by hand in the shape of R5; only the elements that ours have are translated.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

const R5: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic";
const R4B: &str = "http://hl7.org/fhir/4.3/StructureDefinition/extension-SubscriptionTopic";

/// The Basic resource for a SubscriptionTopic.
pub fn basic(topic: &Map<String, Value>) -> Result<Value> {
    let id = topic.get("id").context("the topic has no id")?;
    let status = topic.get("status").context("the topic has no status")?;
    let mut extensions = Vec::new();
    for (name, value) in topic {
        match name.as_str() {
            "resourceType" | "id" | "status" => {}
            "url" => extensions.push(json!({"url": format!("{R5}.url"), "valueUri": value})),
            "version" | "name" | "title" => {
                extensions.push(json!({"url": format!("{R5}.{name}"), "valueString": value}));
            }
            "description" => extensions.push(json!({"url": format!("{R5}.{name}"), "valueMarkdown": value})),
            "resourceTrigger" | "canFilterBy" | "notificationShape" => {
                for part in value.as_array().with_context(|| format!("{name} is no array"))? {
                    extensions.push(json!({"url": format!("{R4B}.{name}"), "extension": parts(part)?}));
                }
            }
            other => bail!("a topic's {other} has no place in a Basic resource"),
        }
    }
    Ok(json!({
        "resourceType": "Basic",
        "id": id,
        "extension": extensions,
        "modifierExtension": [{"url": format!("{R5}.status"), "valueCode": status}],
        "code": {"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "SubscriptionTopic"}]}
    }))
}

/// The members of one trigger, filter or shape, an extension for each value.
fn parts(part: &Value) -> Result<Vec<Value>> {
    let mut extensions = Vec::new();
    for (name, value) in part.as_object().context("a part of a topic is no object")? {
        let kind = match name.as_str() {
            "description" => "valueMarkdown",
            "resource" | "filterDefinition" => "valueUri",
            "supportedInteraction" | "modifier" | "comparator" => "valueCode",
            "fhirPathCriteria" | "filterParameter" | "include" | "revInclude" => "valueString",
            other => bail!("a topic's {other} has no place in a Basic resource"),
        };
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        extensions.extend(values.iter().map(|value| json!({"url": name, kind: value})));
    }
    Ok(extensions)
}
