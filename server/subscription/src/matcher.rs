//! Which subscriptions a change matters to, at a cost that depends on the matches and not on how many subscriptions there
//! are: each is filed under the values of one of its filters, the one that selects most.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fhir::{Key, ResourceType};
use search::query::Criterion;
use search::{Hot, IndexRows};

use crate::filter::{Change, Filter};
use crate::topic::Topic;

/// A value that a version of a resource has, under which a subscription can be filed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Probe {
    Identity(Key),
    Patient(Key),
    Focus(Key),
    Owner(Key),
    /// The number of the parameter, and what it points to.
    Reference(i32, Key),
    /// A token, identifier, uri or foreign reference; its parameter is part of the key.
    Key(Key),
    Status(String),
}

/// What a subscription wants: a topic and its filters.
#[derive(Clone, Debug)]
struct Interest {
    topic: &'static Topic,
    filters: Arc<[Filter]>,
}

/// The subscriptions to one topic, as far as they are about one type.
#[derive(Debug)]
struct Group {
    topic: &'static Topic,
    filed: HashMap<Probe, HashSet<Key>>,
    /// Those without a filter that they could be filed under: the only ones that each cost something with every change.
    rest: HashSet<Key>,
}

/// The subscriptions that changes are matched with.
#[derive(Debug, Default)]
pub struct Index {
    interests: HashMap<Key, Interest>,
    groups: HashMap<ResourceType, Vec<Group>>,
}

impl Index {
    /// Adds a subscription, in the place of an earlier definition of it.
    pub fn insert(&mut self, subscription: Key, topic: &'static Topic, filters: Vec<Filter>) {
        self.remove(subscription);
        for resource_type in topic.resource_types() {
            let group = self.group(resource_type, topic);
            match filing(&filters, resource_type) {
                Some(probes) => {
                    for probe in probes {
                        group.filed.entry(probe).or_default().insert(subscription);
                    }
                }
                None => {
                    group.rest.insert(subscription);
                }
            }
        }
        self.interests.insert(subscription, Interest { topic, filters: filters.into() });
    }

    /// Removes a subscription, if it is there.
    pub fn remove(&mut self, subscription: Key) {
        let Some(interest) = self.interests.remove(&subscription) else { return };
        for resource_type in interest.topic.resource_types() {
            let group = self.group(resource_type, interest.topic);
            group.rest.remove(&subscription);
            for probe in filing(&interest.filters, resource_type).unwrap_or_default() {
                if let Some(filed) = group.filed.get_mut(&probe) {
                    filed.remove(&subscription);
                    if filed.is_empty() {
                        group.filed.remove(&probe);
                    }
                }
            }
            if let Some(groups) = self.groups.get_mut(&resource_type) {
                groups.retain(|group| !group.rest.is_empty() || !group.filed.is_empty());
                if groups.is_empty() {
                    self.groups.remove(&resource_type);
                }
            }
        }
    }

    /// Whether any subscription could be told of changes of this type.
    #[must_use]
    pub fn listens_to(&self, resource_type: ResourceType) -> bool {
        self.groups.contains_key(&resource_type)
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.interests.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.interests.is_empty()
    }

    /// The subscriptions that this change is an event for, each once, in no order.
    #[must_use]
    pub fn matches(&self, change: &Change) -> Vec<Key> {
        let Some(groups) = self.groups.get(&change.resource_type) else { return Vec::new() };
        let probes: HashSet<Probe> = change
            .sides()
            .flat_map(|side| probes(&side.rows))
            .chain([Probe::Identity(change.identity)])
            .collect();
        let mut found = Vec::new();
        for group in groups {
            let mut candidates: HashSet<Key> = group.rest.clone();
            candidates.extend(probes.iter().filter_map(|probe| group.filed.get(probe)).flatten());
            candidates.retain(|key| self.admits(*key, change));
            if !candidates.is_empty() && is_triggered(group.topic, change) {
                found.extend(candidates);
            }
        }
        found
    }

    fn admits(&self, subscription: Key, change: &Change) -> bool {
        let interest = self.interests.get(&subscription);
        interest.is_some_and(|interest| interest.filters.iter().all(|filter| filter.admits(change)))
    }

    fn group(&mut self, resource_type: ResourceType, topic: &'static Topic) -> &mut Group {
        let groups = self.groups.entry(resource_type).or_default();
        let at = groups.iter().position(|group| std::ptr::eq(group.topic, topic)).unwrap_or_else(|| {
            groups.push(Group { topic, filed: HashMap::new(), rest: HashSet::new() });
            groups.len() - 1
        });
        &mut groups[at]
    }
}

fn is_triggered(topic: &Topic, change: &Change) -> bool {
    let previous = change.previous.as_ref().map(|side| &side.resource);
    let current = change.current.as_ref().map(|side| &side.resource);
    topic.is_triggered(change.resource_type, change.operation, previous, current)
}

/// The values under which a subscription with these filters is filed: those of the filter that selects most. A version that
/// meets the filter has one of them.
fn filing(filters: &[Filter], resource_type: ResourceType) -> Option<Vec<Probe>> {
    let criteria = filters.iter().filter_map(|filter| filter.criteria(resource_type)).flatten();
    criteria.filter_map(asked).min_by_key(|(rank, _)| *rank).map(|(_, probes)| probes)
}

/// The values of an equality, and how little they select: the greater, the more resources share a value.
fn asked(criterion: &Criterion) -> Option<(u8, Vec<Probe>)> {
    Some(match criterion {
        Criterion::Identity { keys } => (0, keys.iter().copied().map(Probe::Identity).collect()),
        Criterion::Identifier { keys, .. } => (1, keys.iter().copied().map(Probe::Key).collect()),
        Criterion::Reference { parameter, local, other, negated: false } => {
            let (rank, of_local): (u8, fn(i32, Key) -> Probe) = match parameter.hot {
                Some(Hot::Patient) => (1, |_, key| Probe::Patient(key)),
                Some(Hot::Focus) => (1, |_, key| Probe::Focus(key)),
                Some(Hot::Owner) => (2, |_, key| Probe::Owner(key)),
                Some(Hot::Status | Hot::Date) | None => (2, Probe::Reference),
            };
            let more = parameter.may_have_more().then_some(Probe::Reference as fn(i32, Key) -> Probe);
            let of_each = [of_local].into_iter().chain(more);
            let local = of_each.flat_map(|of| local.iter().map(move |key| of(parameter.number, *key)));
            (rank, local.chain(other.iter().copied().map(Probe::Key)).collect())
        }
        Criterion::Keys { keys, negated: false, .. } => (3, keys.iter().copied().map(Probe::Key).collect()),
        Criterion::Status { codes, negated: false, .. } => {
            (4, codes.iter().cloned().map(Probe::Status).collect())
        }
        _ => return None,
    })
}

/// Every value of a version that [`asked`] could ask for.
fn probes(rows: &IndexRows) -> impl Iterator<Item = Probe> + '_ {
    let columns =
        [rows.patient.map(Probe::Patient), rows.focus.map(Probe::Focus), rows.owner.map(Probe::Owner)];
    columns
        .into_iter()
        .flatten()
        .chain(rows.status.clone().map(Probe::Status))
        .chain(rows.references.iter().map(|row| Probe::Reference(row.parameter, row.target)))
        .chain(rows.keys.iter().copied().map(Probe::Key))
        .chain(rows.identifiers.iter().map(|row| Probe::Key(row.key)))
}

#[cfg(test)]
mod tests;
