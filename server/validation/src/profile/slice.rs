//! Which of an element's values belong to a slice, <https://hl7.org/fhir/R4/profiling.html#discriminator>.
//!
//! Discriminators by value, pattern, existence, type and profile are understood, along plain paths and `extension('url')`. A slice
//! with a profile at the end of a path through `resolve()` is not told from the rest, and its cardinality is not enforced.

use canonical::{Binding, definitions, structure::Slicing};
use fhir::{ResourceType, Value};

use super::{
    conforms,
    plan::{Node, Raw, Slice, type_of},
    select::{Item, RESOURCE, has_pattern, resource_type},
};
use crate::{binding, contained::Contained, reference, structure::unknown::property_of};

/// The tests that a value must pass to be in the slice; `None` when they are not all understood.
pub(super) struct Matcher {
    tests: Option<Vec<Test>>,
}

/// What must hold somewhere below the value.
struct Test {
    path: Vec<Step>,
    wanted: Wanted,
}

enum Step {
    /// A JSON property, or the stem of a choice.
    Member(&'static str),
    Extension(String),
}

enum Wanted {
    Fixed(&'static Value),
    Pattern(&'static Value),
    /// The url of an extension, from the profile of its type.
    Url(&'static str),
    In(&'static Binding, &'static str),
    Exists(bool),
    Type(Vec<&'static str>),
    /// The types of the resource that a reference points to.
    Target(Vec<&'static str>),
    /// The profiles of which the value itself conforms to one.
    Profile(Vec<&'static str>),
}

impl Matcher {
    /// The matcher of a slice of an element that is sliced this way.
    pub(super) fn of(slice: &Raw, slicing: Option<&'static Slicing>) -> Self {
        let declared = slicing.map_or(&[][..], |slicing| &slicing.discriminators);
        let tests = if matches!(slice.name, "extension" | "modifierExtension") {
            url_test(slice)
        } else if declared.is_empty() && slice.name.ends_with("[x]") {
            tests(slice, "type", "$this")
        } else if declared.is_empty() {
            None
        } else {
            let each = declared.iter().map(|d| tests(slice, &d.kind, &d.path));
            each.collect::<Option<Vec<_>>>().map(|tests| tests.into_iter().flatten().collect())
        };
        Self { tests }
    }
}

/// Extensions are told by their url, whatever is declared.
fn url_test(slice: &Raw) -> Option<Vec<Test>> {
    let url = slice.children.iter().find(|child| child.name == "url").and_then(|child| child.element);
    let wanted = match url.and_then(|url| url.fixed.as_ref()?.as_str()) {
        Some(url) => Wanted::Url(url),
        None => Wanted::Url(slice.element?.types.first()?.profiles.first()?),
    };
    Some(vec![Test { path: vec![Step::Member("url")], wanted }])
}

/// The tests of one discriminator, from what the slice says at its path.
fn tests(slice: &Raw, kind: &str, path: &'static str) -> Option<Vec<Test>> {
    if let ("type", Some(path)) = (kind, path.strip_suffix("resolve()")) {
        return target_tests(slice, steps(path.trim_end_matches('.'))?);
    }
    let steps = steps(path)?;
    let found = find(slice, &steps);
    let element = found.and_then(|raw| raw.element);
    match kind {
        "value" | "pattern" => value_tests(slice, steps, found),
        "exists" => {
            let wanted = Wanted::Exists(element?.max != Some(0));
            Some(vec![Test { path: steps, wanted }])
        }
        "type" => {
            let types: Vec<_> = element?.types.iter().map(|t| t.code.as_str()).collect();
            (!types.is_empty()).then(|| vec![Test { path: steps, wanted: Wanted::Type(types) }])
        }
        "profile" => {
            let element = element?;
            let profiles: Vec<_> =
                element.types.iter().flat_map(|t| &t.profiles).map(String::as_str).collect();
            // Further down, only resources say of themselves what they are.
            let is_told = steps.is_empty()
                || element.types.iter().all(|t| t.code == RESOURCE || ResourceType::find(&t.code).is_some());
            (is_told && !profiles.is_empty())
                .then(|| vec![Test { path: steps, wanted: Wanted::Profile(profiles) }])
        }
        _ => None,
    }
}

/// The types that the slice lets a reference point to.
fn target_tests(slice: &Raw, steps: Vec<Step>) -> Option<Vec<Test>> {
    let element = find(slice, &steps)?.element?;
    let profiles = element.types.iter().filter(|t| t.code == "Reference").flat_map(|t| &t.target_profiles);
    let types = profiles.map(|url| type_of(url)).collect::<Option<Vec<_>>>()?;
    (!types.is_empty()).then(|| vec![Test { path: steps, wanted: Wanted::Target(types) }])
}

/// What the slice asks of the value at the path: there, below it, or by a pattern above it.
fn value_tests(slice: &Raw, steps: Vec<Step>, found: Option<&Raw>) -> Option<Vec<Test>> {
    let mut tests = Vec::new();
    if let Some(raw) = found {
        collect(raw, &mut copy(&steps), &mut tests);
    }
    if tests.is_empty() {
        for length in (0..steps.len()).rev() {
            let above = find(slice, &steps[..length]).and_then(|raw| raw.element);
            if let Some(wanted) = above.and_then(|above| above.pattern.as_ref().or(above.fixed.as_ref())) {
                tests.push(Test { path: copy(&steps[..length]), wanted: Wanted::Pattern(wanted) });
                break;
            }
        }
    }
    if tests.is_empty() && found.and_then(|raw| raw.element).is_some_and(|element| element.max == Some(0)) {
        return Some(vec![Test { path: steps, wanted: Wanted::Exists(false) }]);
    }
    if tests.is_empty() {
        let (element, raw) = found.and_then(|raw| Some((raw.element?, raw)))?;
        let type_name = element.types.first().map_or("code", |t| t.code.as_str());
        match &element.binding {
            Some(binding) if binding::is_held(binding) => {
                tests.push(Test { path: steps, wanted: Wanted::In(binding, type_name) });
            }
            _ => {
                // A concept that is bound at its coding.
                let coding = raw.children.iter().find(|child| child.name == "coding")?.element?;
                let binding = coding.binding.as_ref().filter(|binding| binding::is_held(binding))?;
                let mut path = steps;
                path.push(Step::Member("coding"));
                tests.push(Test { path, wanted: Wanted::In(binding, "Coding") });
            }
        }
    }
    Some(tests)
}

/// The fixed and pattern values at an element and below it.
fn collect(raw: &Raw, path: &mut Vec<Step>, tests: &mut Vec<Test>) {
    if let Some(element) = raw.element {
        let fixed = element.fixed.as_ref().map(Wanted::Fixed);
        tests.extend(
            fixed
                .or(element.pattern.as_ref().map(Wanted::Pattern))
                .map(|wanted| Test { path: copy(path), wanted }),
        );
    }
    for child in &raw.children {
        path.push(Step::Member(child.name.trim_end_matches("[x]")));
        collect(child, path, tests);
        path.pop();
    }
}

fn copy(path: &[Step]) -> Vec<Step> {
    let step = |step: &Step| match step {
        Step::Member(name) => Step::Member(name),
        Step::Extension(url) => Step::Extension(url.clone()),
    };
    path.iter().map(step).collect()
}

/// The steps of a discriminator's path; `None` when one is not understood.
fn steps(path: &'static str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("extension(") {
            let (url, after) = after.split_once(')')?;
            steps.push(Step::Extension(url.trim_matches(['\'', '"']).to_owned()));
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let (name, after) = rest.split_once('.').unwrap_or((rest, ""));
        match name {
            "$this" => {}
            _ if name.contains('(') => return None,
            _ => steps.push(Step::Member(name)),
        }
        rest = after;
    }
    Some(steps)
}

/// The element of the slice at the end of the path.
fn find<'r>(slice: &'r Raw, steps: &[Step]) -> Option<&'r Raw> {
    steps.iter().try_fold(slice, |raw, step| match step {
        Step::Member(name) => raw.children.iter().find(|child| child.name.trim_end_matches("[x]") == *name),
        Step::Extension(url) => {
            let extensions = raw.children.iter().find(|child| child.name == "extension")?;
            extensions.slices.iter().find(|slice| {
                slice
                    .element
                    .and_then(|e| e.types.first())
                    .is_some_and(|t| t.profiles.iter().any(|p| p == url))
            })
        }
    })
}

impl Slice {
    pub(super) fn is_decidable(&self) -> bool {
        self.matcher.tests.is_some()
    }

    /// Whether this value belongs to the slice.
    pub(super) fn has(&self, node: &Node, item: &Item<'_>, contained: &Contained<'_>) -> bool {
        let tests = self.matcher.tests.as_ref();
        tests.is_some_and(|tests| tests.iter().all(|test| test.holds(node, item, contained)))
    }

    /// The url, when it is a slice of extensions.
    pub(super) fn extension_url(&self) -> Option<&'static str> {
        match self.matcher.tests.as_deref()? {
            [Test { wanted: Wanted::Url(url), .. }] => Some(url),
            _ => None,
        }
    }

    /// An item with a code of the system, but not of the value set, by which the slice is told.
    pub(super) fn near_miss<'i, 'v>(
        &self,
        items: &'i [Item<'v>],
    ) -> Option<(&'i Item<'v>, &'static Binding, &'static str)> {
        let [Test { path, wanted: Wanted::In(binding, type_name) }] = self.matcher.tests.as_deref()? else {
            return None;
        };
        let set = definitions().value_set(&binding.value_set)?;
        let is_near = |coding: &Value| {
            coding.get("system").and_then(Value::as_str).is_some_and(|system| set.codes.contains_key(system))
        };
        let type_name = if path.is_empty() { type_name } else { "CodeableConcept" };
        let item = items.iter().find(|item| match item.value.get("coding") {
            Some(Value::Array(codings)) => codings.iter().any(is_near),
            _ => is_near(item.value),
        })?;
        Some((item, binding, type_name))
    }

    /// What is in the slice, in words.
    pub(super) fn description(&self) -> String {
        let tests = self.matcher.tests.as_deref().unwrap_or_default();
        let each: Vec<_> = tests.iter().map(Test::description).collect();
        each.join(" and ")
    }
}

impl Test {
    fn holds(&self, node: &Node, item: &Item<'_>, contained: &Contained<'_>) -> bool {
        match &self.wanted {
            Wanted::Type(types) => return self.has_type(types, item),
            Wanted::Profile(profiles) if self.path.is_empty() => {
                let element = item.element(node);
                return profiles.iter().any(|url| conforms(element, url) == Some(true));
            }
            _ => {}
        }
        let mut values = Vec::new();
        follow(item.value, &self.path, &mut values);
        values.retain(|value| !value.is_null());
        match &self.wanted {
            Wanted::Fixed(fixed) => values.iter().any(|value| value == fixed),
            Wanted::Pattern(pattern) => values.iter().any(|value| has_pattern(value, pattern)),
            Wanted::Url(url) => values.iter().any(|value| value.as_str() == Some(url)),
            Wanted::In(binding, type_name) => definitions()
                .value_set(&binding.value_set)
                .is_some_and(|set| values.iter().any(|v| binding::contains(set, v, type_name) == Some(true))),
            Wanted::Exists(exists) => values.is_empty() != *exists,
            Wanted::Target(types) => values.iter().any(|value| {
                let text = |name| value.get(name).and_then(Value::as_str);
                let target = text("reference").and_then(|text| reference::target_type(text, contained));
                let target = target.or(text("type"));
                target.is_some_and(|target| types.contains(&target))
            }),
            Wanted::Profile(profiles) => values.iter().any(|value| {
                let element = fhirpath::Node::typed(value, RESOURCE, None);
                resource_type(value).is_some()
                    && profiles.iter().any(|url| conforms(element, url) == Some(true))
            }),
            Wanted::Type(_) => false,
        }
    }

    /// Whether the value, or what is at the end of the path, is of one of these types. There, a resource says it itself, and of a
    /// choice the property does.
    fn has_type(&self, types: &[&str], item: &Item<'_>) -> bool {
        let Some((last, path)) = self.path.split_last() else { return types.contains(&item.type_name) };
        let Step::Member(name) = last else { return types.contains(&"Extension") };
        let mut holders = Vec::new();
        follow(item.value, path, &mut holders);
        let members = holders.iter().filter_map(|holder| holder.as_object()).flatten();
        let mut found = members.filter(|(property, _)| property.starts_with(name));
        found.any(|(property, value)| match (resource_type(value), property.strip_prefix(name)) {
            (Some(own), Some("")) => types.contains(&own) || types.contains(&RESOURCE),
            // An element of one type has that one.
            (None, Some("")) => true,
            (_, Some(suffix)) => types.iter().any(|name| property_of("", name) == suffix),
            _ => false,
        })
    }

    fn description(&self) -> String {
        let mut place = String::new();
        for step in &self.path {
            let dot = if place.is_empty() { "" } else { "." };
            match step {
                Step::Member(name) => place.push_str(&format!("{dot}{name}")),
                Step::Extension(url) => place.push_str(&format!("{dot}extension('{url}')")),
            }
        }
        let place = if place.is_empty() { "a value".to_owned() } else { place };
        match &self.wanted {
            Wanted::Fixed(value) => format!("with {place} = {value}"),
            Wanted::Pattern(value) => format!("with {value} in {place}"),
            Wanted::Url(url) => format!("with url = '{url}'"),
            Wanted::In(binding, _) => {
                let codes = binding::allowed(binding).unwrap_or_default();
                format!("with {place} from the value set {} ({codes})", binding.value_set)
            }
            Wanted::Exists(true) => format!("with {place}"),
            Wanted::Exists(false) => format!("without {place}"),
            Wanted::Type(types) => format!("of type {}", types.join(" or ")),
            Wanted::Target(types) => format!("with {place} to {}", types.join(" or ")),
            Wanted::Profile(profiles) => format!("that conforms to {}", profiles.join(" or ")),
        }
    }
}

/// The values at the end of a path, through arrays.
fn follow<'v>(value: &'v Value, path: &[Step], found: &mut Vec<&'v Value>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| follow(item, path, found));
        return;
    }
    let Some((step, rest)) = path.split_first() else {
        found.push(value);
        return;
    };
    let Some(members) = value.as_object() else { return };
    match step {
        Step::Member(name) => {
            let of_choice = || {
                let is_type = |rest: &str| rest.starts_with(|c: char| c.is_ascii_uppercase());
                members
                    .iter()
                    .find(|(key, _)| key.strip_prefix(*name).is_some_and(is_type))
                    .map(|(_, value)| value)
            };
            if let Some(member) = members.get(*name).or_else(of_choice) {
                follow(member, rest, found);
            }
        }
        Step::Extension(url) => {
            let extensions = members.get("extension").and_then(Value::as_array).into_iter().flatten();
            for extension in extensions.filter(|e| e.get("url").and_then(Value::as_str) == Some(url)) {
                follow(extension, rest, found);
            }
        }
    }
}
