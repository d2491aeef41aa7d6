//! The topics that can be subscribed to, <https://hl7.org/fhir/R5/subscriptiontopic.html>: which changes trigger an event,
//! what they may be filtered by, and what they are told with. They are files of ours; clients define none.

use std::sync::LazyLock;

use fhir::{Resource, ResourceType, Value};
use fhirpath::{Context, Expression, Item, Node};
use store::Operation;

/// One topic, compiled.
#[derive(Debug)]
pub struct Topic {
    /// Its canonical, without a version.
    pub url: String,
    pub version: String,
    pub title: String,
    triggers: Vec<Trigger>,
    filters: Vec<FilterBy>,
    includes: Vec<(ResourceType, Expression)>,
}

#[derive(Debug)]
struct Trigger {
    resource_type: ResourceType,
    operations: Vec<Operation>,
    criteria: Option<Expression>,
}

/// A search parameter by which the topic's events may be filtered.
#[derive(Debug)]
pub(crate) struct FilterBy {
    pub(crate) resource_type: ResourceType,
    pub(crate) parameter: String,
    pub(crate) modifiers: Vec<String>,
}

/// Every topic, in the order of their files.
#[must_use]
pub fn topics() -> &'static [Topic] {
    static TOPICS: LazyLock<Vec<Topic>> = LazyLock::new(|| {
        let compiled = canonical::definitions().topics().iter().map(|topic| (topic, Topic::compile(topic)));
        compiled
            .filter_map(|(topic, compiled)| match compiled {
                Ok(topic) => Some(topic),
                Err(reason) => {
                    tracing::error!(topic.url = %topic["url"], reason, "A topic cannot be offered.");
                    None
                }
            })
            .collect()
    });
    &TOPICS
}

impl Topic {
    /// The topic with this canonical, which may name its version.
    #[must_use]
    pub fn find(canonical: &str) -> Option<&'static Topic> {
        let (url, version) = canonical::split_version(canonical);
        topics()
            .iter()
            .find(|topic| topic.url == url && version.is_none_or(|version| topic.version == version))
    }

    /// The types that its triggers look at, each once.
    #[must_use]
    pub fn resource_types(&self) -> Vec<ResourceType> {
        let mut types: Vec<_> = self.triggers.iter().map(|trigger| trigger.resource_type).collect();
        types.sort_unstable_by_key(|resource_type| resource_type.number());
        types.dedup();
        types
    }

    /// Whether this change is an event of the topic. Where a trigger cannot be evaluated, it is not, and the log says so.
    #[must_use]
    pub fn is_triggered(
        &self,
        resource_type: ResourceType,
        operation: Operation,
        previous: Option<&Resource>,
        current: Option<&Resource>,
    ) -> bool {
        let triggers = self.triggers.iter();
        triggers
            .filter(|trigger| {
                trigger.resource_type == resource_type && trigger.operations.contains(&operation)
            })
            .any(|trigger| self.holds(trigger, previous, current))
    }

    fn holds(&self, trigger: &Trigger, previous: Option<&Resource>, current: Option<&Resource>) -> bool {
        let Some(criteria) = &trigger.criteria else { return true };
        fn items(resource: Option<&Resource>) -> Vec<Item<'_>> {
            resource.into_iter().map(|resource| Item::Node(Node::resource(resource))).collect()
        }
        let context = Context::of_nothing();
        let context =
            context.with_variable("previous", items(previous)).with_variable("current", items(current));
        criteria.holds(&context).unwrap_or_else(|error| {
            tracing::warn!(topic = self.url, %error, "A trigger could not be evaluated.");
            false
        })
    }

    /// What a notification of this resource mentions beside it: the local references that the topic includes.
    #[must_use]
    pub fn additional_context(&self, resource: &Resource, base: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (_, expression) in self.includes.iter().filter(|(of, _)| *of == resource.resource_type()) {
            for item in expression.evaluate(&Context::of_resource(resource)).unwrap_or_default() {
                let text = item.node().and_then(|node| node.value()?.get("reference")?.as_str());
                if let Some(fhir::Reference::Local { resource_type, id, .. }) =
                    text.map(|text| fhir::Reference::parse(text, base))
                {
                    let address = format!("{resource_type}/{id}");
                    if !found.contains(&address) {
                        found.push(address);
                    }
                }
            }
        }
        found
    }

    pub(crate) fn filter_by(&self, resource_type: ResourceType, parameter: &str) -> Option<&FilterBy> {
        self.filters.iter().find(|by| by.resource_type == resource_type && by.parameter == parameter)
    }

    /// The parameters that events about this type may be filtered by.
    #[must_use]
    pub fn filter_parameters(&self, resource_type: ResourceType) -> Vec<&str> {
        let filters = self.filters.iter();
        filters.filter(|by| by.resource_type == resource_type).map(|by| by.parameter.as_str()).collect()
    }

    fn compile(topic: &Value) -> Result<Self, String> {
        let text = |member: &str| topic.get(member).and_then(Value::as_str).map(str::to_owned);
        let triggers = list(topic, "resourceTrigger").map(Trigger::compile).collect::<Result<Vec<_>, _>>()?;
        if triggers.is_empty() {
            return Err("it has no resourceTrigger".to_owned());
        }
        let filters = list(topic, "canFilterBy").map(|by| {
            Ok(FilterBy {
                resource_type: resource_type(by)?,
                parameter: by
                    .get("filterParameter")
                    .and_then(Value::as_str)
                    .ok_or("a filter has no filterParameter")?
                    .to_owned(),
                modifiers: list(by, "modifier").filter_map(Value::as_str).map(str::to_owned).collect(),
            })
        });
        let filters = filters.collect::<Result<Vec<_>, String>>()?;
        let includes = list(topic, "notificationShape").flat_map(|shape| list(shape, "include"));
        let includes = includes.filter_map(Value::as_str).map(include).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            url: text("url").ok_or("it has no url")?,
            version: text("version").unwrap_or_default(),
            title: text("title").unwrap_or_default(),
            triggers,
            filters,
            includes,
        })
    }
}

impl Trigger {
    fn compile(trigger: &Value) -> Result<Self, String> {
        if trigger.get("queryCriteria").is_some() {
            return Err("a trigger has queryCriteria, which are not known here".to_owned());
        }
        let criteria = trigger.get("fhirPathCriteria").and_then(Value::as_str);
        let operations = list(trigger, "supportedInteraction").filter_map(Value::as_str);
        let mut operations: Vec<_> = operations
            .map(|code| match code {
                "create" => Ok(Operation::Create),
                "update" => Ok(Operation::Update),
                "delete" => Ok(Operation::Delete),
                other => Err(format!("a trigger has the unknown interaction {other}")),
            })
            .collect::<Result<_, _>>()?;
        if operations.is_empty() {
            operations = vec![Operation::Create, Operation::Update, Operation::Delete];
        }
        Ok(Self {
            resource_type: resource_type(trigger)?,
            operations,
            criteria: criteria.map(|text| Expression::parse(text).map_err(|e| e.to_string())).transpose()?,
        })
    }
}

fn list<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn resource_type(value: &Value) -> Result<ResourceType, String> {
    let url = value.get("resource").and_then(Value::as_str).unwrap_or_default();
    let name = url.rsplit('/').next().unwrap_or_default();
    ResourceType::find(name).ok_or_else(|| format!("'{url}' is not a resource type"))
}

/// The type and the expression of `Type:parameter`.
fn include(text: &str) -> Result<(ResourceType, Expression), String> {
    let unknown = || format!("the include '{text}' is not known");
    let (name, code) = text.split_once(':').ok_or_else(unknown)?;
    let resource_type = ResourceType::find(name).ok_or_else(unknown)?;
    let definition = canonical::definitions()
        .search_parameters()
        .iter()
        .find(|p| p.code == code && p.kind == "reference" && p.bases.iter().any(|base| base == name));
    let expression = definition.and_then(|p| p.expression.as_deref()).ok_or_else(unknown)?;
    let expression = Expression::parse(expression).map_err(|e| e.to_string())?;
    Ok((resource_type, expression.for_type(name)))
}

#[cfg(test)]
mod tests;
