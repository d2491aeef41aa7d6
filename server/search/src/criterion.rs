//! One parameter of a query as a criterion: names with modifiers, chains and `_has`,
//! <https://hl7.org/fhir/R4/search.html#chaining>, <https://hl7.org/fhir/R4/search.html#has>.
//!
//! What a value means is decided in [`crate::value`], by the kind of the parameter.

use fhir::{Key, ResourceType};

use crate::{
    derived::Derived,
    filter,
    parameter::{Kind, Parameter, registry},
    parse::Options,
    query::Criterion,
    refusal::{Refusal, shown},
    value::{date, near, number, quantity, reference, split, string, token, unescape, uri},
};

/// The parameter whose value is an expression of its own.
pub(crate) const FILTER: &str = "_filter";

/// How many values may be joined by commas.
pub const MAX_VALUES: usize = 50;
/// How many links a chain may have.
pub const MAX_DEPTH: usize = 3;
/// How many types a link of a chain may go to without naming one.
const MAX_LINKS: usize = 10;

/// A parameter of a query as it was written: what, how, and the values.
pub(crate) struct Condition<'a> {
    pub(crate) parameter: &'static Parameter,
    pub(crate) modifier: Option<&'a str>,
    pub(crate) value: &'a str,
}

impl<'a> Condition<'a> {
    /// The values between commas that are not empty, with their escapes.
    pub(crate) fn raw_values(&self) -> Result<Vec<&'a str>, Refusal> {
        let values: Vec<_> =
            split(self.value, ',').into_iter().filter(|value| !value.trim().is_empty()).collect();
        if values.len() > MAX_VALUES {
            return Err(Refusal::too_costly(format!(
                "The parameter '{}' has {} values; {MAX_VALUES} are allowed.",
                self.parameter.code,
                values.len()
            )));
        }
        Ok(values)
    }

    /// The values between commas that are not empty.
    pub(crate) fn values(&self) -> Result<Vec<String>, Refusal> {
        self.raw_values()?.into_iter().map(unescape).collect()
    }

    pub(crate) fn no_modifier(&self, modifier: &str, known: &[&str]) -> Refusal {
        Refusal::not_supported(format!(
            "The modifier ':{}' is not supported for the parameter '{}' of type {}. Supported: {}.",
            shown(modifier),
            self.parameter.code,
            self.parameter.kind.code(),
            known.join(", ")
        ))
    }
}

/// The criterion of a parameter; `None` when the value is empty or the criterion always holds.
pub(crate) fn parse(
    resource_type: ResourceType,
    name: &str,
    value: &str,
    options: &Options,
) -> Result<Option<Criterion>, Refusal> {
    if split(value, ',').iter().all(|value| value.trim().is_empty()) {
        return Ok(None);
    }
    match name.strip_prefix(FILTER) {
        Some("") => return filter::criterion(resource_type, value, options).map(Some),
        Some(rest) if rest.starts_with(':') => {
            return Err(Refusal::not_supported(format!("'{FILTER}' has no modifiers.")));
        }
        _ => {}
    }
    let chained = name.starts_with("_has:") || name.contains('.');
    // Without its end a chain selects more than was asked for.
    at(resource_type, name, value, options, 0)
        .map_err(|refusal| if chained { refusal.always() } else { refusal })
}

fn at(
    resource_type: ResourceType,
    name: &str,
    value: &str,
    options: &Options,
    depth: usize,
) -> Result<Option<Criterion>, Refusal> {
    if depth > MAX_DEPTH {
        return Err(Refusal::too_costly(format!("A chain has at most {MAX_DEPTH} links.")));
    }
    if let Some(rest) = name.strip_prefix("_has:") {
        let (parameter, name) = has(resource_type, rest)?;
        let criterion = at(parameter.resource_type, name, value, options, depth + 1)?;
        return Ok(criterion.map(|criterion| Criterion::Has { parameter, criterion: Box::new(criterion) }));
    }
    if let Some((link, rest)) = name.split_once('.') {
        let next = rest.split('.').next().unwrap_or_default();
        let (parameter, targets) = candidates(resource_type, link, next)?;
        return linked(parameter, &targets, |target| at(target, rest, value, options, depth + 1));
    }
    if name == "_list" {
        return list(value).map(Some);
    }
    let (code, modifier) =
        name.split_once(':').map_or((name, None), |(code, modifier)| (code, Some(modifier)));
    let parameter = find(resource_type, code)?;
    of_parameter(&Condition { parameter, modifier, value }, resource_type, options)
}

/// The criterion of one condition on the resource itself; `None` when it always holds.
pub(crate) fn of_parameter(
    condition: &Condition<'_>,
    resource_type: ResourceType,
    options: &Options,
) -> Result<Option<Criterion>, Refusal> {
    if condition.modifier == Some("missing") {
        return missing(condition);
    }
    if condition.parameter.code == "_id" {
        return identity(condition, resource_type).map(Some);
    }
    let criterion = of_kind(condition, options)?;
    let Some(Derived::Union(_)) = condition.parameter.derived else { return Ok(Some(criterion)) };
    // What cannot be read was said of the parameter that was asked for; from here on it is about those that have its values.
    let part = |parameter| of_parameter(&Condition { parameter, ..*condition }, resource_type, options);
    let parts = condition.parameter.parts();
    let parts: Vec<_> = parts.into_iter().filter_map(|of| part(of).transpose()).collect::<Result<_, _>>()?;
    Ok(Some(together(parts, matches!(condition.modifier, Some("not" | "not-in")))))
}

/// What one of these finds, or what each of them does.
pub(crate) fn together(mut parts: Vec<Criterion>, each: bool) -> Criterion {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            if each { Criterion::All(parts) } else { Criterion::Any(parts) }
        }
    }
}

fn of_kind(condition: &Condition<'_>, options: &Options) -> Result<Criterion, Refusal> {
    match condition.parameter.kind {
        Kind::Token => token::criterion(condition, &options.value_sets),
        Kind::Reference => reference::criterion(condition, &options.base),
        Kind::Date => date::criterion(condition, &options.zone, options.now),
        Kind::String => string::criterion(condition),
        Kind::Uri => uri::criterion(condition),
        Kind::Number => number::criterion(condition),
        Kind::Quantity => quantity::criterion(condition),
        Kind::Composite => composite(condition, options),
        // The only one that is indexed.
        Kind::Special => near::criterion(condition),
    }
}

/// `a$b`, <https://hl7.org/fhir/R4/search.html#composite>
fn composite(condition: &Condition<'_>, options: &Options) -> Result<Criterion, Refusal> {
    let parameter = condition.parameter;
    if let Some(modifier) = condition.modifier {
        return Err(condition.no_modifier(modifier, &["missing"]));
    }
    let compared = parameter.compared();
    let tuple = |value: &str| {
        let parts = split(value, '$');
        if parts.len() != parameter.components.len() || parts.iter().any(|part| part.trim().is_empty()) {
            let kinds: Vec<_> = parameter.components.iter().map(|component| component.kind.code()).collect();
            return Err(Refusal::invalid(format!(
                "'{}' is no value of '{}': write a {}, with '$' between them.",
                shown(value),
                parameter.code,
                kinds.join(" and a ")
            )));
        }
        let parts = compared.iter().zip(parts);
        parts
            .map(|(parameter, value)| of_kind(&Condition { parameter, modifier: None, value }, options))
            .collect()
    };
    let tuples: Vec<Vec<_>> = condition.raw_values()?.into_iter().map(tuple).collect::<Result<_, _>>()?;
    Ok(match parameter.derived {
        Some(Derived::Join(_)) => {
            let present = Criterion::Missing { parameter, missing: false };
            Criterion::All(vec![present, Criterion::Any(tuples.into_iter().map(Criterion::All).collect())])
        }
        _ => Criterion::Composite { parameter, tuples },
    })
}

/// The parameter of the type with this code, if it can be searched by.
pub(crate) fn find(resource_type: ResourceType, code: &str) -> Result<&'static Parameter, Refusal> {
    match registry().parameter(resource_type, code) {
        Some(parameter) if parameter.indexed => Ok(parameter),
        Some(parameter) => Err(not_indexed(parameter)),
        None if code == "_query" => {
            Err(Refusal::not_supported("There are no named queries here: '_query' is not supported."))
        }
        None if code.starts_with("_contained") => Err(Refusal::Unknown(
            "Contained resources are not searched for: '_contained' and '_containedType' are not supported."
                .to_owned(),
        )),
        None => Err(Refusal::Unknown(format!(
            "The search parameter '{}' is not known for {resource_type}.{}",
            shown(code),
            closest(resource_type, code)
        ))),
    }
}

/// `_list`: what one of these Lists has as an item, <https://hl7.org/fhir/R4/search.html#list>. It is a reverse chain.
fn list(value: &str) -> Result<Criterion, Refusal> {
    let lists = ResourceType::find("List").ok_or_else(|| unknown_type("List"))?;
    let parameter = find(lists, "item")?;
    let condition = Condition { parameter, modifier: None, value };
    let ids = condition.values()?;
    if let Some(functional) = ids.iter().find(|id| id.starts_with('$')) {
        return Err(Refusal::not_supported(format!(
            "The functional list '{}' is not kept here. '_list' names the id of a List.",
            shown(functional)
        )));
    }
    let keys = ids.iter().map(|id| Key::of_resource(lists, id.strip_prefix("List/").unwrap_or(id))).collect();
    Ok(Criterion::Has { parameter, criterion: Box::new(Criterion::Identity { keys }) })
}

fn not_indexed(parameter: &Parameter) -> Refusal {
    Refusal::Unknown(format!(
        "The search parameter '{}' of type {} is not supported.",
        parameter.code,
        parameter.kind.code()
    ))
}

/// A sentence naming the known parameters that are spelled most alike.
fn closest(resource_type: ResourceType, code: &str) -> String {
    let code: String = code.chars().take(64).collect::<String>().to_lowercase();
    let mut known: Vec<(usize, &str)> = registry()
        .parameters(resource_type)
        .iter()
        .filter(|parameter| parameter.indexed)
        .map(|parameter| (distance(&code, &parameter.code.to_lowercase()), parameter.code.as_str()))
        .collect();
    known.sort_unstable();
    let names: Vec<_> = known.iter().take(5).map(|(_, name)| format!("'{name}'")).collect();
    format!(" Known ones spelled most alike: {}.", names.join(", "))
}

/// How many letters must be put in, taken out or replaced.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

pub(crate) fn missing(condition: &Condition<'_>) -> Result<Option<Criterion>, Refusal> {
    let missing = match condition.value {
        "true" => true,
        "false" => false,
        other => {
            return Err(Refusal::invalid(format!(
                "The value of '{}:missing' is 'true' or 'false', not '{}'.",
                condition.parameter.code,
                shown(other)
            )));
        }
    };
    match (condition.parameter.code.as_str(), missing) {
        // Every resource has them.
        ("_id" | "_lastUpdated", true) => Ok(Some(Criterion::Identity { keys: Vec::new() })),
        ("_id" | "_lastUpdated", false) => Ok(None),
        _ => {
            let parts = condition.parameter.parts().into_iter();
            let part = |parameter| Criterion::Missing { parameter, missing };
            Ok(Some(together(parts.map(part).collect(), missing)))
        }
    }
}

fn identity(condition: &Condition<'_>, resource_type: ResourceType) -> Result<Criterion, Refusal> {
    if let Some(modifier) = condition.modifier {
        return Err(condition.no_modifier(modifier, &["missing"]));
    }
    let ids = condition.values()?;
    Ok(Criterion::Identity { keys: ids.iter().map(|id| Key::of_resource(resource_type, id)).collect() })
}

/// `_has:Type:reference:name`: the reference, which leads here, and the name.
pub(crate) fn has(resource_type: ResourceType, rest: &str) -> Result<(&'static Parameter, &str), Refusal> {
    let mut parts = rest.splitn(3, ':');
    let (Some(source), Some(code), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Refusal::invalid(
            "'_has' is written '_has:Type:reference:name', as in '_has:Task:focus:status=requested'.",
        ));
    };
    let source = ResourceType::find(source).ok_or_else(|| unknown_type(source))?;
    let parameter = referring(source, code)?;
    if !parameter.targets.contains(&resource_type) {
        return Err(Refusal::invalid(format!("'{code}' of {source} does not point to {resource_type}.")));
    }
    Ok((parameter, name))
}

/// The reference parameter of a link of a chain, `reference` or `reference:Type`, and the types that it may lead to: those that
/// have the parameter that comes next, of which there is one at least.
pub(crate) fn candidates(
    resource_type: ResourceType,
    link: &str,
    next: &str,
) -> Result<(&'static Parameter, Vec<ResourceType>), Refusal> {
    let (code, only) = link.split_once(':').map_or((link, None), |(code, only)| (code, Some(only)));
    let parameter = referring(resource_type, code)?;
    let targets = match only {
        None => parameter.targets.clone(),
        Some(name) => {
            ResourceType::find(name).ok_or_else(|| unknown_type(name))?;
            vec![reference::target(parameter, name).ok_or_else(|| {
                Refusal::invalid(format!("'{code}' of {resource_type} does not point to {name}."))
            })?]
        }
    };
    let next = next.split(':').next().unwrap_or_default();
    let known = |target: &ResourceType| next == "_has" || registry().parameter(*target, next).is_some();
    let candidates: Vec<_> = targets.iter().copied().filter(known).collect();
    if candidates.len() > MAX_LINKS {
        return Err(Refusal::too_costly(format!(
            "'{code}' can point to {} types that have '{next}'. Name one, as in '{code}:{}.{next}'.",
            candidates.len(),
            candidates[0],
            next = shown(next)
        )));
    }
    if candidates.is_empty() {
        return Err(Refusal::Unknown(match targets.as_slice() {
            [target] => format!(
                "The search parameter '{}' is not known for {target}.{}",
                shown(next),
                closest(*target, next)
            ),
            _ => format!("No type that '{code}' points to has the search parameter '{}'.", shown(next)),
        }));
    }
    Ok((parameter, candidates))
}

/// A chain over this reference to resources of these types, for which holds what `each` says of the type. A type in which that
/// is not known is left out, as long as there is another.
pub(crate) fn linked(
    parameter: &'static Parameter,
    targets: &[ResourceType],
    each: impl Fn(ResourceType) -> Result<Option<Criterion>, Refusal>,
) -> Result<Option<Criterion>, Refusal> {
    let mut links = Vec::new();
    let mut refusal = None;
    for target in targets {
        match each(*target) {
            Ok(Some(criterion)) => links.push((*target, Box::new(criterion))),
            Ok(None) => {}
            Err(Refusal::Unknown(reason)) => refusal = Some(Refusal::Unknown(reason)),
            Err(refusal) => return Err(refusal),
        }
    }
    match refusal {
        Some(refusal) if links.is_empty() => Err(refusal),
        _ => Ok((!links.is_empty()).then_some(Criterion::Chain { parameter, links })),
    }
}

/// The reference parameter with this code.
fn referring(resource_type: ResourceType, code: &str) -> Result<&'static Parameter, Refusal> {
    let parameter = find(resource_type, code)?;
    if parameter.kind != Kind::Reference {
        return Err(Refusal::invalid(format!(
            "'{code}' of {resource_type} is not a reference, so it cannot be chained."
        )));
    }
    Ok(parameter)
}

pub(crate) fn unknown_type(name: &str) -> Refusal {
    Refusal::invalid(format!("'{}' is not a resource type of FHIR R4.", shown(name)))
}
