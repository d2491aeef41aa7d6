//! What the definitions say about the elements that an expression selects: their types, how many there are at most, and
//! the code system that a `code` has without saying so, <https://hl7.org/fhir/R4/search.html#token>.
//!
//! Only plain paths with `where`, `as` and `ofType` are understood; of anything else nothing is said.

use canonical::{Binding, Element, ScopeId, ValueSet, definitions};

/// What is known of the selected elements.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    types: Vec<&'static str>,
    /// Whether `types` are all the types there can be.
    complete: bool,
    single: bool,
    /// What its codes are bound to, as far as it is known.
    value_sets: Vec<&'static ValueSet>,
}

impl Selected {
    /// What the members of a union select.
    pub(crate) fn by(members: &[String]) -> Self {
        let places: Option<Vec<Vec<Place>>> = members.iter().map(|member| walk(member)).collect();
        let Some(places) = places else { return Self::default() };
        let single = places.len() == 1 && places.iter().flatten().all(|place| place.single);
        let places: Vec<Place> = places.into_iter().flatten().collect();
        let mut types: Vec<&'static str> = places.iter().map(|place| place.type_name).collect();
        types.sort_unstable();
        types.dedup();
        let complete = !types.is_empty();
        Self { complete, types, single: complete && single, value_sets: value_sets(&places) }
    }

    /// Whether there is one value at most, for certain.
    pub(crate) fn is_single(&self) -> bool {
        self.single
    }

    /// Whether every value is, for certain, of one of these types.
    pub(crate) fn is_only(&self, types: &[&str]) -> bool {
        self.complete && self.types.iter().all(|selected| types.contains(selected))
    }

    /// Whether a value can be of one of these types, for all we know.
    pub(crate) fn may_be(&self, types: &[&str]) -> bool {
        !self.complete || self.types.iter().any(|selected| types.contains(selected))
    }

    /// Whether a value can be of another type than these, for all we know.
    pub(crate) fn may_be_other_than(&self, types: &[&str]) -> bool {
        !self.is_only(types)
    }

    /// The code system that this `code` has by its binding, when there is one and only one.
    pub(crate) fn system_of(&self, code: &str) -> Option<&'static str> {
        let tables = self.value_sets.iter().flat_map(|value_set| &value_set.codes);
        let mut systems = tables.filter(|(_, codes)| codes.contains(code)).map(|(system, _)| system.as_str());
        let system = systems.next()?;
        systems.all(|other| other == system).then_some(system)
    }

    /// Whether every `code` has this system by its binding.
    pub(crate) fn is_of_system(&self, system: &str) -> bool {
        let mut systems = self.value_sets.iter().flat_map(|value_set| value_set.codes.keys()).peekable();
        systems.peek().is_some() && systems.all(|other| other == system)
    }
}

/// Where a path has come to.
#[derive(Clone)]
struct Place {
    type_name: &'static str,
    scope: Option<ScopeId>,
    binding: Option<&'static Binding>,
    single: bool,
}

impl Place {
    fn of(element: &'static Element, type_name: &'static str, scope: Option<ScopeId>, parent: &Self) -> Self {
        let single = parent.single && element.max == Some(1);
        Self { type_name, scope, binding: element.binding.as_ref(), single }
    }

    fn step(&self, name: &str) -> Vec<Self> {
        let Some(scope) = self.scope else { return Vec::new() };
        if let Some(child) = definitions().child(scope, name) {
            return vec![Self::of(child.element, child.type_name, child.scope, self)];
        }
        let choice = definitions()
            .children(scope)
            .iter()
            .find(|element| element.name.strip_suffix("[x]").is_some_and(|stem| stem == name));
        let Some(choice) = choice else { return Vec::new() };
        choice
            .types
            .iter()
            .map(|element_type| {
                Self::of(choice, &element_type.code, definitions().scope_of_type(&element_type.code), self)
            })
            .collect()
    }
}

/// The places that a path comes to; `None` when the path is not a plain one.
fn walk(text: &str) -> Option<Vec<Place>> {
    let text = text.trim();
    if let Some((path, type_name)) = split_outside(text, " as ") {
        return is_name(type_name).then(|| walk(path).map(|places| narrowed(places, type_name)))?;
    }
    let (path, step) = match last_dot(text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => return walk(inner),
            None => return root(text),
        },
    };
    let places = walk(path)?;
    if is_name(step) {
        return Some(places.iter().flat_map(|place| place.step(step)).collect());
    }
    let (function, argument) = step.strip_suffix(')')?.split_once('(')?;
    match function {
        "where" => Some(places),
        "as" | "ofType" => Some(narrowed(places, argument)),
        _ => None,
    }
}

fn root(name: &str) -> Option<Vec<Place>> {
    let structure = definitions().structure(name)?;
    Some(vec![Place { type_name: &structure.name, scope: structure.scope, binding: None, single: true }])
}

fn narrowed(mut places: Vec<Place>, type_name: &str) -> Vec<Place> {
    places.retain(|place| place.type_name == type_name);
    places
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The last dot outside of parentheses.
fn last_dot(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    text.char_indices().rev().find_map(|(at, c)| {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        (c == '.' && depth == 0).then_some(at)
    })
}

fn split_outside<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let (left, right) = text.rsplit_once(separator)?;
    (!right.contains(')')).then_some((left, right))
}

fn value_sets(places: &[Place]) -> Vec<&'static ValueSet> {
    let codes = places.iter().filter(|place| place.type_name == "code");
    codes.filter_map(|place| definitions().value_set(&place.binding?.value_set)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_expression_selects() {
        let check = |expression: &str, types: &[&str], single: bool| {
            let selected = Selected::by(&[expression.to_owned()]);
            assert_eq!((selected.types.as_slice(), selected.single), (types, single), "{expression}");
        };
        check("Task.status", &["code"], true);
        check("Task.for.where(resolve() is Patient)", &["Reference"], true);
        check("Task.identifier", &["Identifier"], false);
        check("Account.subject.where(resolve() is Patient)", &["Reference"], false);
        check("(Group.characteristic.value as boolean)", &["boolean"], false);
        check("(Observation.value as CodeableConcept).text", &["string"], true);
        check("Condition.onset.as(dateTime)", &["dateTime"], true);
        check("Observation.effective", &["Period", "Timing", "dateTime", "instant"], true);
        check("Patient.telecom.where(system='phone')", &["ContactPoint"], false);
        check("Patient.deceased.exists() and Patient.deceased != false", &[], false);
        check("Device.extension('http://example.org/x')", &[], false);
        check("Task.nothing", &[], false);
    }

    #[test]
    fn a_code_has_the_system_it_is_bound_to() {
        let check = |expression: &str, code: &str, system: Option<&str>| {
            let selected = Selected::by(&[expression.to_owned()]);
            assert_eq!(selected.system_of(code), system, "{expression} {code}");
        };
        check("Task.status", "draft", Some("http://hl7.org/fhir/task-status"));
        check("Task.status", "nonsense", None);
        check("Patient.gender", "female", Some("http://hl7.org/fhir/administrative-gender"));
        // One value set of two code systems.
        check("Task.intent", "order", Some("http://hl7.org/fhir/request-intent"));
        check("Task.intent", "unknown", Some("http://hl7.org/fhir/task-intent"));
        check("Task.code", "approve", None);
        let status = Selected::by(&["Task.status".to_owned()]);
        assert!(status.is_of_system("http://hl7.org/fhir/task-status"));
        assert!(
            !Selected::by(&["Task.intent".to_owned()]).is_of_system("http://hl7.org/fhir/request-intent")
        );
    }
}
