//! A resource (or an extension) against one profile of ours, <https://hl7.org/fhir/R4/profiling.html>: cardinality, fixed
//! and pattern values, bindings, target types, narrower choices, and slices with rules of their own.
//!
//! Only what the profile adds to the base definition is looked at: the base is checked before. Invariants of profiles are not.

mod plan;
mod select;
mod slice;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::LazyLock};

use canonical::{Profile, definitions};
use fhir::{IssueType, Map, Value};

use crate::{
    binding,
    contained::Contained,
    expression::At,
    reference,
    report::{Report, preview, times},
};
use plan::{Node, Plan, Rule, Slice};
use select::Item;

/// Every profile of ours, compiled when the first one is needed.
static PLANS: LazyLock<HashMap<&'static str, Plan>> = LazyLock::new(|| {
    let definitions = definitions();
    definitions
        .profiles()
        .iter()
        .map(|profile| (profile.url.as_str(), Plan::compile(definitions, profile)))
        .collect()
});

/// Reports where an object of the profile's type does not conform to it.
pub(crate) fn check(
    profile: &'static Profile,
    members: &Map<String, Value>,
    at: &At<'_>,
    contained: &Contained<'_>,
    report: &mut Report,
) {
    if let Some(plan) = PLANS.get(profile.url.as_str()) {
        check_plan(plan, members, at, contained, report);
    }
}

fn check_plan(
    plan: &Plan,
    members: &Map<String, Value>,
    at: &At<'_>,
    contained: &Contained<'_>,
    report: &mut Report,
) {
    Conformance { plan, contained, report }.children(&plan.root.children, members, at);
}

/// The check of one object against one plan.
struct Conformance<'c, 'v> {
    plan: &'c Plan,
    contained: &'c Contained<'v>,
    report: &'c mut Report,
}

impl Conformance<'_, '_> {
    fn children(&mut self, nodes: &[Node], members: &Map<String, Value>, at: &At<'_>) {
        for node in nodes {
            self.element(node, members, at);
        }
    }

    /// One element in its parent: how often it is there, each of its values, and its slices.
    fn element(&mut self, node: &Node, members: &Map<String, Value>, at: &At<'_>) {
        let items = select::items(node, members);
        let is_missing = items.len() < node.rule.min as usize;
        self.cardinality(&node.rule, &items, &at.member(node.name));
        for item in &items {
            self.value(node, item, &at.item(node.name, item.index));
        }
        if node.slices.is_empty() {
            return;
        }
        let mut counts = vec![0; node.slices.len()];
        for item in &items {
            let at = at.item(node.name, item.index);
            match node.slices.iter().position(|slice| slice.has(item)) {
                Some(position) => {
                    counts[position] += 1;
                    self.value(&node.slices[position].node, item, &at);
                }
                None if node.is_closed => {
                    let text = format!(
                        "{at} fits none of the slices that {} allows{}.",
                        self.plan.name,
                        why(&node.rule)
                    );
                    self.report.unprocessable(at, IssueType::Structure, text);
                }
                None => {}
            }
        }
        for (slice, count) in node.slices.iter().zip(counts) {
            // An element that is missing altogether is one finding, not one for each slice too.
            if !(is_missing && items.is_empty()) {
                self.slice_cardinality(node, slice, count, &items, at);
            }
        }
    }

    fn cardinality(&mut self, rule: &Rule, items: &[Item<'_>], at: &At<'_>) {
        let count = items.len();
        if count < rule.min as usize {
            let text = if count == 0 {
                format!("{at} is missing; {} asks for it{}. Add it.", self.plan.name, why(rule))
            } else {
                format!(
                    "{at} occurs {count} times; {} asks for at least {}{}.",
                    self.plan.name,
                    times(rule.min),
                    why(rule)
                )
            };
            self.report.unprocessable(at, IssueType::Required, text);
        }
        if let Some(max) = rule.max.filter(|max| count > *max as usize) {
            let text = match max {
                0 => format!("{at} is not allowed by {}{}. Remove it.", self.plan.name, why(rule)),
                _ => format!(
                    "{at} occurs {count} times; {} allows at most {}{}.",
                    self.plan.name,
                    times(max),
                    why(rule)
                ),
            };
            self.report.unprocessable(at, IssueType::Structure, text);
        }
    }

    fn slice_cardinality(
        &mut self,
        node: &Node,
        slice: &Slice,
        count: usize,
        items: &[Item<'_>],
        at: &At<'_>,
    ) {
        let rule = &slice.node.rule;
        if !slice.is_decidable() {
            return;
        }
        let place = match slice.extension_url() {
            Some(url) => format!("{at}.{}('{url}')", node.name),
            None => at.member(node.name).to_string(),
        };
        if count < rule.min as usize {
            if self.near_miss(node, slice, items, at) {
                return;
            }
            let text = format!(
                "{place} must have at least {} {} by {}{}; {count} found.",
                rule.min,
                slice.description(),
                self.plan.name,
                why(rule)
            );
            self.report.unprocessable(&place, IssueType::Required, text);
        }
        if let Some(max) = rule.max.filter(|max| count > *max as usize) {
            let text = format!(
                "{place} may have at most {max} {} by {}{}; {count} found.",
                slice.description(),
                self.plan.name,
                why(rule)
            );
            self.report.unprocessable(&place, IssueType::Structure, text);
        }
    }

    /// Whether an item was meant for the slice, by its code system, but has a code that the slice's value set has not.
    fn near_miss(&mut self, node: &Node, slice: &Slice, items: &[Item<'_>], at: &At<'_>) -> bool {
        let Some((item, binding, type_name)) = slice.near_miss(items) else { return false };
        binding::check(item.value, type_name, binding, &at.item(node.name, item.index), self.report);
        true
    }

    /// One value against the rule of its element or slice.
    fn value(&mut self, node: &Node, item: &Item<'_>, at: &At<'_>) {
        let rule = &node.rule;
        if let Some(fixed) = rule.fixed.filter(|fixed| *fixed != item.value) {
            self.differs(rule, item.value, "exactly", fixed, at);
        }
        if let Some(pattern) = rule.pattern.filter(|pattern| !select::has_pattern(item.value, pattern)) {
            self.differs(rule, item.value, "what contains", pattern, at);
        }
        if let Some(types) = rule.types.as_ref().filter(|types| !types.contains(&item.type_name)) {
            let text = format!(
                "{at} is a {} and may only be {} by {}{}.",
                item.type_name,
                types.join(" or "),
                self.plan.name,
                why(rule)
            );
            self.report.unprocessable(at, IssueType::Structure, text);
        }
        if let Some(binding) = rule.binding {
            binding::check(item.value, item.type_name, binding, at, self.report);
        }
        let Some(members) = item.value.as_object() else { return };
        if let Some(targets) = &rule.targets {
            let by = format!(" by {}", self.plan.name);
            reference::check_target(members, targets, self.contained, at, self.report, &by);
        }
        self.children(&node.children, members, at);
    }

    fn differs(&mut self, rule: &Rule, received: &Value, how: &str, wanted: &Value, at: &At<'_>) {
        let text = format!(
            "{at} is {}; {} allows only {how} {}{}.",
            preview(received),
            self.plan.name,
            preview(wanted),
            why(rule)
        );
        self.report.unprocessable(at, IssueType::Value, text);
    }
}

/// The profile's own sentence about the element, in brackets.
fn why(rule: &Rule) -> String {
    rule.short.map(|short| format!(" ({})", short.trim_end_matches('.'))).unwrap_or_default()
}
