//! The filters of a subscription, <http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria>.
//!
//! A filter admits a change when the version before or the version after it meets the filter, so that a team that loses a
//! task is told. Several filters are joined by AND, each decided for itself.

use fhir::{Key, Resource, ResourceType};
use search::query::Criterion;
use search::{IndexRows, Options, decode_pairs, parse_filter};

use crate::topic::{FilterBy, Topic};

/// One version of a resource, as filters see it.
#[derive(Debug)]
pub struct Side {
    pub resource: Resource,
    pub rows: IndexRows,
    /// Microseconds since 1970 UTC.
    pub last_updated: i64,
}

/// A change of one resource: the versions before and after it, where there are such.
#[derive(Debug)]
pub struct Change {
    pub resource_type: ResourceType,
    pub operation: store::Operation,
    /// The key of the resource.
    pub identity: Key,
    pub previous: Option<Side>,
    pub current: Option<Side>,
}

impl Change {
    pub(crate) fn sides(&self) -> impl Iterator<Item = &Side> {
        self.previous.iter().chain(&self.current)
    }
}

/// One filter, for every type of the topic that it speaks about.
#[derive(Clone, Debug)]
pub struct Filter {
    /// For each type the criteria that one version must meet, all of them.
    parts: Vec<(ResourceType, Vec<Criterion>)>,
}

impl Filter {
    /// The filter that this text is: `parameter=value`, `Type.parameter=value` or `Type?parameter=value`, with modifiers.
    /// The sentence says why it is none that the topic offers.
    pub fn parse(text: &str, topic: &Topic, options: &Options) -> Result<Self, String> {
        let end = text.find(['?', '=', '.', ':']);
        let named = match end.map(|at| (text.as_bytes()[at], &text[..at], &text[at + 1..])) {
            Some((b'?', "", rest)) => (None, rest),
            Some((b'?' | b'.', name, rest)) => match ResourceType::find(name) {
                Some(resource_type) => (Some(resource_type), rest),
                None => return Err(format!("'{}' is no resource type.", shown(name))),
            },
            _ => (None, text),
        };
        let (named, rest) = named;
        let pairs = decode_pairs(rest).map_err(sentence)?;
        let types: Vec<_> = topic
            .resource_types()
            .into_iter()
            .filter(|resource_type| named.is_none_or(|named| named == *resource_type))
            .collect();
        if types.is_empty() {
            return Err(format!(
                "The topic is not about {}.",
                named.map_or("this type", |named| named.name())
            ));
        }
        let mut parts = Vec::new();
        let mut refusal = None;
        for resource_type in types {
            match pairs.iter().try_for_each(|(name, _)| offered(topic, resource_type, name)) {
                Ok(()) => {
                    let criteria = parse_filter(resource_type, rest, options).map_err(sentence)?;
                    parts.push((resource_type, criteria));
                }
                Err(reason) => refusal = Some(reason),
            }
        }
        match refusal {
            Some(reason) if parts.is_empty() => Err(reason),
            _ => Ok(Self { parts }),
        }
    }

    /// Whether it lets this change through. What it does not speak about, it lets through.
    #[must_use]
    pub fn admits(&self, change: &Change) -> bool {
        let Some(criteria) = self.criteria(change.resource_type) else { return true };
        change.sides().any(|side| {
            criteria.iter().all(|criterion| {
                search::matches(criterion, &side.rows, change.identity, side.last_updated) == Some(true)
            })
        })
    }

    pub(crate) fn criteria(&self, resource_type: ResourceType) -> Option<&[Criterion]> {
        self.parts.iter().find(|(of, _)| *of == resource_type).map(|(_, criteria)| criteria.as_slice())
    }
}

/// Whether the topic offers to filter by this parameter, with this modifier.
fn offered(topic: &Topic, resource_type: ResourceType, name: &str) -> Result<(), String> {
    let (code, modifier) =
        name.split_once(':').map_or((name, None), |(code, modifier)| (code, Some(modifier)));
    let Some(by) = topic.filter_by(resource_type, code) else {
        return Err(format!(
            "The topic cannot be filtered by '{}' of {resource_type}. Its filters: {}.",
            shown(code),
            topic.filter_parameters(resource_type).join(", ")
        ));
    };
    match modifier {
        Some(modifier) if !takes(by, modifier) => Err(format!(
            "The modifier ':{}' is not supported for the filter '{code}'. Supported: {}.",
            shown(modifier),
            by.modifiers.iter().map(|modifier| format!(":{modifier}")).collect::<Vec<_>>().join(", ")
        )),
        _ => Ok(()),
    }
}

/// A reference may always name its type.
fn takes(by: &FilterBy, modifier: &str) -> bool {
    by.modifiers.iter().any(|known| known == modifier) || ResourceType::find(modifier).is_some()
}

fn sentence(error: fhir::Error) -> String {
    error.into_issues().into_iter().map(|issue| issue.diagnostics).collect::<Vec<_>>().join(" ")
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests;
