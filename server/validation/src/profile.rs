//! A resource (or an extension) against one profile, <https://hl7.org/fhir/R4/profiling.html>: cardinality, fixed
//! and pattern values, bindings, target types, narrower choices, invariants, and slices with rules of their own.
//!
//! Only what the profile adds to the base definition is looked at: the base is checked before.

mod plan;
mod select;
mod slice;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

use canonical::{Profile, definitions};
use fhir::{IssueType, Map, Value};
use fhirpath::Context;

use crate::{
    binding,
    claim::CORE,
    contained::Contained,
    expression::At,
    reference,
    report::{Report, preview, short, times},
};
use plan::{Node, Openness, Plan, Rule, Slice};
use select::{Item, RESOURCE};

/// Every profile by its url, each compiled when it is first needed.
static PLANS: LazyLock<HashMap<&'static str, OnceLock<Plan>>> =
    LazyLock::new(|| definitions().profile_urls().map(|url| (url, OnceLock::new())).collect());

/// Compiles every profile of ours, unless that was done. Of HL7's few are ever asked for.
pub(crate) fn compile_all() {
    for profile in definitions().profiles() {
        let _ = plan(profile);
    }
}

fn plan(profile: &'static Profile) -> Option<&'static Plan> {
    let plan = PLANS.get(profile.url.as_str())?;
    Some(plan.get_or_init(|| Plan::compile(definitions(), profile)))
}

/// Whether an element conforms to the profile with this url, for `conformsTo()`; `None` when it is not known. Invariants
/// that ask for profiles in their turn are left out, so that it comes to an end.
pub(crate) fn conforms(node: fhirpath::Node<'_>, url: &str) -> Option<bool> {
    let Some(profile) = definitions().profile(url) else {
        // Held to its base definition it is anyway.
        let base = url.strip_prefix(CORE).filter(|name| definitions().structure(name).is_some())?;
        return Some(node.type_name() == base);
    };
    let plan = plan(profile)?;
    if node.type_name() != profile.type_name {
        return Some(false);
    }
    let members = node.value()?.as_object()?;
    let mut report = Report::default();
    let at = At::root(node.type_name());
    check_plan(plan, node, Context::of_node(node), &at, &Contained::of(members), &mut report);
    Some(!report.has_errors())
}

/// Reports where an element of the profile's type does not conform to it. The context is of its resource.
pub(crate) fn check<'v>(
    profile: &'static Profile,
    element: fhirpath::Node<'v>,
    context: Context<'v>,
    at: &At<'_>,
    contained: &Contained<'_>,
    report: &mut Report,
) {
    if let Some(plan) = plan(profile) {
        check_plan(plan, element, context, at, contained, report);
    }
}

fn check_plan<'v>(
    plan: &'static Plan,
    element: fhirpath::Node<'v>,
    context: Context<'v>,
    at: &At<'_>,
    contained: &Contained<'_>,
    report: &mut Report,
) {
    let Some(Value::Object(members)) = element.value() else { return };
    let mut conformance = Conformance { plan, contained, context, report };
    conformance.invariants(&plan.root.rule, element, at);
    conformance.children(&plan.root.children, members, at);
}

/// The check of one object against one plan.
struct Conformance<'c, 'v> {
    plan: &'static Plan,
    contained: &'c Contained<'c>,
    context: Context<'v>,
    report: &'c mut Report,
}

impl<'v> Conformance<'_, 'v> {
    fn children(&mut self, nodes: &'static [Node], members: &'v Map<String, Value>, at: &At<'_>) {
        for node in nodes {
            self.element(node, members, at);
        }
    }

    /// One element in its parent: how often it is there, each of its values, and its slices.
    fn element(&mut self, node: &'static Node, members: &'v Map<String, Value>, at: &At<'_>) {
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
        let (mut last, mut has_rest) = (0, false);
        for item in &items {
            let at = at.item(node.name, item.index);
            let Some(position) = node.slices.iter().position(|slice| slice.has(node, item, self.contained))
            else {
                has_rest = true;
                if node.openness == Openness::Closed {
                    if !node.slices.iter().all(Slice::is_decidable) {
                        continue;
                    }
                    let text = format!(
                        "{at} fits none of the slices that {} allows{}.",
                        self.plan.name,
                        why(&node.rule)
                    );
                    self.report.unprocessable(at, IssueType::Structure, text);
                } else {
                    self.unknown_part(node, item, &at);
                }
                continue;
            };
            if node.is_ordered && position < last {
                let text = format!(
                    "{at} is in the slice '{}', which {} puts before '{}'. Change their order.",
                    node.slices[position].name, self.plan.name, node.slices[last].name
                );
                self.report.unprocessable(at, IssueType::Structure, text);
            } else if node.openness == Openness::AtEnd && has_rest {
                let text = format!(
                    "{at} is in the slice '{}', and {} wants the values that are in none behind those. Change their order.",
                    node.slices[position].name, self.plan.name
                );
                self.report.unprocessable(at, IssueType::Structure, text);
            }
            last = last.max(position);
            counts[position] += 1;
            self.value(&node.slices[position].node, item, &at);
        }
        for (slice, count) in node.slices.iter().zip(counts) {
            // An element that is missing altogether is one finding, not one for each slice too.
            if !(is_missing && items.is_empty()) {
                self.slice_cardinality(node, slice, count, &items, at);
            }
        }
    }

    /// A relative url means a part that the extension's own definition has, <https://hl7.org/fhir/R4/extensibility.html>: a misspelt one
    /// would be kept and never acted on. HL7's own examples have parts that its definitions have not, so those are left alone.
    fn unknown_part(&mut self, node: &Node, item: &Item<'_>, at: &At<'_>) {
        let Some(url) = item.value.get("url").and_then(Value::as_str).filter(|url| !url.contains(':')) else {
            return;
        };
        let Some(parts) = node.slices.iter().map(Slice::extension_url).collect::<Option<Vec<_>>>() else {
            return;
        };
        let is_ours =
            || definitions().profiles().iter().any(|own| std::ptr::eq(own.name.as_str(), self.plan.name));
        if parts.iter().any(|part| !part.contains(':')) && is_ours() {
            let text = format!(
                "'{}' is no part of {}. The parts here are: {}. Correct the url.",
                short(url),
                self.plan.name,
                parts.join(", ")
            );
            self.report.unprocessable(at.member("url"), IssueType::Extension, text);
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
            let text = match slice.extension_url() {
                Some(url) if count == 0 => format!(
                    "{at} has no extension '{url}'; {} asks for it{}. Add it.",
                    self.plan.name,
                    why(rule)
                ),
                _ => format!(
                    "{place} must have at least {} {} by {}{}; {count} found. Add what is missing.",
                    rule.min,
                    slice.description(),
                    self.plan.name,
                    why(rule)
                ),
            };
            self.report.unprocessable(&place, IssueType::Required, text);
        }
        if let Some(max) = rule.max.filter(|max| count > *max as usize) {
            let text = format!(
                "{place} may have at most {max} {} by {}{}; {count} found. Remove what is too much.",
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
    fn value(&mut self, node: &'static Node, item: &Item<'v>, at: &At<'_>) {
        let rule = &node.rule;
        if let Some(fixed) = rule.fixed.filter(|fixed| *fixed != item.value) {
            self.differs(rule, item.value, "exactly", fixed, at);
        }
        if let Some(pattern) = rule.pattern.filter(|pattern| !select::has_pattern(item.value, pattern)) {
            self.differs(rule, item.value, "what contains", pattern, at);
        }
        if let Some(types) = rule.types.as_ref().filter(|types| !types.contains(&item.type_name)) {
            let text = format!(
                "{at} is {}, of the type {}; {} allows only {}{}. {}",
                received(item.value),
                item.type_name,
                self.plan.name,
                types.join(" or "),
                why(rule),
                instead(node, types)
            );
            self.report.unprocessable(at, IssueType::Structure, text);
        }
        if let Some(binding) = rule.binding {
            binding::check(item.value, item.type_name, binding, at, self.report);
        }
        if !rule.invariants.is_empty() && !item.value.is_null() {
            self.invariants(rule, item.element(node), at);
        }
        if !rule.profiles.is_empty() && !item.value.is_null() {
            self.profile_of_type(rule, item.element(node), at);
        }
        let Some(members) = item.value.as_object() else { return };
        if let Some(targets) = &rule.targets {
            let by = format!(" by {}", self.plan.name);
            reference::check_target(members, targets, self.contained, at, self.report, &by);
        }
        if !rule.target_profiles.is_empty() {
            self.target_profile(rule, members, at);
        }
        if node.type_name == RESOURCE && !node.children.is_empty() {
            return self.resource(node, item, members, at);
        }
        self.children(&node.children, members, at);
    }

    /// The elements of a resource within this one, which are its own and not those of what is around it.
    fn resource(
        &mut self,
        node: &'static Node,
        item: &Item<'v>,
        members: &'v Map<String, Value>,
        at: &At<'_>,
    ) {
        let mut context = Context::of_node(item.element(node)).with_profiles(conforms);
        let own = Contained::of(members);
        let is_contained = node.name == "contained";
        if let Some(container) = self.context.root_resource().filter(|_| is_contained) {
            context = context.within(container);
        }
        let contained = if is_contained { self.contained } else { &own };
        Conformance { plan: self.plan, contained, context, report: self.report }.children(
            &node.children,
            members,
            at,
        );
    }

    /// Whether a value conforms to one of the profiles that the element's type names. What is wrong is told where there is one only.
    fn profile_of_type(&mut self, rule: &Rule, element: fhirpath::Node<'v>, at: &At<'_>) {
        let mut fitting = rule.profiles.iter().filter(|profile| profile.type_name == element.type_name());
        match (fitting.next(), fitting.next()) {
            // That it is of another type is said of its type.
            (None, _) => {}
            (Some(only), None) => {
                let Some(plan) = plan(only) else { return };
                let within =
                    element.value().and_then(Value::as_object).filter(|m| m.contains_key("resourceType"));
                let (contained, context) = match within {
                    Some(members) => {
                        (Contained::of(members), Context::of_node(element).with_profiles(conforms))
                    }
                    None => (Contained::default(), self.context.clone()),
                };
                let contained = if within.is_some() { &contained } else { self.contained };
                check_plan(plan, element, context, at, contained, self.report);
            }
            (Some(_), Some(_)) => {
                if !rule.profiles.iter().any(|profile| conforms(element, &profile.url) == Some(true)) {
                    let names: Vec<_> = rule.profiles.iter().map(|profile| profile.name.as_str()).collect();
                    let text = format!(
                        "{at} conforms to none of the profiles that {} asks for: {}.",
                        self.plan.name,
                        names.join(", ")
                    );
                    self.report.unprocessable(at, IssueType::Structure, text);
                }
            }
        }
    }

    /// Whether a contained target conforms to one of the profiles that the element asks for. Targets elsewhere have been held
    /// against their own profiles when they were stored.
    fn target_profile(&mut self, rule: &Rule, members: &Map<String, Value>, at: &At<'_>) {
        let reference = members.get("reference").and_then(Value::as_str);
        let contained =
            reference.and_then(|text| text.strip_prefix('#')).and_then(|id| self.contained.node(id));
        let Some(target) = contained else { return };
        if !rule.target_profiles.iter().any(|profile| conforms(target, &profile.url) == Some(true)) {
            let names: Vec<_> = rule.target_profiles.iter().map(|profile| profile.name.as_str()).collect();
            let text = format!(
                "The contained resource that {at} refers to conforms to none of the profiles that {} asks for: {}.",
                self.plan.name,
                names.join(", ")
            );
            self.report.unprocessable(at, IssueType::Structure, text);
        }
    }

    fn invariants(&mut self, rule: &'static Rule, element: fhirpath::Node<'v>, at: &At<'_>) {
        self.context.focus_on(element);
        for invariant in &rule.invariants {
            invariant.check(&self.context, at, self.report);
        }
    }

    fn differs(&mut self, rule: &Rule, received: &Value, how: &str, wanted: &Value, at: &At<'_>) {
        let text = format!(
            "{at} is {}; {} allows only {how} {}{}.",
            self::received(received),
            self.plan.name,
            self::received(wanted),
            why(rule)
        );
        self.report.unprocessable(at, IssueType::Value, text);
    }
}

/// A value as it may be repeated in a message; a concept by its codes, because they are what is compared.
fn received(value: &Value) -> String {
    let codings: Vec<String> =
        value.as_object().into_iter().flat_map(binding::codings).map(binding::name_of).collect();
    if codings.is_empty() { preview(value) } else { short(&codings.join(", ")) }
}

/// Under which name a value of one of these types is sent.
fn instead(node: &Node, types: &[&str]) -> String {
    let Some(stem) = node.name.strip_suffix("[x]") else { return "Send one of that type.".to_owned() };
    let fitting = node.choices.iter().filter(|(_, type_name)| types.contains(type_name));
    let names: Vec<&str> = fitting.map(|(name, _)| name.as_str()).collect();
    match names.as_slice() {
        [] => format!("Send {stem} with one of that type."),
        names => format!("Send it as {}.", names.join(" or ")),
    }
}

/// The profile's own sentence about the element, in brackets.
fn why(rule: &Rule) -> String {
    rule.short.map(|short| format!(" ({})", short.trim_end_matches('.'))).unwrap_or_default()
}
