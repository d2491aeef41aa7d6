//! `_filter` as a criterion, <https://hl7.org/fhir/R4/search_filter.html>: the same criteria that parameters make, under AND, OR
//! and NOT.
//!
//! Values are compared as the parameter compares them: texts folded, tokens exactly. The additional parameters that the page
//! defines name search parameters that R4 does not have, so they are not known here.

mod syntax;

use fhir::{Error, ResourceType};

use crate::{
    criterion::{Condition, MAX_DEPTH, candidates, find, has, linked, missing, of_parameter, together},
    parameter::{Kind, Parameter},
    parse::Options,
    query::{Criterion, DateValue, Prefix, TextMode},
    refusal::{Refusal, shown},
    value::string::{cut, fold},
};
use syntax::{Filter, Link, Operator, Test};

/// How many tests a filter may come to where several types are searched.
const MAX_TESTS: usize = 600;

/// Names that stand for code systems in a filter.
const SYSTEMS: [(&str, &str); 4] = [
    ("loinc", "http://loinc.org"),
    ("snomed", "http://snomed.info/sct"),
    ("rxnorm", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("ucum", "http://unitsofmeasure.org"),
];

/// The criterion of a filter on resources of this type.
pub(crate) fn criterion(
    resource_type: ResourceType,
    text: &str,
    options: &Options,
) -> Result<Criterion, Refusal> {
    let filter = syntax::parse(text)?;
    // Without one of its parts a filter selects something else.
    whole(&filter, resource_type, options, 0).map_err(Refusal::always)
}

/// Whether a filter can be afforded for so many types.
pub(crate) fn check_cost(text: &str, types: usize) -> Result<(), Refusal> {
    let mut tests = 0;
    syntax::parse(text)?.each_test(&mut |_| tests += 1);
    if tests * types > MAX_TESTS {
        return Err(Refusal::too_costly(format!(
            "A '_filter' of {tests} tests is too much for {types} types. Name fewer types with '_type'."
        )));
    }
    Ok(())
}

/// The value sets that a filter asks for with `in` and `ni`; none when it cannot be read.
pub(crate) fn value_sets(text: &str) -> Vec<String> {
    let mut urls = Vec::new();
    if let Ok(filter) = syntax::parse(text) {
        filter.each_test(&mut |test| {
            if matches!(test.operator, Operator::In | Operator::Ni) {
                urls.push(test.value.clone());
            }
        });
    }
    urls
}

fn whole(
    filter: &Filter,
    resource_type: ResourceType,
    options: &Options,
    depth: usize,
) -> Result<Criterion, Refusal> {
    let part = |part: &Filter| whole(part, resource_type, options, depth);
    Ok(match filter {
        Filter::Test(test) => path(&test.links, test, resource_type, options, depth)?,
        Filter::Not(inner) => Criterion::Not(Box::new(part(inner)?)),
        Filter::All(left, right) => Criterion::All(vec![part(left)?, part(right)?]),
        Filter::Any(left, right) => Criterion::Any(vec![part(left)?, part(right)?]),
    })
}

/// The test at the end of these links.
fn path(
    links: &[Link],
    test: &Test,
    resource_type: ResourceType,
    options: &Options,
    depth: usize,
) -> Result<Criterion, Refusal> {
    if depth > MAX_DEPTH {
        let refusal = Refusal::too_costly(format!("A chain has at most {MAX_DEPTH} links."));
        return Err(at(test, refusal));
    }
    let Some((link, rest)) = links.split_first() else {
        if let Some(name) = test.name.strip_prefix("_has:") {
            let (parameter, name) = has(resource_type, name).map_err(|refusal| at(test, refusal))?;
            let test = Test { links: Vec::new(), name: name.to_owned(), value: test.value.clone(), ..*test };
            let criterion = path(&[], &test, parameter.resource_type, options, depth + 1)?;
            return Ok(Criterion::Has { parameter, criterion: Box::new(criterion) });
        }
        return compare(test, resource_type, options).map_err(|refusal| at(test, refusal));
    };
    let next = rest.first().map_or(&test.name, |link| &link.name);
    let (parameter, targets) =
        candidates(resource_type, &link.name, next).map_err(|refusal| at(test, refusal))?;
    let linked = linked(parameter, &targets, |target| {
        let end = path(rest, test, target, options, depth + 1)?;
        Ok(Some(match &link.filter {
            Some(filter) => Criterion::All(vec![whole(filter, target, options, depth + 1)?, end]),
            None => end,
        }))
    })?;
    Ok(linked.unwrap_or_else(nothing))
}

/// What never holds.
fn nothing() -> Criterion {
    Criterion::Any(Vec::new())
}

/// The same refusal, which says where the test begins.
fn at(test: &Test, refusal: Refusal) -> Refusal {
    let place = |sentence: &str| format!("'_filter', at character {}: {sentence}", test.at);
    match refusal {
        Refusal::Unknown(sentence) => Refusal::Unknown(place(&sentence)),
        Refusal::Error(error) => {
            let cause = error.cause();
            let mut issues = error.into_issues();
            issues.iter_mut().for_each(|issue| issue.diagnostics = place(&issue.diagnostics));
            Refusal::Error(Error::with_issues(cause, issues))
        }
    }
}

/// The criterion of a test on the resource itself.
fn compare(test: &Test, resource_type: ResourceType, options: &Options) -> Result<Criterion, Refusal> {
    use Operator as O;
    let parameter = find(resource_type, &test.name)?;
    let value = test.value.as_str();
    let ordinary = |modifier: Option<&str>, value: &str| {
        let condition = Condition { parameter, modifier, value };
        Ok(of_parameter(&condition, resource_type, options)?.unwrap_or_else(|| Criterion::All(Vec::new())))
    };
    let text = |mode: TextMode| string(parameter, mode, value);
    match (parameter.kind, test.operator) {
        (_, O::Pr) => present(parameter, value),
        (Kind::String, O::Co) => text(TextMode::Contains),
        (Kind::String, O::Sw) => text(TextMode::StartsWith),
        (Kind::String, O::Ew) => text(TextMode::EndsWith),
        (Kind::String, O::Eq | O::Ne | O::Gt | O::Lt | O::Ge | O::Le) => match prefix(test.operator) {
            Some(prefix) => text(TextMode::Whole(prefix)),
            None => Err(no_operator(parameter, test.operator)),
        },
        (Kind::Uri, O::Co) => text(TextMode::Contains),
        (Kind::Uri, O::Sw) => text(TextMode::StartsWith),
        (Kind::Uri, O::Ew) => text(TextMode::EndsWith),
        (Kind::Uri, O::Eq) | (Kind::Reference, O::Re | O::Eq) => ordinary(None, &escaped(value, r"\,|$")),
        (Kind::Uri | Kind::Reference, O::Ne) => unequal(parameter, ordinary(None, &escaped(value, r"\,|$"))?),
        (Kind::Token, O::Eq) => ordinary(None, &token(value, 0)),
        (Kind::Token, O::Ne) => unequal(parameter, ordinary(None, &token(value, 0))?),
        (Kind::Token, O::In) => ordinary(Some("in"), &escaped(value, r"\,|$")),
        (Kind::Token, O::Ni) => ordinary(Some("not-in"), &escaped(value, r"\,|$")),
        (Kind::Token, O::Ss) => ordinary(Some("below"), &token(value, 0)),
        (Kind::Token, O::Sb) => ordinary(Some("above"), &token(value, 0)),
        (Kind::Date, O::Po) => Ok(overlapping(ordinary(None, &format!("eq{}", escaped(value, r"\,|$")))?)),
        (Kind::Date, operator) if prefix(operator).is_some() => {
            ordinary(None, &format!("{}{}", operator.code(), escaped(value, r"\,|$")))
        }
        (Kind::Number | Kind::Quantity, operator) if prefix(operator).is_some() => {
            ordinary(None, &format!("{}{}", operator.code(), token(value, 1)))
        }
        (Kind::Composite | Kind::Special, O::Eq) => ordinary(None, &token(value, usize::MAX)),
        (_, operator) => Err(no_operator(parameter, operator)),
    }
}

/// The prefix of this name.
fn prefix(operator: Operator) -> Option<Prefix> {
    Some(match operator {
        Operator::Eq => Prefix::Eq,
        Operator::Ne => Prefix::Ne,
        Operator::Gt => Prefix::Gt,
        Operator::Lt => Prefix::Lt,
        Operator::Ge => Prefix::Ge,
        Operator::Le => Prefix::Le,
        Operator::Sa => Prefix::Sa,
        Operator::Eb => Prefix::Eb,
        Operator::Ap => Prefix::Ap,
        _ => return None,
    })
}

fn no_operator(parameter: &Parameter, operator: Operator) -> Refusal {
    let known = match parameter.kind {
        Kind::String => "eq, ne, co, sw, ew, gt, lt, ge, le, pr",
        Kind::Uri => "eq, ne, co, sw, ew, pr",
        Kind::Token => "eq, ne, in, ni, ss, sb, pr",
        Kind::Reference => "re, eq, ne, pr",
        Kind::Date => "eq, ne, gt, lt, ge, le, sa, eb, ap, po, pr",
        Kind::Number | Kind::Quantity => "eq, ne, gt, lt, ge, le, sa, eb, ap, pr",
        Kind::Composite | Kind::Special => "eq, pr",
    };
    Refusal::not_supported(format!(
        "The operator '{}' cannot be used with '{}' of type {}. Its operators are {known}.",
        operator.code(),
        parameter.code,
        parameter.kind.code()
    ))
}

/// `pr`: whether there is a value.
fn present(parameter: &'static Parameter, value: &str) -> Result<Criterion, Refusal> {
    let absent = match value {
        "true" => "false",
        "false" => "true",
        other => {
            return Err(Refusal::invalid(format!(
                "'pr' compares with 'true' or 'false', not with '{}'.",
                shown(other)
            )));
        }
    };
    let condition = Condition { parameter, modifier: Some("missing"), value: absent };
    Ok(missing(&condition)?.unwrap_or_else(|| Criterion::All(Vec::new())))
}

/// Having a value, and none that is equal: which of several values are equal is not kept.
fn unequal(parameter: &'static Parameter, equal: Criterion) -> Result<Criterion, Refusal> {
    Ok(Criterion::All(vec![present(parameter, "true")?, Criterion::Not(Box::new(equal))]))
}

fn string(parameter: &'static Parameter, mode: TextMode, value: &str) -> Result<Criterion, Refusal> {
    let text = cut(value);
    let text = if parameter.kind == Kind::Uri { text } else { fold(&text) };
    if text.is_empty() {
        return Err(Refusal::invalid(format!("'{}' has no letter to compare with.", shown(value))));
    }
    let of = |parameter| Criterion::Text { parameter, mode, texts: vec![text.clone()] };
    Ok(together(parameter.parts().into_iter().map(of).collect(), false))
}

/// `po`: the same values, but overlapping is enough.
fn overlapping(criterion: Criterion) -> Criterion {
    let overlapping =
        |values: Vec<DateValue>| values.into_iter().map(|v| DateValue { prefix: Prefix::Ap, ..v }).collect();
    match criterion {
        Criterion::Date { parameter, values } => Criterion::Date { parameter, values: overlapping(values) },
        Criterion::LastUpdated { values } => Criterion::LastUpdated { values: overlapping(values) },
        other => other,
    }
}

/// The value as one of an ordinary parameter, with these characters escaped. Filters have no lists of values.
fn escaped(value: &str, characters: &str) -> String {
    let escape = |c: char| characters.contains(c).then_some('\\').into_iter().chain([c]);
    value.chars().flat_map(escape).collect()
}

/// The same for values whose `|`, `$` and escapes are written as in an ordinary parameter: only the comma needs an escape. The
/// name of a code system in this part is replaced by its url.
fn token(value: &str, part: usize) -> String {
    let mut text = String::with_capacity(value.len());
    let mut is_escaped = false;
    for c in value.chars() {
        if c == ',' && !is_escaped {
            text.push('\\');
        }
        is_escaped = c == '\\' && !is_escaped;
        text.push(c);
    }
    let mut parts: Vec<&str> = text.split('|').collect();
    if parts.len() > 1
        && let Some(name) = parts.get_mut(part)
        && let Some((_, url)) = SYSTEMS.iter().find(|(known, _)| known == name)
    {
        *name = url;
    }
    parts.join("|")
}

#[cfg(test)]
mod tests;
